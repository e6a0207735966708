/*
 * The intake: bytes are read and framed by one job at a time, blocks are
 * parsed by several, and appended to the open batch in order. When the core
 * does not want input, nothing is read.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/check.h"
#include "proto/host/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARSE_AT_ONCE_BYTES 16384u /* smaller blocks skip the second job */
#define POLL_MS 100

static struct parse_job *parse_at(struct intake *in, uint32_t i)
{
    return &in->parse[(in->parse_first + i) % ENGINE_BLOCKS_MAX];
}

static int read_file(struct intake *in)
{
    uint8_t *room = framer_room(in->framer, ENGINE_READ_BYTES);
    in->bytes = room != NULL ? room : in->buffer;
    int rc =
        source_file_read(&in->file, in->read_position, in->bytes,
                         ENGINE_READ_BYTES, &in->read_bytes, &in->read_fault);
    in->read_end = rc == 0 && in->read_bytes < ENGINE_READ_BYTES;
    return rc;
}

/* Waits a moment only, so that a drain need not wait for the other side. What
 * the inference read comes first; in a drain, nothing comes behind it. */
static int read_pipe(struct intake *in)
{
    if (in->head_taken < in->head_bytes) {
        size_t left = in->head_bytes - in->head_taken;
        in->read_bytes = left < ENGINE_READ_BYTES ? left : ENGINE_READ_BYTES;
        memcpy(in->buffer, in->head + in->head_taken, in->read_bytes);
        in->head_taken += in->read_bytes;
        if (in->head_taken == in->head_bytes) {
            free(in->head);
            in->head = NULL;
        }
        return 0;
    }
    if (in->flushing) {
        in->read_end = true;
        return 0;
    }
    struct pollfd p = { .fd = in->file.fd, .events = POLLIN };
    int ready = poll(&p, 1, POLL_MS);
    if (ready <= 0)
        return ready == 0 || errno == EINTR ? 0 : err_from_errno(errno);
    ssize_t n = read(in->file.fd, in->buffer, ENGINE_READ_BYTES);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : err_from_errno(errno);
    in->read_bytes = (size_t)n;
    in->read_end = n == 0;
    return 0;
}

static int read_processes(struct intake *in)
{
    buf_reset(&in->sample);
    int rc =
        processes_sample(in->processes, clock_wall_ns(), clock_monotonic_us(),
                         &in->sample, &in->last_sample);
    in->bytes = in->sample.data;
    in->read_bytes = in->sample.length;
    return rc != 0 ? rc : in->sample.err;
}

static int read_more(struct intake *in)
{
    in->read_end = false;
    switch (in->kind) {
    case SOURCE_FILE:
        return read_file(in);
    case SOURCE_PIPE:
        return read_pipe(in);
    default:
        return read_processes(in);
    }
}

static int read_run(struct job *j)
{
    struct intake *in = &j->engine->intake;
    struct stages *stages = &j->engine->stages;
    int64_t begun_ns = clock_thread_cpu_ns();
    bool again = framer_has_more(in->framer); /* of what was read before */
    int rc = 0;
    in->bytes = in->buffer;
    in->read_bytes = 0;
    in->read_block = NULL;
    if (!again)
        rc = read_more(in);
    begun_ns = stages_add(stages, WORK_READ, begun_ns);
    if (rc == 0 && (in->read_bytes > 0 || in->read_end || again))
        rc = framer_push(in->framer, in->bytes, in->read_bytes, in->read_end,
                         &in->read_block);
    struct block *b = in->read_block;
    if (b != NULL && in->flushing && b->open_end)
        b->status[b->records - 1] = BAD_UNFINISHED;
    begun_ns = stages_add(stages, WORK_FRAME, begun_ns);
    if (rc == 0 && b != NULL && b->text_bytes <= PARSE_AT_ONCE_BYTES) {
        rc = block_parse(b, j->engine->schema);
        (void)stages_add(stages, WORK_PARSE, begun_ns);
    }
    return rc;
}

static int parse_run(struct job *j)
{
    struct parse_job *p = (struct parse_job *)j;
    int64_t begun_ns = clock_thread_cpu_ns();
    int rc = block_parse(p->block, j->engine->schema);
    (void)stages_add(&j->engine->stages, WORK_PARSE, begun_ns);
    return rc;
}

static void count_block(struct engine *e, struct block *b)
{
    block_count(b, &e->flight.block_bytes);
    flight_note(&e->flight);
}

