/* The input's own columns inside anomalies and candidates: any name, any
 * value. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

TestSuite(view_columns);

static void commit_record(struct store *s, uint64_t batch, const char *record)
{
    struct fixture_batch f;
    fixture_batch(&f, batch);
    struct store_answer answer = fixture_answer(0, "a", 99999, 100000);
    answer.record = record;
    answer.record_bytes = (uint32_t)strlen(record);
    f.b.answer = &answer;
    f.b.answer_count = 1;
    f.b.rows_flagged = 1;
    fixture_commit(s, &f.b);
}

Test(view_columns, any_name_is_a_column_under_its_own_name)
{
    /* name, its form in JSON, the expression to ask for it */
    static const struct {
        const char *name, *json, *quoted;
    } odd[] = {
        { "plain", "plain", "\"plain\"" },
        { "a.b", "a.b", "\"a.b\"" },
        { "with space", "with space", "\"with space\"" },
        { "it's", "it's", "\"it's\"" },
        { "a\"b", "a\\\"b", "\"a\"\"b\"" },
        { "back\\slash", "back\\\\slash", "\"back\\slash\"" },
        { "$", "$", "\"$\"" },
        { "[0]", "[0]", "\"[0]\"" },
        { "5", "5", "\"5\"" },
        { "select", "select", "\"select\"" },
        { "x); drop table answer; --", "x); drop table answer; --",
          "\"x); drop table answer; --\"" },
        { "%s%n", "%s%n", "\"%s%n\"" },
        { "Gr\xc3\xb6\xc3\x9f"
          "e",
          "Gr\\u00f6\\u00dfe",
          "\"Gr\xc3\xb6\xc3\x9f"
          "e\"" },
        { "tab\there", "tab\\there", "\"tab\there\"" },
        { "", "", "\"column_15\"" },
        { "*", "*", "\"*\"" },
    };
    enum { COLUMNS = sizeof odd / sizeof odd[0] };
    struct store_column column[COLUMNS];
    char record[2000] = "{";
    for (int i = 0; i < COLUMNS; i++) {
        column[i] = (struct store_column){ odd[i].name, "text", "out", "" };
        size_t n = strlen(record);
        (void)snprintf(record + n, sizeof record - n, "%s\"%s\":\"v%d\"",
                       i == 0 ? "" : ",", odd[i].json, i);
    }
    record[strlen(record) + 1] = 0;
    record[strlen(record)] = '}';
    const char *path = fixture_path("odd.db");
    struct store *s = fixture_open(path);
    fixture_pin_columns(s, column, COLUMNS);
    commit_record(s, 1, record);
    fixture_close(s, true);
    for (int i = 0; i < COLUMNS; i++) {
        char sql[200];
        char want[8];
        (void)snprintf(sql, sizeof sql, "select %s from anomalies",
                       odd[i].quoted);
        (void)snprintf(want, sizeof want, "v%d", i);
        cr_expect_str_eq(fixture_query(path, sql), want, "%s", odd[i].name);
    }
    fixture_check(path);
}

Test(view_columns, a_name_of_ours_gets_in_and_an_equal_one_gets_a_number)
{
    static const struct store_column column[] = {
        { "Time", "text", "time", "" }, { "flagged", "text", "out", "" },
        { "a", "text", "out", "" },     { "A", "text", "out", "" },
        { "a_2", "text", "out", "" },   { "time_in", "text", "out", "" },
        { "a", "text", "out", "" },     { "unix", "text", "out", "" },
    };
    const char *path = fixture_path("clash.db");
    struct store *s = fixture_open(path);
    fixture_pin_columns(s, column, 8);
    commit_record(s, 1,
                  "{\"Time\":\"v0\",\"flagged\":\"v1\",\"a\":\"v2\","
                  "\"A\":\"v3\",\"a_2\":\"v4\",\"time_in\":\"v5\","
                  "\"a\":\"v6\",\"unix\":\"v7\"}");
    fixture_close(s, true);
    static const char *const view[] = { "anomalies", "candidates" };
    for (int i = 0; i < 2; i++) {
        char sql[200];
        (void)snprintf(sql, sizeof sql,
                       "select Time_in,flagged_in,a,A_2,a_2_2,time_in_2,a_3,"
                       "unix_in from %s",
                       view[i]);
        cr_expect_str_eq(fixture_query(path, sql), "v0|v1|v2|v3|v4|v5|v6|v7");
    }
}

