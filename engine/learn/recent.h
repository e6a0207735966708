/*
 * The last rows that were scored and not flagged, as a ring in columns that
 * grows up to `rows_max`. Internal to the room.
 */
#ifndef FYKE_LEARN_RECENT_H
#define FYKE_LEARN_RECENT_H

#include "proto/base/err.h"
#include "proto/base/matrix.h"

#include <stdint.h>

struct recent {
    uint32_t cols, rows_max;
    uint32_t first, rows; /* ring positions: oldest, how many */
    uint32_t capacity;    /* rows that `data` has room for */
    float *data;          /* cols x capacity */
};

void recent_init(struct recent *r, uint32_t cols, uint32_t rows_max);
void recent_release(struct recent *r);
/* Another rows_max; the oldest rows fall out. Errors: ERR_NOMEM. */
FYKE_MUST_USE int recent_resize(struct recent *r, uint32_t rows_max);
/* Appends the newest rows (oldest first); those beyond rows_max fall out. */
FYKE_MUST_USE int recent_add(struct recent *r, const struct matrix *m);
/* All rows, oldest first, column-major with stride `rows`. */
void recent_copy(const struct recent *r, float *ret_data);

#endif
