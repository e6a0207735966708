/*
 * Where talk goes: the log's level, the terminal's width and colours.
 */
#ifndef FYKE_TOOLS_TALK_H
#define FYKE_TOOLS_TALK_H

#include "proto/host/log.h"

#include <stdbool.h>
#include <stdint.h>

/* "debug", "info", "warn", "error", NULL. */
extern const char *const talk_log_levels[];

/* "text", "json", NULL. */
extern const char *const talk_log_formats[];

/* A log on standard error at a level and in a format of these. */
void talk_log_init(struct log *log, const char *level, const char *format);

/* Columns of the terminal behind a descriptor; 0 = it is none. */
uint32_t talk_width(int fd);

/* Replaces control characters but line ends by '?', in place: what an input
 * holds must not move a terminal's cursor. Returns `text`. */
char *talk_harmless(char *text);

/* False with NO_COLOR in the environment (https://no-color.org). */
bool talk_wants_colour(void);

#endif
