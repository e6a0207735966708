/*
 * The clocks.
 */
#include "proto/host/clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

Test(clock, monotonic_time_never_falls_and_counts_microseconds)
{
    int64_t last = clock_monotonic_us();
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_monotonic_us();
        cr_assert_geq(now, last);
        last = now;
    }
    struct timespec nap = { 0, 20 * 1000 * 1000 };
    cr_assert_eq(nanosleep(&nap, NULL), 0);
    cr_assert_geq(clock_monotonic_us() - last, 20000);
}

Test(clock, wall_time_is_the_machine_s)
{
    int64_t before = (int64_t)time(NULL);
    int64_t seconds = clock_wall_ns() / 1000000000;
    int64_t after = (int64_t)time(NULL);
    /* time() may lag by a tick. */
    cr_assert_geq(seconds, before);
    cr_assert_leq(seconds, after + 1);
}

Test(clock, cpu_time_counts_work_and_the_process_s_holds_the_thread_s)
{
    int64_t process_ns = clock_process_cpu_ns();
    int64_t begun_ns = clock_thread_cpu_ns();
    while (clock_thread_cpu_ns() - begun_ns < 20 * 1000 * 1000) {
    }
    cr_assert_geq(clock_process_cpu_ns() - process_ns, 19 * 1000 * 1000);
}
