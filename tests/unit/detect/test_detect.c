#include "engine/detect/detect.h"

#include <criterion/criterion.h>

Test(detect, detectors_are_found_by_their_whole_name)
{
    cr_assert_eq(detect_find("iforest", 7), &detect_iforest);
    cr_assert_eq(detect_find("iforest,dbscan", 7), &detect_iforest);
    cr_assert_null(detect_find("iforest", 6));
    cr_assert_null(detect_find("forest", 6));
    cr_assert_null(detect_find("", 0));
}
