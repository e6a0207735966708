/*
 * Reads JSON from front to back: what the header of a model file needs.
 * Internal to the room.
 *
 * Use      enter an object or array, ask `more` before each member or element,
 *          read or skip it. The first thing that does not fit sets `why`, and
 *          from then on every call answers as if there were no more.
 * Bounds   no step outside the text; what is skipped is at most
 *          MODEL_JSON_DEPTH deep.
 * Memory   texts are copied to `arena`.
 */
#ifndef FYKE_DETECT_MODEL_JSON_H
#define FYKE_DETECT_MODEL_JSON_H

#include "proto/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_JSON_DEPTH 16u

struct model_json {
    const char *start, *at, *end;
    struct arena *arena;
    const char *why; /* what is wrong at `at`, NULL = nothing */
};

/* Remembers the first fault; false. */
bool model_json_fail(struct model_json *j, const char *why);

/* Steps over `open`, '{' or '['. */
bool model_json_enter(struct model_json *j, char open);
/* Is there another element? Steps over the comma, or over `close`. `*first`
 * is true before the first element, and false afterwards. */
bool model_json_more(struct model_json *j, char close, bool *first);
/* The name of a member, and the colon behind it. NULL on a fault. */
const char *model_json_name(struct model_json *j);

/* A string without NUL, as UTF-8. NULL on a fault. */
const char *model_json_text(struct model_json *j);
/* A whole number without sign of at most 2^53. */
bool model_json_number(struct model_json *j, uint64_t *ret_value);
/* Whatever value follows. */
bool model_json_skip(struct model_json *j);
/* Only blanks are left. */
bool model_json_end(struct model_json *j);

#endif
