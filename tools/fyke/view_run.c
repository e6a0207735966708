/*
 * Header, live line and remarks of a run.
 */
#include "tools/fyke/view_run.h"

#include "proto/base/text.h"
#include "tools/fyke/idle.h"
#include "tools/fyke/talk.h"
#include "tools/fyke/view_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH_DEFAULT 100u

void view_run_init(struct view_run *v, const struct settings *settings,
                   bool logged)
{
    const char *term = getenv("TERM");
    memset(v, 0, sizeof *v);
    v->settings = settings;
    v->quiet = settings->quiet;
    v->silent = v->quiet || (strcmp(settings->log_format, "json") == 0 &&
                             isatty(STDERR_FILENO) != 1);
    v->terminal =
        isatty(STDERR_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
    v->colour = v->terminal && talk_wants_colour();
    v->logged = logged;
}

/* Kept back while it may turn out that there is nothing new to read. */
void view_run_header(struct view_run *v)
{
    if (v->header != NULL)
        (void)fputs(talk_harmless(v->header), stderr);
    view_run_release(v);
}

void view_run_release(struct view_run *v)
{
    free(v->header);
    v->header = NULL;
}

void view_run_clear(struct view_run *v)
{
    if (!v->line_shown)
        return;
    (void)fputs("\r\033[K", stderr);
    v->line_shown = false;
}

/* ------------------------------------------------------------- header */

/* Names up to the width of the line, then "...". */
static void print_names(const struct schema *s, enum column_role role,
                        uint32_t left, struct buf *out)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < s->column_count; i++) {
        const struct column *c = &s->column[i];
        if (c->role != role)
            continue;
        uint32_t width = table_text_width(c->name) + 1;
        if (used + width + 4 > left) {
            (void)buf_append_text(out, " ...");
            return;
        }
        (void)buf_printf(out, " %s", c->name);
        used += width;
    }
}

static void print_input(const struct view_run *v,
                        const struct engine_started *e, struct buf *out)
{
    char number[32];
    (void)buf_printf(out, "  input     %s",
                     strcmp(e->input, "-") == 0 ? "stdin" : e->input);
    if (view_is_processes(e->kind)) {
        (void)buf_printf(
            out, ", every %s",
            text_duration(v->settings->every_us, number, sizeof number));
        if (e->left_out > 0)
            (void)buf_printf(out,
                             "; fyke's own %u processes left out "
                             "(--include-self)",
                             e->left_out);
    }
    (void)buf_printf(out, "   into %s\n", e->db);
    if (e->first_batch > 1)
        (void)buf_printf(out, "  continues at batch %" PRIu64, e->first_batch);
    if (e->first_batch > 1 && e->position > 0)
        (void)buf_printf(out, ", byte %s",
                         text_count(e->position, number, sizeof number));
    if (e->first_batch > 1)
        (void)buf_append_char(out, '\n');
}

static uint32_t count_role(const struct schema *s, enum column_role role)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->column_count; i++)
        count += s->column[i].role == role;
    return count;
}

/* "LABEL names...   TAIL", the names cut so that the line fits. */
static void print_named(const struct schema *s, enum column_role role,
                        const char *label, const char *tail, uint32_t width,
                        struct buf *out)
{
    uint32_t fixed = table_text_width(label) + table_text_width(tail);
    (void)buf_append_text(out, label);
    print_names(s, role, width > fixed + 20 ? width - fixed : 20, out);
    (void)buf_printf(out, "%s\n", tail);
}

static void print_columns(const struct engine_started *e, uint32_t width,
                          struct buf *out)
{
    const struct schema *s = e->schema;
    char label[64];
    struct buf tail;
    buf_init(&tail, 65536);
    for (uint32_t i = 0; i < s->key_count; i++)
        (void)buf_printf(&tail, "%s%s", i == 0 ? "   key: " : "/",
                         s->column[s->key[i]].name);
    if (s->time_column != SCHEMA_NO_COLUMN && !view_is_processes(e->kind))
        (void)buf_printf(&tail, "   time: %s", s->column[s->time_column].name);
    (void)snprintf(label, sizeof label, "  features  %u:", s->feature_count);
    print_named(s, COLUMN_FEATURE, label, buf_text(&tail), width, out);
    buf_release(&tail);
    if (count_role(s, COLUMN_OUT) > 0 && !view_is_processes(e->kind))
        print_named(s, COLUMN_OUT, "  left out ", "   (why: table columns)",
                    width, out);
}

static void print_frozen(const struct engine_started *e, struct buf *out)
{
    char rows[32];
    (void)buf_printf(out, "  model     %.16s for every batch (frozen)",
                     e->model);
    if (e->trained_rows > 0)
        (void)buf_printf(out, ", fitted on %s rows of --train",
                         text_count(e->trained_rows, rows, sizeof rows));
    (void)buf_append_char(out, '\n');
}

/* Of the forest, where it is asked. */
static void print_model(const struct engine_started *e, struct buf *out)
{
    char extension[64] = "";
    if (e->extension > 0)
        (void)snprintf(extension, sizeof extension,
                       ", splits on %" PRIu64 " features each",
                       e->extension + 1);
    if (e->model != NULL)
        print_frozen(e, out);
    else if (strstr(e->detectors, "iforest") != NULL)
        (void)buf_printf(out,
                         "  model     %" PRIu64 " trees on %" PRIu64
                         " rows each%s, batches under %" PRIu64
                         " rows with recent ones, seed %" PRIu64 "\n",
                         e->trees, e->subsample, extension, e->fit_rows,
                         e->seed);
}

