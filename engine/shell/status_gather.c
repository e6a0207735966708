/*
 * The status of this engine, now.
 */
#include "engine/shell/engine_int.h"

#include "proto/host/clock.h"
#include "proto/host/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_BYTES_MAX ((size_t)WIRE_REPLY_TEXT_MAX)

struct gathered {
    struct status status;
    char host[256];
    struct coord_worker_info info[COORD_WORKERS_MAX];
    struct status_worker worker[COORD_WORKERS_MAX];
};

static void gather_workers(struct engine *e, struct gathered *g, int64_t now_us)
{
    uint32_t n = coord_workers_get(e->coord, g->info, COORD_WORKERS_MAX);
    n = n < COORD_WORKERS_MAX ? n : COORD_WORKERS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        const struct coord_worker_info *w = &g->info[i];
        int64_t there_us = now_us - w->joined_us;
        double share =
            there_us > 0 ? (double)w->busy_us / (double)there_us : 0.0;
        bool local = e->supervise != NULL;
        g->worker[i] = (struct status_worker){
            .host = w->host,
            .pid = w->pid,
            .tasks = w->tasks_done,
            .busy_share = fmin(share, 1.0),
            .heard_us = now_us > w->heard_us ? now_us - w->heard_us : 0,
            .restarts = local ? supervise_restarts_of(e->supervise, w->pid) : 0,
            .computing = w->computing,
        };
    }
    g->status.worker = g->worker;
    g->status.worker_count = n;
}

static void gather_settings(struct engine *e, struct status *s)
{
    coord_tuning_get(e->coord, &s->tuning);
    s->interval_set_us = e->interval_us;
    s->interval_us =
        s->tuning.cut == COORD_CUT_INTERVAL ? s->tuning.interval_us : 0;
    s->max_rows = e->settings.max_rows;
    s->max_bytes = e->settings.max_bytes;
    s->severity = e->settings.severity;
    s->votes_needed = e->verdict.votes;
    s->keep_scores = e->settings.keep_scores;
    s->log_level = e->settings.log_level;
}

static void gather_progress(struct engine *e, struct status *s, int64_t now_us)
{
    const struct engine_progress *p = &e->progress;
    progress_update(e);
    s->elapsed_us = p->elapsed_us;
    s->last_batch = e->meta.last_batch + p->batches;
    s->batches = p->batches;
    s->records = p->records;
    s->rows_scored = p->rows_scored;
    s->quarantined = p->quarantined;
    s->flagged = p->flagged;
    s->votes = p->votes;
    s->near = p->near;
    s->lag_us = p->lag_us;
    s->rate_1s = recent_rate(&e->recent, 1000000);
    s->rate_10s = recent_rate(&e->recent, RECENT_SPAN_US);
    s->was_behind = recent_was_behind(&e->recent, now_us);
    recent_times_get(&e->recent, now_us, &s->times);
    coord_stats_get(e->coord, &s->core);
    s->core.draining |= e->stage == STAGE_DRAINING; /* the input stops first */
    s->held_bytes = flight_bytes(&e->flight);
    s->held_peak_bytes = e->flight.peak_bytes;
    s->rss_bytes = host_rss_bytes();
    s->rss_peak_bytes = host_rss_peak_bytes();
    s->db_locked = e->commit_err == ERR_BUSY;
    s->restarts = e->supervise != NULL ? supervise_restarts(e->supervise) : 0;
    s->recent = &e->recent;
}

static void gather(struct engine *e, struct gathered *g)
{
    struct status *s = &g->status;
    int64_t now_us = clock_monotonic_us();
    (void)gethostname(g->host, sizeof g->host - 1);
    *s = (struct status){
        .version = e->binary->version,
        .input = e->intake.label,
        .kind = e->intake.kind_name,
        .db = e->db,
        .host = g->host,
        .url = e->url,
        .pid = (uint64_t)getpid(),
        .epoch = e->meta.epoch,
    };
    gather_settings(e, s);
    gather_progress(e, s, now_us);
    gather_workers(e, g, now_us);
}

void status_answer(struct engine *e, const struct control_asker *asker)
{
    struct buf text;
    struct gathered *g = calloc(1, sizeof *g);
    buf_init(&text, STATUS_BYTES_MAX);
    int rc = ERR_NOMEM;
    if (g != NULL) {
        gather(e, g);
        rc = asker->json ? status_json(&g->status, &text)
                         : status_text(&g->status, &text);
    }
    control_answer(e, asker, rc, rc == 0 ? buf_text(&text) : err_text(rc));
    buf_release(&text);
    free(g);
}
