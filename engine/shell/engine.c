/*
 * From options to a running loop and back: handles, signals, the end.
 */
#include "engine/shell/engine_int.h"

#include "proto/host/clock.h"
#include "proto/host/file.h"
#include "proto/host/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a worker: unpacked, and in the form that kernels walk. */
#define MODEL_NODE_BYTES 64u

#define LEAVE_US 3000000 /* patience with workers at the end */

static void prepared(uv_prepare_t *handle)
{
    engine_turn(handle->data);
}

static void stop_now(struct engine *e)
{
    e->forced = true;
    uv_stop(&e->loop);
}

static void drain_over(uv_timer_t *timer)
{
    stop_now(timer->data);
}

static void signalled(uv_signal_t *handle, int signal_number)
{
    struct engine *e = handle->data;
    (void)signal_number;
    if (e->stage == STAGE_RUNNING) {
        e->stage = STAGE_DRAINING;
        e->drained = true;
        intake_drain(e);
        (void)uv_timer_start(&e->drain_timer, drain_over,
                             (uint64_t)e->settings.drain_timeout_us / 1000, 0);
        engine_remark(e, LOG_LEVEL_INFO, "drain",
                      "finishing what is under way; once more stops at once");
    } else if (e->stage == STAGE_LEAVING) {
        uv_stop(&e->loop); /* all is committed: only good-byes are missing */
    } else {
        stop_now(e);
    }
}

/* Everything is committed: wait a little for the workers' good-byes. */
static void leaving_checked(uv_timer_t *timer)
{
    struct engine *e = timer->data;
    progress_tick(timer);
    if (e->stage != STAGE_LEAVING)
        return;
    struct coord_stats stats;
    coord_stats_get(e->coord, &stats);
    bool gone = e->supervise != NULL ? supervise_all_gone(e->supervise)
                                     : stats.workers == 0 || e->drained;
    if (gone || clock_monotonic_us() - e->leave_us > LEAVE_US)
        uv_stop(&e->loop);
}

static void open_handles(struct engine *e)
{
    uv_loop_t *loop = &e->loop;
    e->link_async.data = e->prepare.data = e->core_timer.data = e;
    e->progress_timer.data = e->drain_timer.data = e;
    e->sigint.data = e->sigterm.data = e;
    e->control.async.data = e->tune.timer.data = e;
    (void)uv_async_init(loop, &e->link_async, serve_link);
    (void)uv_async_init(loop, &e->control.async, serve_control);
    (void)uv_timer_init(loop, &e->tune.timer);
    (void)uv_prepare_init(loop, &e->prepare);
    (void)uv_timer_init(loop, &e->core_timer);
    (void)uv_timer_init(loop, &e->progress_timer);
    (void)uv_timer_init(loop, &e->drain_timer);
    (void)uv_signal_init(loop, &e->sigint);
    (void)uv_signal_init(loop, &e->sigterm);
    e->intake.sample_timer.data = e;
    (void)uv_timer_init(loop, &e->intake.sample_timer);
    e->intake.pace_timer.data = e;
    (void)uv_timer_init(loop, &e->intake.pace_timer);
    /* Signals count from here on: one that comes during the start drains as
     * soon as the loop turns. */
    (void)uv_signal_start(&e->sigint, signalled, SIGINT);
    (void)uv_signal_start(&e->sigterm, signalled, SIGTERM);
}

static void start_handles(struct engine *e)
{
    uv_update_time(&e->loop);
    (void)uv_prepare_start(&e->prepare, prepared);
    (void)uv_timer_start(&e->progress_timer, leaving_checked, 100, 100);
}

/* A frozen model is as large as it came, whatever the settings say. */
static void bound_add_model(const struct engine *e, struct bound *b)
{
    const struct kept *k = &e->kept;
    if (k->model == NULL)
        return;
    uint64_t nodes = k->model->forest.node_count;
    b->coordinator_bytes += k->arena.bytes_held + k->bytes.capacity;
    b->worker_bytes +=
        2 * wire_payload_bytes(&k->model->payload) + nodes * MODEL_NODE_BYTES;
}

