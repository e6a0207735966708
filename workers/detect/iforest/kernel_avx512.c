/* The AVX-512 kernels (F, BW, DQ, VL, VBMI, GFNI). */
#include "workers/detect/iforest/kernel_deep.h"
#include "workers/detect/iforest/kernel_mask.h"

#include <immintrin.h>

#define TABLE_LEVELS 8u /* of a search tree in registers */

/* Sixteen values one level down: entry j's children are 2j and 2j + 1. */
static inline __m512i step(__m512i at, __m512 threshold, __m512 x)
{
    __mmask16 above = _mm512_cmp_ps_mask(threshold, x, _CMP_LT_OQ);
    at = _mm512_add_epi32(at, at);
    return _mm512_mask_sub_epi32(at, above, at, _mm512_set1_epi32(-1));
}

/* The 32 entries from two registers. */
static inline __m512 pick(__m512 lo, __m512i at, __m512 hi)
{
    return _mm512_permutex2var_ps(lo, at, hi);
}

/* Entries 64..127 and 128..255 of the table. */
static inline __m512 pick_64(const __m512 *t, __m512i at)
{
    __mmask16 high = _mm512_test_epi32_mask(at, _mm512_set1_epi32(32));
    return _mm512_mask_blend_ps(high, pick(t[0], at, t[1]),
                                pick(t[2], at, t[3]));
}

static inline __m512 pick_128(const __m512 *t, __m512i at)
{
    __mmask16 high = _mm512_test_epi32_mask(at, _mm512_set1_epi32(64));
    return _mm512_mask_blend_ps(high, pick_64(t, at), pick_64(t + 4, at));
}

/* Down the levels that registers hold, 5 <= levels <= TABLE_LEVELS of them. */
static inline __attribute__((always_inline)) __m512i
descend(const __m512 *t, uint32_t levels, __m512 x)
{
    __m512i at = _mm512_set1_epi32(1);
    for (uint32_t level = 0; level < 4; level++)
        at = step(at, _mm512_permutexvar_ps(at, t[0]), x);
    at = step(at, _mm512_permutexvar_ps(at, t[1]), x);
    if (levels > 5)
        at = step(at, pick(t[2], at, t[3]), x);
    if (levels > 6)
        at = step(at, pick_64(t + 4, at), x);
    if (levels > 7)
        at = step(at, pick_128(t + 8, at), x);
    return at;
}

static inline __attribute__((always_inline)) void
rank_all(const struct mask_feature *f, uint32_t table_levels, const float *x,
         uint16_t *rank)
{
    __m512 t[1u << (TABLE_LEVELS - 4)];
    __m512i first = _mm512_set1_epi32(1 << f->levels);
    for (uint32_t k = 0; k < 1u << (table_levels - 4); k++)
        t[k] = _mm512_loadu_ps(f->search + 16 * k);
    for (uint32_t i = 0; i < MASK_ROWS; i += 32) {
        __m512 xa = _mm512_loadu_ps(x + i), xb = _mm512_loadu_ps(x + i + 16);
        __m512i a = descend(t, table_levels, xa);
        __m512i b = descend(t, table_levels, xb);
        for (uint32_t level = table_levels; level < f->levels; level++) {
            a = step(a, _mm512_i32gather_ps(a, f->search, 4), xa);
            b = step(b, _mm512_i32gather_ps(b, f->search, 4), xb);
        }
        a = _mm512_sub_epi32(a, first);
        b = _mm512_sub_epi32(b, first);
        _mm256_storeu_si256((__m256i *)(rank + i), _mm512_cvtepi32_epi16(a));
        _mm256_storeu_si256((__m256i *)(rank + i + 16),
                            _mm512_cvtepi32_epi16(b));
    }
}

static void fill(const struct mask_feature *f, const float *x,
                 struct mask_bits *bits)
{
    uint16_t rank[MASK_ROWS];
    switch (f->levels) {
    case 5:
        rank_all(f, 5, x, rank);
        break;
    case 6:
        rank_all(f, 6, x, rank);
        break;
    case 7:
        rank_all(f, 7, x, rank);
        break;
    default:
        rank_all(f, TABLE_LEVELS, x, rank);
        break;
    }
    mask_answer(f, x, rank, bits);
}

/* Sends all rows down a tree; plane d says who turned right at depth d. */
static inline void planes(const struct mask_tree *tree,
                          const struct mask_bits *bits, struct mask_bits *rows,
                          __m512i *plane)
{
    const struct mask_node *node = tree->node;
    __m512i *child = (__m512i *)(rows + 1);
    _mm512_store_si512(rows, _mm512_set1_epi32(-1));
    for (uint32_t depth = 0; depth < MASK_HEIGHT; depth++) {
        __m512i turned = _mm512_setzero_si512();
        for (uint32_t k = 0; k < tree->level[depth]; k++, node++, child += 2) {
            __m512i here = _mm512_load_si512(&rows[node->from]);
            __m512i right =
                _mm512_and_si512(here, _mm512_load_si512(&bits[node->slot]));
            _mm512_store_si512(child, _mm512_xor_si512(here, right));
            _mm512_store_si512(child + 1, right);
            turned = _mm512_or_si512(turned, right);
        }
        plane[depth] = turned;
    }
}

