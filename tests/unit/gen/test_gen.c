/* Whole streams: repeatability, counts, labels. */
#include "proto/base/hash.h"
#include "tests/lib/seed.h"
#include "tools/gen/gen.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct gen_options usual(enum gen_model model)
{
    return (struct gen_options){
        .model = model,
        .format = GEN_CSV,
        .labels = GEN_LABELS_COLUMN,
        .rows = 10000,
        .seed = 1,
        .start_ns = INT64_C(1767225600000000000), /* 2026-01-01 */
        .anomalies = 0.01,
        .kinds = GEN_INJECTED,
        .drift_at = GEN_NO_DRIFT,
    };
}

static struct gen_options troubled(enum gen_model model)
{
    struct gen_options o = usual(model);
    o.labels = GEN_LABELS_APART;
    o.duplicates = 0.02;
    o.late = 0.03;
    o.malformed = 0.01;
    o.missing = 0.05;
    o.drift_at = 6000;
    return o;
}

struct made {
    struct buf out, labels;
};

static struct made make(const struct gen_options *o)
{
    struct made m;
    struct gen *g;
    struct fault fault = { 0 };
    int more = 1;
    buf_init(&m.out, (size_t)64 << 20);
    buf_init(&m.labels, (size_t)64 << 20);
    cr_assert_eq(gen_new(o, &g, &fault), 0, "%s", fault.text);
    cr_assert_eq(gen_header(g, &m.out, &m.labels), 0);
    while (more > 0)
        more = gen_next(g, &m.out, &m.labels);
    cr_assert_eq(more, 0);
    cr_assert_eq(gen_written(g), o->rows);
    gen_free(g);
    return m;
}

static void release(struct made *m)
{
    buf_release(&m->out);
    buf_release(&m->labels);
}

static uint64_t lines_of(const struct buf *b)
{
    uint64_t n = 0;
    for (size_t i = 0; i < b->length; i++)
        n += b->data[i] == '\n';
    return n;
}

static uint64_t hash_of(const struct buf *b)
{
    return hash_bytes(0, b->data, b->length);
}

/* The bytes belong to the version: other values mean that what people
 * generate is another stream now, and want a line in the CHANGELOG. */
Test(gen, the_same_options_give_the_golden_bytes)
{
    static const struct {
        enum gen_model model;
        enum gen_format format;
        uint64_t hash, labels;
    } golden[] = {
        { GEN_CARDS, GEN_CSV, UINT64_C(0x20f93f3311de51c2),
          UINT64_C(0x4fd9d6c0540f8914) },
        { GEN_CARDS, GEN_NDJSON, UINT64_C(0x4b010b3b27bc6a08),
          UINT64_C(0x883e285744464e16) },
        { GEN_SENSORS, GEN_CSV, UINT64_C(0x47f311cc01854277),
          UINT64_C(0xd4da5b84341664f0) },
        { GEN_SENSORS, GEN_NDJSON, UINT64_C(0x09b865a4bd21adfe),
          UINT64_C(0x5fe8c29f1fca1304) },
        { GEN_MACHINES, GEN_CSV, UINT64_C(0x0790f01a6aaeada3),
          UINT64_C(0x4eda0df35c64a78b) },
        { GEN_MACHINES, GEN_NDJSON, UINT64_C(0xc555e2d16b6fb6be),
          UINT64_C(0xd2f0fba7c73d9293) },
    };
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        struct gen_options o = troubled(golden[i].model);
        o.format = golden[i].format;
        struct made m = make(&o);
        cr_expect_eq(hash_of(&m.out), golden[i].hash,
                     "%zu: 0x%016" PRIx64 " instead of 0x%016" PRIx64, i,
                     hash_of(&m.out), golden[i].hash);
        cr_expect_eq(hash_of(&m.labels), golden[i].labels,
                     "%zu labels: 0x%016" PRIx64 " instead of 0x%016" PRIx64, i,
                     hash_of(&m.labels), golden[i].labels);
        release(&m);
    }
}

Test(gen, another_seed_gives_other_bytes)
{
    struct gen_options o = usual(GEN_SENSORS);
    struct made first = make(&o);
    o.seed = 2;
    struct made second = make(&o);
    cr_expect_neq(hash_of(&first.out), hash_of(&second.out));
    release(&first);
    release(&second);
}

