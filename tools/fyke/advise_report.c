/*
 * The three tables of fyke advise, its recommendation, and the same as JSON.
 */
#include "tools/fyke/advise_report.h"

#include "engine/ingest/utf8.h"
#include "proto/base/text.h"
#include "tools/fyke/view_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CELL_BYTES 32u

struct cells {
    char text[TABLE_COLUMNS_MAX][CELL_BYTES];
    const char *cell[TABLE_COLUMNS_MAX];
    uint32_t count;
};

static char *next_cell(struct cells *c)
{
    c->cell[c->count] = c->text[c->count];
    return c->text[c->count++];
}

static void put_count(struct cells *c, double n)
{
    (void)text_count((uint64_t)(n + 0.5), next_cell(c), CELL_BYTES);
}

static void put_ms(struct cells *c, double ms)
{
    int digits = ms < 10 ? 2 : ms < 100 ? 1 : 0;
    (void)snprintf(next_cell(c), CELL_BYTES, "%.*f", digits, ms);
}

static void put_interval(struct cells *c, int64_t us)
{
    (void)text_duration(us, next_cell(c), CELL_BYTES);
}

static void put_late(struct cells *c, const struct advise_trial *t)
{
    double share = t->batches > 0 ? 100.0 * t->late / t->batches : 0;
    (void)snprintf(next_cell(c), CELL_BYTES, share < 10 ? "%.1f %%" : "%.0f %%",
                   share);
}

static int add_row(struct table *t, const struct cells *c)
{
    return table_row_add(t, c->cell);
}

static int print_costs(const struct advise_report *r, uint32_t width,
                       struct buf *out)
{
    static const char *const titles[] = { "rows",    "total", "queue",
                                          "compute", "merge", "commit" };
    struct table t;
    int err = 0;
    table_init(&t);
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        table_column_add(&t, titles[i], true);
    for (uint32_t i = 0; i < r->size_count && err == 0; i++) {
        const struct advise_seen *s = &r->size[i];
        struct cells c = { .count = 0 };
        put_count(&c, s->rows_a_batch);
        put_ms(&c, s->total_ms);
        put_ms(&c, s->queue_ms);
        put_ms(&c, s->compute_ms);
        put_ms(&c, s->merge_ms);
        put_ms(&c, s->commit_ms);
        err = add_row(&t, &c);
    }
    (void)buf_append_text(out, "A batch by itself, from cut to committed "
                               "(median, ms)\n");
    if (err == 0)
        err = table_print(&t, width, out);
    table_release(&t);
    if (r->has_cost)
        (void)buf_printf(out,
                         "  fixed cost of a batch %.2f ms, cost per row "
                         "%.3f us\n",
                         r->cost.fixed_ms, 1e3 * r->cost.per_row_ms);
    return err;
}

static int print_speeds(const struct advise_report *r, uint32_t width,
                        struct buf *out)
{
    static const char *const titles[] = { "interval", "rows/s", "rows a batch",
                                          "p50 ms",   "p99 ms", "late" };
    struct table t;
    int err = 0;
    table_init(&t);
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        table_column_add(&t, titles[i], true);
    for (uint32_t i = 0; i < r->at_count && err == 0; i++) {
        const struct advise_seen *s = &r->at[i];
        struct cells c = { .count = 0 };
        put_interval(&c, s->trial.interval_us);
        put_count(&c, s->rows_per_s);
        put_count(&c, s->rows_a_batch);
        put_ms(&c, s->trial.p50_ms);
        put_ms(&c, s->trial.p99_ms);
        put_late(&c, &s->trial);
        err = add_row(&t, &c);
    }
    (void)buf_append_text(out, "\nAs fast as it can be read\n");
    if (err == 0)
        err = table_print(&t, width, out);
    table_release(&t);
    return err;
}

static const char *verdict(const struct advise_report *r,
                           const struct advise_trial *t)
{
    if (!advise_trial_holds(t))
        return t->batches == 0 ? "nothing was committed" : "falls behind";
    if (t->interval_us < r->choice.smallest_us)
        return "on time, but not each time";
    if (t->interval_us == r->choice.recommended_us && t->confirmed)
        return "recommended";
    if (t->interval_us == r->choice.smallest_us)
        return "on time, the smallest";
    return "on time";
}

/* In order of the interval; of one interval as they were run. */
static uint32_t next_trial(const struct advise_report *r, uint64_t *done)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < r->trial_count; i++)
        if ((*done >> i & 1) == 0 &&
            (best == UINT32_MAX ||
             r->trial[i].interval_us < r->trial[best].interval_us))
            best = i;
    if (best != UINT32_MAX)
        *done |= UINT64_C(1) << best;
    return best;
}

