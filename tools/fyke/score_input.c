/*
 * Bytes are read and framed one after the other, a few blocks at a time are
 * parsed side by side, and added in order.
 */
#include "tools/fyke/score_input.h"

#include "engine/ingest/source.h"
#include "tools/fyke/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFER_BYTES ((size_t)16 << 20) /* as fyke run */
#define READ_BYTES ((size_t)1 << 20)
#define BLOCKS_PER_THREAD 4u
#define BLOCKS_MAX (BLOCKS_PER_THREAD * POOL_THREADS_LIMIT)

struct reading {
    int fd;
    struct score_input *in;
    struct pool *pool;
    uint8_t *head; /* INFER_BYTES */
    size_t head_bytes;
    bool end; /* of the input */
    struct framer *framer;
    struct block *block[BLOCKS_MAX]; /* framed, not yet added */
    uint32_t block_count;
    struct fault *fault;
};

static int open_input(const char *input, struct reading *r)
{
    struct stat st;
    struct source_file file;
    if (strcmp(input, "-") == 0) {
        r->fd = STDIN_FILENO;
        (void)snprintf(r->in->label, sizeof r->in->label, "stdin");
        return standard_input_check(r->fault);
    }
    (void)snprintf(r->in->label, sizeof r->in->label, "%.250s", input);
    if (strncmp(input, "host:", 5) == 0)
        return fault_set(r->fault, ERR_USAGE,
                         "%s is a live source and has no end: give a file or "
                         "-, or try: fyke run %s",
                         input, input);
    if (stat(input, &st) == 0 && S_ISFIFO(st.st_mode)) {
        r->fd = open(input, O_RDONLY | O_CLOEXEC);
        return r->fd >= 0 ? ERR_OK
                          : fault_set(r->fault, err_from_errno(errno),
                                      "%s cannot be opened: %s", input,
                                      strerror(errno));
    }
    int err = source_file_open(input, &file, r->fault);
    if (err == 0)
        r->fd = file.fd;
    return err;
}

/* Fills `bytes` unless the input ends before. */
static int read_full(struct reading *r, uint8_t *bytes, size_t n, size_t *ret_n)
{
    *ret_n = 0;
    while (*ret_n < n && !r->end) {
        ssize_t got = read(r->fd, bytes + *ret_n, n - *ret_n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_set(r->fault, err_from_errno(errno),
                             "%s cannot be read: %s", r->in->label,
                             strerror(errno));
        r->end = got == 0;
        *ret_n += (size_t)got;
    }
    r->in->bytes += *ret_n;
    return ERR_OK;
}

/* Inference sees bytes: where they come from is said here. */
static int infer(struct reading *r, const struct settings *settings)
{
    struct schema_options options = settings->schema;
    struct fault inner = { 0 };
    options.record_bytes_max = settings->record_bytes_max;
    int err = schema_infer(&options, r->head, r->head_bytes, r->end,
                           &r->in->schema, &inner);
    if (err == ERR_AGAIN)
        return fault_set(r->fault, ERR_CONTENT,
                         "%s: no record ends within its first %zu MiB",
                         r->in->label, INFER_BYTES >> 20);
    if (err == ERR_CONTENT)
        return fault_set(r->fault, err, "%s: %s", r->in->label, inner.text);
    *r->fault = inner;
    return err;
}

static int parse_one(void *context, uint32_t index, uint32_t thread)
{
    struct reading *r = context;
    (void)thread;
    return block_parse(r->block[index], r->in->schema);
}

/* Parses what was framed and adds it to the batch. */
static int take_blocks(struct reading *r)
{
    int err = pool_run(r->pool, r->block_count, parse_one, r);
    for (uint32_t i = 0; i < r->block_count; i++) {
        struct block *b = r->block[i];
        if (err == 0 && b->records > UINT32_MAX - r->in->batch.records)
            err = fault_set(r->fault, ERR_LIMIT,
                            "%s has more than %u records: fyke run reads it "
                            "in batches",
                            r->in->label, UINT32_MAX);
        if (err == 0 && b->records > 0)
            err = batch_input_add(&r->in->batch, b, 0, b->records);
        if (err == 0 && b->records > 0)
            block_columns_done(b);
        block_unref(b);
    }
    r->block_count = 0;
    return err;
}

static int frame(struct reading *r, const uint8_t *bytes, size_t n, bool end)
{
    uint32_t room = BLOCKS_PER_THREAD * pool_threads(r->pool);
    do {
        struct block *b = NULL;
        int err = framer_push(r->framer, bytes, n, end, &b);
        if (err != 0)
            return err;
        if (b != NULL)
            r->block[r->block_count++] = b;
        if (r->block_count == room) {
            err = take_blocks(r);
            if (err != 0)
                return err;
        }
        n = 0;
    } while (framer_has_more(r->framer));
    return ERR_OK;
}

/* What the inference read, then the rest. */
static int read_records(struct reading *r)
{
    size_t at = (size_t)r->in->schema->data_start;
    int err = ERR_OK;
    while (err == 0 && at < r->head_bytes) {
        size_t n = r->head_bytes - at;
        n = n < READ_BYTES ? n : READ_BYTES;
        err = frame(r, r->head + at, n, false);
        at += n;
    }
    while (err == 0 && !r->end) {
        size_t n = 0;
        err = read_full(r, r->head, READ_BYTES, &n);
        if (err == 0 && n > 0)
            err = frame(r, r->head, n, false);
    }
    if (err == 0)
        err = frame(r, NULL, 0, true);
    return err != 0 ? err : take_blocks(r);
}

static int read_batch(struct reading *r, const struct settings *settings)
{
    struct score_input *in = r->in;
    int err = read_full(r, r->head, INFER_BYTES, &r->head_bytes);
    if (err == 0)
        err = infer(r, settings);
    if (err == 0)
        err = framer_new(in->schema, (size_t)settings->record_bytes_max,
                         in->schema->data_start, in->schema->data_line,
                         &r->framer);
    if (err == 0)
        err = read_records(r);
    if (err == 0)
        err = batch_assemble(&in->batch, in->schema->feature_count);
    if (err == 0)
        batch_columns_done(&in->batch);
    return err;
}

int score_input_read(const char *input, const struct settings *settings,
                     struct pool *pool, struct score_input *in,
                     struct fault *fault)
{
    struct reading *r = calloc(1, sizeof *r);
    memset(in, 0, sizeof *in);
    batch_input_init(&in->batch);
    if (r == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    *r = (struct reading){ .fd = -1, .in = in, .pool = pool, .fault = fault };
    r->head = malloc(INFER_BYTES);
    int err = r->head == NULL ? ERR_NOMEM : open_input(input, r);
    if (err == 0)
        err = read_batch(r, settings);
    for (uint32_t i = 0; i < r->block_count; i++)
        block_unref(r->block[i]);
    framer_free(r->framer);
    if (r->fd > STDIN_FILENO)
        (void)close(r->fd);
    free(r->head);
    free(r);
    if (err != 0 && fault->text[0] == '\0')
        (void)fault_set(fault, err, "%s cannot be read: %s", in->label,
                        err_text(err));
    return err;
}

void score_input_release(struct score_input *in)
{
    batch_input_release(&in->batch);
    if (in->schema != NULL)
        schema_free(in->schema);
}
