/*
 * The learned state after any retained batch: a snapshot and the deltas
 * behind it, as a restarted coordinator builds it. The state is kept from one
 * batch to the next and moved forward while the snapshot stays the same.
 */
#include "tools/fyke/replay_batch.h"

#define SNAPSHOT_BYTES_MAX ((size_t)1 << 30)
#define DELTA_BYTES_MAX ((size_t)1 << 30)

struct applying {
    struct learn *learn;
    struct arena arena;
};

static int apply_delta(void *context, uint64_t batch, const void *delta,
                       size_t n)
{
    struct applying *a = context;
    struct learn_delta d;
    arena_reset(&a->arena);
    int err = learn_delta_decode(delta, n, &a->arena, &d);
    if (err != 0)
        return err;
    return learn_apply(a->learn, batch, &d);
}

static int learn_begin(struct replay *r, const struct buf *snapshot,
                       uint64_t from, uint32_t recent_max)
{
    learn_free(r->learn);
    r->learn = NULL;
    r->learn_from = from;
    r->learn_recent = recent_max;
    if (snapshot->length == 0)
        return learn_new(r->schema->feature_count, recent_max, &r->learn);
    int err = learn_decode(snapshot->data, snapshot->length, &r->learn);
    return err != 0 ? err : learn_recent_max_set(r->learn, recent_max);
}

static bool learn_can_go_on(const struct replay *r, uint64_t from,
                            uint32_t recent_max, uint64_t state_batch)
{
    return r->learn != NULL && r->learn_from == from &&
           r->learn_recent == recent_max &&
           learn_batch(r->learn) <= state_batch;
}

int replay_view(struct replay *r, uint64_t state_batch, uint32_t recent_max,
                struct learn_view *ret_view, struct fault *fault)
{
    struct applying a = { 0 };
    struct buf snapshot;
    uint64_t from = 0;
    buf_init(&snapshot, SNAPSHOT_BYTES_MAX);
    arena_init(&a.arena, DELTA_BYTES_MAX);
    int err = reader_snapshot(r->reader, state_batch, &snapshot, &from, fault);
    if (err == 0 && !learn_can_go_on(r, from, recent_max, state_batch))
        err = learn_begin(r, &snapshot, from, recent_max);
    if (err == 0) {
        a.learn = r->learn;
        err = reader_deltas(r->reader, learn_batch(r->learn) + 1, state_batch,
                            apply_delta, &a, fault);
    }
    if (err == 0)
        err = learn_view_copy(r->learn, ret_view);
    buf_release(&snapshot);
    arena_release(&a.arena);
    if (err != 0 && fault->text[0] == '\0')
        (void)fault_set(fault, err, "the learned state cannot be read: %s",
                        err_text(err));
    return err;
}
