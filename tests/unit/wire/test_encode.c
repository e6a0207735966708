#include "tests/unit/wire/samples.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static void open_arena(void)
{
    arena_init(&arena, 1u << 24);
}

static void close_arena(void)
{
    arena_release(&arena);
}

TestSuite(encode, .init = open_arena, .fini = close_arena);

Test(encode, every_kind_comes_back_as_it_was)
{
    struct rng r;
    uint64_t seed = seed_any();
    for (uint64_t round = 0; round < 200; round++) {
        for (uint32_t k = 0; k < sample_kind_count; k++) {
            rng_init(&r, (uint64_t[]){ seed, round, k }, 3);
            arena_reset(&arena);
            struct wire_message sent, got;
            sample_message(&r, sample_kinds[k], &arena, &sent);
            size_t n;
            uint8_t *bytes = sample_encode(&sent, &n);
            cr_assert_eq(wire_decode(bytes, n, &got), 0, "%s",
                         wire_kind_name(sample_kinds[k]));
            const char *difference = sample_difference(&sent, &got);
            cr_assert_null(difference, "%s: %s",
                           wire_kind_name(sample_kinds[k]), difference);
            free(bytes);
        }
    }
}

Test(encode, the_bound_is_never_below_the_size_and_close_to_it)
{
    struct rng r;
    uint64_t seed = seed_any();
    for (uint64_t round = 0; round < 200; round++) {
        for (uint32_t k = 0; k < sample_kind_count; k++) {
            rng_init(&r, (uint64_t[]){ seed, round, k }, 3);
            arena_reset(&arena);
            struct wire_message m;
            sample_message(&r, sample_kinds[k], &arena, &m);
            size_t n;
            free(sample_encode(&m, &n));
            uint64_t bound = wire_encoded_bytes_max(&m);
            cr_assert_geq(bound, n);
            cr_assert_leq(bound, n + 2048);
        }
    }
}

Test(encode, the_widest_values_stay_below_the_bound)
{
    struct wire_message m = { 0 };
    m.envelope = (struct wire_envelope){ .kind = WIRE_HEARTBEAT,
                                         .epoch = UINT32_MAX,
                                         .worker_id = UINT64_MAX,
                                         .task = UINT64_MAX,
                                         .attempt = UINT32_MAX };
    m.body.heartbeat.held_count = WIRE_HELD_MAX;
    for (uint32_t i = 0; i < WIRE_HELD_MAX; i++)
        m.body.heartbeat.held[i] =
            (struct wire_held){ UINT64_MAX, UINT32_MAX, UINT64_MAX };
    size_t n;
    free(sample_encode(&m, &n));
    cr_assert_leq(n, wire_encoded_bytes_max(&m));
}

static int encode_to_nothing(const struct wire_message *m)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    int err = wire_encode_to_buf(m, &b);
    cr_expect(err == 0 || b.length == 0, "nothing is written before a check");
    buf_release(&b);
    return err;
}

Test(encode, an_unknown_or_reserved_kind_is_invalid)
{
    struct wire_message m = { 0 };
    const uint32_t kinds[] = { 0, 7, 31, 40, 63, 64, 66, 1000 };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        m.envelope.kind = kinds[i];
        cr_expect_eq(encode_to_nothing(&m), ERR_INVALID);
        cr_expect_eq(wire_encoded_bytes_max(&m), UINT64_MAX);
    }
}

Test(encode, counts_and_texts_over_their_maximum_are_refused)
{
    struct wire_message m = { .envelope = { .kind = WIRE_TASK } };
    m.body.task.payload.number_count = WIRE_NUMBERS_MAX + 1;
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    cr_expect_eq(wire_encoded_bytes_max(&m), UINT64_MAX);
    m.body.task.payload.number_count = 0;
    m.body.task.payload.block_count = WIRE_BLOCKS_MAX + 1;
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    m.body.task.payload.block_count = 0;
    cr_expect_eq(encode_to_nothing(&m), 0);

    static const char long_text[WIRE_TEXT_MAX + 1];
    m.body.task.detector = (struct wire_text){ long_text, WIRE_TEXT_MAX + 1 };
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    m.body.task.detector.length = WIRE_TEXT_MAX;
    cr_expect_eq(encode_to_nothing(&m), 0);

    m = (struct wire_message){ .envelope = { .kind = WIRE_HEARTBEAT } };
    m.body.heartbeat.held_count = WIRE_HELD_MAX + 1;
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
}