static void print_cut(const struct view_run *v, const struct engine_started *e,
                      struct buf *out)
{
    char number[32];
    bool paced = v->settings->pace != NULL && *v->settings->pace != '\0';
    if (paced)
        (void)buf_printf(out, "  pace      %s\n", v->settings->pace);
    if (e->interval_us == OPTION_INTERVAL_OFF)
        (void)buf_printf(out,
                         "  cut       by count (%" PRIu64
                         " rows); the same batches every time%s\n",
                         e->max_rows,
                         v->has_time && !paced ? "; in time: --pace 60x" : "");
    else if (e->interval_us == OPTION_INTERVAL_ASAP)
        (void)buf_append_text(out, "  cut       as soon as there is room\n");
    else if (e->interval_us == OPTION_INTERVAL_AUTO)
        (void)buf_append_text(out, "  cut       in time; the interval follows "
                                   "what batches take (auto)\n");
    else
        (void)buf_printf(out, "  cut       every %s\n",
                         text_duration(e->interval_us, number, sizeof number));
    print_model(e, out);
    (void)buf_printf(out, "  flag      severity >= %s",
                     text_number(e->severity, number, sizeof number));
    if (e->detector_count > 1) {
        (void)buf_printf(out, " by %u of %u detectors: ", e->votes,
                         e->detector_count);
        for (const char *c = e->detectors; *c != '\0'; c++)
            (void)buf_append_text(out, *c == ',' ? ", " : (char[]){ *c, '\0' });
    } else if (strcmp(e->detectors, "iforest") != 0) {
        (void)buf_printf(out, " by %s", e->detectors);
    }
    (void)buf_append_char(out, '\n');
}

static void on_started(void *context, const struct engine_started *e)
{
    struct view_run *v = context;
    struct buf out;
    v->was_started = true;
    v->first_batch = e->first_batch;
    v->position = e->position;
    v->has_time = e->schema->time_column != SCHEMA_NO_COLUMN;
    v->has_key = e->schema->key_count > 0;
    (void)snprintf(v->input, sizeof v->input, "%s", e->input);
    (void)snprintf(v->kind, sizeof v->kind, "%s", e->kind);
    (void)snprintf(v->db, sizeof v->db, "%s", e->db);
    if (v->silent)
        return;
    uint32_t width = talk_width(STDERR_FILENO);
    buf_init(&out, (size_t)1 << 20);
    print_input(v, e, &out);
    print_columns(e, width != 0 ? width : WIDTH_DEFAULT, &out);
    print_cut(v, e, &out);
    if (e->url != NULL)
        (void)buf_printf(&out, "  workers   join with: fyke worker --join %s\n",
                         e->url);
    if (e->schema->hint[0] != '\0')
        (void)buf_printf(&out, "  hint      %s\n", e->schema->hint);
    if (e->remark != NULL)
        (void)buf_printf(&out, "  note      %s\n", e->remark);
    idle_print(v->settings, &out);
    size_t length;
    v->header = (char *)buf_take(&out, &length);
    if (e->first_batch == 1 || e->url != NULL)
        view_run_header(v);
}

/* ---------------------------------------------------------- live line */

static void print_state(const struct engine_progress *p, struct buf *out)
{
    if (p->disk_full)
        (void)buf_append_text(out, "   disk full: waiting for space");
    else if (p->waiting_for_worker)
        (void)buf_append_text(out, "   waiting for a worker");
}

static void print_live(const struct engine_progress *p, struct buf *out)
{
    char rate[32], batches[32], flagged[32];
    int64_t seconds = p->elapsed_us / 1000000;
    (void)buf_printf(out, "  %02" PRId64 ":%02" PRId64 "   %s rows/s",
                     seconds / 60, seconds % 60,
                     text_count((uint64_t)p->rows_per_s, rate, sizeof rate));
    if (p->bytes_total > 0)
        (void)buf_printf(out, "   %2.0f %%",
                         100.0 * (double)p->bytes_read /
                             (double)p->bytes_total);
    (void)buf_printf(out, "   %s %s   %s flagged   %u %s",
                     text_count(p->batches, batches, sizeof batches),
                     p->batches == 1 ? "batch" : "batches",
                     text_count(p->flagged, flagged, sizeof flagged),
                     p->workers, p->workers == 1 ? "worker" : "workers");
    (void)buf_printf(out, "   lag %.1f s", (double)p->lag_us / 1e6);
    if (p->gaps > 0)
        (void)buf_printf(out, "   %" PRIu64 " skipped", p->gaps);
    print_state(p, out);
}

static void on_progress(void *context, const struct engine_progress *p)
{
    struct view_run *v = context;
    struct buf line;
    if (p->records > 0 || p->bytes_read > v->position)
        view_run_header(v);
    if (!v->terminal || v->quiet || !v->was_started || v->header != NULL)
        return;
    uint32_t width = talk_width(STDERR_FILENO);
    buf_init(&line, 4096);
    print_live(p, &line);
    size_t n = table_text_bytes(buf_text(&line),
                                (width != 0 ? width : WIDTH_DEFAULT) - 1);
    (void)fprintf(stderr, "\r%.*s\033[K", (int)n, buf_text(&line));
    (void)fflush(stderr);
    v->line_shown = true;
    buf_release(&line);
}

static void on_learned(void *context, const char *text)
{
    struct view_run *v = context;
    view_run_header(v);
    if (v->silent)
        return;
    view_run_clear(v);
    (void)fprintf(stderr, "  %s\n", text);
}

static void on_remark(void *context, const char *text)
{
    struct view_run *v = context;
    view_run_header(v);
    if (!v->logged)
        on_learned(v, text);
}

struct engine_observer view_run_observer(struct view_run *v)
{
    return (struct engine_observer){ v, on_started, on_progress, on_remark,
                                     on_learned };
}
