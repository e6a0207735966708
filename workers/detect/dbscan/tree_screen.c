/* Frames and codes of all leaves. */
#include "workers/detect/dbscan/tree_screen.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define FRAME_LEAVES 16u      /* so few are a frame anyway */
#define FRAME_OUTSIDE 0.1     /* of the values may be beyond a frame */
#define SCREEN_WIDTH 8.0f     /* of a frame, in eps / sqrt(cols) */
#define SCREEN_LEAST 0x1p-60f /* limits below are left to float32 */

static const struct tree_screen_kernel *kernel_of(enum isa isa)
{
#if defined(__x86_64__)
    isa = isa_resolve(isa);
    if (isa == ISA_AVX512 && isa_has_vnni())
        return &tree_screen_avx512;
    if (isa >= ISA_AVX2)
        return &tree_screen_avx2;
#else
    (void)isa;
#endif
    return NULL;
}

/* A value of each leaf stands for all: their mean in a column, and how many
 * lie further than `reach` from it. */
static uint32_t frame_column(const struct tree *t, uint32_t leaf, uint32_t end,
                             uint32_t col, float reach, float *ret_mean)
{
    double sum = 0;
    uint32_t outside = 0;
    for (uint32_t k = leaf; k < end; k++)
        sum += (double)tree_block(t, k)[(size_t)col * TREE_LEAF];
    float mean = (float)(sum / (end - leaf));
    for (uint32_t k = leaf; k < end; k++) {
        float x = tree_block(t, k)[(size_t)col * TREE_LEAF];
        outside += x < mean - reach || x > mean + reach;
    }
    *ret_mean = mean;
    return outside;
}

/* A frame of the finest units around the middle of a node's points. Whether
 * nearly all of them are in it. */
static bool frame_fine(const struct tree_screen *s, const struct tree *t,
                       uint32_t node, float *low)
{
    uint32_t leaf = t->node[node].leaf, end = tree_leaf_end(t, node);
    float reach = s->kernel->top / s->scale / 2;
    uint64_t outside = 0, all = (uint64_t)(end - leaf) * t->cols;
    for (uint32_t j = 0; j < t->cols; j++) {
        float mean;
        outside += frame_column(t, leaf, end, j, reach, &mean);
        low[j] = mean - reach;
        if ((double)outside > (double)all * FRAME_OUTSIDE)
            return false;
    }
    return true;
}

/* A frame that holds the box of a node, however wide. Returns its scale. */
static float frame_wide(const struct tree_screen *s, const struct tree *t,
                        uint32_t node, float *ret_low)
{
    const float *low = tree_box(t, node), *high = low + t->pad;
    float width = 0;
    for (uint32_t j = 0; j < t->cols; j++) {
        width = high[j] - low[j] > width ? high[j] - low[j] : width;
        ret_low[j] = low[j];
    }
    float scale = s->kernel->top / width;
    if (!(scale < s->scale))
        return s->scale;
    return scale > FLT_MIN ? scale : FLT_MIN;
}

/* Frames as high up as they are fine: leaves of one frame need no codes of
 * their own for each other. */
static int screen_frames(struct tree_screen *s, const struct tree *t,
                         const struct compute_context *context)
{
    float found[64];
    uint32_t node = 0;
    while (node < t->nodes) {
        uint32_t leaf = t->node[node].leaf, end = tree_leaf_end(t, node);
        float scale = s->scale;
        if (!frame_fine(s, t, node, found)) {
            if (end - leaf > FRAME_LEAVES) {
                node++;
                continue;
            }
            scale = frame_wide(s, t, node, found);
        }
        float *low = arena_alloc(context->arena, t->cols, sizeof *low);
        if (low == NULL)
            return ERR_NOMEM;
        memcpy(low, found, t->cols * sizeof *low);
        float units = s->eps * scale * (1 + 1e-5f) +
                      sqrtf((float)t->cols) * 1.01f + 0.01f;
        struct tree_frame frame = { low, scale,
                                    units * units * (1 + 1e-5f) + 2 };
        for (; leaf < end; leaf++)
            s->frame[leaf] = frame;
        node = t->node[node].end;
    }
    return 0;
}

static void screen_leaf(struct tree_screen *s, const struct tree *t,
                        uint32_t leaf)
{
    size_t words = (size_t)s->groups * TREE_LEAF,
           slot = (size_t)leaf * TREE_LEAF;
    s->kernel->encode(tree_block(t, leaf), &s->frame[leaf], t->cols, s->last);
    memcpy(s->code + leaf * words, s->last->code, words * sizeof *s->code);
    memcpy(s->least + slot, s->last->least, sizeof s->last->least);
    memcpy(s->half + slot, s->last->half, sizeof s->last->half);
}

int tree_screen_init(struct tree_screen *s, struct tree *t, float out,
                     enum isa isa, const struct compute_context *context)
{
    const struct tree_screen_kernel *kernel = kernel_of(isa);
    memset(s, 0, sizeof *s);
    if (t->cols < SCREEN_COLS_MIN || out < SCREEN_LEAST || !(out <= FLT_MAX) ||
        kernel == NULL)
        return 0;
    size_t slots = (size_t)t->leaves * TREE_LEAF;
    s->groups = (t->cols + 3) / 4;
    s->eps = sqrtf(out) * (1 + 1e-6f);
    s->half = tree_alloc(t, context, slots, sizeof *s->half);
    s->least = tree_alloc(t, context, slots, sizeof *s->least);
    s->code = tree_alloc(t, context, slots * s->groups, sizeof *s->code);
    s->frame = tree_alloc(t, context, t->leaves, sizeof *s->frame);
    s->last = arena_zalloc(context->arena, 1, sizeof *s->last);
    if (s->frame == NULL || s->half == NULL || s->least == NULL ||
        s->code == NULL || s->last == NULL)
        return ERR_NOMEM;
    s->kernel = kernel;
    s->scale = kernel->top * sqrtf((float)t->cols) / (s->eps * SCREEN_WIDTH);
    int rc = screen_frames(s, t, context);
    for (uint32_t leaf = 0; rc == 0 && leaf < t->leaves; leaf++) {
        screen_leaf(s, t, leaf);
        if (leaf % 1024 == 0)
            rc = compute_advance(context, 0);
    }
    return rc;
}

uint32_t tree_screen_pair(struct tree_screen *s, const struct tree *t,
                          const struct exact_limit *limit, uint32_t a,
                          uint32_t queries, uint32_t b, uint32_t lanes,
                          uint32_t *near)
{
    const struct tree_frame *frame = &s->frame[b];
    size_t slot_a = (size_t)a * TREE_LEAF, slot_b = (size_t)b * TREE_LEAF;
    const uint32_t *code = s->code + slot_a * s->groups;
    const int32_t *least = s->least + slot_a;
    if (s->frame[a].low != frame->low) {
        if (s->leaf != a || s->low != frame->low)
            s->kernel->encode(tree_block(t, a), frame, t->cols, s->last);
        s->leaf = a;
        s->low = frame->low;
        code = s->last->code;
        least = s->last->least;
    }
    queries =
        s->kernel->screen(code, least, queries, s->code + slot_b * s->groups,
                          s->half + slot_b, lanes, s->groups, near);
    if (queries == 0)
        return 0;
    return s->kernel->check(limit, tree_block(t, a), queries, tree_block(t, b),
                            t->cols, near);
}
