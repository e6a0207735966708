#include "engine/detect/detect.h"
#include "engine/detect/verdict.h"

#include <criterion/criterion.h>

Test(detect, detectors_are_found_by_their_whole_name)
{
    cr_assert_eq(detect_find("iforest", 7), &detect_iforest);
    cr_assert_eq(detect_find("iforest,dbscan", 7), &detect_iforest);
    cr_assert_eq(detect_find("dbscan", 6), &detect_dbscan);
    cr_assert_null(detect_find("iforest", 6));
    cr_assert_null(detect_find("forest", 6));
    cr_assert_null(detect_find("", 0));
}

/* These numbers are part of what a stored batch means: a replay splits and
 * keeps by them. Changing one needs a new algorithm version. */
Test(detect, what_is_no_setting_is_the_same_in_runs_and_replays)
{
    struct detect_config c = detect_config_default();
    cr_assert_eq(c.seed, 1);
    cr_assert_eq(c.trees, 200);
    cr_assert_eq(c.subsample, 256);
    cr_assert_eq(c.fit_rows, 1024);
    cr_assert_eq(c.extension, 0);
    cr_assert_eq(c.eps, 0.0);
    cr_assert_eq(c.min_points, 10);
    cr_assert_eq(c.scale, DETECT_SCALE_AUTO);
    cr_assert_eq(c.context_rows, 1024);
    cr_assert_eq(c.part_rows, 0);
    cr_assert_null(c.model);
    cr_assert_eq(c.part_bytes, 1048576);
    cr_assert_eq(c.message_bytes_max, WIRE_MESSAGE_BYTES_MAX);
    struct verdict_config v = verdict_config_of(999000, 1, 1024);
    cr_assert_eq(v.flag, 999000);
    cr_assert_eq(v.votes, 1);
    cr_assert_eq(v.near, 990000);
    cr_assert_eq(v.near_share, .02);
    cr_assert_eq(v.near_min, 100);
    cr_assert_eq(v.recent_max, 1024);
    cr_assert_eq(verdict_config_of(950000, 1, 1).near, 950000);
}
