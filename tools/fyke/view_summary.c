/*
 * The summary of a run.
 */
#include "tools/fyke/view_run.h"

#include "proto/base/text.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/view_label.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define QUARANTINE_WARN_SHARE 0.01

bool view_is_processes(const char *kind)
{
    return strcmp(kind, "processes") == 0;
}

static const char *plural(uint64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

/* "0.2 s", "2m3s". */
static const char *seconds_text(int64_t us, char *out, size_t out_bytes)
{
    if (us < INT64_C(100000000))
        (void)snprintf(out, out_bytes, "%.1f s", (double)us / 1e6);
    else
        (void)text_duration((us + 500000) / 1000000 * 1000000, out, out_bytes);
    return out;
}

static void print_rows(const struct view_run *v, const struct engine_summary *s,
                       const struct view_found *found, struct buf *out)
{
    const struct engine_progress *p = &s->progress;
    char rows[32], scored[32], bad[32], batches[32], incidents[32], time[48];
    text_count(p->records, rows, sizeof rows);
    text_count(p->rows_scored, scored, sizeof scored);
    text_count(p->quarantined, bad, sizeof bad);
    text_count(p->batches, batches, sizeof batches);
    if (found->processes) {
        uint64_t n = view_found_incidents(found);
        (void)buf_printf(out,
                         "  done: %s rows = %s scored + %s quarantined, %s "
                         "%s, %s %s\n",
                         rows, scored, bad, batches,
                         plural(p->batches, "batch", "batches"),
                         text_count(n, incidents, sizeof incidents),
                         plural(n, "incident", "incidents"));
        return;
    }
    (void)buf_printf(out,
                     "  %s %s in %s = %s scored + %s quarantined; %s %s, %u "
                     "%s, seed %" PRIu64 "\n",
                     rows, plural(p->records, "row", "rows"),
                     seconds_text(p->elapsed_us, time, sizeof time), scored,
                     bad, batches, plural(p->batches, "batch", "batches"),
                     s->workers, plural(s->workers, "worker", "workers"),
                     v->settings->seed);
}

static void print_quarantine(const struct view_run *v,
                             const struct engine_progress *p,
                             const struct view_found *found, struct buf *out)
{
    char number[32], word[4200];
    if (p->quarantined == 0 || p->records == 0)
        return;
    double share = (double)p->quarantined / (double)p->records;
    bool warn = share > QUARANTINE_WARN_SHARE;
    if (warn)
        (void)buf_printf(out,
                         "  %swarning:%s %.*f %% of the rows could not "
                         "be read: ",
                         v->colour ? "\033[33m" : "",
                         v->colour ? "\033[0m" : "", share < 0.1 ? 1 : 0,
                         100 * share);
    else
        (void)buf_printf(out, "  %s in quarantine: ",
                         text_count(p->quarantined, number, sizeof number));
    (void)view_found_quarantine(found, out);
    (void)buf_printf(
        out, "\n    sqlite3 -readonly -box %s \"select * from quarantine\"\n",
        cli_shell_word(v->db, word, sizeof word));
}

/* Who found them, where there are several. */
static void print_votes(const struct engine_progress *p, struct buf *out)
{
    if (p->votes.detectors < 2)
        return;
    (void)buf_append_text(out, "    ");
    (void)votes_put(&p->votes, out);
    (void)buf_append_char(out, '\n');
}

static void print_flagged(const struct engine_summary *s, struct buf *out)
{
    const struct engine_progress *p = &s->progress;
    char limit[32], flagged[32], near[32], best[32];
    text_number(s->severity, limit, sizeof limit);
    if (p->rows_scored == 0)
        return;
    if (p->flagged == 0) {
        (void)buf_printf(out, "  nothing %s%s; highest was %s",
                         s->severity_changed ? "was flagged" : "reached ",
                         s->severity_changed ? "" : limit,
                         text_number(s->best_severity, best, sizeof best));
        if (s->best_line > 0)
            (void)buf_printf(out, " (line %" PRIu64 ")", s->best_line);
        (void)buf_append_char(out, '\n');
        return;
    }
    if (s->severity_changed) {
        (void)buf_printf(out, "  %s flagged, %s near %s kept\n",
                         text_count(p->flagged, flagged, sizeof flagged),
                         text_count(p->near, near, sizeof near),
                         plural(p->near, "miss", "misses"));
        print_votes(p, out);
        return;
    }
    (void)buf_printf(
        out, "  %s flagged (severity >= %s), %s near %s kept (>= %s)\n",
        text_count(p->flagged, flagged, sizeof flagged), limit,
        text_count(p->near, near, sizeof near),
        plural(p->near, "miss", "misses"), s->severity < 99 ? limit : "99");
    print_votes(p, out);
}

/* What was not undisturbed. */
static void print_troubles(const struct engine_summary *s, struct buf *out)
{
    const struct engine_progress *p = &s->progress;
    char number[32];
    if (s->restarts > 0 || s->retries > 0)
        (void)buf_printf(out,
                         "  %u worker %s, %" PRIu64
                         " tasks tried again; no row was lost or changed\n",
                         s->restarts,
                         plural(s->restarts, "restart", "restarts"),
                         s->retries);
    if (s->alarms > 0)
        (void)buf_printf(out,
                         "  warning: %" PRIu64
                         " results of the same task differed: a machine "
                         "computes wrong numbers; see the table events\n",
                         s->alarms);
    if (p->gaps > 0)
        (void)buf_printf(out,
                         "  %s %s skipped because the work could not keep "
                         "up; try a longer --every\n",
                         text_count(p->gaps, number, sizeof number),
                         plural(p->gaps, "sample was", "samples were"));
}

static void print_stopped(const struct view_run *v,
                          const struct engine_summary *s, struct buf *out)
{
    char number[32];
    if (!s->drained)
        return;
    if (strcmp(v->kind, "file") == 0 || strcmp(v->kind, "stdin-file") == 0)
        (void)buf_printf(out,
                         "  stopped: the same command goes on at byte %s\n",
                         text_count(s->position, number, sizeof number));
    if (s->lost_records > 0)
        (void)buf_printf(out,
                         "  stopped: %s rows were read but not committed "
                         "and are lost\n",
                         text_count(s->lost_records, number, sizeof number));
}

static void print_nothing_new(const struct view_run *v,
                              const struct engine_summary *s)
{
    char rows[32];
    (void)fprintf(stderr,
                  "%s has read all of %s (%s rows). New lines are read when "
                  "the file grows; --fresh starts over.\n",
                  s->db, v->input[0] != '\0' ? v->input : "its input",
                  text_count(view_found_rows(s->db), rows, sizeof rows));
}

static void print_not_started(const struct view_run *v)
{
    if (!v->silent)
        (void)fputs("  stopped before the start: nothing was read or written\n",
                    stderr);
}

int view_run_end(struct view_run *v, const struct engine_summary *s)
{
    struct view_found found = {
        .db = s->db,
        .first_batch = v->first_batch,
        .processes = view_is_processes(v->kind),
        .has_time = v->has_time,
        .has_key = v->has_key,
        .flagged = s->progress.flagged,
    };
    struct buf out;
    view_run_clear(v);
    if (!v->was_started) {
        print_not_started(v);
        return 0;
    }
    if (s->nothing_new) {
        if (!v->silent)
            print_nothing_new(v, s);
        return 0;
    }
    view_run_header(v);
    if (!v->silent) {
        buf_init(&out, (size_t)1 << 20);
        print_rows(v, s, &found, &out);
        print_quarantine(v, &s->progress, &found, &out);
        print_flagged(s, &out);
        if (s->progress.rows_scored > 0)
            (void)view_label_print(v->settings->schema.label, &s->labels, &out);
        print_troubles(s, &out);
        print_stopped(v, s, &out);
        (void)fputs(buf_text(&out), stderr);
        (void)fflush(stderr);
        buf_release(&out);
    }
    int exit_code = v->quiet ? 0 : view_found_print(&found);
    if (exit_code == 0 && s->lost_records > 0)
        exit_code = 1;
    return exit_code;
}
