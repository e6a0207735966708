/* The AVX-512 kernels (F, BW, DQ, VL, VBMI, GFNI). */
#include "workers/detect/iforest/kernel_deep.h"
#include "workers/detect/iforest/kernel_mask.h"

#include <immintrin.h>

#define EVEN_LANES 0x88
#define ODD_LANES 0xDD

/* The table of a search tree in registers: levels 0 to 4 in one each, then 2, 4
 * and 8 for one level. */
struct table {
    __m512 first[5], level_5[2], level_6[4], level_7[8];
};

static inline __attribute__((always_inline)) struct table
table_load(const float *t, uint32_t levels)
{
    struct table r;
    r.first[0] = _mm512_set1_ps(t[1]);
    for (uint32_t l = 1; l < 5; l++)
        r.first[l] = _mm512_loadu_ps(t + (1u << l));
    for (size_t k = 0; k < 2 && levels > 5; k++)
        r.level_5[k] = _mm512_loadu_ps(t + 32 + 16 * k);
    for (size_t k = 0; k < 4 && levels > 6; k++)
        r.level_6[k] = _mm512_loadu_ps(t + 64 + 16 * k);
    for (size_t k = 0; k < 8 && levels > 7; k++)
        r.level_7[k] = _mm512_loadu_ps(t + 128 + 16 * k);
    return r;
}

/* Entry `at` of the 32 in two registers. */
static inline __m512 pick(const __m512 *t, __m512i at)
{
    return _mm512_permutex2var_ps(t[0], at, t[1]);
}

/* Of 64 in four; `bit_5` of each entry. */
static inline __m512 pick_4(const __m512 *t, __m512i at, __mmask16 bit_5)
{
    return _mm512_mask_blend_ps(bit_5, pick(t, at), pick(t + 2, at));
}

static inline __mmask16 is_above(__m512 x, __m512 threshold)
{
    return _mm512_cmp_ps_mask(threshold, x, _CMP_LT_OQ);
}

static inline __m512i turn(__m512i at, __mmask16 above, uint32_t level)
{
    return _mm512_mask_or_epi32(at, above, at, _mm512_set1_epi32(1 << level));
}

#define SIDE 4u /* vectors that go down side by side */
#define EACH_SIDE(v) for (size_t v = 0; v < SIDE; v++)

/* Down the levels in registers, 5 <= levels <= MASK_TABLE_LEVELS: which turns
 * the values take, the first one in bit 0. Level by level for all vectors: a
 * step waits long for the one before, and schedulers do not look far. */
static inline __attribute__((always_inline)) void
descend(const struct table *t, uint32_t levels, const __m512 *x, __m512i *at)
{
    __mmask16 bit_5[SIDE], bit_6[SIDE];
    EACH_SIDE(v)
    at[v] = _mm512_maskz_set1_epi32(is_above(x[v], t->first[0]), 1);
    for (uint32_t l = 1; l < 5; l++)
        EACH_SIDE(v)
    at[v] = turn(at[v],
                 is_above(x[v], _mm512_permutexvar_ps(at[v], t->first[l])), l);
    if (levels == 5)
        return;
    EACH_SIDE(v)
    {
        bit_5[v] = is_above(x[v], pick(t->level_5, at[v]));
        at[v] = turn(at[v], bit_5[v], 5);
    }
    if (levels == 6)
        return;
    EACH_SIDE(v)
    {
        bit_6[v] = is_above(x[v], pick_4(t->level_6, at[v], bit_5[v]));
        at[v] = turn(at[v], bit_6[v], 6);
    }
    if (levels == 7)
        return;
    EACH_SIDE(v)
    {
        __m512 threshold =
            _mm512_mask_blend_ps(bit_6[v], pick_4(t->level_7, at[v], bit_5[v]),
                                 pick_4(t->level_7 + 4, at[v], bit_5[v]));
        at[v] = turn(at[v], is_above(x[v], threshold), 7);
    }
}

/* The bit matrix that turns around the lowest `levels` bits of a byte. */
static inline uint64_t turned_around(uint32_t levels)
{
    uint64_t matrix = 0;
    for (uint32_t i = 0; i < levels; i++)
        matrix |= UINT64_C(1) << (levels - 1 - i) << 8 * (7 - i);
    return matrix;
}

