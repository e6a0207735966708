#include "tests/unit/ingest/support.h"

/* A CSV of `rows` rows; %d in each field's form is the row. */
static char *table(const char *header, const char *row, int rows)
{
    struct buf b;
    buf_init(&b, 1u << 22);
    buf_append_text(&b, header);
    buf_append_char(&b, '\n');
    for (int i = 0; i < rows; i++) {
        for (const char *p = row; *p != '\0'; p++) {
            if (*p == 'i')
                buf_printf(&b, "%d", i);
            else if (*p == 'r') /* no order */
                buf_printf(&b, "%d", (i * 7919 + 13) % 1009);
            else
                buf_append_char(&b, *p);
        }
        buf_append_char(&b, '\n');
    }
    size_t n;
    return (char *)buf_take(&b, &n);
}

static void expect_role(const struct schema *s, const char *name,
                        enum column_role role, const char *reason)
{
    const struct column *c = column_named(s, name);
    cr_expect_eq(c->role, role, "%s is %s: %s", name, column_role_name(c->role),
                 c->reason);
    cr_expect(strstr(c->reason, reason) != NULL, "%s: %s", name, c->reason);
}

Test(infer_roles, whole_numbers_that_only_rise_are_left_out)
{
    char *text = table("n,half,r,uptime,k", "i,i.5,r,1i,7", 40);
    struct schema *s = infer(text);
    expect_role(s, "n", COLUMN_OUT, "rises by 1: a row number");
    expect_role(s, "half", COLUMN_FEATURE, "");
    expect_role(s, "r", COLUMN_FEATURE, "");
    expect_role(s, "k", COLUMN_FEATURE, "");
    schema_free(s);
    free(text);
    struct buf half; /* never falls, but rises every second time only */
    buf_init(&half, 1u << 20);
    buf_append_text(&half, "level,r\n");
    for (int i = 0; i < 40; i++)
        buf_printf(&half, "%d,%d\n", i / 2, i * 7 % 11);
    s = infer(buf_text(&half));
    expect_role(s, "level", COLUMN_FEATURE, "");
    schema_free(s);
    buf_release(&half);
    text = table("n,r", "i,r", 19);
    s = infer(text);
    expect_role(s, "n", COLUMN_FEATURE, "");
    schema_free(s);
    free(text);
}

Test(infer_roles, what_never_falls_and_is_named_like_a_time_is_left_out)
{
    char *text = table("TX_TIME_DAYS,plain,r", "7,7,r", 30);
    struct schema *s = infer(text);
    expect_role(s, "TX_TIME_DAYS", COLUMN_OUT, "named like a time");
    expect_role(s, "plain", COLUMN_FEATURE, "");
    schema_free(s);
    free(text);
    s = infer("response_time,x\n30,1.5\n20,2.5\n40,2.5\n10,2.5\n50,2.5\n7,3\n");
    expect_role(s, "response_time", COLUMN_FEATURE, "");
    schema_free(s);
}

Test(infer_roles, ids_are_known_by_name_and_wholeness)
{
    char *text = table("id,User_ID,customerId,PID,paid,humid,ratio_id,x",
                       "r,r,r,r,r,r,r.5,r", 30);
    struct schema *s = infer(text);
    expect_role(s, "id", COLUMN_OUT, "id");
    expect_role(s, "User_ID", COLUMN_OUT, "id");
    expect_role(s, "customerId", COLUMN_OUT, "id");
    expect_role(s, "PID", COLUMN_OUT, "id");
    expect_role(s, "paid", COLUMN_FEATURE, "");
    expect_role(s, "humid", COLUMN_FEATURE, "");
    expect_role(s, "ratio_id", COLUMN_FEATURE, "");
    schema_free(s);
    free(text);
}

