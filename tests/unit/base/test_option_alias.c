/*
 * Flags by the names that other programs have for them.
 */
#include "proto/base/option.h"

#include <criterion/criterion.h>

#include <string.h>

struct model {
    uint64_t trees;
    double severity;
};

static const struct option table[] = {
    { "trees", 0, OPTION_U64, OPTION_FIELD_AS(struct model, trees, uint64_t), 1,
      2000, "100", NULL, "N", NULL, "Trees", 0, "n-estimators" },
    { "severity", 0, OPTION_F64,
      OPTION_FIELD_AS(struct model, severity, double), 50, 99.9999, "99.9",
      NULL, "PERCENT", NULL, "Limit", OPTION_ALIAS_REST, "contamination" },
};
enum { ROWS = 2 };

struct parsed {
    struct model model;
    bool given[ROWS];
    struct fault fault;
    int err;
};

static struct parsed parse(const char *a, const char *b, const char *c,
                           const char *d)
{
    struct parsed p = { 0 };
    char words[5][64] = { "" };
    const char *word[] = { a, b, c, d };
    char *argv[5] = { words[0] };
    int argc = 1;
    uint32_t operands;
    for (size_t i = 0; i < 4 && word[i] != NULL; i++) {
        strncpy(words[argc], word[i], sizeof words[0] - 1);
        argv[argc] = words[argc];
        argc++;
    }
    cr_assert_eq(option_defaults(table, ROWS, &p.model, &p.fault), 0);
    p.err = option_parse(table, ROWS, argc, argv, &p.model, p.given, NULL, 0,
                         &operands, &p.fault);
    return p;
}

Test(option_alias, another_name_sets_the_row)
{
    struct parsed p = parse("--n-estimators", "7", NULL, NULL);
    cr_expect_eq(p.err, 0, "%s", p.fault.text);
    cr_expect_eq(p.model.trees, 7);
    cr_expect(p.given[0] && !p.given[1]);
    cr_expect_eq(parse("--n-estimators=8", NULL, NULL, NULL).model.trees, 8);
}

Test(option_alias, the_last_one_counts_by_whatever_name)
{
    cr_expect_eq(parse("--n-estimators=8", "--trees=9", NULL, NULL).model.trees,
                 9);
    cr_expect_eq(parse("--trees=9", "--n-estimators=8", NULL, NULL).model.trees,
                 8);
}

Test(option_alias, a_share_becomes_the_percentage_below_it)
{
    const struct {
        const char *share;
        double percent;
    } pair[] = { { "0.1", 90 },       { "0.001", 99.9 },    { "0.5", 50 },
                 { "0.05", 95 },      { "0.0017", 99.83 },  { "1e-6", 99.9999 },
                 { "0.3333", 66.67 }, { "0.00015", 99.985 } };
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        struct parsed p = parse("--contamination", pair[i].share, NULL, NULL);
        cr_expect_eq(p.err, 0, "%s", p.fault.text);
        cr_expect_eq(p.model.severity, pair[i].percent, "%s gave %.17g",
                     pair[i].share, p.model.severity);
        cr_expect(p.given[1]);
    }
}

static void expect_fault(const char *flag, const char *value, const char *text)
{
    struct parsed p = parse(flag, value, NULL, NULL);
    cr_expect_eq(p.err, ERR_USAGE);
    cr_expect_str_eq(p.fault.text, text);
    cr_expect_eq(p.model.trees, 100);
    cr_expect_eq(p.model.severity, 99.9);
}

Test(option_alias, faults_name_what_was_typed)
{
    expect_fault("--n-estimators", "0",
                 "--n-estimators 0 is out of range: 1..2000");
    expect_fault("--n-estimators", "x",
                 "--n-estimators x is not a whole number");
    expect_fault("--contamination", "0.7",
                 "--contamination 0.7 is out of range: 1e-06..0.5");
    expect_fault("--contamination", "0",
                 "--contamination 0 is out of range: 1e-06..0.5");
    expect_fault("--contamination", "auto",
                 "--contamination auto is not a number");
    expect_fault("--contamination", NULL,
                 "--contamination needs a value: --contamination SHARE");
    expect_fault("--n-estimator", "5",
                 "unknown option --n-estimator, did you mean --trees?");
}

Test(option_alias, help_says_it)
{
    struct buf out;
    buf_init(&out, 4096);
    cr_assert_eq(option_help_text(&table[0], &out), 0);
    cr_expect_str_eq(buf_text(&out),
                     "Trees (default 100; 1..2000; also --n-estimators)");
    buf_reset(&out);
    cr_assert_eq(option_help_text(&table[1], &out), 0);
    cr_expect_str_eq(buf_text(&out),
                     "Limit (default 99.9; 50..99.9999; also --contamination "
                     "SHARE of rows above)");
    buf_release(&out);
}

Test(option_alias, a_name_that_is_none_leads_to_the_row)
{
    cr_expect_eq(option_find_near(table, ROWS, "n_estimators"), &table[0]);
    cr_expect_eq(option_find_near(table, ROWS, "contaminatoin"), &table[1]);
    cr_expect_null(option_find(table, ROWS, "n_estimators"));
}
