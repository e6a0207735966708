/*
 * Arbitrary bytes as a message: the decoder, and for whatever it accepts the
 * encoder and every unpack function of the detectors.
 */
#include "proto/base/check.h"
#include "proto/wire/dbscan.h"
#include "proto/wire/iforest.h"
#include "tests/lib/wire_tools.h"

#include <math.h>
#include <stdlib.h>

#define ARENA_BYTES_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wire_payload *payload_of(const struct wire_message *m)
{
    switch (m->envelope.kind) {
    case WIRE_TASK:
        return &m->body.task.payload;
    case WIRE_RESULT:
        return &m->body.result.payload;
    case WIRE_MODEL:
        return &m->body.model.payload;
    default:
        return NULL;
    }
}

static void plane_walk(const struct iforest_forest *f, uint32_t node)
{
    size_t at = (size_t)node * (f->extension + 1);
    double sum = 0;
    check(f->axis[at] == f->feature[node]);
    for (uint32_t j = 0; j <= f->extension; j++) {
        check(f->axis[at + j] < f->features);
        sum += (double)f->weight[at + j];
    }
    check(sum == sum);
}

/* What a detector does without checks after a successful unpack. */
static void forest_walk(const struct iforest_forest *f)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < f->trees; k++) {
        uint32_t first = f->tree_first[k], at = first;
        while (f->feature[at] != IFOREST_LEAF) {
            check(f->feature[at] < f->features);
            check(f->threshold[at] == f->threshold[at]);
            if (f->extension > 0)
                plane_walk(f, at);
            at = (at ^ k) & 1 ? at + 1 : first + f->right[at];
            check(at < f->tree_first[k + 1]);
            sum += IFOREST_ONE;
        }
        sum += iforest_c(f->count[at]);
    }
    check(sum <= UINT32_MAX);
    check(iforest_score((uint32_t)sum, f->trees, f->subsample) > 0);
}

static void fit_walk(const struct iforest_fit_task *t)
{
    for (size_t i = 0; i < (size_t)t->tree_count * t->psi; i++)
        check(t->index[i] < t->rows.rows);
}

static void points_check(const struct matrix *m)
{
    check(m->cols >= 1 && m->cols <= DBSCAN_FEATURES_MAX);
    for (size_t i = 0; i < (size_t)m->rows * m->cols; i++)
        check(m->data[i] - m->data[i] == 0.0f); /* finite */
}

static void dbscan_tasks_unpack(const struct wire_payload *p,
                                struct arena *arena)
{
    struct dbscan_whole_task whole;
    struct dbscan_near_task near;
    struct dbscan_part_task part;
    struct dbscan_search_task search;
    if (dbscan_unpack_whole_task(p, arena, &whole) == 0) {
        points_check(&whole.points);
        check(whole.context <= whole.points.rows && whole.min_points >= 1);
    }
    if (dbscan_unpack_near_task(p, arena, &near) == 0) {
        points_check(&near.points);
        check(near.points.cols == near.queries.cols && near.k >= 1);
    }
    if (dbscan_unpack_part_task(p, arena, &part) == 0) {
        points_check(&part.points);
        check(part.own <= part.points.rows && part.eps * part.eps > 0.0);
    }
    if (dbscan_unpack_search_task(p, arena, &search) == 0)
        check(search.points.cols == search.queries.cols);
}

/* What merging does without checks, for the shapes that the seeds have. */
static void dbscan_results_unpack(const struct wire_payload *p,
                                  struct arena *arena)
{
    struct dbscan_whole whole;
    struct dbscan_part part;
    const uint32_t *nearest;
    const double *square;
    if (dbscan_unpack_whole(p, 4, 0, arena, &whole) == 0)
        for (uint32_t i = 0; i < 4; i++)
            check(whole.cluster[i] == DBSCAN_NO_POINT ||
                  whole.core[whole.cluster[i]] == 1);
    if (dbscan_unpack_part(p, 3, 1, arena, &part) == 0)
        for (uint32_t i = 0; i < part.touches; i++)
            check(part.touch_point[i] < 4 &&
                  part.core[part.touch_cluster[i]] == 1);
    if (dbscan_unpack_near(p, 2, 2, arena, &square) == 0)
        check(square[0] <= square[1] && square[2] <= square[3]);
    if (dbscan_unpack_search(p, 4, 1, arena, &nearest, &square) == 0)
        check(nearest[0] < 4 && square[0] >= 0.0);
}

static void packed_walk(const struct iforest_packed_rows *r,
                        struct arena *arena)
{
    check(r->rows > 0 && r->cols > 0);
    float *x = arena_alloc(arena, (size_t)r->rows * r->cols, sizeof *x);
    if (x != NULL && iforest_unpack_rows(r, 0, r->rows, x) == 0)
        for (size_t i = 0; i < (size_t)r->rows * r->cols; i++)
            check(!isinf(x[i]));
}

static void payload_unpack(const struct wire_payload *p)
{
    struct arena arena;
    struct iforest_fit_task fit;
    struct iforest_fit_score_task fit_score;
    struct iforest_packed_rows score;
    struct iforest_forest forest;
    uint32_t sums[8];
    arena_init(&arena, ARENA_BYTES_MAX);
    if (iforest_unpack_fit(p, &arena, &fit) == 0)
        fit_walk(&fit);
    if (iforest_unpack_fit_score(p, &arena, &fit_score) == 0)
        check(fit_score.psi <=
              (uint64_t)fit_score.rows.rows + fit_score.recent.rows);
    if (iforest_unpack_score(p, &score) == 0)
        packed_walk(&score, &arena);
    if (iforest_unpack_forest(p, &arena, &forest) == 0)
        forest_walk(&forest);
    if (iforest_unpack_fit_scored(p, 8, &arena, sums, &forest) == 0)
        forest_walk(&forest);
    check(iforest_unpack_sums(p, 8, sums) <= 0);
    dbscan_tasks_unpack(p, &arena);
    dbscan_results_unpack(p, &arena);
    arena_release(&arena);
}

/* What was accepted can be sent, and means the same then. */
static void message_again(const struct wire_message *m)
{
    struct buf b;
    struct wire_message again;
    const struct wire_payload *p = payload_of(m);
    buf_init(&b, WIRE_MESSAGE_BYTES_MAX);
    check(wire_encode_to_buf(m, &b) == 0);
    check(b.length <= wire_encoded_bytes_max(m));
    check(wire_decode(b.data, b.length, &again) == 0);
    check(again.envelope.kind == m->envelope.kind);
    if (p != NULL)
        check(wire_payload_hash(payload_of(&again)) == wire_payload_hash(p));
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_message m;
    if (wire_decode(data, size, &m) != 0)
        return 0;
    if (payload_of(&m) != NULL)
        payload_unpack(payload_of(&m));
    message_again(&m);
    return 0;
}
