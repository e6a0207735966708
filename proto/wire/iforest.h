/*
 * What the two halves of the isolation forest say to each other: forests,
 * samples and path sums, as structs and as wire payloads.
 *
 * Source       Liu, Ting, Zhou 2008 (algorithms 1-3).
 * Forest       nodes in preorder, tree after tree. An internal node sends a
 *              row left when value <= threshold (scikit-learn's rule), its
 *              left child is the next node, its right child is `right`
 *              (index from the tree's first node). A missing value follows
 *              the child that holds more of the sample (left when equal),
 *              unless the forest says for each node where it goes (one from
 *              scikit-learn does).
 *              In an extended forest (Hariri, Carrasco Kind, Brunner 2019) a
 *              split looks at extension + 1 features: left when the sum of
 *              weight * value over them, in their order and in double, is
 *              <= threshold. The products are exact in double, so that a
 *              fused multiply-add changes nothing. A row with any of the
 *              values missing follows the heavier child.
 *              A leaf's path length is depth + c(count), Liu's equation 1
 *              (with ln(n-1) + Euler's constant for the harmonic number, as
 *              scikit-learn has it), in fixed point with IFOREST_ONE = 2^16.
 * Path sum     the sum of a row's leaf values over all trees: a u32, equal
 *              for any order, partition, instruction set or compiler.
 * Memory       structs borrow what they point to.
 */
#ifndef FYKE_WIRE_IFOREST_H
#define FYKE_WIRE_IFOREST_H

#include "proto/base/arena.h"
#include "proto/base/matrix.h"
#include "proto/base/rng.h"
#include "proto/wire/wire.h"

#define IFOREST_NAME "iforest"
#define IFOREST_DETECTOR_ID 1u /* in seeds */
#define IFOREST_ALGORITHM 2u   /* version of every number below */
#define IFOREST_ONE 65536u     /* fixed point of path lengths */
#define IFOREST_TREES_MAX 2000u
#define IFOREST_SUBSAMPLE_MAX 4096u /* that trees are grown on here */
#define IFOREST_PSI_MAX (1u << 20)  /* of a forest grown elsewhere */
#define IFOREST_FEATURES_MAX 1024u
#define IFOREST_LEAF 0xFFFFu /* feature of a leaf */

enum iforest_phase {
    IFOREST_FIT_SCORE = 1, /* fused: one task holds the whole batch */
    IFOREST_FIT = 2,       /* a run of consecutive trees */
    IFOREST_SCORE = 3,     /* a run of rows against a model */
};

struct iforest_forest {
    uint32_t trees;
    uint32_t subsample; /* psi that the trees were grown for (their sample) */
    uint32_t features;
    uint32_t node_count;        /* over all trees */
    const uint32_t *tree_first; /* trees + 1 entries; last = node_count */
    const uint16_t *feature;    /* per node, IFOREST_LEAF = leaf */
    const float *threshold;     /* per node, 0 at leaves */
    const uint32_t *right;      /* per node, 0 at leaves */
    const uint32_t *count;      /* per node, sample rows that reached it */
    uint32_t extension;         /* features of a split beyond the first */
    /* Only when extension > 0, else NULL; per node extension + 1 entries, of
     * which axis[0] is `feature` again; 0 at leaves. An entry that is not
     * used names the first feature once more, with weight 0. */
    const uint16_t *axis;
    const float *weight; /* finite */
    /* Per node, 1: a missing value goes right; 0 at leaves. NULL: to the
     * child that holds more. */
    const uint8_t *missing_right;
};

/* Where a missing value goes at an inner node when the forest does not say:
 * 1 = right. `node` and `right` are indices into count. */
static inline uint8_t iforest_heavier_right(const uint32_t *count,
                                            uint32_t node, uint32_t right)
{
    return count[right] > count[node + 1];
}

#define IFOREST_GROW (1u << 31) /* or'd to a tree's index, see below */

/* The random state of one tree: hash of (seed, batch or model version,
 * detector, tree). It draws the tree's sample; the tree is grown with the
 * state of `tree | IFOREST_GROW`, so that growing needs no draw before it. */
void iforest_tree_rng(struct rng *r, uint64_t seed, uint64_t batch,
                      uint32_t tree);

/* Effective psi: min(subsample, rows to fit on). */
uint32_t iforest_subsample(uint32_t subsample, uint32_t fit_rows);

/* Height limit of a tree: ceil(log2(psi)), 0 for psi <= 1. */
uint32_t iforest_height_max(uint32_t psi);

/* c(n), Liu's equation 1, in fixed point (round to nearest): c(0) = c(1) = 0,
 * c(2) = 1. */
uint32_t iforest_c(uint32_t n);

/* The anomaly score in (0, 1] of a path sum: 2^(-sum / (trees * c(psi))),
 * 0.5 when c(psi) = 0. The only place where the double is made. */
double iforest_score(uint32_t path_sum, uint32_t trees, uint32_t psi);

