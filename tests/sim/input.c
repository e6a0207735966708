/* The stream: records with a few numbers, some bad, some strange. */
#include "tests/sim/sim.h"

#include "proto/base/check.h"

#include <math.h>
#include <stdlib.h>

static float input_value(struct rng *r, uint32_t col)
{
    uint64_t kind = rng_below(r, 100);
    if (kind < 5) {
        return NAN;
    }
    if (kind < 8) {
        return 1000.0f;
    }
    uint64_t value = rng_below(r, 64 >> col);
    return (float)value;
}

void input_make(const struct sim_mix *mix, struct input *ret_input)
{
    struct rng r;
    uint64_t words[] = { mix->seed, 2 };
    rng_init(&r, words, 2);
    ret_input->records = mix->records;
    ret_input->cols = mix->cols;
    for (uint32_t i = 0; i < mix->records; i++) {
        ret_input->bytes[i] = 10 + (uint32_t)rng_below(&r, 50);
        ret_input->bad[i] = rng_below(&r, 100) < mix->bad_percent;
        for (uint32_t j = 0; j < mix->cols; j++) {
            ret_input->value[i][j] = input_value(&r, j);
        }
    }
}

float *input_rows(const struct input *in, uint32_t from, uint32_t to,
                  uint32_t *ret_rows)
{
    uint32_t rows = 0;
    for (uint32_t i = from; i < to; i++) {
        rows += !in->bad[i];
    }
    float *data = calloc((size_t)rows * in->cols + 1, sizeof *data);
    check(data != NULL);
    uint32_t row = 0;
    for (uint32_t i = from; i < to; i++) {
        for (uint32_t j = 0; j < in->cols && !in->bad[i]; j++) {
            data[(size_t)j * rows + row] = in->value[i][j];
        }
        row += !in->bad[i];
    }
    *ret_rows = rows;
    return data;
}
