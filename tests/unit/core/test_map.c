/* The map against a plain array, with many removals. */
#include "engine/core/map.h"
#include "proto/base/rng.h"

#include <criterion/criterion.h>

#define KEYS 64u

Test(map, it_holds_what_a_plain_array_holds)
{
    struct rng r;
    uint64_t seed = 11;
    uint32_t plain[KEYS];
    struct map m;
    rng_init(&r, &seed, 1);
    cr_assert_eq(map_init(&m, KEYS / 2), 0);
    memset(plain, 0xff, sizeof plain);
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t k = (uint32_t)rng_below(&r, KEYS);
        uint64_t key = (uint64_t)k << 40 | k;
        cr_assert_eq(map_find(&m, key), plain[k], "seed 11, step %u", i);
        if (plain[k] != MAP_NONE) {
            map_remove(&m, key);
            plain[k] = MAP_NONE;
        } else if (m.count < KEYS / 2) {
            map_add(&m, key, i);
            plain[k] = i;
        }
    }
    map_remove(&m, 999); /* not there */
    map_release(&m);
}
