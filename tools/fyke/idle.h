/*
 * Settings that were given and have no effect, for people.
 */
#ifndef FYKE_TOOLS_IDLE_H
#define FYKE_TOOLS_IDLE_H

#include "engine/shell/settings.h"
#include "proto/base/buf.h"

/* A line "  note  ..." when a detector that does not look has settings that are
 * not the defaults; else nothing. */
void idle_print(const struct settings *s, struct buf *out);

#endif