static int print_trials(const struct advise_report *r, uint32_t width,
                        struct buf *out)
{
    static const char *const titles[] = { "interval", "rows a batch", "batches",
                                          "p50 ms",   "p99 ms",       "late" };
    struct table t;
    uint64_t done = 0;
    uint32_t i;
    int err = 0;
    table_init(&t);
    for (size_t j = 0; j < sizeof titles / sizeof *titles; j++)
        table_column_add(&t, titles[j], true);
    table_column_add(&t, "", false);
    while (err == 0 && (i = next_trial(r, &done)) != UINT32_MAX) {
        struct cells c = { .count = 0 };
        put_interval(&c, r->trial[i].interval_us);
        put_count(&c, r->trial[i].rows_a_batch);
        put_count(&c, r->trial[i].batches);
        put_ms(&c, r->trial[i].p50_ms);
        put_ms(&c, r->trial[i].p99_ms);
        put_late(&c, &r->trial[i]);
        (void)snprintf(next_cell(&c), CELL_BYTES, "%s",
                       verdict(r, &r->trial[i]));
        err = add_row(&t, &c);
    }
    if (err == 0 && r->trial_count > 0)
        err = table_print(&t, width, out);
    table_release(&t);
    return err;
}

/* "At 5 000 rows/s, as --rate says". */
static void put_rate(const struct advise_report *r, struct buf *out)
{
    char rate[CELL_BYTES], own[CELL_BYTES];
    const struct schema *s = r->input->schema;
    const char *column =
        r->rate_from == ADVISE_RATE_TIME || r->rate_from == ADVISE_RATE_SLOW
            ? s->column[s->time_column].name
            : "";
    (void)buf_printf(out, "\nAt %s rows/s",
                     text_count((uint64_t)(r->rate + 0.5), rate, sizeof rate));
    switch (r->rate_from) {
    case ADVISE_RATE_GIVEN:
        (void)buf_append_text(out, ", as --rate says\n");
        break;
    case ADVISE_RATE_TIME:
        (void)buf_printf(out, ", the input's own rate by %s\n", column);
        break;
    case ADVISE_RATE_SLOW:
        (void)buf_printf(out,
                         ": the input's own rate by %s, %s rows/s, is "
                         "too slow\nto be measured; --rate N/s names another\n",
                         column, text_number(r->own_rate, own, sizeof own));
        break;
    case ADVISE_RATE_LIVE:
        (void)buf_append_text(out, ", the processes of this machine now\n");
        break;
    case ADVISE_RATE_HALF:
        (void)buf_append_text(out, ", half of what is possible; --rate N/s "
                                   "names yours\n");
        break;
    }
}

static const struct advise_trial *
recommended_trial(const struct advise_report *r)
{
    for (uint32_t i = r->trial_count; i-- > 0;)
        if (r->trial[i].interval_us == r->choice.recommended_us)
            return &r->trial[i];
    return NULL;
}

static void print_advice(const struct advise_report *r, struct buf *out)
{
    char rate[CELL_BYTES], most[CELL_BYTES], us[CELL_BYTES];
    const struct advise_trial *t = recommended_trial(r);
    text_count((uint64_t)(r->rate + 0.5), rate, sizeof rate);
    text_count((uint64_t)r->capacity, most, sizeof most);
    if (!r->sustained) {
        (void)buf_printf(out,
                         "%s rows/s cannot be sustained here: at most about %s "
                         "rows/s with %" PRIu64
                         " workers.\nMore cores or machines (fyke coordinator, "
                         "fyke worker), fewer --trees or fewer --features "
                         "help.\n",
                         rate, most, r->workers);
        return;
    }
    if (r->choice.smallest_us == 0) {
        (void)buf_printf(out,
                         "No interval %s was on time at %s rows/s. Is the "
                         "machine busy otherwise?%s\n",
                         r->cut_short ? "of these" : "up to 10s", rate,
                         r->cut_short ? "\nLonger ones are tried with a longer "
                                        "--for."
                                      : "");
        return;
    }
    (void)buf_printf(out, "  smallest stable interval  %s\n",
                     text_duration(r->choice.smallest_us, us, sizeof us));
    if (t == NULL) {
        (void)buf_printf(out, "  recommended               none: %s\n",
                         r->cut_short
                             ? "longer ones are tried with a longer --for"
                             : "no step leaves a batch twice its time");
        return;
    }
    text_duration(r->choice.recommended_us, us, sizeof us);
    (void)buf_printf(out,
                     "  recommended               %s: on time at %s rows/s, "
                     "and 99 of 100 batches\n"
                     "                            took at most %.1f ms, which "
                     "leaves half of it for worse moments\n\n"
                     "Next, type:\n  %s --interval %s",
                     us, rate, t->p99_ms, r->command, us);
    if (r->rate_from == ADVISE_RATE_TIME)
        (void)buf_append_text(out, " --pace 1x");
    else if (!r->input->live) /* a file as such has no rate */
        (void)buf_printf(out, " --pace %.0f/s", r->rate);
    (void)buf_append_char(out, '\n');
}

