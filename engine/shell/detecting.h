/*
 * Settings to what detectors are given: one place for runs, for bounds and
 * for whoever checks a configuration.
 */
#ifndef FYKE_SHELL_DETECTING_H
#define FYKE_SHELL_DETECTING_H

#include "engine/detect/set.h"
#include "engine/detect/verdict.h"
#include "engine/shell/settings.h"

/* By its name in the table of settings. */
enum detect_scale detecting_scale(const char *name);

struct detect_config detecting_config(const struct settings *s);

/* The detectors, and that --votes can be had from them. Errors: ERR_USAGE. */
FYKE_MUST_USE int detecting_set(const struct settings *s,
                                struct detect_set *ret_set,
                                struct fault *fault);

/* "iforest,dbscan" */
void detecting_names(const struct detect_set *set, char *ret_text, size_t n);

/* How they are judged; detecting_set has said that the votes can be had. */
struct verdict_config detecting_verdict(const struct settings *s,
                                        const struct detect_set *set);

#endif
