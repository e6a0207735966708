#include "tests/unit/wire/forests.h"

#include "proto/base/check.h"
#include "tests/unit/wire/samples.h"

#include <stdlib.h>
#include <string.h>

static void forest_start(struct forest_parts *f, uint32_t trees, uint32_t psi,
                         uint32_t features)
{
    memset(f, 0, sizeof *f);
    f->forest = (struct iforest_forest){
        trees,      psi,          features, 0,       f->tree_first,
        f->feature, f->threshold, f->right, f->count
    };
}

/* Appends a subtree on `count` rows in preorder, without recursion: a stack
 * of row counts still to be placed, and who waits for its right child. */
static void tree_grow(struct rng *r, uint32_t psi, struct forest_parts *f)
{
    struct {
        uint32_t count, parent;
    } open[64] = { { psi, UINT32_MAX } };
    uint32_t opened = 1, first = f->forest.node_count;
    while (opened > 0) {
        uint32_t count = open[--opened].count, parent = open[opened].parent;
        uint32_t node = f->forest.node_count++;
        check(node < FOREST_NODES_MAX);
        if (parent != UINT32_MAX)
            f->right[parent] = node - first;
        f->count[node] = count;
        f->feature[node] = IFOREST_LEAF;
        if (count == 1 || rng_below(r, 4) == 0)
            continue;
        uint32_t left = 1 + (uint32_t)rng_below(r, count - 1);
        f->feature[node] = (uint16_t)rng_below(r, f->forest.features);
        f->threshold[node] = (float)rng_unit(r);
        open[opened].count = count - left;
        open[opened++].parent = node;
        open[opened].count = left;
        open[opened++].parent = UINT32_MAX;
    }
}

void forest_random(struct rng *r, uint32_t trees, uint32_t psi,
                   struct forest_parts *ret_f)
{
    check(trees <= 8 && psi <= 16);
    forest_start(ret_f, trees, psi, 5);
    for (uint32_t k = 0; k < trees; k++) {
        tree_grow(r, psi, ret_f);
        ret_f->tree_first[k + 1] = ret_f->forest.node_count;
    }
}

void forest_extend(struct rng *r, uint32_t extension, struct forest_parts *f)
{
    uint32_t width = extension + 1;
    check(width <= FOREST_WIDTH_MAX);
    f->forest.extension = extension;
    f->forest.axis = f->axis;
    f->forest.weight = f->weight;
    for (uint32_t k = 0; k < f->forest.node_count; k++)
        for (uint32_t j = 0; j < width && f->feature[k] != IFOREST_LEAF; j++) {
            f->axis[k * width + j] =
                j == 0 ? f->feature[k]
                       : (uint16_t)rng_below(r, f->forest.features);
            f->weight[k * width + j] = (float)(rng_unit(r) - 0.5);
        }
}

void forest_by_hand(struct forest_parts *ret_f)
{
    forest_start(ret_f, 2, 4, 3);
    ret_f->forest.node_count = 4;
    ret_f->tree_first[1] = 3;
    ret_f->tree_first[2] = 4;
    memcpy(ret_f->feature,
           (uint16_t[]){ 2, IFOREST_LEAF, IFOREST_LEAF, IFOREST_LEAF },
           4 * sizeof(uint16_t));
    ret_f->threshold[0] = 0.5f;
    ret_f->right[0] = 2;
    memcpy(ret_f->count, (uint32_t[]){ 4, 1, 3, 4 }, 4 * sizeof(uint32_t));
}

void forest_missing(struct rng *r, struct forest_parts *f)
{
    f->forest.missing_right = f->missing_right;
    for (uint32_t k = 0; k < f->forest.node_count; k++)
        f->missing_right[k] =
            f->feature[k] != IFOREST_LEAF && rng_below(r, 2) == 0;
}

void forest_chain(uint32_t splits, struct forest_parts *ret_f)
{
    forest_start(ret_f, 1, splits + 1, 1);
    ret_f->forest.node_count = 2 * splits + 1;
    ret_f->tree_first[1] = ret_f->forest.node_count;
    for (uint32_t i = 0; i < splits; i++) {
        ret_f->right[2 * i] = 2 * i + 2;
        ret_f->count[2 * i] = splits + 1 - i;
        ret_f->feature[2 * i + 1] = IFOREST_LEAF;
        ret_f->count[2 * i + 1] = 1;
    }
    ret_f->feature[2 * splits] = IFOREST_LEAF;
    ret_f->count[2 * splits] = 1;
}

struct wire_payload payload_over_wire(const struct wire_payload *p,
                                      uint8_t **ret_bytes)
{
    struct wire_message sent = { .envelope = { .kind = WIRE_MODEL } }, got;
    size_t n;
    sent.body.model.payload = *p;
    *ret_bytes = sample_encode(&sent, &n);
    check(wire_decode(*ret_bytes, n, &got) == 0);
    return got.body.model.payload;
}