static void log_bound(struct engine *e)
{
    struct bound b;
    uint32_t features = e->schema->feature_count;
    bound_of(&e->settings, features, (uint32_t)e->settings.workers, &b);
    bound_add_model(e, &b);
    log_line(e->log, LOG_LEVEL_INFO, "memory_bound",
             "features=%u in_flight_bytes=%" PRIu64
             " coordinator_bytes=%" PRIu64 " worker_bytes=%" PRIu64,
             features, b.flight_bytes, b.coordinator_bytes, b.worker_bytes);
}

static void tell_started(struct engine *e)
{
    log_bound(e);
    const struct settings *s = &e->settings;
    log_line(e->log, LOG_LEVEL_INFO, "started",
             "input=%s db=%s workers=%" PRIu64 " url=%s batch=%" PRIu64
             " byte=%" PRIu64,
             LOG_QUOTE(e->intake.label), LOG_QUOTE(e->db),
             s->listen != NULL ? 0 : s->workers, LOG_QUOTE(e->url),
             e->meta.last_batch + 1, e->committed_position);
    struct engine_started started = {
        .input = e->intake.label,
        .kind = e->intake.kind_name,
        .db = e->db,
        .schema = e->schema,
        .interval_us = e->interval_us,
        .max_rows = s->max_rows,
        .workers = s->listen != NULL ? 0 : (uint32_t)s->workers,
        .url = s->listen != NULL ? e->url : NULL,
        .first_batch = e->meta.last_batch + 1,
        .position = e->committed_position,
        .remark = e->intake.kind == SOURCE_PIPE
                      ? "stdin is a pipe: rows are safe from their commit on; "
                        "what is in flight at a crash is lost."
                      : NULL,
        .left_out = s->include_self ? 0 : (uint32_t)s->workers + 1,
        .model = kept_is_there(&e->kept) ? e->kept.file.hash : NULL,
        .trained_rows = e->kept.trained_rows,
        .trees = s->trees,
        .subsample = s->subsample,
        .extension = s->extension,
        .fit_rows = s->fit_rows,
        .seed = s->seed,
        .severity = s->severity,
        .detectors = e->detector_names,
        .detector_count = e->detectors.count,
        .votes = e->verdict.votes,
    };
    if (e->observer->started != NULL)
        e->observer->started(e->observer->context, &started);
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void drain_loop(struct engine *e)
{
    e->stage = STAGE_CLOSING;
    if (e->supervise != NULL) {
        supervise_end(e->supervise, SIGKILL);
        supervise_close(e->supervise);
    }
    if (e->writer != NULL)
        writer_stop(e->writer);
    tune_close(e); /* what the writer has done is answered by now */
    control_close(e);
    if (e->server != NULL) {
        link_server_free(e->server, e->failed == 0 && !e->forced ? 200 : 0);
        e->server = NULL;
    }
    uv_walk(&e->loop, close_handle, NULL);
    while (uv_run(&e->loop, UV_RUN_DEFAULT) != 0) {
    }
    if (e->writer != NULL)
        writer_free(e->writer);
    if (e->supervise != NULL)
        supervise_free(e->supervise);
    (void)uv_loop_close(&e->loop);
}

static void tear_down(struct engine *e)
{
    drain_loop(e);
    if (e->store != NULL) {
        struct fault fault = { 0 };
        int64_t begun_ns = clock_thread_cpu_ns();
        int rc = store_close(e->store, e->failed == 0 || !e->ran, &fault);
        (void)stages_add(&e->stages, WORK_COMMIT, begun_ns);
        if (rc == ERR_BUSY && e->failed == 0) /* nothing is missing */
            engine_remark(e, LOG_LEVEL_WARN, NULL, "%s", fault.text);
        else if (rc != 0 && e->failed == 0)
            e->failed = fault_set(e->fault, rc, "%s", fault.text);
    }
    intake_close(e);
    for (uint32_t i = 0; i < ENGINE_SLOTS; i++)
        if (e->slot[i].batch != 0)
            slot_release(&e->slot[i]);
    batch_input_release(&e->open);
    coord_free(e->coord);
    kept_release(&e->kept);
    learn_history_free(e->history);
    schema_free(e->schema);
    free(e->feature_name);
    labels_release(&e->labels);
    restore_release(e);
    tune_release(e);
    if (e->private_dir.path[0] != '\0')
        (void)file_remove_private_dir(&e->private_dir);
}

/* Where the CPU time went and what memory there was, once, at the end. */
static void log_stages(struct engine *e)
{
    char text[512];
    stages_print(&e->stages, text, sizeof text);
    log_line(e->log, LOG_LEVEL_INFO, "stages", "pid=%d %s", (int)getpid(),
             text);
    log_line(e->log, LOG_LEVEL_INFO, "memory",
             "pid=%d rss_peak_bytes=%" PRIu64 " in_flight_peak_bytes=%" PRIu64,
             (int)getpid(), host_rss_peak_bytes(), e->flight.peak_bytes);
}

static void fill_summary(struct engine *e, struct engine_summary *s)
{
    struct coord_stats stats;
    progress_update(e);
    coord_stats_get(e->coord, &stats);
    *s = (struct engine_summary){
        .progress = e->progress,
        .drained = e->drained,
        .nothing_new = e->meta.last_batch > 0 && e->progress.records == 0 &&
                       e->intake.kind == SOURCE_FILE && !e->drained,
        .position = e->committed_position,
        .best_severity =
            e->best_of > 0 ? 100.0 * (double)e->best_below / (double)e->best_of
                           : 0,
        .best_line = e->best_line,
        .severity = e->settings.severity,
        .severity_changed = e->severity_changed,
        .workers = e->settings.listen != NULL ? e->workers_most
                                              : (uint32_t)e->settings.workers,
        .restarts = e->supervise != NULL ? supervise_restarts(e->supervise) : 0,
        .retries = stats.retries,
        .duplicates = stats.duplicates,
        .alarms = stats.alarms,
    };
    labels_measure(&e->labels, &e->detectors, &s->labels);
    if (e->forced && e->intake.kind != SOURCE_FILE)
        s->lost_records = stats.records_in_flight + intake_records_waiting(e);
    (void)snprintf(s->db, sizeof s->db, "%s", e->db);
}

/* A forced end of a file is no failure: what is missing is read again. */
static void judge_end(struct engine *e, const struct engine_summary *s)
{
    if (e->failed != 0 || !e->forced)
        return;
    if (s->lost_records > 0)
        e->failed =
            fault_set(e->fault, ERR_TIMEOUT,
                      "stopped before everything was committed: %" PRIu64
                      " records of %s are lost",
                      s->lost_records, e->intake.label);
    else
        engine_remark(e, LOG_LEVEL_WARN, NULL,
                      "stopped; rows from byte %" PRIu64
                      " on will be read again at the next start",
                      s->position);
}

int engine_run(const struct settings *settings, const struct option *table,
               size_t table_count, const bool *given, const char *input,
               const struct engine_binary *binary, struct log *log,
               const struct engine_observer *observer,
               struct engine_summary *ret_summary, struct fault *fault)
{
    struct engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    e->settings = *settings;
    e->settings.schema.record_bytes_max = settings->record_bytes_max;
    e->table = table;
    e->table_count = table_count;
    e->given = given;
    e->binary = binary;
    e->log = log;
    e->observer = observer;
    e->fault = fault;
    e->stage = STAGE_RUNNING;
    e->started_us = clock_monotonic_us();
    e->last_cut_ns = clock_wall_ns();
    e->here_end = &e->here_first;
    batch_input_init(&e->open);
    kept_init(&e->kept);
    int rc = uv_loop_init(&e->loop);
    if (rc != 0) {
        free(e);
        return fault_set(fault, err_from_errno(-rc), "%s", uv_strerror(rc));
    }
    open_handles(e);
    e->failed = start_all(e, input, fault);
    if (e->failed == 0) {
        e->ran = true;
        stages_init(&e->stages); /* the start is not a part of it */
        tell_started(e);
        start_handles(e);
        (void)uv_run(&e->loop, UV_RUN_DEFAULT);
        fill_summary(e, ret_summary);
        judge_end(e, ret_summary);
    }
    tear_down(e);
    if (e->ran)
        log_stages(e);
    rc = e->failed;
    if (rc == ERR_CANCELED) { /* stopped before there was anything to lose */
        *ret_summary = (struct engine_summary){ .drained = true };
        rc = 0;
    }
    free(e);
    return rc;
}
