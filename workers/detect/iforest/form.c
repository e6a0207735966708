/* Trees into the layouts that the kernels walk. */
#include "workers/detect/iforest/form.h"

#include "proto/base/check.h"

#include <string.h>

#define FORM_HEIGHT_MAX 64u
#define FORM_DEEP_NODES (1u << 16) /* of a group: 1.4 MB */
#define LEAF_WORDS (MASK_PATHS + MASK_LEAF_BYTES * MASK_PATHS / 4)

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

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

/* What one tree takes. */
static struct form_room tree_room(const struct form_source *tree)
{
    uint32_t height = tree_height(tree), inner = tree->nodes / 2;
    if (height <= MASK_HEIGHT)
        return (struct form_room){ 1, inner, LEAF_WORDS, 0 };
    if (height <= MASK_HEIGHT_MAX)
        return (struct form_room){ 1, inner, MASK_WIDE_PATHS, 0 };
    return (struct form_room){ 1, 0, 0, tree->nodes };
}

uint32_t form_group(const struct iforest_forest *forest, uint32_t first,
                    struct form_room *ret_room)
{
    struct form_room room = { 0 };
    uint32_t tree = first;
    for (; tree < forest->trees; tree++) {
        struct form_source s = source_of(forest, tree);
        struct form_room more = tree_room(&s);
        if (tree > first &&
            (room.mask_nodes + more.mask_nodes > FORM_MASK_NODES ||
             room.deep_nodes + more.deep_nodes > FORM_DEEP_NODES))
            break;
        room.trees++;
        room.mask_nodes += more.mask_nodes;
        room.leaf_words += more.leaf_words;
        room.deep_nodes += more.deep_nodes;
    }
    *ret_room = room;
    return tree;
}

void form_room_join(struct form_room *room, const struct form_room *other)
{
    room->trees = most(room->trees, other->trees);
    room->mask_nodes = most(room->mask_nodes, other->mask_nodes);
    room->leaf_words = most(room->leaf_words, other->leaf_words);
    room->deep_nodes = most(room->deep_nodes, other->deep_nodes);
}

/* Floats of the search trees of so many thresholds in so many columns, and of
 * their tables. */
static size_t search_floats(const struct form *form)
{
    uint32_t nodes = form->room.mask_nodes;
    return 2 * (2 * (size_t)nodes +
                MASK_SEARCH_MIN * (size_t)least(form->cols, nodes));
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
    form->leaf = arena_alloc(arena, form->room.leaf_words, sizeof(uint32_t));
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

/* A tree's level while it is laid out. */
struct place {
    uint16_t node; /* of the source */
    uint16_t path; /* of its leftmost leaf */
    uint16_t from; /* its mask */
};

static void mask_node_add(struct form *form, const struct form_source *s,
                          const struct place *at)
{
    form->split[form->mask_nodes] =
        (struct form_split){ s->threshold[at->node], s->feature[at->node],
                             missing_right(s, at->node) };
    form->node[form->mask_nodes++].from = at->from;
}

/* The levels of a tree that is being laid out. */
struct levels {
    const struct form_source *source;
    uint32_t *leaf;
    uint32_t depth; /* of the level `now` */
    uint32_t paths; /* of a subtree of that level */
    uint32_t masks; /* given out so far */
    uint32_t count; /* of places in `now` */
    struct place *now, *next;
};

/* Leaves go where their paths point, the children of inner nodes to the next
 * level. Returns how many inner nodes there are. */
static uint32_t level_add(struct form *form, const struct levels *l)
{
    const struct form_source *s = l->source;
    uint32_t inner = 0;
    for (uint32_t k = 0; k < l->count; k++) {
        const struct place at = l->now[k];
        if (s->feature[at.node] == IFOREST_LEAF) {
            uint32_t length = leaf_length(form, s, at.node, l->depth);
            for (uint32_t i = 0; i < l->paths; i++)
                l->leaf[at.path + i] = length;
            continue;
        }
        uint16_t mask = (uint16_t)(l->masks + 2 * inner);
        struct place *child = l->next + (size_t)2 * inner++;
        mask_node_add(form, s, &at);
        child[0] = (struct place){ (uint16_t)(at.node + 1), at.path, mask };
        child[1] = (struct place){ (uint16_t)s->right[at.node],
                                   (uint16_t)(at.path + l->paths / 2),
                                   (uint16_t)(mask + 1) };
    }
    return inner;
}

static const uint8_t *leaf_bytes(uint32_t *leaf)
{
    uint8_t *byte = (uint8_t *)(leaf + MASK_PATHS);
    for (uint32_t b = 0; b < MASK_LEAF_BYTES; b++)
        for (uint32_t i = 0; i < MASK_PATHS; i++)
            byte[b * MASK_PATHS + i] = (uint8_t)(leaf[i] >> 8 * b);
    return byte;
}

static void mask_add(struct form *form, const struct form_source *s,
                     uint32_t height)
{
    struct place places[2][MASK_WIDE_PATHS];
    bool is_wide = height > MASK_HEIGHT;
    uint32_t *leaf = form->leaf + form->leaf_words;
    struct mask_tree *tree = &form->mask[form->mask_trees++];
    struct levels l = { s,         leaf,
                        0,         is_wide ? MASK_WIDE_PATHS : MASK_PATHS,
                        1,         1,
                        places[0], places[1] };
    *tree = (struct mask_tree){ .is_wide = is_wide,
                                .node = form->node + form->mask_nodes,
                                .leaf = leaf };
    places[0][0] = (struct place){ 0, 0, 0 };
    while (l.count > 0) {
        struct place *now = l.now;
        uint32_t inner = level_add(form, &l);
        if (inner > 0)
            tree->level[l.depth] = (uint16_t)inner;
        l.count = 2 * inner;
        l.masks += 2 * inner;
        l.depth++;
        l.paths /= 2;
        l.now = l.next;
        l.next = now;
    }
    if (!is_wide)
        tree->leaf_byte = leaf_bytes(leaf);
    form->leaf_words += is_wide ? MASK_WIDE_PATHS : LEAF_WORDS;
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
    form->mask_trees = form->mask_nodes = 0;
    form->leaf_words = form->features = 0;
    form->deep_trees = form->deep_nodes = 0;
    check(end - first <= form->room.trees);
    for (uint32_t tree = first; tree < end; tree++) {
        struct form_source s = source_of(forest, tree);
        uint32_t height = tree_height(&s);
        if (height > MASK_HEIGHT_MAX)
            deep_add(form, &s, height);
        else
            mask_add(form, &s, height);
    }
    check(form->mask_nodes <= form->room.mask_nodes &&
          form->leaf_words <= form->room.leaf_words &&
          form->deep_nodes <= form->room.deep_nodes);
    form_sort(form);
}
