/*
 * The status for programs: stable names, units last.
 */
#include "engine/shell/status.h"

#include "proto/base/civil.h"
#include "proto/base/option.h"
#include "proto/base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A string; what is no UTF-8 becomes U+FFFD. */
static void put_string(struct buf *out, const char *text)
{
    size_t left = strlen(text);
    (void)buf_append_char(out, '"');
    while (left > 0) {
        unsigned char c = (unsigned char)*text;
        unsigned n = text_utf8_length((const uint8_t *)text, left);
        if (n == 0)
            (void)buf_append_text(out, "\xef\xbf\xbd");
        else if (c == '"' || c == '\\')
            (void)buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            (void)buf_printf(out, "\\u%04x", c);
        else
            (void)buf_append(out, text, n);
        text += n > 0 ? n : 1;
        left -= n > 0 ? n : 1;
    }
    (void)buf_append_char(out, '"');
}

static void put_name(struct buf *out, const char *name)
{
    if (out->length > 0 && strchr("{[", out->data[out->length - 1]) == NULL)
        (void)buf_append_char(out, ',');
    (void)buf_printf(out, "\"%s\":", name);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    put_name(out, name);
    put_string(out, text);
}

static void put_u64(struct buf *out, const char *name, uint64_t n)
{
    put_name(out, name);
    (void)buf_printf(out, "%" PRIu64, n);
}

static void put_f64(struct buf *out, const char *name, double x)
{
    char number[32];
    put_name(out, name);
    (void)buf_append_text(out, text_f64(x, number, sizeof number));
}

static void put_ms(struct buf *out, const char *name, int64_t us)
{
    put_f64(out, name, (double)us / 1e3);
}

static void put_bool(struct buf *out, const char *name, bool on)
{
    put_name(out, name);
    (void)buf_append_text(out, on ? "true" : "false");
}

static void put_who(const struct status *s, struct buf *out)
{
    struct buf reason;
    buf_init(&reason, 1024);
    enum status_health h = status_judge(s, &reason);
    put_text(out, "health", status_health_name(h));
    put_text(out, "reason", buf_text(&reason));
    buf_release(&reason);
    put_text(out, "version", s->version);
    put_text(out, "host", s->host);
    put_u64(out, "pid", s->pid);
    put_u64(out, "epoch", s->epoch);
    put_f64(out, "running_s", (double)s->elapsed_us / 1e6);
    put_text(out, "input", s->input);
    put_text(out, "kind", s->kind);
    put_text(out, "db", s->db);
}

static const char *interval_mode(int64_t us)
{
    switch (us) {
    case OPTION_INTERVAL_OFF:
        return "off";
    case OPTION_INTERVAL_ASAP:
        return "asap";
    case OPTION_INTERVAL_AUTO:
        return "auto";
    default:
        return "duration";
    }
}

static void put_settings(const struct status *s, struct buf *out)
{
    put_text(out, "interval_mode", interval_mode(s->interval_set_us));
    put_name(out, "interval_ms");
    if (s->interval_us > 0) {
        char number[32];
        (void)buf_append_text(
            out, text_f64((double)s->interval_us / 1e3, number, sizeof number));
    } else {
        (void)buf_append_text(out, "null");
    }
    put_u64(out, "max_rows", s->max_rows);
    put_u64(out, "max_bytes", s->max_bytes);
    put_u64(out, "pipeline", s->tuning.depth);
    put_f64(out, "severity", s->severity);
    put_u64(out, "votes_needed", s->votes_needed);
    put_bool(out, "keep_scores", s->keep_scores);
    put_text(out, "log_level", s->log_level);
}

/* Each with the flagged rows that it voted for. */
static void put_detectors(const struct votes_tally *votes, struct buf *out)
{
    put_name(out, "detectors");
    (void)buf_append_char(out, '[');
    for (uint32_t d = 0; d < votes->detectors; d++) {
        (void)buf_append_text(out, d > 0 ? ",{" : "{");
        put_text(out, "name", votes->name[d]);
        put_u64(out, "flagged", votes->rows[d]);
        (void)buf_append_char(out, '}');
    }
    (void)buf_append_char(out, ']');
}