static void parse_done(struct job *j)
{
    struct parse_job *p = (struct parse_job *)j;
    if (j->err != 0)
        engine_fail(j->engine, j->err, "parsing failed: %s", err_text(j->err));
    count_block(j->engine, p->block);
    p->parsed = true;
}

static void queue_block(struct engine *e, struct block *b)
{
    struct intake *in = &e->intake;
    check(in->parse_count < ENGINE_BLOCKS_MAX);
    count_block(e, b);
    struct parse_job *p = parse_at(in, in->parse_count++);
    p->block = b;
    p->parsed = b->text_bytes <= PARSE_AT_ONCE_BYTES;
    if (p->parsed)
        return;
    p->job = (struct job){ .run = parse_run, .done = parse_done };
    job_start(e, &p->job);
}

static void read_done(struct job *j)
{
    struct engine *e = j->engine;
    struct intake *in = &e->intake;
    if (j->err != 0) {
        engine_fail(e, j->err, "%s: %s", in->label,
                    in->read_fault.text[0] != '\0' ? in->read_fault.text
                                                   : err_text(j->err));
        return;
    }
    in->read_position += in->read_bytes;
    if (in->read_end && !framer_has_more(in->framer))
        in->end = true;
    if (in->read_bytes > 0)
        engine_step(e, &(struct coord_event){ .kind = COORD_EV_READ,
                                              .bytes = in->read_bytes });
    if (in->read_block != NULL)
        queue_block(e, in->read_block);
    in->read_block = NULL;
}

static void start_read(struct engine *e)
{
    struct intake *in = &e->intake;
    in->flushing = e->stage == STAGE_DRAINING;
    in->read = (struct job){ .run = read_run, .done = read_done };
    job_start(e, &in->read);
}

static bool may_read(const struct engine *e)
{
    const struct intake *in = &e->intake;
    bool flush = e->stage == STAGE_DRAINING && in->kind == SOURCE_PIPE;
    return (e->stage == STAGE_RUNNING || flush) && !in->end && !in->read.busy &&
           in->parse_count < ENGINE_BLOCKS_MAX && coord_wants_input(e->coord);
}

/* Who is fyke's own changes when a worker is restarted. */
static void tell_selves(struct engine *e)
{
    uint32_t pids[SUPERVISE_WORKERS_MAX + 1];
    uint32_t n = 0;
    if (e->supervise != NULL)
        n = supervise_pids(e->supervise, pids, SUPERVISE_WORKERS_MAX);
    pids[n++] = (uint32_t)getpid();
    processes_self(e->intake.processes, pids, n);
}

static void sample_due(uv_timer_t *timer)
{
    struct engine *e = timer->data;
    struct intake *in = &e->intake;
    if (e->stage != STAGE_RUNNING || in->end)
        return;
    if (in->sample_end_us != 0 && clock_monotonic_us() >= in->sample_end_us) {
        in->end = !in->read.busy;
        return;
    }
    if (!may_read(e)) {
        in->gaps++;
        return;
    }
    tell_selves(e);
    start_read(e);
}

/* The first record of a batch: its clock starts, and a silence ends. */
static void open_started(struct engine *e)
{
    e->open_ns = clock_wall_ns();
    e->open_us = clock_monotonic_us();
    progress_sound(e);
}

static void append(struct engine *e, struct block *b, uint32_t n)
{
    struct intake *in = &e->intake;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += b->extent[in->consumed + i];
    if (e->open.records == 0)
        open_started(e);
    int rc = batch_input_add(&e->open, b, in->consumed, n);
    if (rc != 0) {
        engine_fail(e, rc, "%s: keeping records of the open batch failed: %s",
                    in->label, err_text(rc));
        return;
    }
    in->consumed += n;
    engine_step(e, &(struct coord_event){ .kind = COORD_EV_APPENDED,
                                          .records = n,
                                          .bytes = bytes,
                                          .position = e->open.to_position });
}

static void pop_block(struct engine *e)
{
    struct intake *in = &e->intake;
    struct parse_job *p = parse_at(in, 0);
    uint64_t records = 0;
    for (uint32_t i = 0; i < p->block->records; i++)
        records += p->block->extent[i];
    uint64_t bytes = p->block->end_position - p->block->position;
    if (bytes > records) /* blank lines that belong to no record */
        engine_step(e,
                    &(struct coord_event){ .kind = COORD_EV_APPENDED,
                                           .position = p->block->end_position,
                                           .skipped_bytes = bytes - records });
    block_columns_done(p->block);
    block_unref(p->block);
    p->block = NULL;
    in->parse_first = (in->parse_first + 1) % ENGINE_BLOCKS_MAX;
    in->parse_count--;
    in->consumed = 0;
}

