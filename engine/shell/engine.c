/*
 * From options to a running loop and back: opens everything in the order that
 * CONTRACTS ask for, runs, closes everything.
 *
 * Order of the start: the input is looked at first (a typo costs nothing),
 * then local workers are started (before threads and the database exist),
 * then the database, the learned state, the link, the core.
 */
#include "engine/shell/engine_int.h"

#include "proto/base/text.h"
#include "proto/host/clock.h"
#include "proto/host/cores.h"
#include "proto/host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAVE_US 3000000 /* patience with workers at the end */
#define CAP_BYTES ((uint64_t)256 << 20)
#define CAP_ROWS 2000000u

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- start ---- */

static int check_listen(struct engine *e, struct fault *fault)
{
    const char *url = e->settings.listen;
    int rc = link_url_check(url, fault);
    if (rc != 0 || link_url_is_local(url))
        return rc;
    if (!e->settings.allow_plaintext)
        return fault_set(fault, ERR_USAGE,
                         "--listen %s reaches beyond this machine and nothing "
                         "is encrypted or checked yet: listen on tcp://"
                         "127.0.0.1, or say --allow-plaintext on a network "
                         "that you trust",
                         url);
    engine_remark(e, LOG_LEVEL_WARN, NULL,
                  "listening on %s without encryption: whoever reaches the "
                  "port may join as a worker and read the data",
                  url);
    return 0;
}

static int choose_url(struct engine *e, struct fault *fault)
{
    if (e->settings.listen != NULL) {
        (void)snprintf(e->url, sizeof e->url, "%s", e->settings.listen);
        return check_listen(e, fault);
    }
    int rc = file_make_private_dir(e->private_dir);
    if (rc != 0)
        return fault_set(fault, rc,
                         "no private directory for the workers' socket can be "
                         "made below $XDG_RUNTIME_DIR or /tmp: %s",
                         err_text(rc));
    (void)snprintf(e->url, sizeof e->url, "ipc://%s/fyke", e->private_dir);
    return 0;
}

static void worker_crashed(void *context, int pid, int exit_code, int signal_no)
{
    struct engine *e = context;
    if (signal_no != 0)
        engine_remark(e, LOG_LEVEL_WARN, "worker_crashed",
                      "worker %d was ended by signal %d; it is restarted", pid,
                      signal_no);
    else
        engine_remark(e, LOG_LEVEL_WARN, "worker_crashed",
                      "worker %d left with exit code %d; it is restarted", pid,
                      exit_code);
}

static int start_workers(struct engine *e, struct fault *fault)
{
    if (e->settings.listen != NULL)
        return 0;
    if (e->settings.workers == 0)
        e->settings.workers = host_cores();
    struct supervise_options o = {
        .executable = e->binary->executable,
        .url = e->url,
        .log_level = e->settings.log_level,
        .count = (uint32_t)e->settings.workers,
        .crashed = worker_crashed,
        .context = e,
    };
    return supervise_new(&e->loop, &o, &e->supervise, fault);
}

static int open_store(struct engine *e, struct fault *fault)
{
    char *end;
    unsigned long mode = strtoul(e->settings.db_mode, &end, 8);
    if (*end != '\0' || mode == 0 || mode > 0777)
        return fault_set(fault, ERR_USAGE,
                         "--db-mode %s: say an octal mode such as 0600 or 0640",
                         e->settings.db_mode);
    struct store_options o = { .path = e->db,
                               .mode = (uint32_t)mode,
                               .fresh = e->settings.fresh,
                               .keep_state_bytes = (uint64_t)256 << 20,
                               .keep_events = 100000 };
    int rc = store_open(&o, &e->store, fault);
    if (rc == 0)
        e->meta = *store_meta_get(e->store);
    return rc;
}

