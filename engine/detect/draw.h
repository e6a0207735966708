/*
 * The coordinator's side of sampling: which rows of the fit set the trees of a
 * forest drew. The fit set is the newest recent rows followed by the batch's
 * rows, numbered through. Internal to the room.
 */
#ifndef FYKE_DETECT_DRAW_H
#define FYKE_DETECT_DRAW_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/matrix.h"

#include <stdbool.h>
#include <stdint.h>

/* The fit set, as two matrices behind each other. */
struct draw_rows {
    struct matrix recent, rows;
};

static inline uint32_t draw_row_count(const struct draw_rows *r)
{
    return r->recent.rows + r->rows.rows;
}

/* A set of fit set rows. */
struct draw_set {
    uint32_t rows; /* of the fit set */
    uint32_t used; /* in the set */
    uint64_t *bits;
    uint32_t *rank; /* per word of bits: members before it (draw_set_rank) */
    uint32_t *list; /* of the members, ascending (draw_set_list) */
};

FYKE_MUST_USE int draw_set_init(struct draw_set *s, uint32_t rows,
                                struct arena *arena);
void draw_set_add(struct draw_set *s, const uint32_t *index, uint32_t count);
void draw_set_add_all(struct draw_set *s);

/* Numbers the members in ascending order, for draw_set_position. */
void draw_set_rank(struct draw_set *s);
/* Where a member stands among the members. */
uint32_t draw_set_position(const struct draw_set *s, uint32_t row);

/* Lists the members, for draw_set_gather. Errors: ERR_NOMEM. */
FYKE_MUST_USE int draw_set_list(struct draw_set *s, struct arena *arena);
/* Copies a column's values of the members, in ascending order of rows, to
 * ret_x (room for `used`). */
void draw_set_gather(const struct draw_set *s, const struct draw_rows *rows,
                     uint32_t col, float *ret_x);

/* A tree's sample (psi ascending rows of the fit set). `scratch` as in
 * rng_sample. */
void draw_tree(uint64_t seed, uint64_t batch, uint32_t tree, uint32_t rows,
               uint32_t psi, uint32_t *ret_index, uint32_t *scratch);

#endif