int advise_report_print(const struct advise_report *r, uint32_t width,
                        struct buf *out)
{
    int err = print_costs(r, width, out);
    if (err == 0)
        err = print_speeds(r, width, out);
    put_rate(r, out);
    if (err == 0)
        err = print_trials(r, width, out);
    print_advice(r, out);
    return err != 0 ? err : out->err;
}

/* ---------------------------------------------------------------- JSON */

static void json_text(struct buf *out, const char *name, const char *text)
{
    (void)buf_printf(out, "\"%s\":", name);
    utf8_append_json(out, text, strlen(text));
}

static void json_trial(const struct advise_trial *t, struct buf *out)
{
    (void)buf_printf(out,
                     "\"interval_ms\":%.3f,\"batches\":%u,\"late\":%u,"
                     "\"rows_a_batch\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
                     "\"max_ms\":%.3f",
                     (double)t->interval_us / 1e3, t->batches, t->late,
                     t->rows_a_batch, t->p50_ms, t->p99_ms, t->max_ms);
}

static void json_lists(const struct advise_report *r, struct buf *out)
{
    (void)buf_append_text(out, ",\"batches\":[");
    for (uint32_t i = 0; i < r->size_count; i++) {
        const struct advise_seen *s = &r->size[i];
        (void)buf_printf(out,
                         "%s{\"rows\":%.1f,\"total_ms\":%.3f,\"queue_ms\":%.3f,"
                         "\"compute_ms\":%.3f,\"merge_ms\":%.3f,"
                         "\"commit_ms\":%.3f,\"batches\":%" PRIu64 "}",
                         i == 0 ? "" : ",", s->rows_a_batch, s->total_ms,
                         s->queue_ms, s->compute_ms, s->merge_ms, s->commit_ms,
                         s->batches);
    }
    (void)buf_append_text(out, "],\"intervals\":[");
    for (uint32_t i = 0; i < r->at_count; i++) {
        (void)buf_printf(out, "%s{\"rows_per_s\":%.1f,", i == 0 ? "" : ",",
                         r->at[i].rows_per_s);
        json_trial(&r->at[i].trial, out);
        (void)buf_append_char(out, '}');
    }
    (void)buf_append_text(out, "],\"trials\":[");
    for (uint32_t i = 0; i < r->trial_count; i++) {
        (void)buf_append_text(out, i == 0 ? "{" : ",{");
        json_trial(&r->trial[i], out);
        (void)buf_printf(out, ",\"behind_ms\":%.3f,\"on_time\":%s}",
                         r->trial[i].behind_ms,
                         advise_trial_holds(&r->trial[i]) ? "true" : "false");
    }
    (void)buf_append_char(out, ']');
}

static void json_interval(const char *name, int64_t us, struct buf *out)
{
    char text[CELL_BYTES];
    if (us == 0)
        (void)buf_printf(out, ",\"%s\":null,\"%s_ms\":null", name, name);
    else
        (void)buf_printf(out, ",\"%s\":\"%s\",\"%s_ms\":%.3f", name,
                         text_duration(us, text, sizeof text), name,
                         (double)us / 1e3);
}

int advise_report_json(const struct advise_report *r, struct buf *out)
{
    static const char *const from[] = {
        [ADVISE_RATE_GIVEN] = "given", [ADVISE_RATE_TIME] = "time",
        [ADVISE_RATE_SLOW] = "slow",   [ADVISE_RATE_LIVE] = "live",
        [ADVISE_RATE_HALF] = "half",
    };
    (void)buf_append_char(out, '{');
    json_text(out, "input", r->input->label);
    (void)buf_printf(out, ",\"workers\":%" PRIu64 ",\"records\":%" PRIu64,
                     r->workers, r->input->records);
    if (r->has_cost)
        (void)buf_printf(out, ",\"fixed_ms\":%.4f,\"per_row_us\":%.5f",
                         r->cost.fixed_ms, 1e3 * r->cost.per_row_ms);
    (void)buf_printf(out,
                     ",\"rows_per_s_max\":%.1f,\"rate\":%.3f,"
                     "\"rate_from\":\"%s\",\"own_rate\":%.6g,\"sustained\":%s",
                     r->capacity, r->rate, from[r->rate_from], r->own_rate,
                     r->sustained ? "true" : "false");
    json_lists(r, out);
    json_interval("smallest", r->choice.smallest_us, out);
    json_interval("recommended", r->choice.recommended_us, out);
    return buf_append_text(out, "}\n");
}
