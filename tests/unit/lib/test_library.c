#include "guarded.h"

#include <criterion/criterion.h>

#include <string.h>

Test(library, versions_and_errors_have_words)
{
    cr_expect_eq(fyke_detect_version(), FYKE_DETECT_VERSION);
    cr_expect_neq(strlen(fyke_detect_version_text()), 0);
    cr_expect_str_eq(fyke_error_text(FYKE_OK), "ok");
    for (int error = FYKE_ERROR_UNSUPPORTED; error < 0; error++)
        cr_expect_str_neq(fyke_error_text(error), fyke_error_text(12345));
}

Test(library, rows_become_columns)
{
    const float rows[] = { 1, 2, 3, 4, 5, 6 };
    const float want[] = { 1, 4, 2, 5, 3, 6 };
    float columns[6];
    fyke_columns(rows, 2, 3, columns);
    cr_expect_arr_eq(columns, want, sizeof want);
}
