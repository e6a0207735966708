/*
 * Memory of exactly so many bytes, at an odd place, between guards; and
 * pseudo-random matrices.
 */
#ifndef FYKE_TESTS_LIB_GUARDED_H
#define FYKE_TESTS_LIB_GUARDED_H

#include "tools/lib/fyke_detect.h"

#include <stddef.h>

struct guarded {
    unsigned char *bytes; /* of which `count` are to be used */
    size_t count;
    unsigned char *all;
    size_t skew;
};

struct guarded guarded_make(size_t count, size_t skew);
/* Fails the test when something was written outside. */
void guarded_free(struct guarded *g);

/* rows x cols of wide, narrow and tied columns, with a stride above rows; a
 * share of `missing` of the values is NaN. Free `data`. */
struct fyke_matrix matrix_make(uint64_t seed, uint32_t rows, uint32_t cols,
                               double missing);

#endif
