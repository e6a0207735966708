#include "proto/base/rng.h"
#include "tests/unit/ingest/support.h"

#include <math.h>

static const char sample[] =
    "{\"t\":1446249499322,\"k\":\"a\",\"v\":1.5,\"n\":{\"x\":1,\"y\":true}}\n"
    "{\"t\":1446249499422,\"k\":\"b\",\"v\":2.5,\"n\":{\"x\":5,\"y\":false}}\n";

static struct schema *sample_schema(void)
{
    const char *key[] = { "k" };
    struct schema_options o = { .key = { .items = key, .count = 1 } };
    return infer_with(sample, &o);
}

Test(ndjson, values_find_their_columns_in_any_order)
{
    struct schema *s = sample_schema();
    struct block *b =
        parse(s, "{\"n\":{\"y\":true,\"x\":\"7\"},\"v\":-1,\"k\":\"\\u00e9\","
                 "\"new\":[1,{\"z\":2}],\"t\":1446249499322}\n"
                 "{\"v\":null,\"k\":5}\n");
    cr_assert_eq(s->feature_count, 3);
    cr_assert_eq(b->rows, 2);
    cr_expect_eq(value(b, 0, 0), -1);
    cr_expect_eq(value(b, 0, 1), 7, "quoted numbers are numbers");
    cr_expect_eq(value(b, 0, 2), 1, "booleans are 0 and 1");
    cr_expect_eq(b->time_ns[0], 1446249499322000000);
    for (uint32_t c = 0; c < 3; c++)
        cr_expect(isnan(value(b, 1, c)), "absent is missing");
    cr_expect_eq(b->time_ns[1], INT64_MIN);
    cr_expect_str_eq(buf_text(&b->key_text), "\xc3\xa9"
                                             "5");
    cr_expect_eq(b->key_offset[1], 2);
    block_unref(b);
    schema_free(s);
}

Test(ndjson, bad_records_say_why_and_the_others_become_rows)
{
    struct schema *s = sample_schema();
    struct buf text;
    buf_init(&text, 1u << 20);
    buf_append_text(&text,
                    "{\"v\":1}\n{\"v\":1,\"junk\":tru}\n[1]\n"
                    "{\"v\":\"abc\"}\n{\"t\":\"soon\"}\nnonsense\n{\"v\":2");
    buf_append_text(&text, "}\n{\"d\":");
    for (int i = 0; i < 64; i++)
        buf_append_char(&text, '[');
    for (int i = 0; i < 64; i++)
        buf_append_char(&text, ']');
    buf_append_text(&text, "}\n{\"v\":3}");
    struct block *b = parse(s, buf_text(&text));
    const uint8_t expected[] = { BAD_NONE,         BAD_JSON,  BAD_JSON,
                                 BAD_NOT_A_NUMBER, BAD_TIME,  BAD_JSON,
                                 BAD_NONE,         BAD_DEPTH, BAD_NONE };
    cr_assert_eq(b->records, sizeof expected);
    cr_expect_arr_eq(b->status, expected, sizeof expected);
    cr_expect_eq(b->rows, 3);
    cr_expect_eq(value(b, 2, 0), 3);
    cr_expect(b->open_end);
    block_unref(b);
    buf_release(&text);
    schema_free(s);
}

Test(ndjson, of_two_equal_paths_the_first_wins)
{
    struct schema *s = infer("{\"a.b\":1.5,\"a\":{\"b\":2},\"c\":1}\n"
                             "{\"a.b\":2.5,\"a\":{\"b\":2},\"c\":7}\n");
    cr_expect_eq(s->column_count, 2);
    cr_expect(strstr(s->hint, "a.b comes twice") != NULL, "%s", s->hint);
    struct block *b = parse(s, "{\"a\":{\"b\":2},\"a.b\":1}\n"
                               "{\"c\":1,\"c\":\"x\"}\n");
    cr_assert_eq(b->rows, 2);
    cr_expect_eq(value(b, 0, 0), 2);
    cr_expect_eq(value(b, 1, 1), 1);
    block_unref(b);
    schema_free(s);
}

