/* The AVX2 kernels. */
#include "workers/detect/iforest/kernel_deep.h"
#include "workers/detect/iforest/kernel_mask.h"

#include <immintrin.h>

static inline __m256i step(__m256i at, __m256 threshold, __m256 x)
{
    __m256 above = _mm256_cmp_ps(threshold, x, _CMP_LT_OQ);
    at = _mm256_add_epi32(at, at);
    return _mm256_sub_epi32(at, _mm256_castps_si256(above));
}

#define SIDE 4u /* vectors that go down side by side */
#define EACH_SIDE(v) for (size_t v = 0; v < SIDE; v++)

/* The first four levels are in two registers, others are gathered. */
static void fill(const struct mask_feature *f, const float *x,
                 struct mask_bits *bits)
{
    _Alignas(32) uint16_t rank[MASK_ROWS];
    const __m256 low = _mm256_loadu_ps(f->search);
    const __m256 high = _mm256_loadu_ps(f->search + 8);
    const __m256i first = _mm256_set1_epi32(1 << f->levels);
    for (uint32_t i = 0; i < MASK_ROWS; i += 8 * SIDE) {
        __m256 value[SIDE];
        __m256i at[SIDE];
        EACH_SIDE(v) value[v] = _mm256_loadu_ps(x + i + 8 * v);
        EACH_SIDE(v) at[v] = _mm256_set1_epi32(1);
        for (uint32_t level = 0; level < 3; level++)
            EACH_SIDE(v)
        at[v] = step(at[v], _mm256_permutevar8x32_ps(low, at[v]), value[v]);
        EACH_SIDE(v)
        at[v] = step(at[v], _mm256_permutevar8x32_ps(high, at[v]), value[v]);
        for (uint32_t level = 4; level < f->levels; level++)
            EACH_SIDE(v)
        at[v] = step(at[v], _mm256_i32gather_ps(f->search, at[v], 4), value[v]);
        for (size_t v = 0; v < SIDE; v += 2) {
            __m256i packed =
                _mm256_packus_epi32(_mm256_sub_epi32(at[v], first),
                                    _mm256_sub_epi32(at[v + 1], first));
            _mm256_store_si256((__m256i *)(rank + i + 8 * v),
                               _mm256_permute4x64_epi64(packed, 0xD8));
        }
    }
    mask_answer(f, x, rank, bits);
}

/* Paths of the 32 rows at `row`. */
static inline __m256i paths(const struct mask_bits *plane, uint32_t row)
{
    const __m256i spread =
        _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2,
                         2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
    __m256i path = _mm256_setzero_si256();
    for (uint32_t depth = 0; depth < MASK_HEIGHT; depth++) {
        int word;
        memcpy(&word, (const uint8_t *)plane[depth].word + row / 8, 4);
        __m256i rows = _mm256_shuffle_epi8(_mm256_set1_epi32(word), spread);
        __m256i right = _mm256_cmpeq_epi8(_mm256_and_si256(rows, bit), bit);
        __m256i turn = _mm256_set1_epi8((char)(1u << (7 - depth)));
        path = _mm256_or_si256(path, _mm256_and_si256(right, turn));
    }
    return path;
}

static void walk(const struct mask_tree *tree, uint32_t trees,
                 const struct mask_bits *bits, struct mask_space *space,
                 uint32_t *sums)
{
    struct mask_bits plane[MASK_HEIGHT];
    for (uint32_t t = 0; t < trees; t++) {
        const uint32_t *leaf = tree[t].leaf;
        if (tree[t].is_wide) {
            mask_wide(&tree[t], bits, space->rows, sums);
            continue;
        }
        mask_descend(&tree[t], bits, space->rows, plane);
        for (uint32_t row = 0; row < MASK_ROWS; row += 32) {
            uint8_t path[32];
            _mm256_storeu_si256((__m256i *)path, paths(plane, row));
            for (uint32_t i = 0; i < 32; i++)
                sums[row + i] += leaf[path[i]];
        }
    }
}

const struct iforest_kernel iforest_kernel_avx2 = {
    .isa = ISA_AVX2,
    .fill = fill,
    .walk = walk,
    .deep = deep_plain,
    .deep_missing = deep_missing,
};
