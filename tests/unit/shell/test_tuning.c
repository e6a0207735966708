/* What the settings mean for the core. */
#include "engine/shell/tuning.h"

#include <criterion/criterion.h>
#include <string.h>

static struct settings defaults(void)
{
    struct settings s = { 0 };
    struct fault fault = { 0 };
    cr_assert_eq(option_defaults(settings_run, settings_run_count, &s, &fault),
                 0, "%s", fault.text);
    return s;
}

static struct coord_tuning tuning_of(const struct settings *s, bool live,
                                     int64_t auto_us)
{
    struct coord_tuning t;
    struct fault fault = { 0 };
    memset(&t, 0xff, sizeof t);
    cr_assert_eq(tuning_make(s, live, auto_us, &t, &fault), 0, "%s",
                 fault.text);
    cr_assert_eq(coord_tuning_check(&t), 0);
    return t;
}

Test(tuning, what_is_not_set_depends_on_the_kind_of_input)
{
    struct settings s = defaults();
    cr_expect_eq(tuning_of(&s, false, 0).cut, COORD_CUT_COUNT);
    struct coord_tuning live = tuning_of(&s, true, 0);
    cr_expect_eq(live.cut, COORD_CUT_INTERVAL);
    cr_expect_eq(live.interval_us, 1000000);
    cr_expect_not(live.share.on);
    cr_expect_eq(live.max_rows, 100000);
    cr_expect_eq(live.depth, 2);
}

Test(tuning, words_say_how_batches_are_cut)
{
    struct settings s = defaults();
    s.interval = "asap";
    cr_expect_eq(tuning_of(&s, false, 0).cut, COORD_CUT_ASAP);
    s.interval = "off";
    cr_expect_eq(tuning_of(&s, true, 0).cut, COORD_CUT_COUNT);
    s.interval = "250ms";
    cr_expect_eq(tuning_of(&s, false, 0).interval_us, 250000);
}

Test(tuning, auto_begins_where_it_was_and_keeps_its_limits)
{
    struct settings s = defaults();
    s.interval = "auto";
    s.interval_target = 0.25;
    s.interval_step = 2;
    struct coord_tuning t = tuning_of(&s, false, 0);
    cr_expect_eq(t.cut, COORD_CUT_INTERVAL);
    cr_expect(t.share.on);
    cr_expect_eq(t.interval_us, 1000000);
    cr_expect_eq(t.share.target_ppm, 250000);
    cr_expect_eq(t.share.step_ppm, 2000000);
    cr_expect_eq(t.share.min_us, 20000);
    cr_expect_eq(t.share.max_us, 10000000);
    cr_expect_eq(tuning_of(&s, false, 70000).interval_us, 70000);
}

Test(tuning, caps_leave_room_for_two_batches)
{
    struct settings s = defaults();
    s.max_rows = 10000000;
    s.max_bytes = UINT64_C(4) << 30;
    struct coord_tuning t = tuning_of(&s, true, 0);
    cr_expect_geq(t.cap_rows, 20000000);
    cr_expect_geq(t.cap_bytes, UINT64_C(8) << 30);
}

Test(tuning, limits_of_auto_that_cross_are_refused)
{
    struct settings s = defaults();
    struct coord_tuning t;
    struct fault fault = { 0 };
    s.interval_min_us = 2000000;
    s.interval_max_us = 1000000;
    cr_expect_eq(tuning_make(&s, true, 0, &t, &fault), ERR_USAGE);
    cr_expect_not_null(strstr(fault.text, "interval_min=2s"), "%s", fault.text);
    cr_expect_not_null(strstr(fault.text, "interval_max=1s"), "%s", fault.text);
}