static int set_up_detector(struct engine *e, struct fault *fault)
{
    const struct settings *s = &e->settings;
    e->detector = detect_find("iforest", strlen("iforest"));
    e->detect = (struct detect_config){
        .seed = s->seed,
        .trees = (uint32_t)s->trees,
        .subsample = (uint32_t)s->subsample,
        .fit_rows = (uint32_t)s->fit_rows,
        .part_bytes = 1u << 20,
        .message_bytes_max = WIRE_MESSAGE_BYTES_MAX,
    };
    e->verdict = (struct verdict_config){
        .flag = (uint32_t)lround(s->severity * 1e4),
        .near = (uint32_t)lround(fmin(s->severity, 99.0) * 1e4),
        .near_share = .02,
        .near_min = 100,
        .recent_max = (uint32_t)s->fit_rows,
    };
    uint32_t n = e->schema->feature_count;
    e->feature_name = calloc(n + 1, sizeof *e->feature_name);
    if (e->feature_name == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < n; i++)
        e->feature_name[i] = e->schema->column[e->schema->feature[i]].name;
    return detect_config_check(&e->detect, n, fault);
}

static int start_core(struct engine *e, uint64_t last_state_batch,
                      struct fault *fault)
{
    const struct settings *s = &e->settings;
    struct coord_config c = {
        .epoch = e->meta.epoch,
        .last_batch = e->meta.last_batch,
        .last_state_batch = last_state_batch,
        .cut = e->interval_us == OPTION_INTERVAL_OFF    ? COORD_CUT_COUNT
               : e->interval_us == OPTION_INTERVAL_ASAP ? COORD_CUT_ASAP
                                                        : COORD_CUT_INTERVAL,
        .interval_us = e->interval_us > 0 ? e->interval_us : 0,
        .max_rows = (uint32_t)s->max_rows,
        .max_bytes = s->max_bytes,
        .depth = (uint32_t)s->pipeline,
        .cap_bytes = max_u64(CAP_BYTES, 2 * s->max_bytes),
        .cap_rows = max_u64(CAP_ROWS, 2 * s->max_rows),
        .replayable = e->intake.kind == SOURCE_FILE,
        .lease_ms = 5000,
        .silence_ms = 10000,
        .beat_ms = 1000,
        .commit_retry_ms = 1000,
        .algorithm_version = e->binary->algorithm_version,
        .selftest_digest = e->binary->selftest_digest,
        .detector_count = 1,
        .detector = { { e->detector->name, &e->detect, e->detector->plan } },
    };
    memcpy(c.run_id, e->meta.run_id, sizeof c.run_id);
    int rc = coord_new(&c, clock_monotonic_us(), &e->coord);
    return rc == 0 ? 0 : fault_set(fault, rc, "%s", err_text(rc));
}

static void link_wake(void *context)
{
    struct engine *e = context;
    (void)uv_async_send(&e->link_async);
}

/* Written in one piece: whoever waits for the file reads a whole URL. */
static int write_url_file(struct engine *e, struct fault *fault)
{
    char line[sizeof e->url + 1];
    const char *path = e->settings.url_file;
    if (path == NULL || *path == '\0')
        return 0;
    int n = snprintf(line, sizeof line, "%s\n", e->url);
    int rc = file_replace(path, line, (size_t)n, 0644);
    return rc == 0
               ? 0
               : fault_set(fault, rc, "--url-file %s: %s", path, err_text(rc));
}

static int start_link(struct engine *e, struct fault *fault)
{
    struct link_options o = { .message_bytes_max = WIRE_MESSAGE_BYTES_MAX,
                              .send_timeout_ms = 10000,
                              .contexts_free = 16,
                              .contexts_max = COORD_PARKED_MAX + 64,
                              .wake = link_wake,
                              .wake_context = e };
    int rc = link_server_new(&o, e->url, &e->server, fault);
    if (rc != 0)
        return rc;
    (void)snprintf(e->url, sizeof e->url, "%s", link_server_url(e->server));
    return write_url_file(e, fault);
}

/* ---- loop ---- */

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
    (void)uv_async_init(loop, &e->link_async, serve_link);
    (void)uv_prepare_init(loop, &e->prepare);
    (void)uv_timer_init(loop, &e->core_timer);
    (void)uv_timer_init(loop, &e->progress_timer);
    (void)uv_timer_init(loop, &e->drain_timer);
    (void)uv_signal_init(loop, &e->sigint);
    (void)uv_signal_init(loop, &e->sigterm);
    e->intake.sample_timer.data = e;
    (void)uv_timer_init(loop, &e->intake.sample_timer);
    e->handles_open = true;
}

