/* Score histograms as bytes. A histogram has one form only. */
#include "engine/learn/histogram.h"

#include "engine/learn/learn.h"
#include "proto/base/err.h"

bool histogram_sparse_is_valid(uint64_t rows, uint32_t bin_count,
                               const uint32_t *bin, const uint32_t *count)
{
    uint64_t sum = 0;
    if (rows > UINT32_MAX / (2 * LEARN_SEGMENTS) || bin_count > LEARN_BINS)
        return false;
    for (uint32_t i = 0; i < bin_count; i++) {
        if (bin[i] >= LEARN_BINS || (i > 0 && bin[i] <= bin[i - 1]) ||
            count[i] == 0)
            return false;
        sum += count[i];
    }
    return sum == rows;
}

static int put_pair(struct buf *out, uint32_t *next, uint32_t bin,
                    uint32_t count)
{
    int err = codec_put_u64(out, bin - *next);
    *next = bin + 1;
    return err != 0 ? err : codec_put_u64(out, count);
}

static int put_head(struct buf *out, uint64_t rows, uint32_t bin_count)
{
    int err = codec_put_u64(out, rows);
    return err != 0 ? err : codec_put_u64(out, bin_count);
}

int histogram_put_sparse(struct buf *out, uint64_t rows, uint32_t bin_count,
                         const uint32_t *bin, const uint32_t *count)
{
    uint32_t next = 0;
    int err = put_head(out, rows, bin_count);
    for (uint32_t i = 0; i < bin_count && err == 0; i++)
        err = put_pair(out, &next, bin[i], count[i]);
    return err;
}

int histogram_put_dense(struct buf *out, uint64_t rows, const uint32_t *count)
{
    uint32_t bin_count = 0, next = 0;
    for (uint32_t b = 0; b < LEARN_BINS; b++)
        bin_count += count[b] > 0;
    int err = put_head(out, rows, bin_count);
    for (uint32_t b = 0; b < LEARN_BINS && err == 0; b++)
        if (count[b] > 0)
            err = put_pair(out, &next, b, count[b]);
    return err;
}

int histogram_get_head(struct codec *c, uint64_t *ret_rows,
                       uint32_t *ret_bin_count)
{
    int err = codec_get_u64(c, ret_rows);
    return err != 0 ? err : codec_get_u32(c, LEARN_BINS, ret_bin_count);
}

int histogram_get_pairs(struct codec *c, uint64_t rows, uint32_t bin_count,
                        uint32_t *ret_bin, uint32_t *ret_count)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < bin_count; i++) {
        uint32_t gap, count;
        if (next >= LEARN_BINS ||
            codec_get_u32(c, LEARN_BINS - 1 - next, &gap) != 0 ||
            codec_get_u32(c, UINT32_MAX, &count) != 0)
            return ERR_CORRUPT;
        ret_bin[i] = next + gap;
        ret_count[i] = count;
        next += gap + 1;
    }
    return histogram_sparse_is_valid(rows, bin_count, ret_bin, ret_count)
               ? 0
               : ERR_CORRUPT;
}