Test(encode, a_change_over_its_limits_is_refused)
{
    static const char long_text[WIRE_TEXT_MAX + 1];
    struct wire_message m = { .envelope = { .kind = WIRE_CONTROL } };
    m.body.control.pair_count = WIRE_PAIRS_MAX + 1;
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    m.body.control.pair_count = WIRE_PAIRS_MAX;
    cr_expect_eq(encode_to_nothing(&m), 0);
    struct wire_pair *last = &m.body.control.pair[WIRE_PAIRS_MAX - 1];
    last->name = (struct wire_text){ long_text, WIRE_TEXT_MAX + 1 };
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    last->name.length = WIRE_TEXT_MAX;
    cr_expect_eq(encode_to_nothing(&m), 0);
    last->value = (struct wire_text){ long_text, WIRE_TEXT_MAX + 1 };
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    cr_expect_eq(wire_encoded_bytes_max(&m), UINT64_MAX);
}

Test(encode, a_reply_for_people_may_be_a_mebibyte_and_no_longer)
{
    struct wire_message m = { .envelope = { .kind = WIRE_CONTROL_REPLY } }, got;
    char *text = calloc(1, WIRE_REPLY_TEXT_MAX + 1);
    m.body.control_reply.text =
        (struct wire_text){ text, WIRE_REPLY_TEXT_MAX + 1 };
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    m.body.control_reply.text.length = WIRE_REPLY_TEXT_MAX;
    size_t n;
    uint8_t *bytes = sample_encode(&m, &n);
    cr_expect_leq(n, wire_encoded_bytes_max(&m));
    cr_assert_eq(wire_decode(bytes, n, &got), 0);
    cr_expect_null(sample_difference(&m, &got));
    free(bytes);
    free(text);
}

Test(encode, a_block_of_unknown_type_is_invalid)
{
    struct wire_message m = { .envelope = { .kind = WIRE_TASK } };
    m.body.task.payload.block_count = 1;
    m.body.task.payload.block[0] = (struct wire_block){ 7, 1, 1, "x" };
    cr_expect_eq(encode_to_nothing(&m), ERR_INVALID);
}

Test(encode, a_message_over_the_hard_limit_is_refused_before_it_is_written)
{
    struct wire_message m = { .envelope = { .kind = WIRE_TASK } };
    struct wire_block *b = &m.body.task.payload.block[0];
    m.body.task.payload.block_count = 1;
    *b = (struct wire_block){ WIRE_U8, WIRE_MESSAGE_BYTES_MAX, 1, "" };
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    /* rows * cols * 8 is 2^67: the product must not wrap to something small */
    *b = (struct wire_block){ WIRE_U64, UINT32_MAX, UINT32_MAX, "" };
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
    *b = (struct wire_block){ WIRE_U64, 1u << 31, 1u << 30, "" };
    cr_expect_eq(encode_to_nothing(&m), ERR_LIMIT);
}

struct failing {
    uint32_t calls_left;
};

static int write_until(void *context, const void *bytes, size_t n)
{
    struct failing *f = context;
    (void)bytes;
    (void)n;
    return f->calls_left-- == 0 ? ERR_FULL : 0;
}

Test(encode, a_failing_writer_ends_the_encoding_with_its_error)
{
    struct rng r;
    rng_init(&r, (uint64_t[]){ 5 }, 1);
    struct wire_message m;
    do {
        arena_reset(&arena);
        sample_message(&r, WIRE_TASK, &arena, &m);
    } while (wire_payload_bytes(&m.body.task.payload) < 2000);
    uint32_t calls = 0;
    for (;; calls++) {
        struct failing f = { calls };
        struct wire_writer w = { write_until, &f };
        int err = wire_encode(&m, w);
        if (err == 0)
            break;
        cr_assert_eq(err, ERR_FULL);
        cr_assert_eq(f.calls_left, UINT32_MAX, "no call after the error");
    }
    cr_assert_gt(calls, 2u);
}

Test(encode, small_fields_reach_the_writer_in_one_call)
{
    struct wire_message m = { .envelope = { .kind = WIRE_READY } };
    struct failing f = { 1 };
    struct wire_writer w = { write_until, &f };
    cr_assert_eq(wire_encode(&m, w), 0);
    cr_assert_eq(f.calls_left, 0u);
}
