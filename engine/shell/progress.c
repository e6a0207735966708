/*
 * Where things stand: counted at commits, told ten times a second. Also
 * writes down silences and workers, since it is the clock that ticks.
 */
#include "engine/shell/engine_int.h"

#include "proto/host/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TOLD_EVERY_US 10000000 /* a row of silence at most so often */
#define GAPS_TOLD_TICKS 50u
#define LISTEN_CHECK_TICKS 10u
#define LAG_INTERVALS 3
#define WORKERS_TOLD_TICKS 50u /* every five seconds */
#define WORKERS_TOLD_MAX 256u

/* Since when the oldest record waits that is due and not committed. */
static int64_t oldest_open_us(const struct engine *e, int64_t now_us)
{
    int64_t oldest_us = intake_due_us(e, now_us);
    if (e->open.records > 0 && e->open_us < oldest_us)
        oldest_us = e->open_us;
    for (uint32_t i = 0; i < ENGINE_SLOTS; i++) {
        const struct slot *s = &e->slot[i];
        if (s->batch != 0 && s->opened_us < oldest_us)
            oldest_us = s->opened_us;
    }
    return oldest_us;
}

void progress_update(struct engine *e)
{
    struct engine_progress *p = &e->progress;
    struct coord_stats stats;
    coord_stats_get(e->coord, &stats);
    int64_t now_us = clock_monotonic_us();
    int64_t oldest_us = oldest_open_us(e, now_us);
    p->elapsed_us = now_us - e->started_us;
    p->workers = stats.workers;
    if (stats.workers > e->workers_most)
        e->workers_most = stats.workers;
    p->lag_us = now_us - oldest_us;
    p->bytes_read = e->intake.read_position;
    p->bytes_total = e->intake.kind == SOURCE_FILE ? e->intake.file.size : 0;
    p->gaps = e->intake.gaps;
    p->waiting_for_worker = stats.workers == 0 && stats.tasks_open > 0;
    p->disk_full = stats.disk_full;
}

struct silence_told {
    struct writer_command command;
};

static void silence_stored(struct writer_command *c)
{
    free(c->context);
}

static void tell_silence(struct engine *e)
{
    struct silence_told *t = calloc(1, sizeof *t);
    if (t == NULL)
        return; /* it waits for the next turn */
    t->command = (struct writer_command){ .kind = WRITER_SILENCE,
                                          .from_ns = e->silence.from_ns,
                                          .to_ns = e->silence.to_ns,
                                          .silences = e->silence.count,
                                          .done = silence_stored,
                                          .context = t };
    e->silence = (struct silence){ 0 };
    e->silence_told_us = clock_monotonic_us();
    writer_post(e->writer, &t->command);
}

/* Empty intervals from the last cut, or the last look, until now. */
static void note_silence(struct engine *e)
{
    int64_t now_ns = clock_wall_ns();
    struct coord_tuning tuning;
    coord_tuning_get(e->coord, &tuning);
    if (tuning.cut != COORD_CUT_INTERVAL)
        return;
    int64_t interval_ns = tuning.interval_us * 1000;
    int64_t count = (now_ns - e->last_cut_ns) / interval_ns;
    if (count < 1)
        return;
    if (e->silence.count == 0)
        e->silence.from_ns = e->last_cut_ns;
    e->last_cut_ns += count * interval_ns;
    e->silence.to_ns = e->last_cut_ns;
    e->silence.count += (uint64_t)count;
}

void progress_sound(struct engine *e)
{
    note_silence(e);
}

/* A running silence is looked at when it is time to write it down. */
static void check_silence(struct engine *e, bool now)
{
    if (!now && clock_monotonic_us() - e->silence_told_us < TOLD_EVERY_US)
        return;
    if (e->open.records == 0)
        note_silence(e);
    if (e->silence.count > 0)
        tell_silence(e);
}

static void check_gaps(struct engine *e)
{
    uint64_t gaps = e->intake.gaps - e->intake.gaps_told;
    if (gaps == 0)
        return;
    e->intake.gaps_told = e->intake.gaps;
    engine_remark(e, LOG_LEVEL_INFO, "gap",
                  "%" PRIu64 " samples were skipped: the work did not keep up",
                  gaps);
}

struct workers_told {
    struct writer_command command;
    struct store_worker worker[WORKERS_TOLD_MAX];
    struct coord_worker_info info[WORKERS_TOLD_MAX];
};

static void workers_stored(struct writer_command *c)
{
    free(c->context);
}

/* The table `worker`, for people who ask the file who computes. Nobody there
 * is no news: the last ones known stay. */
