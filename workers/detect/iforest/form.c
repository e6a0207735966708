/* Trees into the layouts that the kernels walk. */
#include "workers/detect/iforest/form.h"

#include "proto/base/check.h"

#include <string.h>

#define FORM_BLOCK_FLOATS 6144u /* 24 KiB: a block stays in the first cache */
#define FORM_BLOCK_ROWS_MAX 1024u
#define FORM_BLOCK_ROWS_MIN 64u
#define FORM_HEIGHT_MAX 64u
#define FORM_ALIGN 16u

/* A preorder tree as it comes from a forest. */
struct form_source {
    uint32_t nodes;
    const uint16_t *feature;
    const float *threshold;
    const uint32_t *right;
    const uint32_t *count;
    const uint8_t *missing_right; /* NULL: to the heavier child */
};

/* A node still to be placed while a tree is walked in preorder. */
struct form_place {
    uint32_t slot; /* in the heap */
    uint32_t depth;
};

const uint32_t *form_c_table(uint32_t subsample, struct arena *arena)
{
    uint32_t *c = arena_alloc(arena, (size_t)subsample + 1, sizeof *c);
    if (c == NULL)
        return NULL;
    for (uint32_t n = 0; n <= subsample; n++)
        c[n] = iforest_c(n);
    return c;
}

static uint32_t form_block_rows(uint32_t cols)
{
    uint32_t rows = FORM_BLOCK_FLOATS / cols;
    if (rows > FORM_BLOCK_ROWS_MAX)
        rows = FORM_BLOCK_ROWS_MAX;
    if (rows < FORM_BLOCK_ROWS_MIN)
        rows = FORM_BLOCK_ROWS_MIN;
    return rows / KERNEL_ROWS * KERNEL_ROWS;
}

int form_init(struct form *form, uint32_t cols, uint32_t trees_max,
              size_t room_bytes, const uint32_t *c, struct arena *arena)
{
    *form = (struct form){ .cols = cols,
                           .block_rows = form_block_rows(cols),
                           .trees_max = trees_max,
                           .room_bytes = room_bytes,
                           .c = c };
    form->tree = arena_alloc(arena, trees_max, sizeof *form->tree);
    form->room = arena_alloc(arena, room_bytes, 1);
    return form->tree != NULL && form->room != NULL ? 0 : ERR_NOMEM;
}

static size_t form_aligned(size_t bytes)
{
    return (bytes + FORM_ALIGN - 1) / FORM_ALIGN * FORM_ALIGN;
}

size_t form_tree_bytes(uint32_t height, uint32_t nodes)
{
    if (height > FORM_HEAP_HEIGHT)
        return form_aligned(nodes * sizeof(struct deep_node)) +
               form_aligned(nodes * sizeof(uint32_t)) + form_aligned(nodes);
    size_t leaves = (size_t)1 << height;
    return form_aligned(leaves * sizeof(struct heap_node)) +
           form_aligned(leaves * sizeof(uint32_t)) + form_aligned(leaves);
}

/* Levels below the root of a preorder tree. */
static uint32_t tree_height(uint32_t nodes, const uint16_t *feature)
{
    uint32_t waiting[FORM_HEIGHT_MAX + 1]; /* depths of right children */
    uint32_t count = 0, depth = 0, height = 0;
    for (uint32_t k = 0; k < nodes; k++) {
        if (depth > height)
            height = depth;
        if (feature[k] == IFOREST_LEAF) {
            depth = count > 0 ? waiting[--count] : 0;
        } else {
            check(count <= FORM_HEIGHT_MAX);
            waiting[count++] = ++depth;
        }
    }
    return height;
}

size_t form_forest_bytes(const struct iforest_forest *forest)
{
    size_t bytes = 0;
    for (uint32_t t = 0; t < forest->trees; t++) {
        uint32_t first = forest->tree_first[t];
        uint32_t nodes = forest->tree_first[t + 1] - first;
        bytes +=
            form_tree_bytes(tree_height(nodes, forest->feature + first), nodes);
    }
    return bytes;
}