static void start_handles(struct engine *e)
{
    uv_update_time(&e->loop);
    (void)uv_prepare_start(&e->prepare, prepared);
    (void)uv_timer_start(&e->progress_timer, leaving_checked, 100, 100);
    (void)uv_signal_start(&e->sigint, signalled, SIGINT);
    (void)uv_signal_start(&e->sigterm, signalled, SIGTERM);
}

static void tell_started(struct engine *e)
{
    const struct settings *s = &e->settings;
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
        .trees = s->trees,
        .subsample = s->subsample,
        .fit_rows = s->fit_rows,
        .seed = s->seed,
        .severity = s->severity,
    };
    if (e->observer->started != NULL)
        e->observer->started(e->observer->context, &started);
}

static int set_up(struct engine *e, const char *input, struct fault *fault)
{
    bool live;
    uint64_t state_batch = 0;
    int rc = intake_open(e, input, fault);
    if (rc != 0)
        return rc;
    live = e->intake.kind != SOURCE_FILE;
    rc = settings_interval(&e->settings, live, &e->interval_us, fault);
    if (rc == 0)
        rc = engine_find_db(e->settings.db, input, e->db, sizeof e->db, fault);
    if (rc == 0)
        rc = choose_url(e, fault);
    if (rc == 0)
        rc = intake_infer(e, fault);
    if (rc == 0)
        rc = start_workers(e, fault);
    if (rc == 0)
        rc = open_store(e, fault);
    if (rc == 0)
        rc = restore_settings(e, fault);
    if (rc == 0)
        rc = settings_interval(&e->settings, live, &e->interval_us, fault);
    if (rc == 0)
        rc = restore_source(e, fault);
    if (rc == 0)
        rc = set_up_detector(e, fault);
    if (rc == 0)
        rc = restore_learned(e, &state_batch, fault);
    if (rc == 0)
        rc = start_core(e, state_batch, fault);
    if (rc == 0)
        rc = start_link(e, fault);
    if (rc == 0) {
        rc = writer_new(&e->loop, e->store, &e->writer);
        if (rc != 0)
            (void)fault_set(fault, rc, "%s", err_text(rc));
    }
    return rc == 0 ? intake_start(e, fault) : rc;
}

/* ---- end ---- */

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
    if (e->server != NULL) {
        link_server_free(e->server, e->failed == 0 && !e->forced ? 200 : 0);
        e->server = NULL;
    }
    if (e->writer != NULL)
        writer_stop(e->writer);
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
        int rc = store_close(e->store, e->failed == 0, &fault);
        if (rc != 0 && e->failed == 0)
            e->failed = fault_set(e->fault, rc, "%s", fault.text);
    }
    intake_close(e);
    for (uint32_t i = 0; i < ENGINE_SLOTS; i++)
        if (e->slot[i].batch != 0)
            slot_release(&e->slot[i]);
    batch_input_release(&e->open);
    coord_free(e->coord);
    learn_history_free(e->history);
    schema_free(e->schema);
    free(e->feature_name);
    for (uint32_t i = 0; i < e->kept_count; i++)
        free(e->kept_text[i]);
    if (e->private_dir[0] != '\0')
        (void)file_remove_private_dir(e->private_dir);
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
        .workers = e->settings.listen != NULL ? stats.workers
                                              : (uint32_t)e->settings.workers,
        .restarts = e->supervise != NULL ? supervise_restarts(e->supervise) : 0,
        .retries = stats.retries,
        .duplicates = stats.duplicates,
        .alarms = stats.alarms,
    };
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
    e->table = table;
    e->table_count = table_count;
    e->given = given;
    e->binary = binary;
    e->log = log;
    e->observer = observer;
    e->fault = fault;
    e->stage = STAGE_RUNNING;
    e->started_us = clock_monotonic_us();
    batch_input_init(&e->open);
    int rc = uv_loop_init(&e->loop);
    if (rc != 0) {
        free(e);
        return fault_set(fault, err_from_errno(-rc), "%s", uv_strerror(rc));
    }
    open_handles(e);
    e->failed = set_up(e, input, fault);
    if (e->failed == 0) {
        tell_started(e);
        start_handles(e);
        (void)uv_run(&e->loop, UV_RUN_DEFAULT);
        fill_summary(e, ret_summary);
        judge_end(e, ret_summary);
    }
    tear_down(e);
    rc = e->failed;
    free(e);
    return rc;
}
