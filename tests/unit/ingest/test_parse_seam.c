#include "engine/ingest/parse_seam.h"
#include "tests/unit/ingest/support.h"

struct seen {
    char text[2048];
    uint32_t leaves;
};

static int note(void *context, const struct json_leaf *leaf)
{
    struct seen *s = context;
    size_t used = strlen(s->text);
    s->leaves++;
    snprintf(s->text + used, sizeof s->text - used, "%.*s%s=%d:%.*s;",
             (int)leaf->path_bytes, leaf->path, leaf->in_array ? "*" : "",
             (int)leaf->kind, (int)leaf->text_bytes, leaf->text);
    return 0;
}

static int visit_n(const char *json, size_t n, struct seen *s)
{
    *s = (struct seen){ 0 };
    struct json_parser *p = json_parser_new();
    char *padded = calloc(1, n + JSON_PADDING_BYTES);
    const struct json_visitor v = { note, s };
    memcpy(padded, json, n);
    int rc = json_parser_visit(p, padded, n, &v);
    free(padded);
    json_parser_free(p);
    return rc;
}

static int visit(const char *json, struct seen *s)
{
    return visit_n(json, strlen(json), s);
}

Test(parse_seam, leaves_have_dotted_paths)
{
    struct seen s;
    cr_assert_eq(visit("{\"a\":{\"b\":1.50,\"c\":[true,{\"d\":null}]},"
                       "\"e.f\":\"x\\n\\u00e9\",\"g\":{},\"h\":[],\"i\":false}",
                       &s),
                 0);
    cr_expect_str_eq(s.text, "a.b=2:1.50;a.c.0*=3:true;a.c.1.d*=5:null;"
                             "e.f=1:x\n\xc3\xa9;i=4:false;");
}

Test(parse_seam, big_numbers_are_numbers)
{
    struct seen s;
    cr_assert_eq(visit("{\"a\":123456789012345678901234567890,\"b\":1e400,"
                       "\"c\":-0.0e-7}",
                       &s),
                 0);
    cr_expect_str_eq(s.text, "a=2:123456789012345678901234567890;b=2:1e400;"
                             "c=2:-0.0e-7;");
}

Test(parse_seam, everything_that_is_no_json_object_is_refused)
{
    static const char *const bad[] = {
        "",
        " ",
        "1",
        "[]",
        "null",
        "\"a\"",
        "{",
        "}",
        "{}}",
        "{}{}",
        "{} 1",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"junk\":tru}",
        "{\"a\":1,\"junk\":truex}",
        "{\"a\":nulll}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":01e}",
        "{\"a\":1e}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":-}",
        "{\"a\":0x10}",
        "{\"a\":1 2}",
        "{\"a\":\"b}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\\ud800\":1}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\xff\"}",
        "{\"\xff\":1}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":[}",
        "{\"a\":[1}",
        "{\"a\":{\"b\":1]}",
        "{\"a\":[1,2}}",
        "{\"a\":1]",
        "{,}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\"::1}",
        "{1:2}",
        "{\"a\":{\"b\":1}",
        "{\"a\":1}x",
        "x{\"a\":1}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct seen s;
        cr_expect_eq(visit(bad[i], &s), ERR_INVALID, "%s", bad[i]);
    }
}

Test(parse_seam, depth_64_is_the_last)
{
    for (int depth = 63; depth <= 66; depth++) {
        struct buf json;
        struct seen s;
        buf_init(&json, 4096);
        buf_append_text(&json, "{\"a\":");
        for (int i = 1; i < depth; i++)
            buf_append_text(&json, i % 2 ? "[" : "{\"b\":");
        buf_append_char(&json, '1');
        for (int i = depth - 1; i >= 1; i--)
            buf_append_char(&json, i % 2 ? ']' : '}');
        buf_append_char(&json, '}');
        cr_expect_eq(visit(buf_text(&json), &s), depth <= 64 ? 0 : ERR_LIMIT,
                     "%d", depth);
        buf_release(&json);
    }
}

Test(parse_seam, very_deep_records_are_refused_without_harm)
{
    size_t n = 300000;
    char *json = malloc(n);
    struct seen s;
    memset(json, '[', n);
    json[0] = '{';
    json[1] = json[3] = '"';
    json[4] = ':';
    cr_expect_lt(visit_n(json, n, &s), 0);
    free(json);
}

static int refuse(void *context, const struct json_leaf *leaf)
{
    (void)context;
    return leaf->kind == JSON_NUMBER ? ERR_CANCELED : 0;
}

Test(parse_seam, a_visitor_can_end_the_visit)
{
    char json[128] = "{\"a\":\"x\",\"b\":1}";
    struct json_parser *p = json_parser_new();
    const struct json_visitor v = { refuse, NULL };
    cr_expect_eq(json_parser_visit(p, json, strlen(json), &v), ERR_CANCELED);
    json_parser_free(p);
}

Test(parse_seam, a_parser_serves_records_of_any_size_in_any_order)
{
    struct json_parser *p = json_parser_new();
    for (size_t size = 1; size < 200000;
         size = size % 3 ? size * 2 : size + 1) {
        struct buf json;
        struct seen s = { 0 };
        const struct json_visitor v = { note, &s };
        buf_init(&json, 1u << 20);
        buf_append_text(&json, "{\"k\":\"");
        for (size_t i = 0; i < size; i++)
            buf_append_char(&json, 'x');
        buf_append_text(&json, "\",\"n\":7}");
        size_t n = json.length;
        cr_assert_eq(buf_reserve(&json, JSON_PADDING_BYTES), 0);
        cr_assert_eq(json_parser_visit(p, buf_text(&json), n, &v), 0);
        cr_assert_eq(s.leaves, 2);
        buf_release(&json);
        if (size > 60000)
            break;
    }
    json_parser_free(p);
}