static void put_counts(const struct status *s, struct buf *out)
{
    const struct recent_times *t = &s->times;
    put_u64(out, "last_batch", s->last_batch);
    put_u64(out, "batches", s->batches);
    put_u64(out, "overruns", s->core.overruns);
    put_u64(out, "timed_batches", t->count);
    put_ms(out, "p50_ms", t->total_p50_us);
    put_ms(out, "p99_ms", t->total_p99_us);
    put_ms(out, "max_ms", t->total_max_us);
    put_ms(out, "commit_p50_ms", t->commit_p50_us);
    put_ms(out, "commit_p99_ms", t->commit_p99_us);
    put_u64(out, "records", s->records);
    put_u64(out, "scored", s->rows_scored);
    put_u64(out, "quarantined", s->quarantined);
    put_u64(out, "flagged", s->flagged);
    put_u64(out, "near_misses", s->near);
    put_detectors(&s->votes, out);
    put_f64(out, "last_1s_rows_per_s", round(s->rate_1s * 10) / 10);
    put_f64(out, "last_10s_rows_per_s", round(s->rate_10s * 10) / 10);
    put_ms(out, "lag_ms", s->lag_us);
}

static void put_flight(const struct status *s, struct buf *out)
{
    put_name(out, "in_flight");
    (void)buf_append_char(out, '{');
    put_u64(out, "batches", s->core.batches_in_flight);
    put_u64(out, "batches_max", s->tuning.depth);
    put_u64(out, "rows", s->core.records_in_flight);
    put_u64(out, "rows_max", s->tuning.cap_rows);
    put_u64(out, "bytes", s->core.bytes_in_flight);
    put_u64(out, "bytes_max", s->tuning.cap_bytes);
    put_u64(out, "held_bytes", s->held_bytes);
    put_u64(out, "held_peak_bytes", s->held_peak_bytes);
    (void)buf_append_char(out, '}');
    put_u64(out, "rss_bytes", s->rss_bytes);
    put_u64(out, "rss_peak_bytes", s->rss_peak_bytes);
    put_u64(out, "tasks_open", s->core.tasks_open);
    put_u64(out, "retries", s->core.retries);
    put_u64(out, "duplicates", s->core.duplicates);
    put_u64(out, "alarms", s->core.alarms);
    put_u64(out, "restarts", s->restarts);
}

static void put_workers(const struct status *s, struct buf *out)
{
    put_name(out, "workers");
    (void)buf_append_char(out, '[');
    for (uint32_t i = 0; i < s->worker_count; i++) {
        const struct status_worker *w = &s->worker[i];
        (void)buf_append_text(out, i > 0 ? ",{" : "{");
        put_text(out, "host", w->host);
        put_u64(out, "pid", w->pid);
        put_u64(out, "tasks", w->tasks);
        put_f64(out, "busy_share", round(w->busy_share * 1e3) / 1e3);
        put_ms(out, "heard_ms", w->heard_us);
        put_u64(out, "restarts", w->restarts);
        put_bool(out, "computing", w->computing);
        (void)buf_append_char(out, '}');
    }
    (void)buf_append_char(out, ']');
}

static void put_anomalies(const struct status *s, struct buf *out)
{
    char time[24];
    const struct recent_anomaly *a;
    put_name(out, "anomalies");
    (void)buf_append_char(out, '[');
    for (uint32_t i = 0; (a = recent_anomaly_get(s->recent, i)) != NULL; i++) {
        (void)buf_append_text(out, i > 0 ? ",{" : "{");
        put_text(out, "time", civil_format_ms(a->time_ns, time, sizeof time));
        put_u64(out, "batch", a->batch);
        put_u64(out, "line", a->line);
        put_text(out, "key", a->key);
        put_f64(out, "severity", a->severity);
        put_text(out, "why", a->why);
        (void)buf_append_char(out, '}');
    }
    (void)buf_append_char(out, ']');
}

int status_json(const struct status *s, struct buf *out)
{
    (void)buf_append_char(out, '{');
    put_who(s, out);
    put_settings(s, out);
    put_counts(s, out);
    put_flight(s, out);
    put_workers(s, out);
    put_anomalies(s, out);
    (void)buf_append_text(out, "}\n");
    return out->err;
}