/* One level down: entry j's children are 2j and 2j + 1. */
static inline __m512i step(__m512i at, __mmask16 above)
{
    at = _mm512_add_epi32(at, at);
    return _mm512_mask_sub_epi32(at, above, at, _mm512_set1_epi32(-1));
}

/* The ranks among the thresholds of the table, which is the tree's top. */
static inline __attribute__((always_inline)) void
rank_top(const float *top, uint32_t levels, const float *x, uint16_t *rank)
{
    const struct table t = table_load(top, levels);
    const __m128i around = _mm_set1_epi64x((long long)turned_around(levels));
    for (uint32_t i = 0; i < MASK_ROWS; i += 16 * SIDE) {
        __m512 value[SIDE];
        __m512i at[SIDE];
        EACH_SIDE(v) value[v] = _mm512_loadu_ps(x + i + 16 * v);
        descend(&t, levels, value, at);
        EACH_SIDE(v)
        {
            __m128i turns = _mm_gf2p8affine_epi64_epi8(
                _mm512_cvtepi32_epi8(at[v]), around, 0);
            _mm256_storeu_si256((__m256i *)(rank + i + 16 * v),
                                _mm256_cvtepu8_epi16(turns));
        }
    }
}

static inline __m512i rank_load(const uint16_t *rank)
{
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)rank));
}

static inline void rank_store(uint16_t *rank, __m512i at)
{
    _mm256_storeu_si256((__m256i *)rank, _mm512_cvtepi32_epi16(at));
}

/* One level below a table of 8: its 256 thresholds are in registers too, which
 * is faster than gathering them. */
static MASK_APART void rank_ninth(const float *search, const float *x,
                                  uint16_t *rank)
{
    __m512 t[16];
    for (size_t k = 0; k < 16; k++)
        t[k] = _mm512_loadu_ps(search + 256 + 16 * k);
    for (uint32_t i = 0; i < MASK_ROWS; i += 16) {
        __m512i at = rank_load(rank + i);
        __mmask16 bit_5 = _mm512_test_epi32_mask(at, _mm512_set1_epi32(32));
        __mmask16 bit_6 = _mm512_test_epi32_mask(at, _mm512_set1_epi32(64));
        __mmask16 bit_7 = _mm512_test_epi32_mask(at, _mm512_set1_epi32(128));
        __m512 low = _mm512_mask_blend_ps(bit_6, pick_4(t, at, bit_5),
                                          pick_4(t + 4, at, bit_5));
        __m512 high = _mm512_mask_blend_ps(bit_6, pick_4(t + 8, at, bit_5),
                                           pick_4(t + 12, at, bit_5));
        __mmask16 above = is_above(_mm512_loadu_ps(x + i),
                                   _mm512_mask_blend_ps(bit_7, low, high));
        rank_store(rank + i, step(at, above));
    }
}

/* The levels from `first` on. */
static void rank_rest(const struct mask_feature *f, uint32_t first,
                      const float *x, uint16_t *rank)
{
    const __m512i top = _mm512_set1_epi32(1 << first);
    const __m512i bottom = _mm512_set1_epi32(1 << f->levels);
    for (uint32_t i = 0; i < MASK_ROWS; i += 16 * SIDE) {
        __m512 value[SIDE];
        __m512i at[SIDE];
        EACH_SIDE(v) value[v] = _mm512_loadu_ps(x + i + 16 * v);
        EACH_SIDE(v)
        at[v] = _mm512_add_epi32(rank_load(rank + i + 16 * v), top);
        for (uint32_t level = first; level < f->levels; level++)
            EACH_SIDE(v)
        at[v] = step(at[v], is_above(value[v],
                                     _mm512_i32gather_ps(at[v], f->search, 4)));
        EACH_SIDE(v)
        rank_store(rank + i + 16 * v, _mm512_sub_epi32(at[v], bottom));
    }
}

static void fill(const struct mask_feature *f, const float *x,
                 struct mask_bits *bits)
{
    uint16_t rank[MASK_ROWS];
    switch (f->levels) {
    case 5:
        rank_top(f->table, 5, x, rank);
        break;
    case 6:
        rank_top(f->table, 6, x, rank);
        break;
    case 7:
        rank_top(f->table, 7, x, rank);
        break;
    default:
        rank_top(f->table, MASK_TABLE_LEVELS, x, rank);
        break;
    }
    if (f->levels > MASK_TABLE_LEVELS)
        rank_ninth(f->search, x, rank);
    if (f->levels > MASK_TABLE_LEVELS + 1)
        rank_rest(f, MASK_TABLE_LEVELS + 1, x, rank);
    mask_answer(f, x, rank, bits);
}

