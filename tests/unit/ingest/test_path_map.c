#include "engine/ingest/path_map.h"
#include "tests/unit/ingest/support.h"

Test(path_map, finds_every_name_in_any_order)
{
    struct path_map m;
    char names[500][16];
    cr_assert_eq(path_map_init(&m, 500), 0);
    for (uint32_t i = 0; i < 500; i++) {
        snprintf(names[i], sizeof names[i], "a.%u", i * 31);
        path_map_add(&m, names[i], strlen(names[i]));
    }
    for (uint32_t k = 0; k < 1500; k++) {
        uint32_t i = k < 500 ? k : k * 7919 % 500;
        cr_assert_eq(path_map_find(&m, names[i], strlen(names[i])), i);
    }
    cr_expect_eq(path_map_find(&m, "a.1", 3), PATH_NONE);
    cr_expect_eq(path_map_find(&m, "a.0x", 4), PATH_NONE);
    cr_expect_eq(path_map_find(&m, "a.0\0x", 5), PATH_NONE);
    cr_expect_eq(path_map_find(&m, "", 0), PATH_NONE);
    path_map_release(&m);
}
