/*
 * The judgement, and the status for people.
 */
#include "engine/shell/status.h"

#include "proto/base/civil.h"
#include "proto/base/option.h"
#include "proto/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 100u
#define LABEL "  %-10s "
#define INDENT 13u
#define WORKERS_SHOWN 32u
#define KEY_WIDTH_MAX 16u
#define STARTING_US 10000000
/* "38 000"; lives as long as the enclosing block */
#define COUNT(n) text_count((n), (char[32]){ 0 }, 32)

static const char *const health_names[] = {
    "", "full", "waiting", "draining", "behind", "dirty", "starting", "ok",
};

const char *status_health_name(enum status_health h)
{
    return health_names[h];
}

static bool is_dirty(const struct status *s)
{
    return s->times.quarantined * 100 > s->times.records;
}

static bool is_behind(const struct status *s)
{
    return s->was_behind || s->times.overruns > 0;
}

static enum status_health judge(const struct status *s)
{
    bool fresh = s->batches == 0 && s->elapsed_us < STARTING_US;
    if (s->core.disk_full)
        return STATUS_FULL;
    if (s->core.draining || s->core.ended)
        return STATUS_DRAINING;
    if (s->worker_count == 0)
        return fresh ? STATUS_STARTING : STATUS_WAITING;
    if (is_behind(s))
        return STATUS_BEHIND;
    if (is_dirty(s))
        return STATUS_DIRTY;
    return s->batches == 0 ? STATUS_STARTING : STATUS_OK;
}

static void say_behind(const struct status *s, struct buf *reason)
{
    char word[32];
    if (s->times.overruns > 0)
        (void)buf_printf(reason,
                         "%" PRIu32 " late within the last ten seconds: the "
                         "pipeline was full",
                         s->times.overruns);
    else
        (void)buf_printf(reason,
                         "it lagged more than three intervals of %s within "
                         "the last ten seconds",
                         text_duration(s->interval_us, word, sizeof word));
}

enum status_health status_judge(const struct status *s, struct buf *reason)
{
    enum status_health h = judge(s);
    switch (h) {
    case STATUS_FULL:
        (void)buf_append_text(
            reason, s->db_locked ? "another program has the database locked"
                                 : "the disk of the database is full");
        break;
    case STATUS_WAITING:
        (void)buf_printf(reason, "no worker is here: fyke worker --join %s",
                         s->url);
        break;
    case STATUS_DRAINING:
        (void)buf_append_text(reason, s->core.draining
                                          ? "it finishes what is under way"
                                          : "the input has ended");
        break;
    case STATUS_BEHIND:
        say_behind(s, reason);
        break;
    case STATUS_DIRTY:
        (void)buf_printf(reason,
                         "%" PRIu64 " of the last %" PRIu64
                         " records went to quarantine",
                         s->times.quarantined, s->times.records);
        break;
    case STATUS_STARTING:
        (void)buf_append_text(reason, "nothing is committed yet");
        break;
    case STATUS_OK:
        (void)buf_append_text(reason, "it keeps up");
        break;
    }
    return h;
}

/* Characters; a byte that is no UTF-8 is one. */
static uint32_t text_width(const char *text)
{
    size_t left = strlen(text);
    uint32_t n = 0;
    for (; left > 0; n++) {
        unsigned bytes = text_utf8_length((const uint8_t *)text, left);
        text += bytes > 0 ? bytes : 1;
        left -= bytes > 0 ? bytes : 1;
    }
    return n;
}

/* Printable in one line, `width` characters at most: controls and what is no
 * UTF-8 become '?', the rest is cut with "...". Returns the characters. */
