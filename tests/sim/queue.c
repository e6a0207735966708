/* The virtual clock's events: a binary heap by time, then by arrival. */
#include "tests/sim/sim.h"

#include "proto/base/check.h"

#include <stdlib.h>

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void queue_push(struct queue *q, struct sim_event e)
{
    if (q->count == q->capacity) {
        q->capacity = q->capacity == 0 ? 256 : 2 * q->capacity;
        q->item = realloc(q->item, q->capacity * sizeof *q->item);
        check(q->item != NULL);
    }
    e.order = q->order++;
    size_t i = q->count++;
    while (i > 0 && is_before(&e, &q->item[(i - 1) / 2])) {
        q->item[i] = q->item[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    q->item[i] = e;
}

bool queue_pop(struct queue *q, struct sim_event *ret_e)
{
    if (q->count == 0) {
        return false;
    }
    *ret_e = q->item[0];
    struct sim_event last = q->item[--q->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= q->count) {
            break;
        }
        if (child + 1 < q->count &&
            is_before(&q->item[child + 1], &q->item[child])) {
            child++;
        }
        if (!is_before(&q->item[child], &last)) {
            break;
        }
        q->item[i] = q->item[child];
        i = child;
    }
    q->item[i] = last;
    return true;
}

void queue_release(struct queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        free(q->item[i].bytes);
    }
    free(q->item);
    *q = (struct queue){ 0 };
}
