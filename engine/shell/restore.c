/*
 * What the database knows at the start: settings of earlier runs, the source
 * and its schema, and the learned state as of the batches that count.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/text.h"
#include "proto/host/clock.h"
#include "storage/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Settings that are history: they shape batches or answers. */
static const char *const remembered[] = {
    "interval", "max-rows", "max-bytes",   "pipeline",
    "severity", "mode",     "trees",       "subsample",
    "fit-rows", "seed",     "keep-scores", "record-bytes",
};
#define REMEMBERED (sizeof remembered / sizeof *remembered)
_Static_assert(REMEMBERED <= ENGINE_KEPT_TEXTS, "room for every stored text");

static const struct option *find_row(const struct engine *e, const char *name,
                                     size_t *ret_index)
{
    for (size_t i = 0; i < e->table_count; i++) {
        if (strcmp(e->table[i].name, name) == 0) {
            *ret_index = i;
            return &e->table[i];
        }
    }
    return NULL;
}

/* Sets a row from stored text, which the settings may borrow: it is kept as
 * long as the engine. */
static int take_stored(struct engine *e, const struct option *row,
                       const char *stored, struct fault *fault)
{
    if (*stored == '\0')
        return 0;
    char *kept = strdup(stored);
    if (kept == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    e->kept_text[e->kept_count++] = kept;
    return option_set(row, kept, &e->settings, fault);
}

/* Settings are named max_rows in the file and in `fyke set`, --max-rows as
 * flags. */
static char *stored_name(const char *flag, char out[32])
{
    size_t i = 0;
    for (; i < 31 && flag[i] != '\0'; i++)
        out[i] = flag[i] == '-' ? '_' : flag[i];
    out[i] = '\0';
    return out;
}

/* What a start adds to the history: written in one go at its end. */
struct restoring {
    struct arena arena; /* of the texts */
    struct store_setting set[2 * REMEMBERED];
    struct store_event event[REMEMBERED];
    uint32_t set_count, event_count;
};

static const char *keep(struct restoring *r, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = arena_alloc(&r->arena, n, 1);
    return copy != NULL ? memcpy(copy, text, n) : "";
}

static void add_setting(struct restoring *r, const char *name,
                        const char *value)
{
    r->set[r->set_count++] =
        (struct store_setting){ keep(r, name), keep(r, value) };
}

/* "flag.NAME" holds the flag as it was typed at the last start ("" = not
 * given). A flag that differs from then wins and is an event; an unchanged
 * command line keeps what is stored. */
static int restore_setting(struct engine *e, struct restoring *r,
                           const char *flag_name, struct fault *fault)
{
    size_t index = 0;
    char name[32], flag_key[40];
    const struct option *row = find_row(e, flag_name, &index);
    uint64_t next = e->meta.last_batch + 1;
    struct buf typed, stored, flag;
    buf_init(&typed, 4096);
    buf_init(&stored, 4096);
    buf_init(&flag, 4096);
    (void)snprintf(flag_key, sizeof flag_key, "flag.%s",
                   stored_name(flag_name, name));
    int rc = option_print(row, &e->settings, &typed);
    if (rc != 0)
        goto out;
    const char *typed_flag = e->given[index] ? buf_text(&typed) : "";
    bool known = store_setting_get(e->store, name, next, &stored) == 0;
    bool started = store_setting_get(e->store, flag_key, next, &flag) == 0;
    if (known && started && strcmp(typed_flag, buf_text(&flag)) == 0) {
        rc = take_stored(e, row, buf_text(&stored), fault);
        goto out;
    }
    add_setting(r, name, buf_text(&typed));
    add_setting(r, flag_key, typed_flag);
    if (known && strcmp(buf_text(&stored), buf_text(&typed)) != 0)
        r->event[r->event_count++] =
            (struct store_event){ .at_ns = clock_wall_ns(),
                                  .what = "set",
                                  .name = keep(r, name),
                                  .old_value = keep(r, buf_text(&stored)),
                                  .new_value = keep(r, buf_text(&typed)),
                                  .who = "start",
                                  .first_batch = next };
out:
    buf_release(&typed);
    buf_release(&stored);
    buf_release(&flag);
    return rc;
}

int restore_settings(struct engine *e, struct fault *fault)
{
    struct restoring r = { .set_count = 0 };
    arena_init(&r.arena, (size_t)1 << 20);
    int rc = 0;
    for (size_t i = 0; i < REMEMBERED && rc == 0; i++)
        rc = restore_setting(e, &r, remembered[i], fault);
    if (rc == 0 && r.set_count > 0)
        rc = store_settings_put(e->store, e->meta.last_batch + 1, r.set,
                                r.set_count, "start", NULL, fault);
    if (rc == 0 && r.event_count > 0)
        rc = store_events_put(e->store, r.event, r.event_count, fault);
    arena_release(&r.arena);
    return rc;
}

static bool schema_was_named(const struct engine *e)
{
    for (size_t i = 0; i < settings_input_count; i++) {
        size_t index;
        if (find_row(e, settings_input[i].name, &index) != NULL &&
            e->given[index] &&
            strcmp(settings_input[i].name, "record-bytes") != 0)
            return true;
    }
    return false;
}

/* The same input continues; another one is refused with the way out. */
static int check_same_input(struct engine *e, const struct store_source *s,
                            struct fault *fault)
{
    struct intake *in = &e->intake;
    struct fault why = { 0 };
    if (strcmp(s->kind, in->kind_name) != 0)
        return fault_set(fault, ERR_USAGE,
                         "%s belongs to %s (%s). Leave --db out, or --fresh to "
                         "replace it.",
                         e->db, s->source, s->kind);
    if (in->kind != SOURCE_FILE)
        return 0;
    int rc = source_file_verify(&in->file, s->identity, s->position,
                                s->open_end, &why);
    if (rc == 0)
        return 0;
    const char *mine = text_base_name(in->label);
    const char *stored = text_base_name(s->source);
    char own_db[512];
    if (strcmp(mine, stored) != 0 &&
        engine_find_db(NULL, in->label, own_db, sizeof own_db, NULL) == 0)
        return fault_set(fault, ERR_USAGE,
                         "%s belongs to %s. Leave --db out (%s), or --fresh to "
                         "replace it.",
                         e->db, stored, own_db);
    return fault_set(fault, ERR_USAGE,
                     "%s has changed since %s read it: %s. --fresh starts over "
                     "and keeps the old file as .old.",
                     in->label, e->db, why.text);
}

/* A new pipe may show too little to infer the same roles; the names must be
 * the same, and then the pinned roles hold. */
static int same_names(const struct schema *pinned, const struct schema *now,
                      struct fault *why)
{
    if (pinned->column_count != now->column_count)
        return fault_set(why, ERR_DIFFERENT, "%u columns instead of %u",
                         now->column_count, pinned->column_count);
    for (uint32_t i = 0; i < now->column_count; i++) {
        const char *name = pinned->column[i].name;
        if (!text_equal_nocase(name, now->column[i].name))
            return fault_set(why, ERR_DIFFERENT, "%s instead of %s",
                             now->column[i].name, name);
    }
    return 0;
}

static int use_pinned(struct engine *e, struct fault *fault)
{
    struct store_source s;
    int rc = store_source_get(e->store, &s, fault);
    if (rc != 0)
        return rc;
    rc = check_same_input(e, &s, fault);
    if (rc != 0)
        return rc;
    struct schema *pinned = NULL;
    rc = schema_from_json(s.schema, strlen(s.schema), &pinned, fault);
    if (rc != 0)
        return rc;
    struct fault why = { 0 };
    if (schema_was_named(e))
        rc = schema_compare(pinned, e->schema, &why);
    else if (e->intake.kind != SOURCE_FILE)
        rc = same_names(pinned, e->schema, &why);
    if (rc != 0) {
        schema_free(pinned);
        return fault_set(fault, ERR_USAGE,
                         "%s has other columns: %s. Use another --db, or "
                         "--fresh to start over.",
                         e->db, why.text);
    }
    schema_free(e->schema);
    e->schema = pinned;
    (void)snprintf(e->source_name, sizeof e->source_name, "%s", s.source);
    e->committed_position = s.position;
    e->committed_line = s.line;
    return 0;
}

static int pin_new(struct engine *e, struct fault *fault)
{
    struct schema *schema = e->schema;
    struct intake *in = &e->intake;
    (void)snprintf(e->source_name, sizeof e->source_name, "%s", in->label);
    e->committed_position = in->kind == SOURCE_FILE ? schema->data_start : 0;
    e->committed_line = in->kind == SOURCE_FILE ? schema->data_line : 1;
    struct store_column *column =
        calloc(schema->column_count + 1, sizeof *column);
    struct buf json, identity;
    buf_init(&json, (size_t)64 << 20);
    buf_init(&identity, 4096);
    int rc = column == NULL ? ERR_NOMEM : schema_to_json(schema, &json);
    if (rc == 0 && in->kind == SOURCE_FILE)
        rc = source_file_identify(&in->file, e->committed_position, &identity,
                                  fault);
    if (rc == 0) {
        for (uint32_t i = 0; i < schema->column_count; i++)
            column[i] = (struct store_column){
                .name = schema->column[i].name,
                .type = column_type_name(schema->column[i].type),
                .role = column_role_name(schema->column[i].role),
                .reason = schema->column[i].reason,
            };
        struct store_source s = { .source = in->label,
                                  .partition = "0",
                                  .kind = in->kind_name,
                                  .identity = buf_text(&identity),
                                  .position = e->committed_position,
                                  .line = e->committed_line,
                                  .schema = buf_text(&json) };
        rc = store_pin(e->store, &s, column, schema->column_count, fault);
    }
    free(column);
    buf_release(&json);
    buf_release(&identity);
    return rc;
}

int restore_source(struct engine *e, struct fault *fault)
{
    return e->meta.pinned ? use_pinned(e, fault) : pin_new(e, fault);
}

struct replaying {
    struct learn *learn;
    struct learn_history *history; /* NULL: deltas go into `learn` */
    struct arena arena;
};

static int apply_delta(void *context, uint64_t batch, const void *delta,
                       size_t n)
{
    struct replaying *r = context;
    struct learn_delta d;
    arena_reset(&r->arena);
    int rc = learn_delta_decode(delta, n, &r->arena, &d);
    if (rc != 0)
        return rc;
    return r->history != NULL ? learn_history_push(r->history, batch, &d)
                              : learn_apply(r->learn, batch, &d);
}

static int load_base(struct engine *e, struct reader *reader, uint64_t base,
                     struct replaying *r, struct fault *fault)
{
    struct buf snapshot;
    buf_init(&snapshot, (size_t)1 << 30);
    uint64_t from = 0;
    int rc = 0;
    /* Two passes: reader_state hands out the snapshot before the deltas, but
     * the deltas need the state that the snapshot decodes to. */
    rc = reader_snapshot(reader, base, &snapshot, &from, fault);
    if (rc == 0)
        rc = from == 0
                 ? learn_new(e->schema->feature_count, e->detect.fit_rows,
                             &r->learn)
                 : learn_decode(snapshot.data, snapshot.length, &r->learn);
    buf_release(&snapshot);
    if (rc != 0)
        return rc;
    return reader_deltas(reader, from + 1, base, apply_delta, r, fault);
}

int restore_learned(struct engine *e, uint64_t *ret_state_batch,
                    struct fault *fault)
{
    struct replaying r = { 0 };
    struct reader *reader = NULL;
    struct reader_batch last = { 0 };
    uint64_t next = e->meta.last_batch + 1;
    uint64_t depth = e->settings.pipeline;
    uint64_t base = next > depth ? next - depth : 0;
    arena_init(&r.arena, (size_t)1 << 30);
    int rc = reader_of_store(e->store, &reader);
    if (rc == 0 && e->meta.last_batch > 0)
        rc = reader_batch_get(reader, e->meta.last_batch, &last, fault);
    if (rc == 0) {
        if (last.state_batch > base)
            base = last.state_batch;
        rc = load_base(e, reader, base, &r, fault);
    }
    if (rc == 0)
        rc = learn_history_new(r.learn, (uint32_t)depth, &r.history);
    if (rc == 0) {
        r.learn = NULL; /* owned by the history */
        rc = reader_deltas(reader, base + 1, e->meta.last_batch, apply_delta,
                           &r, fault);
    }
    if (reader != NULL)
        reader_close(reader);
    arena_release(&r.arena);
    if (r.learn != NULL)
        learn_free(r.learn);
    e->history = r.history;
    *ret_state_batch = last.state_batch;
    if (rc != 0 && fault != NULL && fault->text[0] == '\0')
        (void)fault_set(fault, rc, "%s: the learned state cannot be read: %s",
                        e->db, err_text(rc));
    return rc;
}
