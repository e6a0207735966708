/*
 * Small forests and matrices for the tests of packing and unpacking.
 */
#ifndef FYKE_TESTS_UNIT_WIRE_FORESTS_H
#define FYKE_TESTS_UNIT_WIRE_FORESTS_H

#include "proto/wire/iforest.h"

#define FOREST_NODES_MAX 512
#define FOREST_WIDTH_MAX 4

/* A forest that owns its numbers, so that a test can break them. */
struct forest_parts {
    struct iforest_forest forest; /* points at the arrays below */
    uint32_t tree_first[9];
    uint16_t feature[FOREST_NODES_MAX];
    float threshold[FOREST_NODES_MAX];
    uint32_t right[FOREST_NODES_MAX];
    uint32_t count[FOREST_NODES_MAX];
    uint8_t missing_right[FOREST_NODES_MAX]; /* of forest_missing */
    uint16_t axis[FOREST_NODES_MAX * FOREST_WIDTH_MAX];
    float weight[FOREST_NODES_MAX * FOREST_WIDTH_MAX];
};

/* `trees` <= 8 well-formed random trees on `psi` <= 16 rows. */
void forest_random(struct rng *r, uint32_t trees, uint32_t psi,
                   struct forest_parts *ret_f);

/* Gives every split of a forest 1 + extension features and weights;
 * extension < FOREST_WIDTH_MAX. */
void forest_extend(struct rng *r, uint32_t extension, struct forest_parts *f);

/* Two trees by hand: a split with two leaves, and a single leaf. psi 4. */
void forest_by_hand(struct forest_parts *ret_f);

/* Says at random, for each split, where a missing value goes. */
void forest_missing(struct rng *r, struct forest_parts *f);

/* One tree that is a chain of `splits` splits, psi = splits + 1. */
void forest_chain(uint32_t splits, struct forest_parts *ret_f);

/* Sends a payload through a message's bytes; the payload that comes out
 * points into `ret_bytes`, to be freed. */
struct wire_payload payload_over_wire(const struct wire_payload *p,
                                      uint8_t **ret_bytes);

#endif
