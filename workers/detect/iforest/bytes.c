/* Sums of what the init functions ask for, in their order. */
#include "workers/detect/iforest/bytes.h"

#include "workers/detect/iforest/grow.h"

/* A form by its parts: see form_init. */
#define TREE_BYTES 2048u /* paths of a mask tree, and the tree */
#define WIDE_BYTES (TREE_BYTES + 4 * MASK_WIDE_PATHS)
#define MASK_NODE_BYTES 48u
#define DEEP_NODE_BYTES 24u
#define COLUMN_BYTES 192u
#define FORM_BYTES 2048u /* 14 allocations */
/* A form is full when the next tree might not fit. */
#define FULL_MASK_NODES (FORM_MASK_NODES - MASK_NODES)
#define FULL_DEEP_NODES ((1u << 16) - 2 * IFOREST_SUBSAMPLE_MAX)

static size_t bytes_grow_tree(uint32_t psi, uint32_t cols, uint32_t extension)
{
    size_t stack = (iforest_height_max(psi) + 2u) * sizeof(struct grow_frame);
    return 2 * ARENA_BYTES(psi * sizeof(uint32_t)) +
           ARENA_BYTES(psi * sizeof(float)) +
           ARENA_BYTES(extension > 0 ? psi * sizeof(double) : 0) +
           ARENA_BYTES((extension + (size_t)1) * sizeof(double)) +
           ARENA_BYTES(cols * sizeof(uint16_t)) + ARENA_BYTES(stack) +
           bytes_grow_nodes(1, psi, extension);
}

size_t bytes_grow_space(uint32_t psi, uint32_t cols, uint32_t extension)
{
    return ARENA_BYTES(psi * sizeof(uint32_t)) +
           ARENA_BYTES(rng_sample_scratch(psi) * sizeof(uint32_t)) +
           GROW_TREES * bytes_grow_tree(psi, cols, extension);
}

size_t bytes_grow_nodes(uint32_t trees, uint32_t psi, uint32_t extension)
{
    size_t most = (size_t)trees * grow_nodes_max(psi);
    size_t wide = extension > 0 ? most * (extension + (size_t)1) : 0;
    return ARENA_BYTES((trees + (size_t)1) * sizeof(uint32_t)) +
           ARENA_BYTES(most * sizeof(uint16_t)) +
           3 * ARENA_BYTES(most * sizeof(uint32_t)) +
           ARENA_BYTES(wide * sizeof(uint16_t)) +
           ARENA_BYTES(wide * sizeof(float));
}

size_t bytes_c_table(uint32_t psi)
{
    return ARENA_BYTES((psi + (size_t)1) * sizeof(uint32_t));
}

size_t bytes_forms(uint32_t trees, uint32_t psi, uint32_t cols)
{
    uint32_t height = iforest_height_max(psi);
    size_t mask = psi - 1 < MASK_NODES ? psi - 1 : MASK_NODES;
    size_t deep = height > MASK_HEIGHT_MAX ? grow_nodes_max(psi) : 0;
    size_t tree = (height > MASK_HEIGHT ? WIDE_BYTES : TREE_BYTES) +
                  mask * MASK_NODE_BYTES + deep * DEEP_NODE_BYTES;
    size_t forms =
        1 + trees * mask / FULL_MASK_NODES + trees * deep / FULL_DEEP_NODES;
    forms = forms < trees ? forms : trees;
    return ARENA_BYTES(trees * sizeof(struct form)) + trees * tree +
           forms * (FORM_BYTES + (cols + (size_t)1) * COLUMN_BYTES);
}

size_t bytes_form_block(uint32_t cols, const struct form_room *room)
{
    size_t columns = room->deep_nodes > 0 ? cols : 1;
    size_t slots = (size_t)room->mask_nodes + cols + 1;
    return ARENA_BYTES(columns * MASK_ROWS * sizeof(float)) +
           ARENA_BYTES(MASK_ROWS * sizeof(uint32_t)) +
           ARENA_BYTES(slots * sizeof(struct mask_bits)) +
           ARENA_BYTES(sizeof(struct mask_space));
}
