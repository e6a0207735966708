/*
 * What the database knows at the start: the source and its schema, and the
 * learned state as of the batches that count.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/text.h"
#include "proto/host/clock.h"
#include "storage/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool schema_was_named(const struct engine *e)
{
    for (size_t i = 0; i < e->table_count; i++) {
        const char *name = e->table[i].name;
        if (!e->given[i] || strcmp(name, "record-bytes") == 0)
            continue;
        for (size_t j = 0; j < settings_input_count; j++)
            if (strcmp(settings_input[j].name, name) == 0)
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
                         "%s belongs to %s. Name another with --db FILE, or "
                         "--fresh to replace it.",
                         e->db, s->source);
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

static bool has_column(const struct schema *s, const char *name)
{
    for (uint32_t i = 0; i < s->column_count; i++)
        if (text_equal_nocase(s->column[i].name, name))
            return true;
    return false;
}

/* NDJSON: objects have no order and fields may be left out; one feature that
 * is there says that it is the same stream. */
static int same_fields(const struct schema *pinned, const struct schema *now,
                       struct fault *why)
{
    for (uint32_t i = 0; i < pinned->feature_count; i++)
        if (has_column(now, pinned->column[pinned->feature[i]].name))
            return 0;
    return fault_set(why, ERR_DIFFERENT, "none of them is %s",
                     pinned->column[pinned->feature[0]].name);
}

/* CSV: the names must be the same, and then the pinned roles hold, since a
 * new pipe may show too little to infer the same ones. */
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

/* Does the input that is here fit what is pinned? */
static int check_columns(const struct engine *e, const struct schema *pinned,
                         struct fault *why)
{
    if (e->infer_err != 0) /* too little to tell; records will */
        return pinned->format == SCHEMA_NDJSON || !pinned->header
                   ? 0
                   : fault_set(why, ERR_DIFFERENT, "%s", e->infer_fault.text);
    if (schema_was_named(e))
        return schema_compare(pinned, e->schema, why);
    if (e->intake.kind == SOURCE_FILE)
        return 0;
    if (pinned->format != e->schema->format)
        return fault_set(why, ERR_DIFFERENT, "CSV and NDJSON are not the same");
    return pinned->format == SCHEMA_NDJSON ? same_fields(pinned, e->schema, why)
                                           : same_names(pinned, e->schema, why);
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
    rc = check_columns(e, pinned, &why);
    if (rc == 0 &&
        schema_label_set(pinned, e->settings.schema.label, fault) != 0) {
        schema_free(pinned);
        return fault->err;
    }
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
    if (e->infer_err != 0 && !e->meta.pinned)
        return fault_set(fault, e->infer_err, "%s", e->infer_fault.text);
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
        rc = snapshot.length == 0
                 ? learn_new(e->schema->feature_count, e->verdict.recent_max,
                             &r->learn)
                 : learn_decode(snapshot.data, snapshot.length, &r->learn);
    buf_release(&snapshot);
    if (rc == 0)
        rc = learn_recent_max_set(r->learn, e->verdict.recent_max);
    if (rc != 0)
        return rc;
    return reader_deltas(reader, from + 1, base, apply_delta, r, fault);
}

/* A full state behind the base that keeps another number of recent rows must
 * not become anybody's base: it lacks rows that the state here has. */
static int forget_unlike(struct engine *e, struct reader *reader, uint64_t base,
                         struct fault *fault)
{
    struct buf snapshot;
    struct learn *learn = NULL;
    uint64_t from = 0;
    buf_init(&snapshot, (size_t)1 << 30);
    int rc =
        reader_snapshot(reader, e->meta.last_batch, &snapshot, &from, fault);
    if (rc == 0 && from > base)
        rc = learn_decode(snapshot.data, snapshot.length, &learn);
    bool unlike =
        learn != NULL && learn_recent_max(learn) != e->verdict.recent_max;
    buf_release(&snapshot);
    learn_free(learn);
    return rc != 0 || !unlike ? rc
                              : store_snapshots_forget(e->store, base, fault);
}

int restore_learned(struct engine *e, uint64_t *ret_state_batch,
                    int64_t *ret_interval_us, struct fault *fault)
{
    struct replaying r = { 0 };
    struct reader *reader = NULL;
    struct reader_batch last = { 0 };
    arena_init(&r.arena, (size_t)1 << 30);
    int rc = reader_of_store(e->store, &reader);
    if (rc == 0 && e->meta.last_batch > 0)
        rc = reader_batch_get(reader, e->meta.last_batch, &last, fault);
    /* The pipeline may become deeper before the first cut: no batch ever asks
     * for an earlier state than the one before it did. */
    if (rc == 0)
        rc = load_base(e, reader, last.state_batch, &r, fault);
    if (rc == 0)
        rc = forget_unlike(e, reader, last.state_batch, fault);
    if (rc == 0)
        rc = learn_history_new(r.learn, COORD_DEPTH_MAX, &r.history);
    if (rc == 0) {
        r.learn = NULL; /* owned by the history */
        rc = reader_deltas(reader, last.state_batch + 1, e->meta.last_batch,
                           apply_delta, &r, fault);
    }
    if (reader != NULL)
        reader_close(reader);
    arena_release(&r.arena);
    if (r.learn != NULL)
        learn_free(r.learn);
    e->history = r.history;
    *ret_state_batch = last.state_batch;
    *ret_interval_us = last.interval_us;
    if (rc != 0 && fault != NULL && fault->text[0] == '\0')
        (void)fault_set(fault, rc, "%s: the learned state cannot be read: %s",
                        e->db, err_text(rc));
    return rc;
}