Test(view_columns, numbers_compare_as_numbers_and_missing_is_null)
{
    static const struct {
        const char *json, *want;
    } value[] = {
        { "\"5.2\"", "5.2|real" },        { "\"-7\"", "-7|integer" },
        { "\"1e3\"", "1000|integer" },    { "\"  5 \"", "5|integer" },
        { "\"+4\"", "4|integer" },        { "\".5\"", "0.5|real" },
        { "\"\"", "NULL|null" },          { "\"NA\"", "NULL|null" },
        { "null", "NULL|null" },          { "\"nan\"", "NULL|null" },
        { "\"-\"", "NULL|null" },         { "\"inf\"", "Inf|real" },
        { "\"-Infinity\"", "-Inf|real" }, { "\"true\"", "1|integer" },
        { "\"False\"", "0|integer" },     { "12.5", "12.5|real" },
        { "true", "1|integer" },          { "\"007\"", "7|integer" },
        { "\"NaN1\"", "NULL|null" },
    };
    enum { VALUES = sizeof value / sizeof value[0] };
    static const char *const type[] = { "number", "integer", "0/1" };
    struct store_column column[3];
    for (int i = 0; i < 3; i++) {
        column[i] = (struct store_column){ i == 0   ? "x"
                                           : i == 1 ? "y"
                                                    : "z\"",
                                           type[i], "feature", "" };
    }
    const char *path = fixture_path("numbers.db");
    struct store *s = fixture_open(path);
    fixture_pin_columns(s, column, 3);
    for (uint64_t i = 0; i < VALUES; i++) {
        char record[200];
        (void)snprintf(record, sizeof record,
                       "{\"x\":%s,\"y\":%s,\"z\\\"\":%s}", value[i].json,
                       value[i].json, value[i].json);
        commit_record(s, i + 1, record);
    }
    fixture_close(s, true);
    for (int i = 0; i < VALUES; i++) {
        static const char *const name[] = { "x", "y", "\"z\"\"\"" };
        for (int k = 0; k < 3; k++) {
            char sql[200];
            (void)snprintf(sql, sizeof sql,
                           "select %s,typeof(%s) from anomalies where batch=%d",
                           name[k], name[k], i + 1);
            cr_expect_str_eq(fixture_query(path, sql), value[i].want, "%s %s",
                             value[i].json, name[k]);
        }
    }
    cr_expect_eq(
        fixture_number(path, "select count(*) from anomalies where x>200"), 2);
}

Test(view_columns, text_stays_text)
{
    static const struct store_column column[] = { { "t", "text", "out", "" },
                                                  { "e", "empty", "out", "" } };
    const char *path = fixture_path("text.db");
    struct store *s = fixture_open(path);
    fixture_pin_columns(s, column, 2);
    commit_record(s, 1, "{\"t\":\"007\",\"e\":null}");
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select t,typeof(t),e from anomalies"),
                     "007|text|NULL");
}

Test(view_columns, as_many_columns_as_an_input_may_have)
{
    enum { COLUMNS = 1900 };
    static struct store_column column[COLUMNS];
    static char name[COLUMNS][16];
    for (int i = 0; i < COLUMNS; i++) {
        (void)snprintf(name[i], sizeof name[i], "c%d", i);
        column[i] = (struct store_column){ name[i], "number", "feature", "" };
    }
    const char *path = fixture_path("many.db");
    struct store *s = fixture_open(path);
    fixture_pin_columns(s, column, COLUMNS);
    commit_record(s, 1, "{\"c0\":\"1\",\"c1899\":\"2\"}");
    fixture_close(s, true);
    cr_expect_str_eq(fixture_query(path, "select c0,c7,c1899 from candidates"),
                     "1|NULL|2");
    cr_expect_eq(fixture_number(path, "select count(*) from (select * from "
                                      "candidates)"),
                 1);
}

Test(view_columns, every_sample_query_of_the_readme_runs)
{
    static const struct store_column column[] = {
        { "time", "time", "time", "" },
        { "it's \"x\"", "number", "feature", "" },
        { "CUSTOMER", "integer", "key", "" },
        { "note", "text", "out", "" },
        { "y", "number", "feature", "" },
        { "z", "number", "feature", "" },
        { "w", "number", "feature", "" },
    };
    const char *path = fixture_path("readme.db");
    for (uint32_t columns = 0; columns <= 7; columns += 7) {
        struct store *s = fixture_open(path);
        fixture_pin_columns(s, column, columns);
        if (columns > 0) {
            commit_record(s, 1, "{\"time\":\"x\",\"CUSTOMER\":\"5\"}");
        }
        fixture_close(s, true);
        int64_t n = fixture_number(path, "select count(*) from readme");
        cr_expect_geq(n, 12);
        for (int64_t i = 1; i <= n; i++) {
            char ask[80];
            char sql[4000];
            (void)snprintf(ask, sizeof ask, "select sql from readme where n=%d",
                           (int)i);
            (void)snprintf(sql, sizeof sql, "%s", fixture_query(path, ask));
            cr_expect_gt(strlen(sql), 10);
            (void)fixture_query(path, sql);
        }
    }
    cr_expect_str_eq(fixture_query(path, "select sql from readme where n=2"),
                     "select time,key,\"it's \"\"x\"\"\",\"CUSTOMER\",\"y\","
                     "\"z\",severity,one_in,why,line from anomalies "
                     "order by severity desc,score desc limit 20");
}
