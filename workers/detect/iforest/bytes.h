/*
 * How much memory growing, laying out and scoring take at most, for callers
 * that bring their own. Tests hold these against what the steps really carve.
 */
#ifndef FYKE_WORKERS_IFOREST_BYTES_H
#define FYKE_WORKERS_IFOREST_BYTES_H

#include "workers/detect/iforest/form.h"

#include <stddef.h>

/* Of grow_space_init. */
size_t bytes_grow_space(uint32_t psi, uint32_t cols, uint32_t extension);
/* Of grow_nodes_init. */
size_t bytes_grow_nodes(uint32_t trees, uint32_t psi, uint32_t extension);
/* Of form_c_table. */
size_t bytes_c_table(uint32_t psi);
/* Of the forms of all trees of a forest, and of an array of them, whatever the
 * trees look like. */
size_t bytes_forms(uint32_t trees, uint32_t psi, uint32_t cols);
/* Of form_block_init. */
size_t bytes_form_block(uint32_t cols, const struct form_room *room);

#endif