/* Transposes the planes' words: quadword p of `ret_word[w]` is word w of plane
 * p. */
static inline void transpose(const struct mask_bits *plane, __m512i *ret_word)
{
    __m512i pair[8], quad[8]; /* of planes, in lanes of 128 bits */
    for (size_t i = 0; i < 4; i++) {
        __m512i a = _mm512_load_si512(&plane[2 * i]);
        __m512i b = _mm512_load_si512(&plane[2 * i + 1]);
        pair[2 * i] = _mm512_unpacklo_epi64(a, b);
        pair[2 * i + 1] = _mm512_unpackhi_epi64(a, b);
    }
    for (uint32_t i = 0; i < 8; i += 4)
        for (uint32_t j = 0; j < 2; j++) {
            __m512i a = pair[i + j], b = pair[i + 2 + j];
            quad[i + j] = _mm512_shuffle_i64x2(a, b, EVEN_LANES);
            quad[i + 2 + j] = _mm512_shuffle_i64x2(a, b, ODD_LANES);
        }
    for (uint32_t j = 0; j < 4; j++) {
        __m512i a = quad[j], b = quad[4 + j];
        ret_word[j] = _mm512_shuffle_i64x2(a, b, EVEN_LANES);
        ret_word[4 + j] = _mm512_shuffle_i64x2(a, b, ODD_LANES);
    }
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

/* A word of all planes becomes the paths of its 64 rows, a byte each: byte b of
 * the planes side by side, then 8 x 8 bits transposed. */
static inline __m512i paths(__m512i plane_words)
{
    const __m512i bytes = _mm512_set_epi8(
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53,
        45, 37, 29, 21, 13, 5, 60, 52, 44, 36, 28, 20, 12, 4, 59, 51, 43, 35,
        27, 19, 11, 3, 58, 50, 42, 34, 26, 18, 10, 2, 57, 49, 41, 33, 25, 17, 9,
        1, 56, 48, 40, 32, 24, 16, 8, 0);
    const __m512i unit = _mm512_set1_epi64((long long)0x8040201008040201u);
    return _mm512_gf2p8affine_epi64_epi8(
        unit, _mm512_permutexvar_epi8(bytes, plane_words), 0);
}

static inline void add_bytes(struct byte_sums *s, uint32_t word, uint32_t byte,
                             __m512i v)
{
    s->both[word][byte] = _mm512_add_epi16(s->both[word][byte], v);
    s->odd[word][byte] =
        _mm512_add_epi16(s->odd[word][byte], _mm512_srli_epi16(v, 8));
}

static void add_sums(const struct byte_sums *s, uint32_t *sums)
{
    for (uint32_t w = 0; w < MASK_WORDS; w++)
        for (uint32_t b = 0; b < MASK_LEAF_BYTES; b++) {
            uint16_t both[32], odd[32];
            _mm512_storeu_si512(both, s->both[w][b]);
            _mm512_storeu_si512(odd, s->odd[w][b]);
            for (uint32_t i = 0; i < 32; i++) {
                uint16_t even = (uint16_t)(both[i] - (odd[i] << 8));
                sums[64 * w + 2 * i] += (uint32_t)even << 8 * b;
                sums[64 * w + 2 * i + 1] += (uint32_t)odd[i] << 8 * b;
            }
        }
}

static void walk(const struct mask_tree *tree, uint32_t trees,
                 const struct mask_bits *bits, struct mask_space *space,
                 uint32_t *sums)
{
    struct mask_bits plane[MASK_HEIGHT];
    struct byte_sums s;
    memset(&s, 0, sizeof s);
    for (uint32_t t = 0; t < trees; t++) {
        if (tree[t].is_wide) {
            mask_wide(&tree[t], bits, space->rows, sums);
            continue;
        }
        mask_descend(&tree[t], bits, space->rows, plane);
        __m512i word[MASK_WORDS];
        transpose(plane, word);
        for (uint32_t w = 0; w < MASK_WORDS; w++) {
            __m512i path = paths(word[w]);
            for (uint32_t b = 0; b < MASK_LEAF_BYTES; b++) {
                const uint8_t *table =
                    tree[t].leaf_byte + (size_t)b * MASK_PATHS;
                add_bytes(&s, w, b, look_up(table, path));
            }
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