static void append_ready(struct engine *e)
{
    struct intake *in = &e->intake;
    while (in->parse_count > 0 && parse_at(in, 0)->parsed && e->failed == 0) {
        struct block *b = parse_at(in, 0)->block;
        uint32_t left = b->records - in->consumed;
        uint32_t n = 0;
        if (left > 0) {
            n = intake_count_due(e, b, left);
            if (n > 0)
                n = coord_fit(e->coord, b->extent + in->consumed, n);
            if (n == 0)
                return; /* not due, or full: wait for the time or the cut */
            pace_input_take(&in->pace, b, in->consumed, n);
            append(e, b, n);
        }
        if (in->consumed == b->records)
            pop_block(e);
    }
}

/* What was read of a pipe is kept through a drain, up to a last half record;
 * a file's records are read again. */
static bool drain_waits(const struct engine *e)
{
    const struct intake *in = &e->intake;
    if (in->kind == SOURCE_FILE)
        return false;
    return in->parse_count > 0 || in->read.busy ||
           (in->kind == SOURCE_PIPE && !in->end);
}

void intake_pump(struct engine *e)
{
    struct intake *in = &e->intake;
    if (in->told_end)
        return;
    append_ready(e);
    if (e->failed != 0)
        return;
    if (e->stage == STAGE_DRAINING && !drain_waits(e)) {
        in->told_end = true;
        engine_step(e, &(struct coord_event){ .kind = COORD_EV_DRAIN });
        return;
    }
    if (in->end && in->parse_count == 0 && !in->read.busy) {
        in->told_end = true;
        engine_step(e, &(struct coord_event){ .kind = COORD_EV_END });
        return;
    }
    if (in->kind != SOURCE_PROCESSES && may_read(e))
        start_read(e);
}

void intake_drain(struct engine *e)
{
    if (e->intake.kind == SOURCE_PROCESSES)
        (void)uv_timer_stop(&e->intake.sample_timer);
}

uint64_t intake_records_waiting(const struct engine *e)
{
    const struct intake *in = &e->intake;
    uint64_t n = 0;
    for (uint32_t i = 0; i < in->parse_count; i++)
        n +=
            in->parse[(in->parse_first + i) % ENGINE_BLOCKS_MAX].block->records;
    for (size_t i = in->head_taken; i < in->head_bytes; i++)
        n += in->head[i] == '\n';
    return n - in->consumed;
}

static int start_processes(struct engine *e, struct fault *fault)
{
    struct intake *in = &e->intake;
    struct processes_options o = { .include_self = e->settings.include_self,
                                   .every_us = e->settings.every_us };
    int rc = processes_new(&o, &in->processes, fault);
    if (rc != 0)
        return rc;
    if (e->settings.for_us > 0)
        in->sample_end_us = clock_monotonic_us() + e->settings.for_us;
    uint64_t every_ms = (uint64_t)(e->settings.every_us + 999) / 1000;
    (void)uv_timer_start(&in->sample_timer, sample_due, 0, every_ms);
    return 0;
}

int intake_start(struct engine *e, struct fault *fault)
{
    struct intake *in = &e->intake;
    in->read_position = e->committed_position;
    int rc = framer_new(e->schema, e->settings.record_bytes_max,
                        e->committed_position, e->committed_line, &in->framer);
    if (rc != 0)
        return fault_set(fault, rc, "%s: reading cannot start: %s", in->label,
                         err_text(rc));
    buf_init(&in->sample, (size_t)256 << 20);
    if (in->kind == SOURCE_PROCESSES)
        return start_processes(e, fault);
    framer_limit(in->framer, bound_block_records(e->schema->feature_count));
    in->buffer = malloc(ENGINE_READ_BYTES);
    return in->buffer == NULL ? fault_set(fault, ERR_NOMEM, "out of memory")
                              : 0;
}

void intake_close(struct engine *e)
{
    struct intake *in = &e->intake;
    for (uint32_t i = 0; i < in->parse_count; i++)
        block_unref(parse_at(in, i)->block);
    if (in->read_block != NULL)
        block_unref(in->read_block);
    if (in->framer != NULL)
        framer_free(in->framer);
    if (in->processes != NULL)
        processes_free(in->processes);
    buf_release(&in->sample);
    free(in->buffer);
    free(in->head);
    if (in->kind != SOURCE_PROCESSES && in->kind != 0)
        source_file_close(&in->file);
}