void form_reset(struct form *form)
{
    form->trees = 0;
    form->room_used = 0;
}

static void *form_carve(struct form *form, size_t bytes)
{
    void *p = form->room + form->room_used;
    form->room_used += form_aligned(bytes);
    check(form->room_used <= form->room_bytes);
    return p;
}

static uint8_t source_missing_right(const struct form_source *s, uint32_t node)
{
    if (s->missing_right != NULL)
        return s->missing_right[node];
    return iforest_heavier_right(s->count, node, s->right[node]);
}

static struct heap_tree heap_make(struct form *form, uint32_t height,
                                  const struct form_source *s)
{
    uint32_t leaves = 1u << height, waiting = 1;
    struct form_place stack[FORM_HEAP_HEIGHT + 2] = { { 1, 0 } };
    struct heap_node *node = form_carve(form, leaves * sizeof *node);
    uint32_t *leaf = form_carve(form, leaves * sizeof *leaf);
    uint8_t *missing_right = form_carve(form, leaves);
    memset(node, 0, leaves * sizeof *node);
    memset(missing_right, 0, leaves);
    for (uint32_t k = 0; k < s->nodes; k++) {
        struct form_place at = stack[--waiting];
        if (s->feature[k] == IFOREST_LEAF) {
            uint32_t below = height - at.depth;
            uint32_t *to = leaf + ((at.slot << below) - leaves);
            uint32_t length = at.depth * IFOREST_ONE + form->c[s->count[k]];
            for (uint32_t i = 0; i < 1u << below; i++)
                to[i] = length;
            continue;
        }
        node[at.slot].threshold = s->threshold[k];
        node[at.slot].offset = s->feature[k] * form->block_rows;
        missing_right[at.slot] = source_missing_right(s, k);
        stack[waiting++] = (struct form_place){ 2 * at.slot + 1, at.depth + 1 };
        stack[waiting++] = (struct form_place){ 2 * at.slot, at.depth + 1 };
    }
    return (struct heap_tree){ height, node, missing_right, leaf };
}

static struct deep_tree deep_make(struct form *form, uint32_t height,
                                  const struct form_source *s)
{
    uint32_t waiting[FORM_HEIGHT_MAX + 1], count = 0, depth = 0;
    struct deep_node *node = form_carve(form, s->nodes * sizeof *node);
    uint32_t *leaf = form_carve(form, s->nodes * sizeof *leaf);
    uint8_t *missing_right = form_carve(form, s->nodes);
    for (uint32_t k = 0; k < s->nodes; k++) {
        leaf[k] = depth * IFOREST_ONE + form->c[s->count[k]];
        missing_right[k] = 0;
        if (s->feature[k] == IFOREST_LEAF) {
            node[k] = (struct deep_node){ 0.0f, 0, { k, k } };
            depth = count > 0 ? waiting[--count] : 0;
            continue;
        }
        node[k] = (struct deep_node){ s->threshold[k],
                                      s->feature[k] * form->block_rows,
                                      { k + 1, s->right[k] } };
        missing_right[k] = source_missing_right(s, k);
        waiting[count++] = ++depth;
    }
    return (struct deep_tree){ height, node, missing_right, leaf };
}

void form_add(struct form *form, uint32_t nodes, const uint16_t *feature,
              const float *threshold, const uint32_t *right,
              const uint32_t *count, const uint8_t *missing_right)
{
    struct form_source s = { nodes, feature, threshold,
                             right, count,   missing_right };
    uint32_t height = tree_height(nodes, feature);
    check(form->trees < form->trees_max);
    struct form_tree *tree = &form->tree[form->trees++];
    tree->is_deep = height > FORM_HEAP_HEIGHT;
    if (tree->is_deep)
        tree->deep = deep_make(form, height, &s);
    else
        tree->heap = heap_make(form, height, &s);
}
