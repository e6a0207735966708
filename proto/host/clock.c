/*
 * Clocks by clock_gettime, which cannot fail for these two.
 */
#include "proto/host/clock.h"

#include "proto/base/check.h"

#include <time.h>

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ns(void)
{
    struct timespec now;
    check(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
