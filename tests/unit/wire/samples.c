#include "tests/unit/wire/samples.h"

#include "proto/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const uint32_t sample_kinds[] = {
    WIRE_HELLO,           WIRE_READY,       WIRE_RESULT,
    WIRE_HEARTBEAT,       WIRE_NEED_MODEL,  WIRE_BYE,
    WIRE_HELLO_REPLY,     WIRE_TASK,        WIRE_MODEL,
    WIRE_HEARTBEAT_REPLY, WIRE_HELLO_FIRST, WIRE_REFUSED,
    WIRE_BYE_REPLY,       WIRE_CONTROL,     WIRE_CONTROL_REPLY,
};
const uint32_t sample_kind_count = sizeof sample_kinds / sizeof sample_kinds[0];

/* Any number, with the widths of msgpack's integers equally likely. */
static uint64_t any_u64(struct rng *r)
{
    return rng_next(r) >> rng_below(r, 64);
}

static uint32_t any_u32(struct rng *r)
{
    return (uint32_t)(rng_next(r) >> 32) >> rng_below(r, 32);
}

static int32_t any_i32(struct rng *r)
{
    uint32_t x = any_u32(r);
    return rng_below(r, 2) ? (int32_t)x : -(int32_t)(x >> 1);
}

static void any_bytes(struct rng *r, void *bytes, size_t n)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)rng_next(r);
}

static struct wire_text any_text(struct rng *r, struct arena *arena)
{
    static const uint32_t length[] = { 0, 1, 31, 32, 255, 256, WIRE_TEXT_MAX };
    struct wire_text t = { NULL, length[rng_below(r, 7)] };
    if (t.length > 0) {
        char *bytes = arena_alloc(arena, t.length, 1);
        check(bytes != NULL);
        any_bytes(r, bytes, t.length);
        t.text = bytes;
    }
    return t;
}

static struct wire_block any_block(struct rng *r, struct arena *arena)
{
    struct wire_block b = { (uint32_t)rng_below(r, 6) + 1,
                            (uint32_t)rng_below(r, 70),
                            (uint32_t)rng_below(r, 5), NULL };
    void *data = arena_alloc(arena, wire_block_bytes(&b), 1);
    check(data != NULL);
    any_bytes(r, data, wire_block_bytes(&b));
    b.data = data;
    return b;
}

static void any_payload(struct rng *r, struct arena *arena,
                        struct wire_payload *p)
{
    p->number_count = (uint32_t)rng_below(r, WIRE_NUMBERS_MAX + 1);
    for (uint32_t i = 0; i < p->number_count; i++)
        p->number[i] = any_u64(r);
    p->block_count = (uint32_t)rng_below(r, WIRE_BLOCKS_MAX + 1);
    for (uint32_t i = 0; i < p->block_count; i++)
        p->block[i] = any_block(r, arena);
}

static void any_hello(struct rng *r, struct arena *arena, struct wire_hello *h)
{
    h->wire_version = any_u32(r);
    h->algorithm_version = any_u32(r);
    h->selftest_digest = any_u64(r);
    h->pid = any_u64(r);
    h->slots = any_u32(r);
    h->cores = any_u32(r);
    h->host = any_text(r, arena);
    h->version = any_text(r, arena);
    h->token = any_text(r, arena);
    h->challenge_reply = any_text(r, arena);
    h->crash_task = any_u64(r);
    h->crash_signal = any_u32(r);
    h->crash_row_first = any_u32(r);
    h->crash_row_count = any_u32(r);
}

static void any_heartbeat(struct rng *r, struct wire_heartbeat *h)
{
    h->held_count = (uint32_t)rng_below(r, WIRE_HELD_MAX + 1);
    for (uint32_t i = 0; i < h->held_count; i++)
        h->held[i] = (struct wire_held){ any_u64(r), any_u32(r), any_u64(r) };
}

static void any_task(struct rng *r, struct arena *arena, struct wire_task *t)
{
    t->batch = any_u64(r);
    t->detector = any_text(r, arena);
    t->phase = any_u32(r);
    t->part = any_u32(r);
    t->model_id = any_u64(r);
    t->model_hash = any_u64(r);
    any_payload(r, arena, &t->payload);
}

static void any_result(struct rng *r, struct arena *arena,
                       struct wire_result *t)
{
    t->batch = any_u64(r);
    t->detector = any_text(r, arena);
    t->phase = any_u32(r);
    t->part = any_u32(r);
    t->status = any_i32(r);
    t->compute_us = any_u64(r);
    any_payload(r, arena, &t->payload);
}

