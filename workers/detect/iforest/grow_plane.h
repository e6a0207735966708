/*
 * Splits of extended isolation trees: planes that look at several features.
 *
 * Features extension + 1 of those that are not constant in the node, every
 *          such set equally likely; all of them where there are fewer.
 * Weights  independent, bell-shaped (the sum of twelve uniform numbers, in
 *          integers: the same on every CPU; its directions differ from those
 *          of the normal distribution by less than 1 %), divided by the
 *          range of the feature in the node, so that the unit of a column
 *          does not matter.
 * Level    uniform between the lowest and the highest sum in the node, so
 *          that both children get rows. Where float32 has no number between
 *          the two, the split looks at the first feature alone.
 * Missing  a row with any of the values missing has no sum; it follows the
 *          heavier child.
 * Source   Hariri, Carrasco Kind, Brunner 2019.
 */
#ifndef FYKE_WORKERS_IFOREST_GROW_PLANE_H
#define FYKE_WORKERS_IFOREST_GROW_PLANE_H

#include "workers/detect/iforest/grow.h"

/* Splits the node of `tree`: writes feature, threshold, axis and weight of its
 * place in `nodes`, parts its rows and returns how many go left; 0 when no
 * feature varies. */
uint32_t grow_plane(const struct grow_rows *rows, struct grow_tree *tree);

#endif