/* Transposes 8 x 8 quadwords. */
static inline void transpose(__m512i *q)
{
    __m512i a[8], b[8];
    for (uint32_t i = 0; i < 4; i++) {
        a[2 * i] = _mm512_unpacklo_epi64(q[2 * i], q[2 * i + 1]);
        a[2 * i + 1] = _mm512_unpackhi_epi64(q[2 * i], q[2 * i + 1]);
    }
    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t j = 0; j < 2; j++) {
            b[4 * i + j] =
                _mm512_shuffle_i64x2(a[4 * i + j], a[4 * i + 2 + j], 0x88);
            b[4 * i + 2 + j] =
                _mm512_shuffle_i64x2(a[4 * i + j], a[4 * i + 2 + j], 0xDD);
        }
    for (uint32_t j = 0; j < 4; j++) {
        /* b[j]: words {0,2}x... of planes 0..3; b[4 + j]: planes 4..7 */
        a[j] = _mm512_shuffle_i64x2(b[j], b[4 + j], 0x88);
        a[4 + j] = _mm512_shuffle_i64x2(b[j], b[4 + j], 0xDD);
    }
    /* word w = 2 * lane + j: lanes 0,2 (0x88 of 0x88) ... */
    q[0] = a[0];
    q[1] = a[1];
    q[4] = a[4];
    q[5] = a[5];
    q[2] = a[2];
    q[3] = a[3];
    q[6] = a[6];
    q[7] = a[7];
}

/* Sums of bytes of 64 rows: even + 256 * odd rows (mod 2^16), and odd rows. */
struct byte_sums {
    __m512i both[MASK_WORDS][MASK_LEAF_BYTES];
    __m512i odd[MASK_WORDS][MASK_LEAF_BYTES];
};

static inline __m512i look_up(const uint8_t *table, __m512i path)
{
    const __m512i *t = (const __m512i *)table;
    __mmask64 high = _mm512_movepi8_mask(path);
    return _mm512_mask_blend_epi8(
        high,
        _mm512_permutex2var_epi8(_mm512_load_si512(t), path,
                                 _mm512_load_si512(t + 1)),
        _mm512_permutex2var_epi8(_mm512_load_si512(t + 2), path,
                                 _mm512_load_si512(t + 3)));
}

/* Eight rows' bits of one plane after the other become eight paths. */
static inline __m512i paths(__m512i plane_bits)
{
    const __m512i bytes = _mm512_set_epi8(
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53,
        45, 37, 29, 21, 13, 5, 60, 52, 44, 36, 28, 20, 12, 4, 59, 51, 43, 35,
        27, 19, 11, 3, 58, 50, 42, 34, 26, 18, 10, 2, 57, 49, 41, 33, 25, 17, 9,
        1, 56, 48, 40, 32, 24, 16, 8, 0);
    const __m512i unit = _mm512_set1_epi64((long long)0x8040201008040201u);
    return _mm512_gf2p8affine_epi64_epi8(
        unit, _mm512_permutexvar_epi8(bytes, plane_bits), 0);
}

static inline void add_bytes(struct byte_sums *s, uint32_t word, uint32_t byte,
                             __m512i v)
{
    s->both[word][byte] = _mm512_add_epi16(s->both[word][byte], v);
    s->odd[word][byte] =
        _mm512_add_epi16(s->odd[word][byte], _mm512_srli_epi16(v, 8));
}

static inline void add_sums(const struct byte_sums *s, uint32_t *sums)
{
    for (uint32_t w = 0; w < MASK_WORDS; w++) {
        __m512i even32 = _mm512_setzero_si512(), odd32 = even32;
        __m512i even32h = even32, odd32h = even32;
        (void)even32h;
        (void)odd32h;
        uint16_t both[MASK_LEAF_BYTES][32], odd[MASK_LEAF_BYTES][32];
        for (uint32_t b = 0; b < MASK_LEAF_BYTES; b++) {
            _mm512_storeu_si512(both[b], s->both[w][b]);
            _mm512_storeu_si512(odd[b], s->odd[w][b]);
        }
        (void)odd32;
        for (uint32_t i = 0; i < 32; i++)
            for (uint32_t b = 0; b < MASK_LEAF_BYTES; b++) {
                uint16_t even = (uint16_t)(both[b][i] - (odd[b][i] << 8));
                sums[64 * w + 2 * i] += (uint32_t)even << 8 * b;
                sums[64 * w + 2 * i + 1] += (uint32_t)odd[b][i] << 8 * b;
            }
    }
}

static void walk(const struct mask_tree *tree, uint32_t trees,
                 const struct mask_bits *bits, struct mask_space *space,
                 uint32_t *sums)
{
    struct byte_sums s;
    memset(&s, 0, sizeof s);
    for (uint32_t t = 0; t < trees; t++) {
        __m512i plane[MASK_HEIGHT];
        planes(&tree[t], bits, space->rows, plane);
        transpose(plane);
        for (uint32_t w = 0; w < MASK_WORDS; w++) {
            __m512i path = paths(plane[w]);
            for (uint32_t b = 0; b < MASK_LEAF_BYTES; b++)
                add_bytes(&s, w, b,
                          look_up(tree[t].leaf_byte + b * MASK_PATHS, path));
        }
    }
    add_sums(&s, sums);
}

const struct iforest_kernel iforest_kernel_avx512 = {
    .isa = ISA_AVX512,
    .fill = fill,
    .walk = walk,
    .deep = deep_plain,
    .deep_missing = deep_missing,
};
