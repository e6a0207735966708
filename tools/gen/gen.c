/*
 * A stream from its options to its last record.
 */
#include "tools/gen/gen_int.h"

#include "proto/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIFT_RECORDS 10000.0 /* from the first to the last of the change */
#define LATE_MIN 5u
#define LATE_SPAN 200u
#define AGAIN_SPAN 20u
#define TIME_MAX_NS INT64_C(9200000000000000000)

static const struct gen_model_ops *const models[] = {
    [GEN_CARDS] = &gen_cards,
    [GEN_SENSORS] = &gen_sensors,
    [GEN_MACHINES] = &gen_machines,
};

/* ------------------------------------------------------------- columns */

unsigned gen_digits(uint32_t keys)
{
    unsigned digits = 1;
    for (uint32_t n = keys; n > 9; n /= 10)
        digits++;
    return digits;
}

int gen_column_add(struct gen *g, const char *name, enum gen_column_type type,
                   char letter, unsigned digits)
{
    if (g->column_count == g->column_room) {
        uint32_t room = g->column_room == 0 ? 16 : 2 * g->column_room;
        struct gen_column *more =
            reallocarray(g->column, room, sizeof *g->column);
        if (more == NULL)
            return ERR_NOMEM;
        g->column = more;
        g->column_room = room;
    }
    struct gen_column *c = &g->column[g->column_count];
    memset(c, 0, sizeof *c);
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->type = type;
    c->letter = letter;
    c->digits = (uint8_t)digits;
    int n = snprintf(c->lead, sizeof c->lead,
                     "%c\"%s\":", g->column_count == 0 ? '{' : ',', c->name);
    check(n > 0 && (size_t)n < sizeof c->lead);
    c->lead_size = (uint8_t)n;
    g->column_count++;
    return 0;
}

/* ---------------------------------------------------------------- life */

static void fill_options(struct gen *g)
{
    struct gen_options *o = &g->options;
    if (o->every_ns == 0)
        o->every_ns = g->ops->every_ns;
    if (o->keys == 0)
        o->keys = g->ops->keys;
    if (o->columns == 0)
        o->columns = g->ops->columns;
    o->kinds &= GEN_INJECTED;
    if (o->anomalies == 0)
        o->kinds = 0;
}

static bool is_share(double x)
{
    return x >= 0 && x <= GEN_SHARE_MAX;
}

static int check_options(const struct gen_options *o, struct fault *fault)
{
    check(o->model >= GEN_CARDS && o->model <= GEN_MACHINES);
    check(o->keys <= GEN_KEYS_MAX && o->columns <= GEN_COLUMNS_MAX);
    check(is_share(o->anomalies) && is_share(o->missing));
    check(is_share(o->late) && is_share(o->duplicates));
    check(is_share(o->malformed) && o->every_ns >= 0);
    if (o->columns != 0 && o->model != GEN_SENSORS)
        return fault_set(fault, ERR_USAGE,
                         "--columns is for sensors; cards and machines have "
                         "columns of their own");
    if (o->late + o->duplicates + o->malformed + o->anomalies > 1)
        return fault_set(fault, ERR_USAGE,
                         "--anomalies, --late, --duplicates and --malformed "
                         "add up to more than 1");
    return 0;
}

/* Would the last record have a time that does not exist? */
static int check_times(const struct gen *g, struct fault *fault)
{
    const struct gen_options *o = &g->options;
    double per_row = (double)o->every_ns;
    if (o->model != GEN_CARDS)
        per_row /= o->keys;
    if ((double)o->start_ns + 1.5 * per_row * (double)o->rows <
        (double)TIME_MAX_NS)
        return 0;
    return fault_set(fault, ERR_USAGE,
                     "--rows, --every and --start lead beyond the year 2261, "
                     "where times end");
}

static void seed(struct gen *g)
{
    struct rng *const rng[3] = { &g->rng, &g->rng_begin, &g->rng_trouble };
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t words[] = { g->options.seed, g->options.model, i };
        rng_init(rng[i], words, 3);
    }
}

static int allocate(struct gen *g)
{
    uint32_t n = g->column_count;
    g->incident = calloc(g->options.keys, sizeof *g->incident);
    g->row.value = calloc(n, sizeof *g->row.value);
    g->row.missing = calloc(n, sizeof *g->row.missing);
    g->held = calloc(GEN_HELD_MAX, sizeof *g->held);
    g->line_bytes_max =
        (size_t)n * (sizeof g->column->lead + LINE_NUMBER_BYTES) + 128;
    if (g->incident == NULL || g->row.value == NULL || g->row.missing == NULL ||
        g->held == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < GEN_HELD_MAX; i++)
        buf_init(&g->held[i].text, g->line_bytes_max + 1);
    return 0;
}

