/*
 * Assertions stay in release builds.
 */
#include "proto/base/check.h"

#include <criterion/criterion.h>
#include <signal.h>

Test(check, a_true_expression_passes_and_is_evaluated_once)
{
    int n = 0;
    check(++n == 1);
    cr_assert_eq(n, 1);
}

Test(check, a_false_expression_aborts, .signal = SIGABRT)
{
    check(1 + 1 == 3);
}
