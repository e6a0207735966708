#include "proto/base/rng.h"
#include "tests/unit/ingest/support.h"

static struct schema *rich_schema(void)
{
    const char *key[] = { "name", "pid" }, *words[] = { "-", "n\"a\\\n" };
    struct schema_options o = { .key = { .items = key, .count = 2 },
                                .missing = { .items = words, .count = 2 },
                                .time = "when",
                                .time_format = "%d/%m/%Y" };
    return infer_with("\xef\xbb\xbfwhen;name;\"p\"\"\xc3\xa9\";pid;v\n"
                      "04/07/2016;a;1.5;7;1\n05/07/2016;b;2.5;8;-\n",
                      &o);
}

static void to_json(const struct schema *s, struct buf *out)
{
    buf_init(out, 1u << 20);
    cr_assert_eq(schema_to_json(s, out), 0);
}

static int from_json(const char *json, struct schema **ret_s)
{
    struct fault fault;
    return schema_from_json(json, strlen(json), ret_s, &fault);
}

Test(schema_json, everything_comes_back)
{
    struct schema *s = rich_schema(), *back = NULL;
    struct buf json, again;
    to_json(s, &json);
    cr_assert_eq(from_json(buf_text(&json), &back), 0, "%s", buf_text(&json));
    cr_assert_not_null(back);
    if (back == NULL)
        return;
    cr_expect_eq(schema_compare(s, back, NULL), 0);
    to_json(back, &again);
    cr_expect_str_eq(buf_text(&json), buf_text(&again));
    cr_expect_eq(back->data_start, s->data_start);
    cr_expect_eq(back->data_line, 2);
    cr_expect_eq(back->delimiter, ';');
    cr_expect(back->header);
    cr_expect_eq(back->key_column, 1);
    cr_expect_eq(back->key_count, 2);
    cr_expect_str_eq(back->time_format, "%d/%m/%Y");
    cr_expect_eq(back->missing_count, 2);
    cr_expect_str_eq(back->missing[1], "n\"a\\\n");
    cr_expect_str_eq(back->column[2].name, "p\"\xc3\xa9");
    cr_expect_str_eq(back->column[0].reason, s->column[0].reason);
    cr_expect_eq(column_named(back, "v")->type, COLUMN_BINARY);
    schema_free(s);
    schema_free(back);
    buf_release(&json);
    buf_release(&again);
}

Test(schema_json, damaged_text_is_refused)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[1]",
        "{\"version\":2}",
        "{\"version\":1,\"format\":1,\"columns\":[],\"features\":[0]}",
        "{\"version\":1,\"format\":1,\"columns\":[{\"type\":1,\"role\":1,"
        "\"name\":\"a\",\"reason\":\"\"}],\"features\":[1]}",
        "{\"version\":1,\"format\":1,\"columns\":[{\"type\":1,\"role\":1,"
        "\"name\":\"a\",\"reason\":\"\"},{\"type\":1,\"role\":1,\"name\":\"b\","
        "\"reason\":\"\"}],\"features\":[1,0]}",
        "{\"version\":1,\"format\":9,\"columns\":[{\"type\":1,\"role\":1,"
        "\"name\":\"a\",\"reason\":\"\"}],\"features\":[0]}",
        "{\"version\":1,\"format\":1,\"columns\":[{\"type\":99,\"role\":1,"
        "\"name\":\"a\",\"reason\":\"\"}],\"features\":[0]}",
        "{\"version\":1,\"format\":1,\"time_column\":7,\"time_kind\":1,"
        "\"columns\":[{\"type\":1,\"role\":1,\"name\":\"a\",\"reason\":\"\"}],"
        "\"features\":[0]}",
    };
    struct schema *s;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(from_json(bad[i], &s), ERR_CORRUPT, "%s", bad[i]);
}

/* Whatever bytes are flipped: refused, or something consistent. */
Test(schema_json, flipped_bytes_do_no_harm)
{
    struct schema *s = rich_schema(), *back;
    struct buf json;
    uint64_t seed = seed_any();
    struct rng rng;
    rng_init(&rng, &seed, 1);
    to_json(s, &json);
    for (uint32_t i = 0; i < 5000; i++) {
        char *copy = strdup(buf_text(&json));
        for (uint64_t k = rng_below(&rng, 4); k < 4; k++) {
            static const char bytes[] = "0123456789{}[],:\"\\abc.";
            copy[rng_below(&rng, json.length)] =
                bytes[rng_below(&rng, sizeof bytes - 1)];
        }
        struct fault fault;
        if (schema_from_json(copy, json.length, &back, &fault) == 0) {
            for (uint32_t f = 0; f < back->feature_count; f++)
                cr_assert_lt(back->feature[f], back->column_count);
            schema_free(back);
        }
        free(copy);
    }
    schema_free(s);
    buf_release(&json);
}
