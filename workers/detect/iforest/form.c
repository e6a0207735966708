/* Trees into the layouts that the kernels walk. */
#include "workers/detect/iforest/form.h"

#include "proto/base/check.h"

#include <string.h>

#define FORM_HEIGHT_MAX 64u
#define FORM_DEEP_NODES (1u << 16) /* of a group: 1.4 MB */
#define LEAF_WORDS (MASK_PATHS + MASK_LEAF_BYTES * MASK_PATHS / 4)

const uint32_t *form_c_table(uint32_t subsample, struct arena *arena)
{
    uint32_t *c = arena_alloc(arena, (size_t)subsample + 1, sizeof *c);
    if (c == NULL)
        return NULL;
    for (uint32_t n = 0; n <= subsample; n++)
        c[n] = iforest_c(n);
    return c;
}

/* One tree in preorder, as a forest holds it. */
struct form_source {
    uint32_t nodes;
    const uint16_t *feature;
    const float *threshold;
    const uint32_t *right;
    const uint32_t *count;
    const uint8_t *missing_right; /* NULL: to the heavier child */
};

static struct form_source source_of(const struct iforest_forest *f,
                                    uint32_t tree)
{
    uint32_t first = f->tree_first[tree];
    const uint8_t *missing = f->missing_right;
    return (struct form_source){ f->tree_first[tree + 1] - first,
                                 f->feature + first,
                                 f->threshold + first,
                                 f->right + first,
                                 f->count + first,
                                 missing ? missing + first : NULL };
}