/* FIT task: trees [tree_first, tree_first + tree_count) of a forest. `rows`
 * are the distinct rows that they drew (ascending by their index in the fit
 * set); tree k's sample is index[k * psi .. k * psi + psi), positions in
 * `rows`, ascending. Result: a forest of tree_count trees. */
struct iforest_fit_task {
    uint64_t seed, batch;
    uint32_t tree_first, tree_count, psi;
    struct matrix rows;
    const uint32_t *index;
    uint32_t extension; /* below the features */
};

/* FIT_SCORE task: draw, grow and score in one go. The fit set is `recent`
 * followed by `rows`. Result: path sums of `rows`, and the forest, which says
 * why a row is strange. */
struct iforest_fit_score_task {
    uint64_t seed, batch;
    uint32_t trees, psi;
    struct matrix rows;
    struct matrix recent; /* cols equal, rows may be 0 */
    uint32_t extension;   /* below the features */
};

/* SCORE task: path sums of `rows` under the model named in the envelope. */
struct iforest_score_task {
    struct matrix rows;
};

/* The same as it lies in a payload: rows are copied from there as they are
 * needed, since a task may be much larger than a cache. */
struct iforest_packed_rows {
    const void *data; /* any alignment, values unchecked */
    uint32_t rows, cols;
};

/* Pack: fills a payload that borrows from the arguments; a matrix whose
 * stride is not its rows is first copied dense into `arena`. */
FYKE_MUST_USE int iforest_pack_fit(const struct iforest_fit_task *t,
                                   struct arena *arena,
                                   struct wire_payload *ret_p);
FYKE_MUST_USE int iforest_pack_fit_score(const struct iforest_fit_score_task *t,
                                         struct arena *arena,
                                         struct wire_payload *ret_p);
FYKE_MUST_USE int iforest_pack_score(const struct iforest_score_task *t,
                                     struct arena *arena,
                                     struct wire_payload *ret_p);
/* A node takes 2 bytes on the wire (`right`, inner counts and where trees
 * begin follow from the preorder), an inner one 4 more for its threshold and
 * 6 for each feature beyond the first, 4 more when there are any. */
FYKE_MUST_USE int iforest_pack_forest(const struct iforest_forest *f,
                                      struct arena *arena,
                                      struct wire_payload *ret_p);
FYKE_MUST_USE int iforest_pack_sums(const uint32_t *sums, uint32_t rows,
                                    struct wire_payload *ret_p);
/* What a FIT_SCORE task gives. */
FYKE_MUST_USE int iforest_pack_fit_scored(const uint32_t *sums, uint32_t rows,
                                          const struct iforest_forest *f,
                                          struct arena *arena,
                                          struct wire_payload *ret_p);

/* Unpack: checks every count, index and limit against the payload, copies
 * numbers into `arena` (aligned) and points `ret_t` there. After success the
 * detector may index without further checks: features < cols, right and
 * left inside the tree, preorder well-formed, height <= 64, indices < rows,
 * finite thresholds and weights. Errors: ERR_PROTO, ERR_NOMEM, ERR_LIMIT. */
FYKE_MUST_USE int iforest_unpack_fit(const struct wire_payload *p,
                                     struct arena *arena,
                                     struct iforest_fit_task *ret_t);
FYKE_MUST_USE int
iforest_unpack_fit_score(const struct wire_payload *p, struct arena *arena,
                         struct iforest_fit_score_task *ret_t);
/* Borrows the payload. */
FYKE_MUST_USE int iforest_unpack_score(const struct wire_payload *p,
                                       struct iforest_packed_rows *ret_r);
/* The rows [first, first + count), which it must have, into count x cols
 * floats, column after column. ERR_PROTO: an infinite value. */
FYKE_MUST_USE int iforest_unpack_rows(const struct iforest_packed_rows *r,
                                      uint32_t first, uint32_t count,
                                      float *ret_x);
FYKE_MUST_USE int iforest_unpack_forest(const struct wire_payload *p,
                                        struct arena *arena,
                                        struct iforest_forest *ret_f);
/* Sums of exactly `rows` rows, copied to `ret_sums`. */
FYKE_MUST_USE int iforest_unpack_sums(const struct wire_payload *p,
                                      uint32_t rows, uint32_t *ret_sums);
/* What a FIT_SCORE task gives as two payloads, for the two functions above;
 * they borrow from it. */
FYKE_MUST_USE int iforest_split_fit_scored(const struct wire_payload *p,
                                           struct wire_payload *ret_forest,
                                           struct wire_payload *ret_sums);
/* Both halves of it; all or nothing. */
FYKE_MUST_USE int iforest_unpack_fit_scored(const struct wire_payload *p,
                                            uint32_t rows, struct arena *arena,
                                            uint32_t *ret_sums,
                                            struct iforest_forest *ret_f);

/* What the forest of `trees` trees on `psi` rows takes at most: in a payload,
 * and as a struct in memory. */
uint64_t iforest_wire_bytes_max(uint64_t trees, uint32_t psi,
                                uint32_t extension);
uint64_t iforest_memory_bytes_max(uint64_t trees, uint32_t psi,
                                  uint32_t extension);

#endif