Test(infer_roles, labels_are_known_by_name_and_few_values)
{
    struct schema *s =
        infer("Label,is_fraud,class,target,anomaly_score,outlier,label,x,"
              "Changepoint\n"
              "0,1,2,0.5,0.25,0,0,1.5,0.0\n1,0,3,0.75,0.5,1,1,2.5,1.0\n");
    expect_role(s, "Label", COLUMN_OUT, "label");
    expect_role(s, "is_fraud", COLUMN_OUT, "label");
    expect_role(s, "class", COLUMN_OUT, "label");
    expect_role(s, "target", COLUMN_FEATURE, "");
    expect_role(s, "anomaly_score", COLUMN_FEATURE, "");
    expect_role(s, "outlier", COLUMN_OUT, "label");
    expect_role(s, "label_2", COLUMN_OUT, "label");
    expect_role(s, "Changepoint", COLUMN_OUT, "label");
    schema_free(s);
}

Test(infer_roles, a_column_is_numeric_from_95_percent_on)
{
    for (int bad = 5; bad <= 6; bad++) {
        struct buf b;
        buf_init(&b, 1u << 20);
        buf_append_text(&b, "a,x\n");
        for (int i = 0; i < 100; i++)
            buf_printf(&b, "%s,%d.5\n", i < bad ? "bad" : "1.5", i * 7 % 5);
        for (int i = 0; i < 50; i++)
            buf_append_text(&b, "NA,1.25\n"); /* missing does not count */
        struct schema *s = infer(buf_text(&b));
        cr_expect_eq(column_named(s, "a")->type,
                     bad == 5 ? COLUMN_NUMBER : COLUMN_TEXT);
        cr_expect_eq(column_named(s, "a")->missing, 50);
        schema_free(s);
        buf_release(&b);
    }
}

Test(infer_roles, what_the_user_names_goes_before_the_rules)
{
    const char *text = "id,label,x,y,name\n7,0,1.5,2.5,a\n7,1,2.5,3.5,b\n";
    const char *also[] = { "ID" }, *ignore[] = { "y" },
               *exact[] = { "label", "x" };
    struct schema_options o = { .also = { .items = also, .count = 1 },
                                .ignore = { .items = ignore, .count = 1 } };
    struct schema *s = infer_with(text, &o);
    expect_role(s, "id", COLUMN_FEATURE, "named by --also");
    expect_role(s, "y", COLUMN_OUT, "named by --ignore");
    cr_expect_eq(s->feature_count, 2);
    cr_expect_eq(s->feature[0], 0);
    schema_free(s);
    o = (struct schema_options){ .features = { .items = exact, .count = 2 } };
    s = infer_with(text, &o);
    expect_role(s, "label", COLUMN_FEATURE, "named by --features");
    expect_role(s, "y", COLUMN_OUT, "not among --features");
    cr_expect_eq(s->feature_count, 2);
    schema_free(s);
}

Test(infer_roles, a_wrong_name_is_answered_with_the_right_one)
{
    const char *word[] = { "amuont" }, *text_column[] = { "name" };
    const char *text = "amount,other,name\n1.5,2.5,a\n2.5,3.5,b\n";
    struct schema_options o = { .key = { .items = word, .count = 1 } };
    cr_expect(strstr(infer_fails(text, &o, ERR_USAGE), "amount"));
    o = (struct schema_options){ .ignore = { .items = word, .count = 1 } };
    cr_expect(strstr(infer_fails(text, &o, ERR_USAGE), "--ignore amuont"));
    o = (struct schema_options){ .also = { .items = text_column, .count = 1 } };
    cr_expect(strstr(infer_fails(text, &o, ERR_USAGE), "is text"));
    o = (struct schema_options){ .time = "nme" };
    cr_expect(strstr(infer_fails(text, &o, ERR_USAGE), "name"));
}

Test(infer_roles, without_a_numeric_column_there_is_nothing_to_do)
{
    const struct schema_options none = { 0 };
    const char *ignore[] = { "x" };
    struct schema_options o = { .ignore = { .items = ignore, .count = 1 } };
    cr_expect(strstr(infer_fails("a,b\nx,y\nz,w\n", &none, ERR_CONTENT),
                     "no numeric column"));
    cr_expect(
        strstr(infer_fails("id,b\n7,y\n3,w\n", &none, ERR_CONTENT), "--also"));
    infer_fails("x,b\n1.5,y\n", &o, ERR_USAGE);
}
