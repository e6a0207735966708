/*
 * Settings of earlier runs: what was stored holds, unless a flag says now what
 * it did not say at the last start.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/text.h"
#include "proto/host/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets a row from stored text, which the settings may borrow: it is kept as
 * long as the engine. */
static int take_stored(struct engine *e, size_t index, const char *stored,
                       struct fault *fault)
{
    if (*stored == '\0')
        return 0;
    char *kept = strdup(stored);
    if (kept == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    e->kept_text[index] = kept;
    if (e->table[index].type == OPTION_LIST) /* the one there is the caller's */
        memset((char *)&e->settings + e->table[index].offset, 0,
               sizeof(struct option_list));
    return option_set(&e->table[index], kept, &e->settings, fault);
}

/* Its default differs between commands, so a default is not stored: "". */
static bool is_log_level(const struct option *row)
{
    return strcmp(row->name, "log-level") == 0;
}

/* What a start adds to the history: written in one go at its end. */
struct restoring {
    struct arena arena;        /* of the texts */
    struct store_setting *set; /* two a row: the setting and its flag */
    struct store_event *event;
    uint32_t set_count, event_count;
};

static const char *keep(struct restoring *r, const char *text)
{
    const char *copy = arena_text(&r->arena, text, strlen(text));
    return copy != NULL ? copy : "";
}

static void add_setting(struct restoring *r, const char *name,
                        const char *value)
{
    r->set[r->set_count++] =
        (struct store_setting){ keep(r, name), keep(r, value) };
}

/* What an empty stored value means: the interval of this kind of input, the
 * level of this command. A text in arena or settings; "" = nothing. */
static int meaning_of(struct engine *e, struct restoring *r,
                      const struct option *row, const char *text,
                      const char **ret_text, struct fault *fault)
{
    struct settings unset = e->settings;
    char word[64];
    int64_t us = 0;
    *ret_text = text;
    if (*text != '\0')
        return 0;
    if (is_log_level(row))
        *ret_text = row->fallback;
    if (row->type != OPTION_INTERVAL_TEXT)
        return 0;
    unset.interval = NULL;
    int rc = settings_interval(&unset, e->live, &us, fault);
    if (rc == 0)
        *ret_text = keep(r, option_interval_text(us, word, sizeof word));
    return rc;
}

/* The change as people see it; none when both mean the same. */
static int add_event(struct engine *e, struct restoring *r,
                     const struct option *row, const char *old_text,
                     const char *new_text, struct fault *fault)
{
    char name[64];
    int rc = meaning_of(e, r, row, old_text, &old_text, fault);
    if (rc == 0)
        rc = meaning_of(e, r, row, new_text, &new_text, fault);
    if (rc != 0 || strcmp(old_text, new_text) == 0)
        return rc;
    r->event[r->event_count++] = (struct store_event){
        .at_ns = clock_wall_ns(),
        .what = "set",
        .name = keep(r, option_setting_name(row, name, sizeof name)),
        .old_value = keep(r, old_text),
        .new_value = keep(r, new_text),
        .who = "start",
        .first_batch = e->meta.last_batch + 1
    };
    return 0;
}

/* "flag.NAME" holds the flag as it was typed at the last start ("" = not
 * given). A flag that differs from then wins and is an event; an unchanged
 * command line keeps what is stored. */
static int restore_setting(struct engine *e, struct restoring *r, size_t index,
                           struct fault *fault)
{
    char name[64], flag_key[80];
    const struct option *row = &e->table[index];
    uint64_t next = e->meta.last_batch + 1;
    struct buf typed, stored, flag;
    buf_init(&typed, 4096);
    buf_init(&stored, 4096);
    buf_init(&flag, 4096);
    (void)snprintf(flag_key, sizeof flag_key, "flag.%s",
                   option_setting_name(row, name, sizeof name));
    int rc = option_print(row, &e->settings, &typed);
    if (rc != 0)
        goto out;
    const char *typed_flag = e->given[index] ? buf_text(&typed) : "";
    bool known = store_setting_get(e->store, name, next, &stored) == 0;
    bool started = store_setting_get(e->store, flag_key, next, &flag) == 0;
    if (known && started && strcmp(typed_flag, buf_text(&flag)) == 0) {
        rc = take_stored(e, index, buf_text(&stored), fault);
        goto out;
    }
    const char *text = is_log_level(row) ? typed_flag : buf_text(&typed);
    add_setting(r, name, text);
    add_setting(r, flag_key, typed_flag);
    if (known)
        rc = add_event(e, r, row, buf_text(&stored), text, fault);
    else if (e->meta.last_batch > 0 && row->fallback != NULL &&
             strcmp(text, row->fallback) != 0) /* newer than the file */
        rc = add_event(e, r, row, row->fallback, text, fault);
out:
    buf_release(&typed);
    buf_release(&stored);
    buf_release(&flag);
    return rc;
}

/* A level that `fyke set` or an earlier flag asked for; the default of this
 * command is what the caller's log has already. */
static int restore_log_level(struct engine *e, const char *typed,
                             struct fault *fault)
{
    enum log_level level;
    if (text_equal_nocase(typed, e->settings.log_level))
        return 0;
    if (log_level_parse(e->settings.log_level, &level) != 0)
        return fault_set(fault, ERR_CORRUPT, "%s: its setting log_level is %s",
                         e->db, e->settings.log_level);
    log_set_level(e->log, level);
    return 0;
}

int restore_settings(struct engine *e, struct fault *fault)
{
    struct restoring *r = e->restoring = calloc(1, sizeof *e->restoring);
    e->kept_text = calloc(e->table_count, sizeof *e->kept_text);
    if (r == NULL || e->kept_text == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    arena_init(&r->arena, (size_t)1 << 20);
    r->set = arena_alloc(&r->arena, 2 * e->table_count, sizeof *r->set);
    r->event = arena_alloc(&r->arena, e->table_count, sizeof *r->event);
    if (r->set == NULL || r->event == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    const char *level = e->settings.log_level;
    int rc = 0;
    for (size_t i = 0; i < e->table_count && rc == 0; i++)
        if ((e->table[i].traits & (OPTION_STORED | OPTION_KEPT)) ==
            OPTION_STORED)
            rc = restore_setting(e, r, i, fault);
    return rc == 0 ? restore_log_level(e, level, fault) : rc;
}

int restore_note(struct engine *e, const char *name, const char *old_text,
                 const char *new_text, struct fault *fault)
{
    struct restoring *r = e->restoring;
    const struct option *row = option_find(e->table, e->table_count, name);
    if (strcmp(old_text, new_text) == 0)
        return 0;
    add_setting(r, name, new_text);
    return e->meta.last_batch == 0
               ? 0
               : add_event(e, r, row, old_text, new_text, fault);
}

int restore_settings_store(struct engine *e, struct fault *fault)
{
    struct restoring *r = e->restoring;
    const struct store_change change = { .from_batch = e->meta.last_batch + 1,
                                         .setting = r->set,
                                         .setting_count = r->set_count,
                                         .event = r->event,
                                         .event_count = r->event_count,
                                         .actor = "start" };
    return r->set_count > 0 ? store_change_put(e->store, &change, fault) : 0;
}

static void release_kept(struct engine *e)
{
    for (size_t i = 0; i < e->table_count; i++) {
        if (e->kept_text[i] != NULL && e->table[i].type == OPTION_LIST)
            option_list_release(
                (void *)((char *)&e->settings + e->table[i].offset));
        free(e->kept_text[i]);
    }
    free(e->kept_text);
}

void restore_release(struct engine *e)
{
    if (e->kept_text != NULL)
        release_kept(e);
    if (e->restoring != NULL)
        arena_release(&e->restoring->arena);
    free(e->restoring);
}
