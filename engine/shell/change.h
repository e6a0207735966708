/*
 * A change of settings that somebody asks for while the engine runs: all of
 * its pairs, checked against the table, or none.
 *
 * Memory       a change owns its texts, also those that `settings` borrows
 *              from it, until change_release.
 * Thread rule  one owner at a time.
 */
#ifndef FYKE_SHELL_CHANGE_H
#define FYKE_SHELL_CHANGE_H

#include "engine/shell/settings.h"
#include "proto/base/arena.h"
#include "proto/wire/wire.h"

struct change_item {
    const struct option *row;
    const char *name;     /* as in `fyke set`: max_rows */
    const char *old_text; /* as it would be typed; never empty */
    const char *new_text;
    bool changed;
};

struct change {
    struct settings settings; /* as they will be */
    struct change_item item[WIRE_PAIRS_MAX];
    uint32_t count, changed;
    bool cut; /* a setting that says when batches are cut changes */
    struct arena arena;
};

/* `now` are the settings in force; `live` as for tuning_make. On error
 * (ERR_USAGE, with a fault that names the pair; ERR_NOMEM) nothing is to be
 * released. */
FYKE_MUST_USE int change_make(struct change *c, const struct option *table,
                              size_t table_count, const struct settings *now,
                              bool live, const struct wire_pair *pair,
                              uint32_t pair_count, struct fault *fault);
void change_release(struct change *c);

/* What can be said of pairs without knowing the settings in force: names and
 * values by the table, each for itself. Errors as change_make. */
FYKE_MUST_USE int change_check(const struct option *table, size_t table_count,
                               const struct wire_pair *pair,
                               uint32_t pair_count, struct fault *fault);

/* What the person is told, one line a pair, or one JSON object. */
int change_say(const struct change *c, uint64_t first_batch, bool json,
               struct buf *out);

/* One line of change_say, for what an earlier change said. */
int change_say_line(const char *name, const char *old_text,
                    const char *new_text, uint64_t first_batch,
                    struct buf *out);

#endif
