/*
 * One stored batch, computed again and compared.
 */
#include "tools/fyke/replay_batch.h"

#include "engine/detect/set.h"
#include "engine/detect/verdict.h"
#include "engine/ingest/batch.h"
#include "engine/shell/detecting.h"
#include "proto/base/check.h"
#include "proto/base/text.h"
#include "tools/fyke/replay_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES ((size_t)1 << 20)
#define ARENA_BYTES_MAX ((size_t)8 << 30)

/* Everything of one batch under replay. */
struct work {
    struct reader_batch stored;
    struct batch_input input;
    struct learn_view view;
    struct detect_config config;
    struct detect_set detectors;
    struct detect_run run[DETECT_MAX];
    struct arena arena;
    struct verdict verdict;
};

static void source_unreadable(struct replay *r, const char *text)
{
    r->readable = false;
    (void)snprintf(r->why_not, sizeof r->why_not, "%s", text);
}

static void source_find(struct replay *r, const struct store_source *source,
                        const char *input)
{
    struct fault fault = { 0 };
    const char *path = input != NULL ? input : source->source;
    if (input == NULL && strcmp(source->kind, "file") != 0) {
        source_unreadable(r, strcmp(source->kind, "stdin-file") == 0
                                 ? "standard input was a file; name it with "
                                   "--input FILE"
                                 : "rows of a pipe or a live source cannot be "
                                   "read again");
        return;
    }
    if (source_file_open(path, &r->file, &fault) != 0) {
        source_unreadable(r, fault.text);
        return;
    }
    r->readable = true;
    if (source_file_verify(&r->file, source->identity, source->position,
                           source->open_end, &fault) != 0)
        (void)snprintf(r->note, sizeof r->note,
                       "%s is not as it was when it was read: %.300s", path,
                       fault.text);
}