/* Levels below the root of a preorder tree. */
static uint32_t tree_height(const struct form_source *tree)
{
    uint32_t waiting[FORM_HEIGHT_MAX + 1]; /* depths of right children */
    uint32_t count = 0, depth = 0, height = 0;
    for (uint32_t k = 0; k < tree->nodes; k++) {
        if (depth > height)
            height = depth;
        if (tree->feature[k] == IFOREST_LEAF) {
            depth = count > 0 ? waiting[--count] : 0;
        } else {
            check(count <= FORM_HEIGHT_MAX);
            waiting[count++] = ++depth;
        }
    }
    return height;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

uint32_t form_group(const struct iforest_forest *forest, uint32_t first,
                    struct form_room *ret_room)
{
    struct form_room room = { 0 };
    uint32_t tree = first;
    for (; tree < forest->trees; tree++) {
        struct form_source s = source_of(forest, tree);
        bool is_deep = tree_height(&s) > MASK_HEIGHT;
        uint32_t mask_nodes = room.mask_nodes + (is_deep ? 0 : s.nodes / 2);
        uint32_t deep_nodes = room.deep_nodes + (is_deep ? s.nodes : 0);
        if (tree > first &&
            (mask_nodes > FORM_MASK_NODES || deep_nodes > FORM_DEEP_NODES))
            break;
        room = (struct form_room){ room.trees + 1, mask_nodes, deep_nodes };
    }
    *ret_room = room;
    return tree;
}

void form_room_join(struct form_room *room, const struct form_room *other)
{
    room->trees = most(room->trees, other->trees);
    room->mask_nodes = most(room->mask_nodes, other->mask_nodes);
    room->deep_nodes = most(room->deep_nodes, other->deep_nodes);
}

/* Floats of the search trees of so many thresholds in so many columns. */
static size_t search_floats(const struct form *form)
{
    return 2 * (size_t)form->room.mask_nodes +
           MASK_SEARCH_MIN * (size_t)least(form->cols, form->room.mask_nodes);
}

static int mask_init(struct form *form, struct arena *arena)
{
    uint32_t nodes = form->room.mask_nodes;
    form->mask = arena_alloc(arena, form->room.trees, sizeof *form->mask);
    form->node = arena_alloc(arena, nodes, sizeof *form->node);
    form->split = arena_alloc(arena, nodes, sizeof *form->split);
    form->order[0] = arena_alloc(arena, nodes, sizeof *form->order[0]);
    form->order[1] = arena_alloc(arena, nodes, sizeof *form->order[1]);
    form->column_splits =
        arena_alloc(arena, (size_t)form->cols + 1, sizeof(uint32_t));
    form->feature =
        arena_alloc(arena, least(form->cols, nodes), sizeof *form->feature);
    form->search = arena_alloc(arena, search_floats(form), sizeof(float));
    form->missing_right = arena_alloc(arena, nodes, 1);
    form->leaf = arena_alloc(arena, form->room.trees, LEAF_WORDS * 4);
    return form->mask && form->node && form->split && form->order[0] &&
                   form->order[1] && form->column_splits && form->feature &&
                   form->search && form->missing_right && form->leaf
               ? 0
               : ERR_NOMEM;
}

int form_init(struct form *form, uint32_t cols, const struct form_room *room,
              const uint32_t *c, struct arena *arena)
{
    uint32_t nodes = room->deep_nodes;
    *form = (struct form){ .cols = cols, .room = *room, .c = c };
    form->deep = arena_alloc(arena, room->trees, sizeof *form->deep);
    form->deep_node = arena_alloc(arena, nodes, sizeof *form->deep_node);
    form->deep_leaf = arena_alloc(arena, nodes, sizeof *form->deep_leaf);
    form->deep_missing_right = arena_alloc(arena, nodes, 1);
    if (!form->deep || !form->deep_node || !form->deep_leaf ||
        !form->deep_missing_right)
        return ERR_NOMEM;
    return mask_init(form, arena);
}

static uint8_t missing_right(const struct form_source *s, uint32_t node)
{
    if (s->missing_right != NULL)
        return s->missing_right[node];
    return iforest_heavier_right(s->count, node, s->right[node]);
}

static uint32_t leaf_length(const struct form *form,
                            const struct form_source *s, uint32_t node,
                            uint32_t depth)
{
    return depth * IFOREST_ONE + form->c[s->count[node]];
}

/* A node whose place in the levels is known. */
struct place {
    uint32_t node; /* of the source */
    uint32_t path; /* of its leftmost leaf */
    uint32_t from; /* its mask */
};

static void mask_node_add(struct form *form, const struct form_source *s,
                          const struct place *at)
{
    form->split[form->mask_nodes] =
        (struct form_split){ s->threshold[at->node], s->feature[at->node],
                             missing_right(s, at->node) };
    form->node[form->mask_nodes++].from = (uint16_t)at->from;
}

static void leaf_fill(uint32_t *leaf, uint32_t path, uint32_t depth,
                      uint32_t length)
{
    for (uint32_t i = 0; i < MASK_PATHS >> depth; i++)
        leaf[path + i] = length;
}

static void leaf_bytes(const uint32_t *leaf, uint8_t *ret_byte)
{
    for (uint32_t b = 0; b < MASK_LEAF_BYTES; b++)
        for (uint32_t i = 0; i < MASK_PATHS; i++)
            ret_byte[b * MASK_PATHS + i] = (uint8_t)(leaf[i] >> 8 * b);
}

/* Level by level; leaves go where their paths point. */
static void mask_add(struct form *form, const struct form_source *s)
{
    struct place queue[2][MASK_PATHS] = { { { 0, 0, 0 } } };
    uint32_t waiting = 1, masks = 1, first = form->mask_nodes;
    uint32_t *leaf = form->leaf + (size_t)form->mask_trees * LEAF_WORDS;
    struct mask_tree *tree = &form->mask[form->mask_trees++];
    *tree = (struct mask_tree){ .node = form->node + first, .leaf = leaf };
    for (uint32_t depth = 0; waiting > 0; depth++) {
        struct place *now = queue[depth % 2], *next = queue[(depth + 1) % 2];
        uint32_t found = 0, inner = 0;
        for (uint32_t k = 0; k < waiting; k++) {
            const struct place at = now[k];
            if (s->feature[at.node] == IFOREST_LEAF) {
                leaf_fill(leaf, at.path, depth,
                          leaf_length(form, s, at.node, depth));
                continue;
            }
            uint32_t half = (MASK_PATHS / 2) >> depth;
            mask_node_add(form, s, &at);
            inner++;
            next[found++] = (struct place){ at.node + 1, at.path, masks++ };
            next[found++] =
                (struct place){ s->right[at.node], at.path + half, masks++ };
        }
        if (inner > 0)
            tree->level[depth] = (uint16_t)inner;
        waiting = found;
    }
    leaf_bytes(leaf, (uint8_t *)(leaf + MASK_PATHS));
    tree->leaf_byte = (const uint8_t *)(leaf + MASK_PATHS);
}

static void deep_add(struct form *form, const struct form_source *s,
                     uint32_t height)
{
    uint32_t waiting[FORM_HEIGHT_MAX + 1], count = 0, depth = 0;
    struct deep_node *node = form->deep_node + form->deep_nodes;
    uint32_t *leaf = form->deep_leaf + form->deep_nodes;
    uint8_t *right = form->deep_missing_right + form->deep_nodes;
    form->deep_nodes += s->nodes;
    form->deep[form->deep_trees++] =
        (struct deep_tree){ height, node, right, leaf };
    for (uint32_t k = 0; k < s->nodes; k++) {
        leaf[k] = leaf_length(form, s, k, depth);
        right[k] = 0;
        if (s->feature[k] == IFOREST_LEAF) {
            node[k] = (struct deep_node){ 0.0f, 0, { k, k } };
            depth = count > 0 ? waiting[--count] : 0;
            continue;
        }
        node[k] = (struct deep_node){ s->threshold[k],
                                      s->feature[k] * MASK_ROWS,
                                      { k + 1, s->right[k] } };
        right[k] = missing_right(s, k);
        waiting[count++] = ++depth;
    }
}

void form_build(struct form *form, const struct iforest_forest *forest,
                uint32_t first, uint32_t end)
{
    form->mask_trees = form->mask_nodes = form->features = 0;
    form->deep_trees = form->deep_nodes = 0;
    check(end - first <= form->room.trees);
    for (uint32_t tree = first; tree < end; tree++) {
        struct form_source s = source_of(forest, tree);
        uint32_t height = tree_height(&s);
        if (height > MASK_HEIGHT)
            deep_add(form, &s, height);
        else
            mask_add(form, &s);
    }
    check(form->mask_nodes <= form->room.mask_nodes &&
          form->deep_nodes <= form->room.deep_nodes);
    form_sort(form);
}