static uint32_t put_text(struct buf *out, const char *text, uint32_t width)
{
    size_t left = strlen(text), end = 0, at = 0;
    uint32_t n = 0, all = text_width(text);
    uint32_t keep = all <= width ? all : width - 3;
    for (; n < keep; n++) {
        unsigned bytes =
            text_utf8_length((const uint8_t *)text + at, left - at);
        bool bad =
            bytes == 0 || (unsigned char)text[at] < 0x20 || text[at] == 0x7f;
        end = at + (bytes > 0 ? bytes : 1);
        if (bad)
            (void)buf_append_char(out, '?');
        else
            (void)buf_append(out, text + at, end - at);
        at = end;
    }
    if (keep < all)
        (void)buf_append_text(out, "...");
    return keep < all ? width : n;
}

/* The same in a column of its own. */
static void put_cell(struct buf *out, const char *text, uint32_t width)
{
    for (uint32_t n = put_text(out, text, width); n < width; n++)
        (void)buf_append_char(out, ' ');
}

static double ms(int64_t us)
{
    return (double)us / 1e3;
}

static void put_head(const struct status *s, struct buf *out)
{
    char word[32];
    struct buf reason;
    buf_init(&reason, 1024);
    enum status_health h = status_judge(s, &reason);
    (void)buf_printf(out, "%s: %s\n", status_health_name(h), buf_text(&reason));
    buf_release(&reason);
    (void)buf_printf(out, LABEL, "input");
    (void)put_text(out, s->input, 70);
    (void)buf_printf(out, " (%s)\n" LABEL, s->kind, "database");
    (void)put_text(out, s->db, 60);
    (void)buf_printf(out, ", last batch %s\n", COUNT(s->last_batch));
    int64_t seconds = s->elapsed_us / 1000000;
    (void)buf_printf(out, LABEL "%s, pid %" PRIu64 " on ", "running",
                     text_duration(seconds * 1000000, word, sizeof word),
                     s->pid);
    (void)put_text(out, s->host, 30);
    (void)buf_printf(out, ", fyke %s\n", s->version);
}

static void put_interval(const struct status *s, struct buf *out)
{
    char word[32], low[32], high[32];
    const struct coord_share *share = &s->tuning.share;
    (void)buf_printf(out, LABEL, "interval");
    if (s->interval_set_us == OPTION_INTERVAL_OFF)
        (void)buf_append_text(out, "off: cut by count");
    else if (s->interval_set_us == OPTION_INTERVAL_ASAP)
        (void)buf_append_text(out, "asap: cut when there is room");
    else if (s->interval_set_us == OPTION_INTERVAL_AUTO)
        (void)buf_printf(out,
                         "auto: %s now, %s to %s, batches take %.0f %% of it",
                         text_duration(s->interval_us, word, sizeof word),
                         text_duration(share->min_us, low, sizeof low),
                         text_duration(share->max_us, high, sizeof high),
                         share->target_ppm / 1e4);
    else
        (void)buf_append_text(
            out, text_duration(s->interval_set_us, word, sizeof word));
    (void)buf_printf(out, "; at most %s rows, %s a batch\n", COUNT(s->max_rows),
                     text_bytes(s->max_bytes, word, sizeof word));
}

static void put_batches(const struct status *s, struct buf *out)
{
    const struct recent_times *t = &s->times;
    (void)buf_printf(out, LABEL "%s", "batches", COUNT(s->batches));
    if (t->count > 0)
        (void)buf_printf(out,
                         "; last %u: p50 %.1f ms, p99 %.1f ms, longest %.1f ms",
                         t->count, ms(t->total_p50_us), ms(t->total_p99_us),
                         ms(t->total_max_us));
    (void)buf_printf(out, "; %s late\n", COUNT(s->core.overruns));
    if (t->count > 0)
        (void)buf_printf(out, LABEL "p50 %.1f ms, p99 %.1f ms\n", "commit",
                         ms(t->commit_p50_us), ms(t->commit_p99_us));
}

