/*
 * Loading, counting, and the input's own rate.
 */
#include "tools/fyke/advise_input.h"

#include "engine/ingest/block.h"
#include "engine/ingest/source.h"
#include "proto/base/civil.h"
#include "proto/host/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REPLAY_BYTES_MAX ((size_t)32 << 20)
#define SAMPLES 20u
#define SAMPLE_US_MAX 100000 /* they are for the rows, not for the rates */

static int refuse_pipe(const char *label, struct fault *fault)
{
    return fault_set(fault, ERR_USAGE,
                     "%s is a pipe and can be read once only: save a part of "
                     "it (head -n 200000 >sample.csv), then: fyke advise "
                     "sample.csv --rate N/s",
                     label);
}

static int open_file(const char *input, struct source_file *ret_f,
                     struct fault *fault)
{
    struct stat st;
    bool standard = strcmp(input, "-") == 0;
    int rc = standard ? fstat(STDIN_FILENO, &st) : stat(input, &st);
    if (rc == 0 &&
        (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) || S_ISSOCK(st.st_mode)))
        return refuse_pipe(standard ? "stdin" : input, fault);
    if (!standard)
        return source_file_open(input, ret_f, fault);
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return fault_set(fault, ERR_IO, "stdin is closed: give a file");
    return source_file_adopt(fd, "stdin", ret_f, fault);
}

static int load_file(const char *input, const struct settings *s,
                     struct advise_input *in, struct fault *fault)
{
    struct source_file file = { .fd = -1 };
    int err = open_file(input, &file, fault);
    if (err != 0)
        return err;
    in->bytes = malloc(REPLAY_BYTES_MAX + 1); /* a newline may be missing */
    err = in->bytes == NULL
              ? fault_set(fault, ERR_NOMEM, "out of memory")
              : source_file_read(&file, 0, in->bytes, REPLAY_BYTES_MAX,
                                 &in->count, fault);
    in->whole = in->count == file.size;
    source_file_close(&file);
    if (err != 0)
        return err;
    err = schema_infer(&s->schema, in->bytes, in->count, in->whole, &in->schema,
                       fault);
    if (err == ERR_CONTENT) {
        struct fault inner = *fault;
        (void)fault_set(fault, err, "%.200s: %.300s", input, inner.text);
    } else if (err == ERR_AGAIN) {
        (void)fault_set(fault, ERR_CONTENT,
                        "%s: no whole record in the first 32 MiB", input);
    }
    return err == ERR_AGAIN ? ERR_CONTENT : err;
}

/* ------------------------------------------------------- live samples */

/* The stream has no header; the replay needs the names. */
static void put_names(const struct schema *s, struct buf *out)
{
    for (uint32_t i = 0; i < s->column_count; i++)
        (void)buf_printf(out, "%s%s", i == 0 ? "" : ",", s->column[i].name);
    (void)buf_append_char(out, '\n');
}

static int take_samples(struct processes *p, int64_t every_us,
                        bool (*stopped)(void), struct buf *out,
                        double *ret_rows)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct processes_sample sample;
        struct timespec pause = { 0, (long)every_us * 1000 };
        int err = processes_sample(p, clock_wall_ns(), clock_monotonic_us(),
                                   out, &sample);
        if (err == 0)
            err = out->err;
        if (err != 0)
            return err;
        rows += sample.rows;
        if (stopped())
            return ERR_CANCELED;
        (void)nanosleep(&pause, NULL);
    }
    *ret_rows = (double)rows / SAMPLES;
    return ERR_OK;
}

static int load_processes(const struct settings *s, bool (*stopped)(void),
                          struct advise_input *in, struct fault *fault)
{
    struct processes *p;
    struct buf text;
    double rows = 0;
    uint32_t self = (uint32_t)getpid();
    struct processes_options o = { .include_self = s->include_self,
                                   .self_pids = &self,
                                   .self_count = 1,
                                   .every_us = s->every_us };
    int64_t pause_us =
        s->every_us < SAMPLE_US_MAX ? s->every_us : SAMPLE_US_MAX;
    int err = processes_schema(&s->schema, &in->schema, fault);
    if (err == 0)
        err = processes_new(&o, &p, fault);
    if (err != 0)
        return err;
    buf_init(&text, REPLAY_BYTES_MAX);
    put_names(in->schema, &text);
    in->data_start = text.length;
    err = take_samples(p, pause_us, stopped, &text, &rows);
    processes_free(p);
    if (err != 0)
        (void)fault_set(fault, err, "sampling this machine failed: %s",
                        err_text(err));
    in->rate = rows * 1e6 / (double)s->every_us;
    in->bytes = buf_take(&text, &in->count);
    return err;
}

/* --------------------------------------------------- counting and rate */

static void look_at_times(const struct block *b, struct advise_input *in)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (uint32_t i = 0; i < b->rows; i++) {
        if (b->time_ns[i] == CIVIL_NONE)
            continue;
        first = b->time_ns[i] < first ? b->time_ns[i] : first;
        last = b->time_ns[i] > last ? b->time_ns[i] : last;
    }
    if (last > first)
        in->rate = (double)(b->rows - 1) * 1e9 / ((double)last - (double)first);
}

/* Whole records only, each with a line end. */
static int count_records(const struct settings *s, struct advise_input *in,
                         struct fault *fault)
{
    struct framer *framer;
    struct block *b = NULL;
    bool timed = in->schema->time_column != SCHEMA_NO_COLUMN && !in->live;
    int err =
        framer_new(in->schema, s->record_bytes_max, in->data_start, 1, &framer);
    if (err == 0) {
        err = framer_push(framer, in->bytes + in->data_start,
                          in->count - in->data_start, in->whole, &b);
        framer_free(framer);
    }
    if (err == 0 && b != NULL && timed)
        err = block_parse(b, in->schema);
    if (err == 0 && b != NULL) {
        uint32_t head = b->records < SCHEMA_INFER_RECORDS + 1
                            ? b->records
                            : SCHEMA_INFER_RECORDS + 1;
        in->records = b->records;
        in->count = (size_t)b->end_position;
        in->head_end =
            (size_t)(block_record_position(b, head - 1) + b->extent[head - 1]);
        if (timed)
            look_at_times(b, in);
        if (b->open_end)
            in->bytes[in->count++] = '\n';
    }
    if (b != NULL)
        block_unref(b);
    if (err == 0 && in->records == 0)
        return fault_set(fault, ERR_CONTENT, "%s: no rows to measure with",
                         in->label);
    return err == 0 ? 0 : fault_set(fault, err, "%s", err_text(err));
}

int advise_input_load(const char *input, const struct settings *settings,
                      bool (*stopped)(void), struct advise_input *ret_input,
                      struct fault *fault)
{
    struct advise_input *in = ret_input;
    *in = (struct advise_input){ .label = input };
    in->live = strcmp(input, "host:processes") == 0;
    if (strncmp(input, "host:", 5) == 0 && !in->live)
        return fault_set(fault, ERR_USAGE,
                         "%s: there is host:processes (a file of that name: "
                         "./%s)",
                         input, input);
    int err = in->live ? load_processes(settings, stopped, in, fault)
                       : load_file(input, settings, in, fault);
    if (err != 0)
        return err;
    if (!in->live)
        in->data_start = (size_t)in->schema->data_start;
    return count_records(settings, in, fault);
}

void advise_input_release(struct advise_input *in)
{
    schema_free(in->schema);
    free(in->bytes);
    in->schema = NULL;
    in->bytes = NULL;
}

double advise_input_record_bytes(const struct advise_input *in)
{
    return (double)(in->count - in->data_start) / (double)in->records;
}