int replay_init(struct replay *r, struct reader *reader, const char *input,
                struct fault *fault)
{
    struct store_source source;
    memset(r, 0, sizeof *r);
    kept_init(&r->kept);
    r->reader = reader;
    r->file.fd = -1;
    int err = local_options_default(&r->compute, fault);
    if (err == 0)
        err = reader_source_get(reader, &source, fault);
    if (err != 0)
        return err;
    err = schema_from_json(source.schema, strlen(source.schema), &r->schema,
                           fault);
    if (err != 0)
        return err;
    r->bytes = malloc(READ_BYTES);
    if (r->bytes == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    source_find(r, &source, input);
    return ERR_OK;
}

void replay_release(struct replay *r)
{
    if (r->readable)
        source_file_close(&r->file);
    learn_free(r->learn);
    kept_release(&r->kept);
    if (r->schema != NULL)
        schema_free(r->schema);
    free(r->bytes);
    memset(r, 0, sizeof *r);
}

/* Settings are stored under their flags' names with underscores. */
static int setting_u64(struct replay *r, const char *name, uint64_t batch,
                       uint64_t *ret_value, struct fault *fault)
{
    struct buf text;
    buf_init(&text, 4096);
    int err = reader_setting_get(r->reader, name, batch, &text);
    if (err == 0 && text_parse_u64(buf_text(&text), ret_value) != 0)
        err = text_parse_bytes(buf_text(&text), ret_value);
    buf_release(&text);
    if (err != 0)
        return fault_set(fault, ERR_CORRUPT,
                         "batch %" PRIu64 ": its setting %s cannot be read: %s",
                         batch, name, err_text(err));
    return ERR_OK;
}

static int take_block(struct replay *r, struct work *w, struct block *block)
{
    uint32_t left = w->stored.records - w->input.records;
    uint32_t take = block->records < left ? block->records : left;
    int err = block_parse(block, r->schema);
    if (err == 0 && take > 0)
        err = batch_input_add(&w->input, block, 0, take);
    block_unref(block);
    return err;
}

/* Reads on behind the range: whether a quote closes may only show there. */
static int read_records(struct replay *r, struct work *w, struct framer *f,
                        struct fault *fault)
{
    uint64_t position = w->stored.from_position;
    bool end = false;
    while (w->input.records < w->stored.records && !end) {
        struct block *block = NULL;
        size_t n = 0;
        int err = source_file_read(&r->file, position, r->bytes, READ_BYTES, &n,
                                   fault);
        if (err != 0)
            return err;
        end = n < READ_BYTES;
        position += n;
        err = framer_push(f, r->bytes, n, end, &block);
        if (err == 0 && block != NULL)
            err = take_block(r, w, block);
        if (err != 0)
            return err;
    }
    return ERR_OK;
}

static int work_read(struct replay *r, struct work *w, struct fault *fault)
{
    struct framer *f = NULL;
    uint64_t record_bytes = 0;
    int err =
        setting_u64(r, "record_bytes", w->stored.batch, &record_bytes, fault);
    if (err == 0)
        err = framer_new(r->schema, (size_t)record_bytes,
                         w->stored.from_position, w->stored.from_line, &f);
    if (err != 0)
        return err;
    err = read_records(r, w, f, fault);
    framer_free(f);
    if (err == 0)
        err = batch_assemble(&w->input, r->schema->feature_count);
    return err;
}

/* One setting as it was at the batch; an older database may not have it. */
static int setting_take(struct replay *r, const char *name, uint64_t batch,
                        struct settings *s, struct fault *fault)
{
    struct buf text;
    const struct option *row =
        option_find(settings_run, settings_run_count, name);
    check(row != NULL && row->type != OPTION_TEXT);
    buf_init(&text, 4096);
    int err = reader_setting_get(r->reader, name, batch, &text);
    if (err == 0)
        err = option_set_named(row, buf_text(&text), s, fault);
    else if (err == ERR_NOTFOUND)
        err = 0;
    buf_release(&text);
    return err != 0 ? fault_set(fault, ERR_CORRUPT,
                                "batch %" PRIu64
                                ": its setting %s cannot be read: %s",
                                batch, name, err_text(err))
                    : 0;
}

static int work_configure(struct replay *r, struct work *w, struct fault *fault)
{
    static const char *const names[] = { "trees",     "subsample",
                                         "extension", "fit_rows",
                                         "eps",       "min_points",
                                         "scale",     "context_rows" };
    struct settings s = { 0 };
    int err = option_defaults(settings_run, settings_run_count, &s, fault);
    for (size_t i = 0; i < sizeof names / sizeof *names && err == 0; i++)
        err = setting_take(r, names[i], w->stored.batch, &s, fault);
    w->config = detecting_config(&s);
    w->config.seed = w->stored.seed;
    w->config.batch_rows = 0; /* it was cut already */
    option_release(settings_run, settings_run_count, &s);
    if (err == 0)
        err = replay_model(r, w->stored.batch, &w->config.model, fault);
    return err != 0 ? err
                    : detect_set_check(&w->detectors, &w->config,
                                       r->schema->feature_count, fault);
}

static int work_run_one(const struct replay *r, struct work *w,
                        struct detect_run *run)
{
    struct plan_shape shape = { .rows = w->input.rows,
                                .cols = w->input.cols,
                                .recent_rows = w->view.recent.rows };
    struct detect_batch batch = { .batch = w->stored.batch,
                                  .rows = batch_matrix(&w->input),
                                  .recent = w->view.recent };
    int err = run->ops->plan(&w->config, &shape, &run->plan);
    if (err == 0)
        err = run->ops->open(&w->config, &batch, &run->plan, &run->state);
    if (err == 0)
        err = local_compute(&r->compute, run->ops, run->state, &run->plan);
    if (err == 0)
        err = run->ops->merge(run->state, &run->result);
    return err;
}

static int work_detect(const struct replay *r, struct work *w)
{
    int err = ERR_OK;
    for (uint32_t d = 0; d < w->detectors.count && err == 0; d++) {
        w->run[d].ops = w->detectors.ops[d];
        if (w->input.rows > 0)
            err = work_run_one(r, w, &w->run[d]);
    }
    return err;
}

static int work_judge(struct work *w)
{
    struct verdict_config config =
        verdict_config_of(w->stored.flag, w->stored.votes,
                          detect_set_recent_rows(&w->detectors, &w->config));
    struct matrix rows = batch_matrix(&w->input);
    return verdict_make(&config, &rows, w->run, w->detectors.count, &w->view,
                        &w->arena, &w->verdict);
}

static int work_compare(struct replay *r, struct work *w,
                        enum replay_outcome *ret_outcome, struct buf *text,
                        struct fault *fault)
{
    struct replay_pair pair = { &w->stored, &w->input, w->run, &w->verdict };
    *ret_outcome = REPLAY_EQUAL;
    if (w->verdict.result_hash == w->stored.result_hash)
        return ERR_OK;
    *ret_outcome = REPLAY_DIFFERENT;
    return replay_compare(r->reader, &pair, text, fault);
}

static int work_run(struct replay *r, struct work *w,
                    enum replay_outcome *ret_outcome, struct buf *text,
                    struct fault *fault)
{
    int err = work_read(r, w, fault);
    if (err != 0)
        return err;
    if (w->input.content_hash != w->stored.content_hash) {
        *ret_outcome = REPLAY_DIFFERENT;
        return buf_printf(text,
                          "the bytes %" PRIu64 " to %" PRIu64
                          " of %s are not those that were read",
                          w->stored.from_position, w->stored.to_position,
                          r->file.path);
    }
    err = work_configure(r, w, fault);
    if (err == 0)
        err = replay_view(r, w->stored.state_batch,
                          detect_set_recent_rows(&w->detectors, &w->config),
                          &w->view, fault);
    if (err == ERR_NOTFOUND) {
        *ret_outcome = REPLAY_IMPOSSIBLE;
        return buf_append_text(text, "the learned state it was judged by is "
                                     "no longer kept");
    }
    if (err == 0)
        err = work_detect(r, w);
    if (err == 0)
        err = work_judge(w);
    return err != 0 ? err : work_compare(r, w, ret_outcome, text, fault);
}

static void work_release(struct work *w)
{
    for (uint32_t d = 0; d < w->detectors.count; d++)
        if (w->run[d].state != NULL)
            w->run[d].ops->close(w->run[d].state);
    batch_input_release(&w->input);
    learn_view_release(&w->view);
    arena_release(&w->arena);
}

int replay_batch(struct replay *r, uint64_t batch,
                 enum replay_outcome *ret_outcome, struct buf *text,
                 struct fault *fault)
{
    struct work w = { 0 };
    int err = reader_batch_get(r->reader, batch, &w.stored, fault);
    if (err != 0)
        return err;
    *ret_outcome = REPLAY_IMPOSSIBLE;
    if (!r->readable)
        return buf_append_text(text, r->why_not);
    err = detect_set_parse(w.stored.detector, &w.detectors, fault);
    if (err != 0)
        return err;
    uint32_t algorithm = detect_set_algorithm(&w.detectors);
    if (w.stored.algorithm != algorithm)
        return buf_printf(text, "algorithm version %u, this fyke has %u",
                          w.stored.algorithm, algorithm);
    if (w.stored.votes < 1 || w.stored.votes > w.detectors.count)
        return fault_set(fault, ERR_CORRUPT,
                         "batch %" PRIu64 ": %u votes of %u detectors", batch,
                         w.stored.votes, w.detectors.count);
    batch_input_init(&w.input);
    arena_init(&w.arena, ARENA_BYTES_MAX);
    err = work_run(r, &w, ret_outcome, text, fault);
    work_release(&w);
    if (err != 0 && fault->text[0] == '\0')
        (void)fault_set(fault, err, "batch %" PRIu64 ": %s", batch,
                        err_text(err));
    return err;
}
