#include "engine/ingest/row_time.h"
#include "proto/base/civil.h"
#include "tests/unit/ingest/support.h"

static int64_t read_time(enum time_kind kind, const char *text)
{
    int64_t ns = 0;
    return row_time_parse(kind, NULL, text, strlen(text), &ns) == 0
               ? ns
               : CIVIL_NONE;
}

Test(row_time, epochs_are_exact_to_the_nanosecond)
{
    cr_expect_eq(read_time(TIME_EPOCH_S, "1446249499"), 1446249499000000000);
    cr_expect_eq(read_time(TIME_EPOCH_S, "1446249499.123456789"),
                 1446249499123456789);
    cr_expect_eq(read_time(TIME_EPOCH_MS, "1446249499322"),
                 1446249499322000000);
    cr_expect_eq(read_time(TIME_EPOCH_US, "1446249499322001"),
                 1446249499322001000);
    cr_expect_eq(read_time(TIME_EPOCH_NS, "1446249499322001002"),
                 1446249499322001002);
    cr_expect_eq(read_time(TIME_EPOCH_S, "-1.5"), -1500000000);
    cr_expect_eq(read_time(TIME_EPOCH_S, "1.5e9"), 1500000000000000000);
}

Test(row_time, what_is_no_time_is_refused)
{
    const char *const bad[] = {
        "", "abc", "12x", "1.2.3", "99999999999999999999", "nan", "inf"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(read_time(TIME_EPOCH_S, bad[i]), CIVIL_NONE, "%s", bad[i]);
    cr_expect_eq(read_time(TIME_ISO, "04/07/16"), CIVIL_NONE);
    cr_expect_eq(read_time(TIME_NONE, "2020-01-01"), CIVIL_NONE);
}

Test(row_time, units_are_known_by_magnitude)
{
    cr_expect_eq(row_time_epoch_unit(1446249499), TIME_EPOCH_S);
    cr_expect_eq(row_time_epoch_unit(1446249499322), TIME_EPOCH_MS);
    cr_expect_eq(row_time_epoch_unit(1446249499322001), TIME_EPOCH_US);
    cr_expect_eq(row_time_epoch_unit(1.446249499e18), TIME_EPOCH_NS);
    cr_expect_eq(row_time_epoch_unit(946684799), TIME_NONE);
    cr_expect_eq(row_time_epoch_unit(4102444800), TIME_NONE);
}

Test(row_time, formats_are_named)
{
    cr_expect_eq(row_time_kind_named("iso"), TIME_ISO);
    cr_expect_eq(row_time_kind_named("us"), TIME_EPOCH_US);
    cr_expect_eq(row_time_kind_named("%d/%m/%y %H"), TIME_FORMAT);
    cr_expect_eq(row_time_kind_named("%Q"), TIME_NONE);
    cr_expect_eq(row_time_kind_named("hello"), TIME_NONE);
}
