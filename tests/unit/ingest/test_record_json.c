#include "tests/unit/ingest/support.h"

static const char *json_of(const struct schema *s, const char *record)
{
    static struct buf out;
    size_t n = strlen(record);
    uint8_t *padded = calloc(1, n + 1 + BLOCK_PADDING_BYTES);
    memcpy(padded, record, n + 1);
    buf_release(&out);
    buf_init(&out, 1u << 20);
    int rc = record_to_json(s, padded, n, &out);
    free(padded);
    return rc == 0 ? buf_text(&out) : "failed";
}

Test(record_json, csv_fields_are_texts_under_their_names)
{
    struct schema *s = infer("name,v,\"q\"\"\"\nx,1.5,2\ny,2.5,3\n");
    cr_expect_str_eq(
        json_of(s, "\"a,\"\"b\nc\",1.50,7"),
        "{\"name\":\"a,\\\"b\\nc\",\"v\":\"1.50\",\"q\\\"\":\"7\"}");
    cr_expect_str_eq(json_of(s, "NA,NA,"),
                     "{\"name\":\"NA\",\"v\":null,\"q\\\"\":null}");
    cr_expect_str_eq(json_of(s, "x"),
                     "{\"name\":\"x\",\"v\":null,\"q\\\"\":null}");
    cr_expect_str_eq(json_of(s, "x,1,2,3"),
                     "{\"name\":\"x\",\"v\":\"1\",\"q\\\"\":\"2\"}");
    cr_expect_str_eq(json_of(s, "\xff\xc3\xa9\x01\\,1,2"),
                     "{\"name\":\"\xef\xbf\xbd\xc3\xa9\\u0001\\\\\","
                     "\"v\":\"1\",\"q\\\"\":\"2\"}");
    schema_free(s);
}

Test(record_json, ndjson_fields_come_in_column_order_and_others_behind)
{
    struct schema *s = infer("{\"a\":{\"b\":1.5},\"k\":\"x\",\"t\":true}\n"
                             "{\"a\":{\"b\":2.5},\"k\":\"y\",\"t\":false}\n");
    cr_expect_str_eq(
        json_of(s, "{\"new\":{\"z\":7},\"t\":false,\"l\":[1,2],\"a.b\":1e400,"
                   "\"a\":{\"b\":3}}"),
        "{\"a.b\":\"1e400\",\"k\":null,\"t\":\"0\",\"new.z\":\"7\"}");
    cr_expect_str_eq(json_of(s, "{\"a\":tru}"), "failed");
    schema_free(s);
}

Test(record_json, a_record_that_fails_leaves_the_buffer_as_it_was)
{
    struct schema *s = infer("{\"a\":1.5}\n{\"a\":2.5}\n");
    uint8_t text[8 + BLOCK_PADDING_BYTES] = "{\"a\":1,x";
    struct buf out;
    buf_init(&out, 1u << 20);
    buf_append_text(&out, "before");
    cr_expect_eq(record_to_json(s, text, 8, &out), ERR_INVALID);
    cr_expect_str_eq(buf_text(&out), "before");
    buf_release(&out);
    schema_free(s);
}
