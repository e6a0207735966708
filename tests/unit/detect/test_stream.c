/*
 * The whole of learning and detecting over many batches.
 */
#include "engine/detect/verdict.h"
#include "engine/learn/learn.h"
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

#define COLS 3u
#define LAG 2u

struct stream {
    struct detect_config detect;
    struct verdict_config verdict;
    struct learn_history *history;
    uint64_t batch;
    uint32_t flagged, near;
};

static void stream_init(struct stream *s)
{
    struct learn *base;
    *s = (struct stream){ .detect = support_config(),
                          .verdict = verdict_config_of(999000, 1, 1024) };
    s->detect.trees = 25;
    s->detect.subsample = 64;
    cr_assert_eq(learn_new(COLS, 1024, &base), 0);
    cr_assert_eq(learn_history_new(base, LAG, &s->history), 0);
}

static void stream_push(struct stream *s, const struct verdict *v)
{
    cr_assert_eq(learn_history_push(s->history, s->batch, &v->delta), 0);
}

/* One batch, judged by the state LAG batches back. */
static void stream_step(struct stream *s, const struct matrix *rows)
{
    struct arena a;
    struct learn_view view;
    struct detect_run run = { .ops = &detect_iforest };
    struct verdict v;
    s->batch++;
    arena_init(&a, SIZE_MAX);
    cr_assert_eq(learn_history_view(s->history,
                                    s->batch > LAG ? s->batch - LAG : 0, &view),
                 0);
    struct detect_batch b = { s->batch, *rows, view.recent };
    run.state = support_detect(&s->detect, &b, &run.result);
    cr_assert_eq(verdict_make(&s->verdict, rows, &run, 1, &view, &a, &v), 0);
    s->flagged = v.flagged;
    s->near = v.near;
    stream_push(s, &v);
    detect_iforest.close(run.state);
    learn_view_release(&view);
    arena_release(&a);
}

/* With flagged rows left out of the reference, 0.1 % would grow without end. */
Test(stream, equal_batches_flag_about_one_in_a_thousand_for_ever)
{
    enum { BATCHES = 200, ROWS = 500 };
    struct stream s;
    uint32_t early = 0, late = 0;
    stream_init(&s);
    for (uint32_t b = 0; b < BATCHES; b++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        struct matrix rows = support_matrix(&a, 1000 + b, ROWS, COLS, 0);
        stream_step(&s, &rows);
        *(b < BATCHES / 2 ? &early : &late) += s.flagged;
        arena_release(&a);
    }
    cr_log_info("flagged %u early, %u late", early, late);
    cr_assert_geq(early, 20);
    cr_assert_leq(early, 110);
    cr_assert_geq(late, 20); /* 50 expected of each half's 50 000 rows */
    cr_assert_leq(late, 110);
    learn_history_free(s.history);
}

/* The same stranger twice: after 900 rows nobody can be one in a thousand;
 * after 3800 rows of which one is as strange, it is. */
Test(stream, a_stranger_is_flagged_once_enough_was_seen)
{
    struct stream s;
    stream_init(&s);
    s.detect.trees = 100;
    s.detect.subsample = 256;
    for (uint32_t b = 0; b < 40; b++) {
        struct arena a;
        arena_init(&a, SIZE_MAX);
        struct matrix rows = support_matrix(&a, 50 + b, 100, COLS, 0);
        float *x = arena_alloc(&a, 100 * COLS, sizeof *x);
        memcpy(x, rows.data, 100 * COLS * sizeof *x);
        rows.data = x;
        for (uint32_t j = 0; j < COLS && (b == 8 || b == 39); j++)
            x[j * 100 + 33] = 1e6f;
        stream_step(&s, &rows);
        if (b == 8)
            cr_assert_eq(s.flagged, 0);
        if (b == 39)
            cr_assert_geq(s.flagged, 1);
        arena_release(&a);
    }
    learn_history_free(s.history);
}

Test(stream, a_constant_stream_flags_nothing)
{
    struct stream s;
    static float x[COLS * 300];
    struct matrix rows = { x, 300, COLS, 300 };
    stream_init(&s);
    for (uint32_t b = 0; b < 10; b++) {
        stream_step(&s, &rows);
        cr_assert_eq(s.flagged + s.near, 0);
    }
    learn_history_free(s.history);
}