int gen_new(const struct gen_options *options, struct gen **ret_g,
            struct fault *fault)
{
    int rc = check_options(options, fault);
    if (rc != 0)
        return rc;
    struct gen *g = calloc(1, sizeof *g);
    if (g == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    g->options = *options;
    g->ops = models[options->model];
    fill_options(g);
    g->ms = g->options.every_ns % INT64_C(1000000000) != 0 ||
            options->model == GEN_CARDS;
    g->row.time_ns = g->options.start_ns;
    g->held_due = UINT64_MAX;
    line_time_init(&g->line_time);
    line_time_init(&g->label_time);
    noise_init(&g->noise);
    seed(g);
    incident_init(g);
    rc = check_times(g, fault);
    if (rc == 0) {
        rc = g->ops->open(g);
        if (rc == 0)
            rc = allocate(g);
        if (rc != 0)
            (void)fault_set(fault, rc, "out of memory");
    }
    if (rc != 0) {
        gen_free(g);
        return rc;
    }
    *ret_g = g;
    return 0;
}

void gen_free(struct gen *g)
{
    if (g->held != NULL)
        for (uint32_t i = 0; i < GEN_HELD_MAX; i++)
            buf_release(&g->held[i].text);
    free(g->held);
    free(g->row.value);
    free(g->row.missing);
    free(g->incident);
    free(g->column);
    free(g->model);
    free(g);
}

/* -------------------------------------------------------------- records */

int gen_header(struct gen *g, struct buf *out, struct buf *labels)
{
    int rc = record_header(g, out);
    if (rc == 0 && g->options.labels == GEN_LABELS_APART)
        rc = record_label_header(labels);
    return rc;
}

/* A line is out: its label goes beside it. */
static int count_record(struct gen *g, const struct gen_label *label,
                        struct buf *labels)
{
    int rc = 0;
    if (g->options.labels == GEN_LABELS_APART && label->kind != GEN_ORDINARY)
        rc = record_label(g, label, labels);
    g->written++;
    return rc != 0 ? rc : 1;
}

/* The row as a line at the end of `out`. */
static int write_row(struct gen *g, enum gen_kind kind, struct buf *out)
{
    int rc = buf_reserve(out, g->line_bytes_max);
    if (rc != 0)
        return rc;
    char *begin = (char *)out->data + out->length;
    char *end = kind == GEN_MALFORMED
                    ? damage_write(g, begin)
                    : record_write(g, begin, kind, GEN_NO_COLUMN);
    check((size_t)(end - begin) <= g->line_bytes_max);
    *end = '\0';
    out->length += (size_t)(end - begin);
    return 0;
}

static void find_held_due(struct gen *g)
{
    g->held_due = UINT64_MAX;
    for (uint32_t i = 0; i < g->held_count; i++)
        if (g->held[i].due < g->held_due)
            g->held_due = g->held[i].due;
}

/* Keeps the row as a line for later. */
static int hold_row(struct gen *g, enum gen_kind kind, uint64_t wait)
{
    struct gen_held *h = &g->held[g->held_count];
    h->due = g->written + wait;
    h->label = incident_single(g, kind);
    buf_reset(&h->text);
    int rc = write_row(g, kind, &h->text);
    if (rc != 0)
        return rc;
    g->held_count++;
    if (h->due < g->held_due)
        g->held_due = h->due;
    return 0;
}

/* The held line whose turn is first. */
static int write_held(struct gen *g, struct buf *out, struct buf *labels)
{
    uint32_t i = 0;
    while (g->held[i].due != g->held_due)
        i++;
    struct gen_held h = g->held[i];
    int rc = buf_append(out, h.text.data, h.text.length);
    if (rc != 0)
        return rc;
    g->held[i] = g->held[--g->held_count];
    g->held[g->held_count] = h;
    find_held_due(g);
    return count_record(g, &h.label, labels);
}

static void draw_missing(struct gen *g)
{
    if (g->options.missing == 0)
        return;
    for (uint32_t c = 0; c < g->column_count; c++)
        g->row.missing[c] = rng_unit(&g->rng_trouble) < g->options.missing;
}

static void make_row(struct gen *g)
{
    uint64_t from = g->options.drift_at;
    bool drifts = g->written >= from && from != GEN_NO_DRIFT;
    double progress = drifts ? (double)(g->written - from) / DRIFT_RECORDS : 0;
    g->drift = progress < 1 ? progress : 1;
    g->ops->row(g);
    draw_missing(g);
    if (drifts && !g->drift_told) {
        g->drift_told = true;
        g->row.label = incident_single(g, GEN_DRIFT);
    }
}

/* Which trouble befalls an ordinary record. */
static enum gen_kind draw_trouble(struct gen *g)
{
    const struct gen_options *o = &g->options;
    if (g->row.label.kind != GEN_ORDINARY ||
        o->malformed + o->late + o->duplicates == 0)
        return GEN_ORDINARY;
    double u = rng_unit(&g->rng_trouble);
    bool room = g->held_count < GEN_HELD_MAX &&
                (o->rows == 0 || g->written + g->held_count + 1 < o->rows);
    if (u < o->malformed)
        return GEN_MALFORMED;
    if (u < o->malformed + o->late && room)
        return GEN_LATE;
    if (u >= o->malformed + o->late &&
        u < o->malformed + o->late + o->duplicates && room)
        return GEN_DUPLICATE;
    return GEN_ORDINARY;
}

static uint64_t draw_wait(struct gen *g, enum gen_kind kind)
{
    return kind == GEN_LATE ? LATE_MIN + rng_below(&g->rng_trouble, LATE_SPAN)
                            : 1 + rng_below(&g->rng_trouble, AGAIN_SPAN);
}

int gen_next(struct gen *g, struct buf *out, struct buf *labels)
{
    uint64_t rows = g->options.rows;
    for (;;) {
        bool last = rows != 0 && g->written + g->held_count >= rows;
        if (last && g->held_count == 0)
            return 0;
        if (last || g->held_due <= g->written)
            return write_held(g, out, labels);
        make_row(g);
        enum gen_kind trouble = draw_trouble(g);
        int rc = 0;
        if (trouble == GEN_LATE || trouble == GEN_DUPLICATE)
            rc = hold_row(g, trouble, draw_wait(g, trouble));
        if (rc != 0)
            return rc;
        if (trouble == GEN_LATE)
            continue;
        if (trouble == GEN_MALFORMED)
            g->row.label = incident_single(g, GEN_MALFORMED);
        rc = write_row(g, g->row.label.kind, out);
        return rc != 0 ? rc : count_record(g, &g->row.label, labels);
    }
}

uint64_t gen_written(const struct gen *g)
{
    return g->written;
}