static void put_rows(const struct status *s, struct buf *out)
{
    char held[32], cap[32];
    (void)buf_printf(out, LABEL "%s/s now, %s/s over ten seconds\n", "rows",
                     COUNT((uint64_t)(s->rate_1s + 0.5)),
                     COUNT((uint64_t)(s->rate_10s + 0.5)));
    (void)buf_printf(out,
                     LABEL "%s scored, %s in quarantine, %s flagged "
                           "(severity %g)\n",
                     "", COUNT(s->rows_scored), COUNT(s->quarantined),
                     COUNT(s->flagged), s->severity);
    if (s->votes.detectors > 1) {
        (void)buf_printf(out, LABEL, "");
        (void)votes_put(&s->votes, out);
        (void)buf_printf(out, "; %u of %u votes flag a row\n", s->votes_needed,
                         s->votes.detectors);
    }
    (void)buf_printf(out, LABEL "%.2f s\n", "lag", (double)s->lag_us / 1e6);
    (void)buf_printf(
        out, LABEL "%u of %u batches, %s of %s, %s of %s rows\n", "in flight",
        s->core.batches_in_flight, s->tuning.depth,
        text_bytes_rough(s->core.bytes_in_flight, held, sizeof held),
        text_bytes_rough(s->tuning.cap_bytes, cap, sizeof cap),
        COUNT(s->core.records_in_flight), COUNT(s->tuning.cap_rows));
}

static void put_workers(const struct status *s, struct buf *out)
{
    (void)buf_printf(out, LABEL, "workers");
    if (s->worker_count == 0) {
        (void)buf_append_text(out, "none\n");
        return;
    }
    (void)buf_printf(out, "%-28s %9s %12s %6s %9s %9s\n", "host", "pid",
                     "tasks", "busy", "heard", "restarts");
    for (uint32_t i = 0; i < s->worker_count && i < WORKERS_SHOWN; i++) {
        const struct status_worker *w = &s->worker[i];
        (void)buf_printf(out, "%*s", (int)INDENT, "");
        put_cell(out, w->host, 28);
        (void)buf_printf(out, " %9" PRIu64 " %12s %4.0f %% %7.1f s %9u\n",
                         w->pid, COUNT(w->tasks), w->busy_share * 100,
                         (double)w->heard_us / 1e6, w->restarts);
    }
    if (s->worker_count > WORKERS_SHOWN)
        (void)buf_printf(out, "%*sand %u more\n", (int)INDENT, "",
                         s->worker_count - WORKERS_SHOWN);
}

/* As wide as the widest key that is shown. */
static uint32_t key_width(const struct recent *r)
{
    const struct recent_anomaly *a;
    uint32_t width = 3;
    for (uint32_t i = 0; (a = recent_anomaly_get(r, i)) != NULL; i++) {
        uint32_t n = text_width(a->key);
        width = n > width ? n : width;
    }
    return width < KEY_WIDTH_MAX ? width : KEY_WIDTH_MAX;
}

static void put_anomalies(const struct status *s, struct buf *out)
{
    char time[24];
    const struct recent_anomaly *a = recent_anomaly_get(s->recent, 0);
    uint32_t key = key_width(s->recent);
    (void)buf_printf(out, LABEL, "anomalies");
    if (a == NULL) {
        (void)buf_append_text(out, "none in this run\n");
        return;
    }
    (void)buf_printf(out, "%-23s  severity  %-*s  why\n", "time", (int)key,
                     "key");
    for (uint32_t i = 0; a != NULL; a = recent_anomaly_get(s->recent, ++i)) {
        (void)buf_printf(out, "%*s%s  %8.4f  ", (int)INDENT, "",
                         civil_format_ms(a->time_ns, time, sizeof time),
                         a->severity);
        put_cell(out, a->key, key);
        (void)buf_append_text(out, "  ");
        (void)put_text(out, a->why, WIDTH - INDENT - 23 - 8 - key - 6);
        (void)buf_append_char(out, '\n');
    }
}

int status_text(const struct status *s, struct buf *out)
{
    put_head(s, out);
    put_interval(s, out);
    put_batches(s, out);
    put_rows(s, out);
    put_workers(s, out);
    put_anomalies(s, out);
    return out->err;
}