static void tell_workers(struct engine *e)
{
    struct workers_told *w = calloc(1, sizeof *w);
    if (w == NULL)
        return;
    int64_t wall_ns = clock_wall_ns(), now_us = clock_monotonic_us();
    uint32_t n = coord_workers_get(e->coord, w->info, WORKERS_TOLD_MAX);
    n = n < WORKERS_TOLD_MAX ? n : WORKERS_TOLD_MAX;
    if (n == 0) {
        free(w);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        w->worker[i] = (struct store_worker){
            .worker_id = w->info[i].worker_id,
            .pid = w->info[i].pid,
            .tasks = w->info[i].tasks_done,
            .host = w->info[i].host,
            .joined_ns = wall_ns - (now_us - w->info[i].joined_us) * 1000,
            .heard_ns = wall_ns - (now_us - w->info[i].heard_us) * 1000,
        };
    w->command = (struct writer_command){ .kind = WRITER_WORKERS,
                                          .worker = w->worker,
                                          .count = n,
                                          .done = workers_stored,
                                          .context = w };
    writer_post(e->writer, &w->command);
}

/* The last flagged rows of the batch, in their order. */
static void remember_anomalies(struct engine *e, const struct slot *s)
{
    const struct store_batch *b = &s->commit;
    uint32_t n = b->answer_count, found = 0;
    uint32_t from = n;
    while (from > 0 && found < RECENT_ANOMALIES)
        found += s->verdict.row[--from].flagged;
    for (uint32_t i = from; i < n; i++) {
        struct store_answer a;
        if (!s->verdict.row[i].flagged ||
            b->answer_make(b->answer_context, i, &a) != 0)
            continue;
        uint64_t ppm = a.below * 1000000 / a.of;
        struct recent_anomaly r = {
            .time_ns = a.time_ns != INT64_MIN ? a.time_ns : s->cut_ns,
            .batch = s->batch,
            .line = a.line,
            .severity = (double)ppm / 1e4,
        };
        (void)snprintf(r.key, sizeof r.key, "%.*s", (int)a.key_bytes,
                       a.key_bytes > 0 ? a.key : "");
        (void)snprintf(r.why, sizeof r.why, "%s", a.why);
        recent_anomaly_add(&e->recent, &r);
    }
}

static void remember_batch(struct engine *e, const struct slot *s,
                           int64_t commit_us)
{
    int64_t now_us = clock_monotonic_us();
    recent_batch_add(&e->recent,
                     &(struct recent_batch){
                         .at_us = now_us,
                         .total_us = now_us - s->commit.cut_us,
                         .commit_us = commit_us,
                         .records = s->input.records,
                         .quarantined = s->input.records - s->input.rows,
                         .overrun = s->commit.overrun,
                     });
    remember_anomalies(e, s);
}

void progress_committed(struct engine *e, const struct slot *s,
                        int64_t commit_us)
{
    struct engine_progress *p = &e->progress;
    const struct verdict *v = &s->verdict;
    remember_batch(e, s, commit_us);
    p->batches++;
    p->records += s->input.records;
    p->rows_scored += s->input.rows;
    p->quarantined += s->input.records - s->input.rows;
    p->flagged += v->flagged;
    p->near += v->near;
    votes_add(&p->votes, v);
    labels_add(&e->labels, &s->input, s->run, v);
    if (v->rows > 0 &&
        (e->best_of == 0 ||
         verdict_severity_compare(v->best_below, v->best_of, e->best_below,
                                  e->best_of) > 0)) {
        uint32_t record = s->input.row_record[v->best_row];
        e->best_below = v->best_below;
        e->best_of = v->best_of;
        e->best_line = batch_record(&s->input, record).line;
    }
    progress_update(e);
    if (p->batches == 1)
        tell_workers(e); /* a short run may have no tick for it */
}

void progress_flush(struct engine *e)
{
    check_silence(e, true);
    check_gaps(e);
}

/* Cut by time and three intervals behind. */
static bool lags(const struct engine *e)
{
    struct coord_tuning t;
    coord_tuning_get(e->coord, &t);
    return t.cut == COORD_CUT_INTERVAL &&
           e->progress.lag_us > LAG_INTERVALS * t.interval_us;
}

void progress_tick(uv_timer_t *timer)
{
    struct engine *e = timer->data;
    progress_update(e);
    e->ticks++;
    recent_tick(&e->recent, clock_monotonic_us(), e->progress.rows_scored,
                lags(e));
    e->progress.rows_per_s = recent_rate(&e->recent, 1000000);
    check_silence(e, false);
    if (e->ticks % GAPS_TOLD_TICKS == 0)
        check_gaps(e);
    if (e->ticks % LISTEN_CHECK_TICKS == 0)
        serve_check(e);
    if (e->stage == STAGE_RUNNING && e->ticks % WORKERS_TOLD_TICKS == 5)
        tell_workers(e);
    if (e->observer->progress != NULL && !e->settings.quiet)
        e->observer->progress(e->observer->context, &e->progress);
}