Test(gen, a_shorter_stream_is_the_beginning_of_a_longer_one)
{
    struct gen_options o = usual(GEN_CARDS);
    struct made longer = make(&o);
    o.rows = 777;
    struct made shorter = make(&o);
    cr_assert_lt(shorter.out.length, longer.out.length);
    cr_expect_eq(memcmp(shorter.out.data, longer.out.data, shorter.out.length),
                 0);
    release(&longer);
    release(&shorter);
}

Test(gen, there_are_as_many_records_as_were_asked_for_whatever_befalls_them)
{
    struct rng r = seed_rng(seed_any());
    for (uint32_t i = 0; i < 60; i++) {
        struct gen_options o = troubled(1 + i % 3);
        o.seed = rng_next(&r);
        o.format = rng_unit(&r) < 0.5 ? GEN_CSV : GEN_NDJSON;
        o.rows = 1 + rng_below(&r, 400);
        o.keys = 1 + (uint32_t)rng_below(&r, 30);
        o.anomalies = rng_unit(&r) * 0.2;
        o.duplicates = rng_unit(&r) * 0.2;
        o.late = rng_unit(&r) * 0.2;
        o.malformed = rng_unit(&r) * 0.2;
        o.drift_at = 1 + rng_below(&r, 400);
        if (o.model == GEN_SENSORS)
            o.columns = 1 + (uint32_t)rng_below(&r, 40);
        struct made m = make(&o);
        cr_assert_eq(lines_of(&m.out), o.rows + (o.format == GEN_CSV ? 1 : 0));
        release(&m);
    }
}

/* The label line's row, kind and line number. */
struct told {
    uint64_t row, line;
    char kind[16];
};

static bool next_told(const char **at, struct told *t)
{
    char label;
    if (**at == '\0')
        return false;
    cr_assert_eq(sscanf(*at, "%" SCNu64 ",%" SCNu64 ",%c,%15[a-z]", &t->row,
                        &t->line, &label, t->kind),
                 4, "%.60s", *at);
    *at = strchr(*at, '\n') + 1;
    return true;
}

static double told_count(const struct made *m, const char *kind)
{
    struct told t;
    double n = 0;
    const char *at = strchr(buf_text(&m->labels), '\n') + 1;
    while (next_told(&at, &t))
        n += strcmp(t.kind, kind) == 0;
    return n;
}

Test(gen, every_trouble_has_about_its_share_and_its_label)
{
    for (int model = GEN_CARDS; model <= GEN_MACHINES; model++) {
        struct gen_options o = troubled((enum gen_model)model);
        o.rows = 50000;
        struct made m = make(&o);
        cr_expect_float_eq(told_count(&m, "malformed") / 5e4, 0.01, 0.002);
        cr_expect_float_eq(told_count(&m, "late") / 5e4, 0.03, 0.004);
        cr_expect_float_eq(told_count(&m, "duplicate") / 5e4, 0.02, 0.003);
        cr_expect_float_eq(told_count(&m, "spike") / 5e4, 0.004, 0.001);
        cr_expect_gt(told_count(&m, "shift"), 50);
        cr_expect_gt(told_count(&m, "correlation"), 50);
        cr_expect_gt(told_count(&m, "gap"), 5);
        cr_expect_eq(told_count(&m, "drift"), 1);
        release(&m);
    }
}

static const char *line_at(const struct buf *b, uint64_t line)
{
    const char *p = buf_text(b);
    for (uint64_t i = 1; i < line; i++)
        p = strchr(p, '\n') + 1;
    return p;
}

Test(gen, labels_name_the_line_of_their_record)
{
    struct gen_options o = troubled(GEN_SENSORS);
    o.rows = 2000;
    o.keys = 1; /* each record has its own time */
    o.missing = o.malformed = o.anomalies = 0;
    struct made m = make(&o);
    struct told t;
    uint64_t late = 0;
    const char *at = strchr(buf_text(&m.labels), '\n') + 1;
    while (next_told(&at, &t)) {
        const char *line = line_at(&m.out, t.line);
        size_t n = (size_t)(strchr(line, '\n') - line);
        cr_assert_eq(t.line, t.row + 2);
        if (strcmp(t.kind, "duplicate") == 0) {
            uint32_t same = 0;
            for (uint64_t back = 1; back <= 25 && back < t.row; back++) {
                const char *other = line_at(&m.out, t.line - back);
                same += strncmp(other, line, n + 1) == 0;
            }
            cr_assert_eq(same, 1, "line %" PRIu64, t.line);
        } else if (strcmp(t.kind, "late") == 0) {
            bool younger = false;
            for (uint64_t back = 1; back <= 10; back++)
                younger |=
                    strncmp(line, line_at(&m.out, t.line - back), 19) < 0;
            cr_assert(younger, "line %" PRIu64, t.line);
            late++;
        }
    }
    cr_expect_gt(late, 20);
    release(&m);
}

