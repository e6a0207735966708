/*
 * Names of settings.
 */
#include "tests/unit/base/option_table.h"

#include <criterion/criterion.h>
#include <string.h>

Test(option_name, a_setting_has_a_name_for_each_place)
{
    char name[32];
    cr_expect_str_eq(option_setting_name(&table[1], name, sizeof name),
                     "max_rows");
    cr_expect_str_eq(option_environment_name(&table[1], name, sizeof name),
                     "FYKE_MAX_ROWS");
    cr_expect_str_eq(option_setting_name(&table[1], name, 5), "max_",
                     "cut when it does not fit");
}

Test(option_name, either_spelling_finds_the_row)
{
    cr_expect_eq(option_find(table, ROWS, "max_rows"), &table[1]);
    cr_expect_eq(option_find(table, ROWS, "max-rows"), &table[1]);
    cr_expect_eq(option_find(table, ROWS, "mode"), &table[6]);
    cr_expect_null(option_find(table, ROWS, "max_row"));
    cr_expect_null(option_find(table, ROWS, "max_rowss"));
    cr_expect_null(option_find(table, ROWS, "MAX_ROWS"));
    cr_expect_null(option_find(table, ROWS, ""));
    cr_expect_null(option_find(NULL, 0, "mode"));
}

Test(option_name, a_wrong_name_has_a_nearest_row)
{
    char long_name[300];
    cr_expect_eq(option_find_near(table, ROWS, "max_row"), &table[1]);
    cr_expect_eq(option_find_near(table, ROWS, "MAX_ROWS"), &table[1]);
    cr_expect_eq(option_find_near(table, ROWS, "maxrows"), &table[1]);
    cr_expect_eq(option_find_near(table, ROWS, "intervall"), &table[8]);
    cr_expect_null(option_find_near(table, ROWS, "zzzzzz"));
    cr_expect_null(option_find_near(table, ROWS, ""));
    cr_expect_null(option_find_near(NULL, 0, "mode"));
    memset(long_name, 'm', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    cr_expect_null(option_find_near(table, ROWS, long_name));
}
