/*
 * What memory this process takes.
 */
#include "proto/host/memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(memory, touched_memory_is_resident_and_the_peak_stays)
{
    size_t n = (size_t)64 << 20;
    uint64_t before = host_rss_bytes();
    cr_assert_gt(before, 0);
    char *p = malloc(n);
    cr_assert_not_null(p);
    memset(p, 1, n);
    cr_expect_eq(((volatile char *)p)[n - 1], 1); /* it is not for nothing */
    cr_expect_geq(host_rss_bytes(), before + n / 2);
    free(p);
    cr_expect_geq(host_rss_peak_bytes(), before + n / 2);
}