Test(gen, the_label_column_says_the_same_as_the_file)
{
    struct gen_options o = usual(GEN_MACHINES);
    o.late = o.duplicates = 0.02;
    struct made column = make(&o);
    o.labels = GEN_LABELS_APART;
    struct made apart = make(&o);
    struct told t;
    const char *at = strchr(buf_text(&apart.labels), '\n') + 1;
    const char *line = strchr(buf_text(&column.out), '\n') + 1;
    bool more = next_told(&at, &t);
    for (uint64_t row = 0; row < o.rows; row++) {
        const char *end = strchr(line, '\n');
        char want[24] = "";
        if (more && t.row == row) {
            bool strange = t.kind[0] == 's' || t.kind[0] == 'c';
            (void)snprintf(want, sizeof want, ",%d,%s", strange, t.kind);
            more = next_told(&at, &t);
        } else {
            (void)snprintf(want, sizeof want, ",0,");
        }
        size_t n = strlen(want);
        cr_assert_eq(strncmp(end - n, want, n), 0, "row %" PRIu64 ": %.*s", row,
                     (int)(end - line), line);
        line = end + 1;
    }
    cr_expect_not(more);
    release(&column);
    release(&apart);
}

/* Troubles are drawn apart: the values stay. */
Test(gen, troubles_do_not_change_the_other_records)
{
    struct gen_options o = usual(GEN_SENSORS);
    o.labels = GEN_LABELS_NONE;
    struct made plain = make(&o);
    o.malformed = 0.1;
    struct made spoilt = make(&o);
    const char *a = buf_text(&plain.out), *b = buf_text(&spoilt.out);
    uint64_t same = 0;
    while (*a != '\0') {
        size_t n = (size_t)(strchr(a, '\n') - a) + 1;
        same += strncmp(a, b, n) == 0;
        a += n;
        b = strchr(b, '\n') + 1;
    }
    cr_expect_float_eq((double)same / 10001, 0.9, 0.02);
    release(&plain);
    release(&spoilt);
}

Test(gen, a_drift_moves_what_is_usual_and_nothing_before_it)
{
    struct gen_options o = usual(GEN_SENSORS);
    o.labels = GEN_LABELS_NONE;
    o.rows = 40000;
    o.anomalies = 0;
    struct made still = make(&o);
    o.drift_at = 20000;
    struct made moved = make(&o);
    size_t before = (size_t)(line_at(&still.out, 20002) - buf_text(&still.out));
    cr_expect_eq(memcmp(still.out.data, moved.out.data, before), 0);
    cr_expect_neq(
        strcmp(line_at(&still.out, 30000), line_at(&moved.out, 30000)), 0);
    release(&still);
    release(&moved);
}

Test(gen, what_does_not_go_together_is_refused)
{
    struct gen *g;
    struct fault fault = { 0 };
    struct gen_options o = usual(GEN_CARDS);
    o.columns = 5;
    cr_expect_eq(gen_new(&o, &g, &fault), ERR_USAGE);
    cr_expect_not_null(strstr(fault.text, "--columns"), "%s", fault.text);
    o = usual(GEN_SENSORS);
    o.late = o.malformed = o.duplicates = 0.4;
    cr_expect_eq(gen_new(&o, &g, &fault), ERR_USAGE);
    cr_expect_not_null(strstr(fault.text, "more than 1"), "%s", fault.text);
    o = usual(GEN_SENSORS);
    o.rows = UINT64_C(1000000000000000);
    o.every_ns = INT64_C(86400000000000);
    cr_expect_eq(gen_new(&o, &g, &fault), ERR_USAGE);
    cr_expect_not_null(strstr(fault.text, "2261"), "%s", fault.text);
}