Test(ndjson, arrays_count_only_when_named)
{
    const char *text = "{\"v\":1.5,\"p\":[10,20],\"q\":[1]}\n"
                       "{\"v\":2.5,\"p\":[11,22,33],\"q\":[2]}\n";
    struct schema *s = infer(text);
    cr_expect_eq(s->column_count, 1);
    schema_free(s);

    const char *item[] = { "p.1" };
    struct schema_options o = { .also = { .items = item, .count = 1 } };
    s = infer_with(text, &o);
    cr_expect_eq(s->feature_count, 2);
    struct block *b = parse(s, text);
    cr_expect_eq(value(b, 1, 1), 22);
    block_unref(b);
    schema_free(s);

    const char *all[] = { "p" };
    o.also.items = all;
    s = infer_with(text, &o);
    cr_expect_eq(s->feature_count, 4);
    b = parse(s, text);
    cr_expect(isnan(value(b, 0, 3)));
    cr_expect_eq(value(b, 1, 3), 33);
    block_unref(b);
    schema_free(s);
}

Test(ndjson, keys_with_nul_and_odd_escapes_do_no_harm)
{
    struct schema *s = sample_schema();
    struct block *b =
        parse(s, "{\"v\\u0000bcd\":1,\"\":2,\"n\":{\"\":3},\"\\u0076\":4}\n");
    cr_assert_eq(b->rows, 1);
    cr_expect_eq(value(b, 0, 0), 4, "\\u0076 is v");
    block_unref(b);
    schema_free(s);
}

static void random_number(struct rng *rng, char *out, size_t size)
{
    static const char *const odd[] = { "0",
                                       "-0",
                                       "1e400",
                                       "-1e400",
                                       "1e-400",
                                       "123456789012345678901234567890",
                                       "3.4028235e38",
                                       "3.4028236e38",
                                       "1E+2" };
    uint64_t kind = rng_below(rng, 10);
    uint64_t digits = rng_below(rng, 40);
    double x = (rng_unit(rng) - 0.5) * pow(10, (double)digits);
    if (kind == 0)
        snprintf(out, size, "%s",
                 odd[rng_below(rng, sizeof odd / sizeof *odd)]);
    else if (kind < 4)
        snprintf(out, size, "%.0f", x);
    else if (kind < 7)
        snprintf(out, size, "%.17g", x);
    else
        snprintf(out, size, "%.6f", x);
}

/* The same random values as CSV and as NDJSON give the same bytes. */
Test(ndjson, both_formats_give_the_same_features)
{
    struct schema *csv = infer("a,b,c\n1.5,2.5,3.5\n0.5,7.5,9\n");
    struct schema *json = infer("{\"a\":1.5,\"b\":2.5,\"c\":3.5}\n");
    uint64_t seed = seed_any();
    struct rng rng;
    struct buf lines, objects;
    rng_init(&rng, &seed, 1);
    buf_init(&lines, 1u << 26);
    buf_init(&objects, 1u << 26);
    buf_append_text(&lines, "a,b,c\n");
    for (uint32_t i = 0; i < 5000; i++) {
        char v[3][400];
        for (uint32_t c = 0; c < 3; c++)
            random_number(&rng, v[c], sizeof v[c]);
        buf_printf(&lines, "%s,\"%s\",%s\n", v[0], v[1], v[2]);
        buf_printf(&objects, "{\"c\":%s,\"a\":%s,\"b\":\"%s\"}\n", v[2], v[0],
                   v[1]);
    }
    struct block *x = parse(csv, buf_text(&lines));
    struct block *y = parse(json, buf_text(&objects));
    cr_assert_eq(x->rows, 5000);
    cr_assert_eq(y->rows, 5000);
    for (uint32_t i = 0; i < 15000; i++)
        cr_assert(same_float(x->x[i], y->x[i]) && isfinite(x->x[i]) &&
                  !(x->x[i] == 0 && signbit(x->x[i])));
    block_unref(x);
    block_unref(y);
    buf_release(&lines);
    buf_release(&objects);
    schema_free(csv);
    schema_free(json);
}
