/*
 * The settings of the next start: what is stored, changed, and stored again
 * from the next batch on.
 */
#include "tools/fyke/set_stored.h"

#include "engine/shell/change.h"
#include "proto/host/clock.h"
#include "storage/reader.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)

struct stored {
    struct store *store;
    const char *db;
    uint64_t next; /* the first batch that the change holds for */
    bool live;
    struct settings now;
    struct arena arena; /* of the texts that `now` borrows, and of the rows */
    const char *who, *request_id;
    struct fault *fault;
};

/* A value of this file that cannot be read is left at its default: to set it
 * anew may be what the user is here for. */
static int load_row(struct stored *s, const struct option *row)
{
    char name[64];
    struct buf value;
    struct fault ignored;
    int err = 0;
    buf_init(&value, TEXT_MAX);
    (void)option_setting_name(row, name, sizeof name);
    if (store_setting_get(s->store, name, s->next, &value) == 0 &&
        value.length > 0) {
        const char *text =
            arena_text(&s->arena, buf_text(&value), value.length);
        err = text == NULL ? ERR_NOMEM : 0;
        if (err == 0 &&
            option_set_named(row, text, &s->now, &ignored) == ERR_NOMEM)
            err = ERR_NOMEM;
    }
    buf_release(&value);
    return err;
}

static int load_now(struct stored *s)
{
    struct store_source source;
    int err = store_source_get(s->store, &source, s->fault);
    if (err == ERR_NOTFOUND)
        return fault_set(s->fault, ERR_USAGE,
                         "%s was never run: give settings to the first start, "
                         "fyke run INPUT --interval 250ms",
                         s->db);
    if (err != 0)
        return err;
    s->live = strcmp(source.kind, "file") != 0 &&
              strcmp(source.kind, "stdin-file") != 0;
    err = option_defaults(settings_run, settings_run_count, &s->now, s->fault);
    for (size_t i = 0; i < settings_run_count && err == 0; i++)
        if ((settings_run[i].traits & OPTION_STORED) != 0)
            err = load_row(s, &settings_run[i]);
    return err;
}

/* A start compares its flags with those of the start before. A setting that
 * this file does not know yet must not look like a flag that was given. */
static int note_flag(struct stored *s, const char *name,
                     struct store_setting *setting, uint32_t *count)
{
    char flag[80];
    struct buf value;
    buf_init(&value, TEXT_MAX);
    int n = snprintf(flag, sizeof flag, "flag.%s", name);
    int err = store_setting_get(s->store, flag, s->next, &value);
    buf_release(&value);
    if (err != ERR_NOTFOUND)
        return err;
    const char *kept = arena_text(&s->arena, flag, (size_t)n);
    if (kept == NULL)
        return ERR_NOMEM;
    setting[(*count)++] = (struct store_setting){ kept, "" };
    return 0;
}

static int put(struct stored *s, const struct change *c)
{
    struct store_setting setting[2 * WIRE_PAIRS_MAX];
    struct store_event event[WIRE_PAIRS_MAX];
    uint32_t settings = 0, events = 0;
    int64_t now_ns = clock_wall_ns();
    int err = 0;
    for (uint32_t i = 0; i < c->count && err == 0; i++) {
        const struct change_item *item = &c->item[i];
        if (!item->changed)
            continue;
        setting[settings++] =
            (struct store_setting){ item->name, item->new_text };
        event[events++] = (struct store_event){ .at_ns = now_ns,
                                                .what = "set",
                                                .name = item->name,
                                                .old_value = item->old_text,
                                                .new_value = item->new_text,
                                                .who = s->who,
                                                .first_batch = s->next };
        err = note_flag(s, item->name, setting, &settings);
    }
    const struct store_change change = { .from_batch = s->next,
                                         .setting = setting,
                                         .setting_count = settings,
                                         .event = event,
                                         .event_count = events,
                                         .actor = s->who,
                                         .request_id = s->request_id };
    return err != 0        ? err
           : settings == 0 ? 0
                           : store_change_put(s->store, &change, s->fault);
}

/* The answer that this request got when it was stored. */
static int say_earlier(struct stored *s, struct buf *out)
{
    struct store_changed changed[WIRE_PAIRS_MAX];
    struct buf texts;
    uint32_t count = 0;
    buf_init(&texts, TEXT_MAX);
    int err = store_request_find(s->store, s->request_id, &texts, changed,
                                 WIRE_PAIRS_MAX, &count, s->fault);
    for (uint32_t i = 0; i < count && err == 0; i++)
        err = change_say_line(changed[i].name, changed[i].old_value,
                              changed[i].value, changed[i].from_batch, out);
    buf_release(&texts);
    return err;
}

static int change_stored(struct stored *s, const struct wire_control *control,
                         struct buf *out)
{
    struct change change;
    int err = load_now(s);
    if (err == 0)
        err =
            change_make(&change, settings_run, settings_run_count, &s->now,
                        s->live, control->pair, control->pair_count, s->fault);
    if (err != 0)
        return err;
    err = put(s, &change);
    if (err == 0) {
        if (change.changed > 0)
            (void)buf_printf(out,
                             "no coordinator is running on %s: stored for the "
                             "next start\n",
                             s->db);
        err = change_say(&change, s->next, control->json != 0, out);
    }
    change_release(&change);
    return err;
}

int set_stored(const char *db, const struct wire_control *control,
               struct buf *out, struct fault *fault)
{
    const struct store_options options = { .path = db, .mode = 0600 };
    struct stored s = { .db = db, .fault = fault };
    struct reader *reader;
    /* Looks first: opening for writing would make a file that is not there. */
    int err = reader_open(db, &reader, fault);
    if (err != 0)
        return err;
    reader_close(reader);
    err = store_open(&options, &s.store, fault);
    if (err != 0)
        return err;
    arena_init(&s.arena, TEXT_MAX);
    s.next = store_meta_get(s.store)->last_batch + 1;
    s.who = arena_text(&s.arena, control->who.text, control->who.length);
    s.request_id = arena_text(&s.arena, control->request_id.text,
                              control->request_id.length);
    err = s.who == NULL || s.request_id == NULL ? ERR_NOMEM
                                                : say_earlier(&s, out);
    if (err == ERR_NOTFOUND)
        err = change_stored(&s, control, out);
    if (err == ERR_NOMEM)
        (void)fault_set(fault, err, "out of memory");
    arena_release(&s.arena);
    option_release(settings_run, settings_run_count, &s.now);
    /* What is stored stays stored: a -wal beside the file loses nothing. */
    struct fault closing;
    (void)store_close(s.store, true, err == 0 ? &closing : NULL);
    return err;
}
