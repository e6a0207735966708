#include "engine/shell/labels.h"

#include "engine/ingest/label.h"

#include <criterion/criterion.h>

#include <math.h>

#define ROWS 6u

static const int8_t label[ROWS] = { 1, 0, -1, 0, 1, 0 };

static struct labels_measured measure(const struct labels *l)
{
    static const struct detect_set set = {
        2, { &detect_iforest, &detect_iforest }
    };
    struct labels_measured m;
    labels_measure(l, &set, &m);
    return m;
}

Test(labels, rows_are_counted_by_bin_and_label)
{
    /* Strangest first: + - (unknown) + - -, the last two in one bin. */
    static const uint32_t bin[ROWS] = { 90, 80, 70, 10, 60, 10 };
    struct batch_input b = { .rows = ROWS,
                             .label = (int8_t *)(uintptr_t)label };
    struct detect_run run = { .result = { .rows = ROWS, .bin = bin } };
    struct verdict v = { .rows = ROWS };
    struct labels l;
    cr_assert_eq(labels_init(&l, 1), 0);
    for (int batch = 0; batch < 3; batch++)
        labels_add(&l, &b, &run, &v);
    struct labels_measured m = measure(&l);
    cr_expect_eq(m.anomalies, 6);
    cr_expect_eq(m.ordinary, 9);
    cr_expect_eq(m.missing, 3);
    cr_expect_eq(m.detectors, 1);
    cr_expect_float_eq(m.of[0].auroc, (3 + 2) / 6.0, 1e-12);
    cr_expect_float_eq(m.of[0].average_precision, (1 + 2 / 3.0) / 2, 1e-12);
    labels_release(&l);
}

Test(labels, rows_without_an_answer_are_left_out_of_a_detector)
{
    static const uint32_t bin[ROWS] = { 90, 80,           70, DETECT_NO_BIN,
                                        60, DETECT_NO_BIN };
    struct batch_input b = { .rows = ROWS,
                             .label = (int8_t *)(uintptr_t)label };
    struct detect_run run = { .result = { .rows = ROWS, .bin = bin } };
    struct verdict v = { .rows = ROWS };
    struct labels l;
    cr_assert_eq(labels_init(&l, 1), 0);
    labels_add(&l, &b, &run, &v);
    struct labels_measured m = measure(&l);
    cr_expect_eq(m.ordinary, 3);
    cr_expect_eq(m.of[0].ordinary, 1);
    cr_expect_float_eq(m.of[0].auroc, 0.5, 1e-12);
    labels_release(&l);
}

Test(labels, without_a_label_nothing_is_counted)
{
    struct labels l = { 0 };
    const struct batch_input b = { .rows = 5 };
    labels_add(&l, &b, NULL, NULL);
    cr_expect_eq(measure(&l).detectors, 0);
    labels_release(&l);
}