static void any_control(struct rng *r, struct arena *arena,
                        struct wire_control *l)
{
    l->verb = any_u32(r);
    l->json = any_u32(r);
    l->request_id = any_text(r, arena);
    l->who = any_text(r, arena);
    l->pair_count = (uint32_t)rng_below(r, WIRE_PAIRS_MAX + 1);
    for (uint32_t i = 0; i < l->pair_count; i++) {
        l->pair[i].name = any_text(r, arena);
        l->pair[i].value = any_text(r, arena);
    }
}

/* Beyond what any other text may have, but not so long that a test which
 * cuts at every byte takes minutes. */
static struct wire_text any_reply_text(struct rng *r, struct arena *arena)
{
    struct wire_text t = any_text(r, arena);
    if (rng_below(r, 2)) {
        char *bytes = arena_alloc(arena, 4 * WIRE_TEXT_MAX, 1);
        check(bytes != NULL);
        any_bytes(r, bytes, 4 * WIRE_TEXT_MAX);
        t = (struct wire_text){ bytes, 4 * WIRE_TEXT_MAX };
    }
    return t;
}

static void any_body(struct rng *r, struct arena *arena, struct wire_message *m)
{
    switch (m->envelope.kind) {
    case WIRE_HELLO:
        any_hello(r, arena, &m->body.hello);
        break;
    case WIRE_RESULT:
        any_result(r, arena, &m->body.result);
        break;
    case WIRE_HEARTBEAT:
        any_heartbeat(r, &m->body.heartbeat);
        break;
    case WIRE_NEED_MODEL:
        m->body.need_model.model_id = any_u64(r);
        break;
    case WIRE_BYE:
    case WIRE_BYE_REPLY:
        m->body.bye.reason = any_text(r, arena);
        break;
    case WIRE_HELLO_REPLY:
        m->body.hello_reply.beat_ms = any_u32(r);
        m->body.hello_reply.lease_ms = any_u32(r);
        break;
    case WIRE_TASK:
        any_task(r, arena, &m->body.task);
        break;
    case WIRE_MODEL:
        m->body.model.model_id = any_u64(r);
        m->body.model.model_hash = any_u64(r);
        m->body.model.detector = any_text(r, arena);
        any_payload(r, arena, &m->body.model.payload);
        break;
    case WIRE_HEARTBEAT_REPLY:
        m->body.heartbeat_reply.order = any_u32(r);
        break;
    case WIRE_REFUSED:
        m->body.refused.code = any_i32(r);
        m->body.refused.reason = any_text(r, arena);
        break;
    case WIRE_CONTROL:
        any_control(r, arena, &m->body.control);
        break;
    case WIRE_CONTROL_REPLY:
        m->body.control_reply.code = any_i32(r);
        m->body.control_reply.text = any_reply_text(r, arena);
        break;
    default:
        break;
    }
}

void sample_message(struct rng *r, uint32_t kind, struct arena *arena,
                    struct wire_message *ret_m)
{
    memset(ret_m, 0, sizeof *ret_m);
    ret_m->envelope.kind = kind;
    any_bytes(r, ret_m->envelope.run_id, WIRE_RUN_ID_BYTES);
    ret_m->envelope.epoch = any_u32(r);
    ret_m->envelope.worker_id = any_u64(r);
    ret_m->envelope.task = any_u64(r);
    ret_m->envelope.attempt = any_u32(r);
    any_body(r, arena, ret_m);
}

static bool texts_differ(struct wire_text a, struct wire_text b)
{
    return a.length != b.length ||
           (a.length > 0 && memcmp(a.text, b.text, a.length) != 0);
}

static bool payloads_differ(const struct wire_payload *a,
                            const struct wire_payload *b)
{
    if (a->number_count != b->number_count || a->block_count != b->block_count)
        return true;
    for (uint32_t i = 0; i < a->number_count; i++)
        if (a->number[i] != b->number[i])
            return true;
    for (uint32_t i = 0; i < a->block_count; i++) {
        const struct wire_block *x = &a->block[i], *y = &b->block[i];
        if (x->type != y->type || x->rows != y->rows || x->cols != y->cols)
            return true;
        size_t bytes = wire_block_bytes(x);
        if (bytes > 0 && memcmp(x->data, y->data, bytes) != 0)
            return true;
    }
    return false;
}

#define DIFFER(member)                                                         \
    if (a->member != b->member)                                                \
    return #member
#define DIFFER_TEXT(member)                                                    \
    if (texts_differ(a->member, b->member))                                    \
    return #member
#define DIFFER_PAYLOAD(member)                                                 \
    if (payloads_differ(&a->member, &b->member))                               \
    return #member

