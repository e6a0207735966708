/*
 * The start, in this order: the input is looked at first (a typo costs
 * nothing), then local workers are started (before threads and the database
 * exist), then the database, the learned state, the core and the link.
 */
#include "engine/shell/detecting.h"
#include "engine/shell/engine_int.h"
#include "engine/shell/frozen.h"
#include "engine/shell/tuning.h"

#include "proto/host/clock.h"
#include "proto/host/cores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
                  "port may join as a worker, read the data and change "
                  "settings",
                  url);
    return 0;
}

static int choose_url(struct engine *e, struct fault *fault)
{
    if (e->settings.listen != NULL) {
        (void)snprintf(e->url, sizeof e->url, "%s", e->settings.listen);
        return check_listen(e, fault);
    }
    int rc = file_make_private_dir(&e->private_dir);
    if (rc != 0)
        return fault_set(fault, rc,
                         "no private directory for the workers' socket can be "
                         "made below $XDG_RUNTIME_DIR or /tmp: %s",
                         err_text(rc));
    (void)snprintf(e->url, sizeof e->url, "ipc://%s/fyke", e->private_dir.path);
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

/* All is committed and everybody has said good-bye. */
static void workers_gone(void *context)
{
    struct engine *e = context;
    if (e->stage == STAGE_LEAVING)
        uv_stop(&e->loop);
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
        .log_level = e->settings.quiet ? "error" : e->settings.log_level,
        .log_format = e->settings.log_format,
        .count = (uint32_t)e->settings.workers,
        .crashed = worker_crashed,
        .gone = workers_gone,
        .context = e,
    };
    return supervise_new(&e->loop, &o, &e->supervise, fault);
}

/* The database is locked by another program; a signal ends the wait. */
static int store_waiting(void *context, const char *text)
{
    struct engine *e = context;
    if (text != NULL)
        engine_remark(e, LOG_LEVEL_WARN, NULL, "%s", text);
    (void)uv_run(&e->loop, UV_RUN_NOWAIT);
    return e->stage != STAGE_RUNNING;
}

/* What can be said of the detectors before there is a database: of a new one
 * all, of an old one their names, since its settings hold for the rest. */
static int check_detectors(const struct engine *e, struct fault *fault)
{
    const struct settings *s = &e->settings;
    struct detect_set set;
    if (!s->fresh && access(e->db, F_OK) == 0)
        return detect_set_of(s->detector.items, s->detector.count, &set, fault);
    int rc = detecting_set(s, &set, fault);
    struct detect_config c = detecting_config(s);
    return rc != 0 || e->schema == NULL
               ? rc
               : detect_set_check(&set, &c, e->schema->feature_count, fault);
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
                               .keep_events = 100000,
                               .waiting = store_waiting,
                               .waiting_context = e };
    int rc = store_open(&o, &e->store, fault);
    if (rc == 0)
        e->meta = *store_meta_get(e->store);
    return rc;
}

static int set_up_detectors(struct engine *e, struct fault *fault)
{
    int rc = detecting_set(&e->settings, &e->detectors, fault);
    if (rc != 0)
        return rc;
    e->detect = detecting_config(&e->settings);
    e->verdict = detecting_verdict(&e->settings, &e->detectors);
    e->progress.votes = votes_tally_of(&e->detectors);
    detecting_names(&e->detectors, e->detector_names, sizeof e->detector_names);
    uint32_t n = e->schema->feature_count;
    e->feature_name = calloc(n + 1, sizeof *e->feature_name);
    if (e->feature_name == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < n; i++)
        e->feature_name[i] = e->schema->column[e->schema->feature[i]].name;
    bool has_label = e->schema->label_column != SCHEMA_NO_COLUMN;
    if (has_label && labels_init(&e->labels, e->detectors.count) != 0)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    return detect_set_check(&e->detectors, &e->detect, n, fault);
}

static int start_core(struct engine *e, uint64_t last_state_batch,
                      int64_t last_interval_us, struct fault *fault)
{
    struct coord_config c = {
        .epoch = e->meta.epoch,
        .last_batch = e->meta.last_batch,
        .last_state_batch = last_state_batch,
        .replayable = e->intake.kind == SOURCE_FILE,
        .lease_ms = 5000,
        .silence_ms = 10000,
        .beat_ms = 1000,
        .commit_retry_ms = 1000,
        .algorithm_version = e->binary->algorithm_version,
        .selftest_digest = e->binary->selftest_digest,
        .detector_count = e->detectors.count,
    };
    for (uint32_t d = 0; d < e->detectors.count; d++)
        c.detector[d] =
            (struct coord_detector){ e->detectors.ops[d]->name, &e->detect,
                                     e->detectors.ops[d]->plan };
    memcpy(c.run_id, e->meta.run_id, sizeof c.run_id);
    int rc =
        tuning_make(&e->settings, e->live, last_interval_us, &c.tuning, fault);
    if (rc != 0)
        return rc;
    rc = coord_new(&c, clock_monotonic_us(), &e->coord);
    return rc == 0 ? 0
                   : fault_set(fault, rc, "the coordinator cannot start: %s",
                               err_text(rc));
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

int start_all(struct engine *e, const char *input, struct fault *fault)
{
    uint64_t state_batch = 0;
    int64_t last_interval_us = 0;
    int rc = frozen_open(e, fault);
    if (rc == 0)
        rc = intake_open(e, input, fault);
    if (rc != 0)
        return rc;
    rc = intake_pace(e, fault);
    if (rc != 0)
        return rc;
    e->live = e->intake.kind != SOURCE_FILE || e->intake.pace.kind != PACE_NONE;
    rc = settings_interval(&e->settings, e->live, &e->interval_us, fault);
    if (rc == 0)
        rc = engine_find_db(e->settings.db, input, e->db, sizeof e->db, fault);
    if (rc == 0)
        rc = choose_url(e, fault);
    if (rc == 0)
        rc = frozen_explain(e, intake_infer(e, fault), fault);
    if (rc == 0)
        rc = intake_pace(e, fault);
    if (rc == 0)
        rc = check_detectors(e, fault);
    if (rc == 0)
        rc = start_workers(e, fault);
    if (rc == 0)
        rc = open_store(e, fault);
    if (rc == 0)
        rc = restore_settings(e, fault);
    if (rc == 0)
        rc = settings_interval(&e->settings, e->live, &e->interval_us, fault);
    if (rc == 0)
        rc = restore_source(e, fault);
    if (rc == 0)
        rc = intake_pace(e, fault);
    if (rc == 0)
        rc = set_up_detectors(e, fault);
    if (rc == 0)
        rc = frozen_settle(e, fault);
    if (rc == 0) /* nothing refuses any more: the file may be written */
        rc = frozen_store(e, fault);
    if (rc == 0)
        rc = restore_settings_store(e, fault);
    if (rc == 0)
        rc = restore_learned(e, &state_batch, &last_interval_us, fault);
    if (rc == 0)
        rc = start_core(e, state_batch, last_interval_us, fault);
    if (rc == 0)
        rc = start_link(e, fault);
    if (rc == 0)
        control_open(e);
    if (rc == 0) {
        store_started(e->store); /* commits wait otherwise: they come again */
        rc = writer_new(&e->loop, e->store, &e->stages, &e->writer);
        if (rc != 0)
            (void)fault_set(fault, rc, "the writer's thread cannot start: %s",
                            err_text(rc));
    }
    return rc == 0 ? intake_start(e, fault) : rc;
}
