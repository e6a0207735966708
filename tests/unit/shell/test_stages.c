/*
 * Where CPU time goes: what is counted adds up.
 */
#include "engine/shell/stages.h"

#include "proto/host/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void use_cpu_ms(int64_t ms)
{
    int64_t end_ns = clock_thread_cpu_ns() + ms * 1000000;
    while (clock_thread_cpu_ns() < end_ns) {
    }
}

static double value_of(const char *text, const char *name)
{
    double ms = -1;
    const char *at = strstr(text, name);
    cr_assert_not_null(at, "%s in %s", name, text);
    cr_assert_eq(sscanf(at + strlen(name), "=%lf", &ms), 1);
    return ms;
}

static void *elsewhere(void *context)
{
    int64_t begun_ns = clock_thread_cpu_ns();
    use_cpu_ms(20);
    (void)stages_add(context, WORK_COMMIT, begun_ns);
    use_cpu_ms(25);
    return NULL;
}

Test(stages, work_goes_to_its_stage_and_the_rest_to_the_loop_or_the_wire)
{
    struct stages s;
    char text[512];
    stages_init(&s);
    int64_t begun_ns = clock_thread_cpu_ns();
    use_cpu_ms(20);
    begun_ns = stages_add(&s, WORK_PARSE, begun_ns);
    use_cpu_ms(10);
    (void)stages_add(&s, WORK_MERGE, begun_ns);
    use_cpu_ms(30);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, elsewhere, &s), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    stages_print(&s, text, sizeof text);
    cr_assert_geq(value_of(text, "parse_ms"), 20.0);
    cr_assert_geq(value_of(text, "merge_ms"), 10.0);
    cr_assert_geq(value_of(text, "loop_ms"), 29.9);
    cr_assert_geq(value_of(text, "wire_ms"), 24.9);
    cr_assert_geq(value_of(text, "commit_ms"), 20.0);
    cr_assert_eq(value_of(text, "read_ms"), 0.0);
}