static const char *hello_difference(const struct wire_hello *a,
                                    const struct wire_hello *b)
{
    DIFFER(wire_version);
    DIFFER(algorithm_version);
    DIFFER(selftest_digest);
    DIFFER(pid);
    DIFFER(slots);
    DIFFER(cores);
    DIFFER_TEXT(host);
    DIFFER_TEXT(version);
    DIFFER_TEXT(token);
    DIFFER_TEXT(challenge_reply);
    DIFFER(crash_task);
    DIFFER(crash_signal);
    DIFFER(crash_row_first);
    DIFFER(crash_row_count);
    return NULL;
}

static const char *heartbeat_difference(const struct wire_heartbeat *a,
                                        const struct wire_heartbeat *b)
{
    DIFFER(held_count);
    for (uint32_t i = 0; i < a->held_count; i++) {
        DIFFER(held[i].task);
        DIFFER(held[i].attempt);
        DIFFER(held[i].progress);
    }
    return NULL;
}

static const char *task_difference(const struct wire_task *a,
                                   const struct wire_task *b)
{
    DIFFER(batch);
    DIFFER_TEXT(detector);
    DIFFER(phase);
    DIFFER(part);
    DIFFER(model_id);
    DIFFER(model_hash);
    DIFFER_PAYLOAD(payload);
    return NULL;
}

static const char *result_difference(const struct wire_result *a,
                                     const struct wire_result *b)
{
    DIFFER(batch);
    DIFFER_TEXT(detector);
    DIFFER(phase);
    DIFFER(part);
    DIFFER(status);
    DIFFER(compute_us);
    DIFFER_PAYLOAD(payload);
    return NULL;
}

static const char *control_difference(const struct wire_control *a,
                                      const struct wire_control *b)
{
    DIFFER(verb);
    DIFFER(json);
    DIFFER_TEXT(request_id);
    DIFFER_TEXT(who);
    DIFFER(pair_count);
    for (uint32_t i = 0; i < a->pair_count; i++) {
        DIFFER_TEXT(pair[i].name);
        DIFFER_TEXT(pair[i].value);
    }
    return NULL;
}

static const char *small_difference(const struct wire_message *a,
                                    const struct wire_message *b)
{
    switch (a->envelope.kind) {
    case WIRE_NEED_MODEL:
        DIFFER(body.need_model.model_id);
        return NULL;
    case WIRE_BYE:
    case WIRE_BYE_REPLY:
        DIFFER_TEXT(body.bye.reason);
        return NULL;
    case WIRE_HELLO_REPLY:
        DIFFER(body.hello_reply.beat_ms);
        DIFFER(body.hello_reply.lease_ms);
        return NULL;
    case WIRE_MODEL:
        DIFFER(body.model.model_id);
        DIFFER(body.model.model_hash);
        DIFFER_TEXT(body.model.detector);
        DIFFER_PAYLOAD(body.model.payload);
        return NULL;
    case WIRE_HEARTBEAT_REPLY:
        DIFFER(body.heartbeat_reply.order);
        return NULL;
    case WIRE_REFUSED:
        DIFFER(body.refused.code);
        DIFFER_TEXT(body.refused.reason);
        return NULL;
    case WIRE_CONTROL_REPLY:
        DIFFER(body.control_reply.code);
        DIFFER_TEXT(body.control_reply.text);
        return NULL;
    default:
        return NULL;
    }
}

const char *sample_difference(const struct wire_message *a,
                              const struct wire_message *b)
{
    DIFFER(envelope.kind);
    DIFFER(envelope.epoch);
    DIFFER(envelope.worker_id);
    DIFFER(envelope.task);
    DIFFER(envelope.attempt);
    if (memcmp(a->envelope.run_id, b->envelope.run_id, WIRE_RUN_ID_BYTES) != 0)
        return "envelope.run_id";
    switch (a->envelope.kind) {
    case WIRE_HELLO:
        return hello_difference(&a->body.hello, &b->body.hello);
    case WIRE_HEARTBEAT:
        return heartbeat_difference(&a->body.heartbeat, &b->body.heartbeat);
    case WIRE_TASK:
        return task_difference(&a->body.task, &b->body.task);
    case WIRE_RESULT:
        return result_difference(&a->body.result, &b->body.result);
    case WIRE_CONTROL:
        return control_difference(&a->body.control, &b->body.control);
    default:
        return small_difference(a, b);
    }
}

uint8_t *sample_encode(const struct wire_message *m, size_t *ret_bytes)
{
    struct buf b;
    buf_init(&b, WIRE_MESSAGE_BYTES_MAX + 1u);
    check(wire_encode_to_buf(m, &b) == 0);
    uint8_t *exact = malloc(b.length);
    check(exact != NULL);
    memcpy(exact, b.data, b.length);
    *ret_bytes = b.length;
    buf_release(&b);
    return exact;
}
