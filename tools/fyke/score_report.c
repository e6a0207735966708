/*
 * The summary of fyke score.
 */
#include "tools/fyke/score_report.h"
#include "tools/fyke/idle.h"

#include "engine/detect/dbscan.h"
#include "proto/base/text.h"
#include "tools/fyke/idle.h"
#include "tools/fyke/score_label.h"
#include "tools/fyke/view_label.h"

#include <inttypes.h>
#include <string.h>

#define BAD_REASONS (BAD_UNFINISHED + 1)
#define SHOWN_MAX 3u
#define SHOWN_BYTES 60u
#define WARN_SHARE 0.01

static const char *plural(uint64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

struct bad_tally {
    uint64_t count[BAD_REASONS], first_line[BAD_REASONS];
    uint32_t shown[SHOWN_MAX], shown_count; /* records */
};

static void bad_count(const struct batch_input *b, struct bad_tally *t)
{
    uint32_t next_row = 0;
    memset(t, 0, sizeof *t);
    for (uint32_t i = 0; i < b->records; i++) {
        if (next_row < b->rows && b->row_record[next_row] == i) {
            next_row++;
            continue;
        }
        struct record_view view = batch_record(b, i);
        if (t->count[view.status]++ == 0)
            t->first_line[view.status] = view.line;
        if (t->shown_count < SHOWN_MAX)
            t->shown[t->shown_count++] = i;
    }
}

void score_report_quarantine(const struct score_input *in, struct buf *out)
{
    const struct batch_input *b = &in->batch;
    uint32_t bad = b->records - b->rows;
    struct bad_tally t;
    char number[32];
    const char *between = "";
    if (bad == 0)
        return;
    bad_count(b, &t);
    if ((double)bad > WARN_SHARE * b->records)
        (void)buf_printf(
            out, "  warning: %.*f %% of the records could not be read: ",
            10 * bad < b->records ? 1 : 0, 100.0 * bad / b->records);
    else
        (void)buf_printf(out, "  %s in quarantine: ",
                         text_count(bad, number, sizeof number));
    for (uint32_t i = 1; i < BAD_REASONS; i++) {
        if (t.count[i] == 0)
            continue;
        (void)buf_printf(out, "%s%s x %s (from line %" PRIu64 ")", between,
                         text_count(t.count[i], number, sizeof number),
                         bad_reason_text((enum bad_reason)i), t.first_line[i]);
        between = "; ";
    }
    (void)buf_append_char(out, '\n');
    for (uint32_t i = 0; i < t.shown_count; i++) {
        struct record_view view = batch_record(b, t.shown[i]);
        bool cut = view.length > SHOWN_BYTES;
        (void)buf_printf(out, "    line %" PRIu64 ": %.*s%s\n", view.line,
                         (int)(cut ? SHOWN_BYTES : view.length),
                         (const char *)view.text, cut ? "..." : "");
    }
}

static void print_input(const struct score_report *r, struct buf *out)
{
    const struct schema *s = r->in->schema;
    (void)buf_printf(out, "  input     %s\n  features  %u:", r->in->label,
                     s->feature_count);
    for (uint32_t i = 0; i < s->feature_count; i++) {
        if (i == 12) {
            (void)buf_append_text(out, " ...");
            break;
        }
        (void)buf_printf(out, " %s", s->column[s->feature[i]].name);
    }
    (void)buf_append_char(out, '\n');
    if (s->hint[0] != '\0')
        (void)buf_printf(out, "  hint      %s\n", s->hint);
}

static void print_clusters(const struct detect_result *r, struct buf *out)
{
    int32_t clusters = 0;
    uint32_t noise = 0;
    char count[32], rows[32];
    for (uint32_t i = 0; i < r->rows; i++) {
        bool answered = r->bin[i] != DETECT_NO_BIN;
        if (answered && r->cluster[i] >= clusters)
            clusters = r->cluster[i] + 1;
        noise += answered && r->cluster[i] < 0;
    }
    (void)buf_printf(out, "; %s %s, %s of noise",
                     text_count((uint64_t)clusters, count, sizeof count),
                     plural((uint64_t)clusters, "cluster", "clusters"),
                     text_count(noise, rows, sizeof rows));
}

static void print_forest(const struct score_report *r,
                         const struct detect_result *result, struct buf *out)
{
    uint64_t extension = r->settings->extension;
    (void)buf_printf(out, "%u trees on %u %s each", result->trees, result->psi,
                     plural(result->psi, "row", "rows"));
    if (extension > 0)
        (void)buf_printf(out, ", splits on %" PRIu64 " features each",
                         extension + 1);
    (void)buf_printf(out, ", seed %" PRIu64, r->settings->seed);
}

static void print_detector(const struct score_report *r,
                           const struct detect_run *run, struct buf *out)
{
    const struct detect_result *result = &run->result;
    uint32_t unanswered = 0;
    char number[32];
    (void)buf_printf(out, "  %-10s", run->ops->name);
    if (result->eps != NULL)
        (void)dbscan_why_eps(result, out);
    else if (kept_is_there(r->kept))
        (void)buf_printf(out, "model %.16s, %s", r->kept->file.hash,
                         r->kept->origin);
    else
        print_forest(r, result, out);
    if (result->cluster != NULL)
        print_clusters(result, out);
    for (uint32_t i = 0; i < result->rows; i++)
        unanswered += result->bin[i] == DETECT_NO_BIN;
    if (unanswered > 0)
        (void)buf_printf(out, "; %s without an answer: a value is missing",
                         text_count(unanswered, number, sizeof number));
    (void)buf_append_char(out, '\n');
}

static void print_flagged(const struct score_report *r, struct buf *out)
{
    const struct score_detect *d = r->found;
    char limit[32], flagged[32];
    uint32_t best = d->verdict.best_row;
    uint32_t severity = score_detect_severity(d, best);
    uint64_t line =
        batch_record(&r->in->batch, r->in->batch.row_record[best]).line;
    (void)buf_printf(out,
                     "  %s flagged (severity >= %s); highest %u.%04u, score "
                     "%.6f (line %" PRIu64 ")\n",
                     text_count(d->verdict.flagged, flagged, sizeof flagged),
                     text_number(r->settings->severity, limit, sizeof limit),
                     severity / 10000, severity % 10000,
                     score_detect_score(d, best), line);
}

/* A row is never among those that are less strange than itself. */
static void print_reachable(const struct score_report *r, struct buf *out)
{
    const struct verdict *v = &r->found->verdict;
    double limit = r->settings->severity;
    uint32_t rows = r->in->batch.rows;
    char count[32], needed[32], at[32];
    double reach = 100.0 * (rows - 1.0) / rows;
    if (v->flagged > 0 || reach >= limit - 1e-9 || kept_is_there(r->kept))
        return;
    (void)buf_printf(out,
                     "  hint      of %s %s none reaches %s, %s can: lower "
                     "--severity\n",
                     text_count(rows, count, sizeof count),
                     plural(rows, "row", "rows"),
                     text_number(limit, at, sizeof at),
                     text_count((uint64_t)(100.0 / (100.0 - limit) - 1e-6) + 1,
                                needed, sizeof needed));
}

static void print_label(const struct score_report *r, struct buf *out)
{
    const struct schema *s = r->in->schema;
    struct labels_measured m;
    if (s->label_column == SCHEMA_NO_COLUMN)
        return;
    if (score_label_measure(&r->in->batch, r->found, &m) == 0)
        (void)view_label_print(s->column[s->label_column].name, &m, out);
    else
        (void)buf_append_text(out, "  no memory to compare with the label\n");
}

void score_report_print(const struct score_report *r, struct buf *out)
{
    const struct batch_input *b = &r->in->batch;
    const struct score_detect *d = r->found;
    char rows[32], scored[32], bad[32];
    int64_t all_us = r->read_us + d->compute_us + d->judge_us + r->write_us;
    print_input(r, out);
    for (uint32_t i = 0; i < d->detectors.count; i++)
        print_detector(r, &d->run[i], out);
    idle_print(r->settings, out);
    (void)buf_printf(out, "  %s %s in %.2f s = %s scored + %s quarantined\n",
                     text_count(b->records, rows, sizeof rows),
                     plural(b->records, "row", "rows"), (double)all_us / 1e6,
                     text_count(b->rows, scored, sizeof scored),
                     text_count(b->records - b->rows, bad, sizeof bad));
    (void)buf_printf(out,
                     "  read and parse %.3f s, compute %.3f s, judge %.3f s, "
                     "write %.3f s; %u %s\n",
                     (double)r->read_us / 1e6, (double)d->compute_us / 1e6,
                     (double)d->judge_us / 1e6, (double)r->write_us / 1e6,
                     r->threads, plural(r->threads, "thread", "threads"));
    score_report_quarantine(r->in, out);
    print_flagged(r, out);
    print_reachable(r, out);
    print_label(r, out);
}
