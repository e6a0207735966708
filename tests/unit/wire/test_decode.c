#include "proto/wire/cursor.h"
#include "proto/wire/fields.h"
#include "tests/unit/wire/samples.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct buf raw; /* a message written by hand */

static void open_all(void)
{
    arena_init(&arena, 1u << 24);
    buf_init(&raw, 1u << 20);
}

static void close_all(void)
{
    arena_release(&arena);
    buf_release(&raw);
}

TestSuite(decode, .init = open_all, .fini = close_all);

static void put(uint8_t byte)
{
    cr_assert_eq(buf_append(&raw, &byte, 1), 0);
}

static void put_u32(uint32_t x)
{
    put(0xce);
    for (int shift = 24; shift >= 0; shift -= 8)
        put((uint8_t)(x >> shift));
}

/* An array of two and an envelope of `kind` with `more` entries to follow. */
static void put_envelope(uint32_t kind, uint32_t more)
{
    static const uint8_t run_id[WIRE_RUN_ID_BYTES];
    buf_reset(&raw);
    put(0x92);
    put((uint8_t)(0x80 + 8 + more));
    put(FIELD_KEY_MAGIC);
    put_u32(WIRE_MAGIC);
    put(FIELD_KEY_VERSION);
    put(WIRE_VERSION);
    put(2);
    put((uint8_t)kind);
    put(3);
    put(0xc4);
    put(WIRE_RUN_ID_BYTES);
    cr_assert_eq(buf_append(&raw, run_id, sizeof run_id), 0);
    for (uint8_t key = 4; key < 8; key++) {
        put(key);
        put(9);
    }
}

/* Decodes exactly the bytes of `raw`. */
static int decode_raw(struct wire_message *ret_m)
{
    uint8_t *exact = malloc(raw.length);
    memcpy(exact, raw.data, raw.length);
    int err = wire_decode(exact, raw.length, ret_m);
    free(exact);
    return err;
}

static int decode_raw_only(void)
{
    struct wire_message m;
    return decode_raw(&m);
}

Test(decode, a_message_by_hand_is_understood)
{
    struct wire_message m;
    put_envelope(WIRE_NEED_MODEL, 0);
    put(0x81);
    put(0);
    put(42);
    cr_assert_eq(decode_raw(&m), 0);
    cr_expect_eq(m.envelope.kind, WIRE_NEED_MODEL);
    cr_expect_eq(m.envelope.attempt, 9u);
    cr_expect_eq(m.body.need_model.model_id, 42u);
}

/* Padding included. */
static bool all_bytes_are(const void *p, unsigned char value, size_t n)
{
    for (const unsigned char *byte = p; n > 0; n--)
        if (*byte++ != value)
            return false;
    return true;
}

Test(decode, cut_at_every_byte_it_is_an_error_and_nothing_is_written)
{
    struct rng r;
    uint64_t seed = seed_any();
    for (uint32_t k = 0; k < sample_kind_count; k++) {
        rng_init(&r, (uint64_t[]){ seed, k }, 2);
        arena_reset(&arena);
        struct wire_message m, got;
        sample_message(&r, sample_kinds[k], &arena, &m);
        size_t n;
        uint8_t *whole = sample_encode(&m, &n);
        memset(&got, 0xa5, sizeof got);
        for (size_t cut = 0; cut < n; cut++) {
            uint8_t *part = malloc(cut + (cut == 0));
            memcpy(part, whole, cut);
            cr_assert_eq(wire_decode(part, cut, &got), ERR_PROTO,
                         "%s cut at %zu", wire_kind_name(sample_kinds[k]), cut);
            free(part);
        }
        cr_expect(all_bytes_are(&got, 0xa5, sizeof got));
        free(whole);
    }
}

Test(decode, flipped_bits_never_lead_outside_the_bytes)
{
    struct rng r;
    uint64_t seed = seed_any();
    rng_init(&r, &seed, 1);
    for (uint32_t round = 0; round < 20000; round++) {
        arena_reset(&arena);
        struct wire_message m, got;
        uint32_t kind = sample_kinds[rng_below(&r, sample_kind_count)];
        sample_message(&r, kind, &arena, &m);
        size_t n;
        uint8_t *bytes = sample_encode(&m, &n);
        uint64_t flips = 1 + rng_below(&r, 4);
        for (uint64_t i = 0; i < flips; i++)
            bytes[rng_below(&r, n < 200 ? n : 200)] ^=
                (uint8_t)(1u << rng_below(&r, 8));
        int err = wire_decode(bytes, n, &got);
        /* what is accepted can be sent again: every count is in its bounds */
        if (err == 0) {
            size_t again;
            free(sample_encode(&got, &again));
        }
        free(bytes);
    }
}

Test(decode, something_behind_the_message_is_an_error)
{
    put_envelope(WIRE_READY, 0);
    put(0x80);
    cr_expect_eq(decode_raw_only(), 0);
    put(0xc0);
    cr_expect_eq(decode_raw_only(), ERR_PROTO);
}

Test(decode, unknown_keys_are_skipped_in_both_maps)
{
    struct wire_message m;
    put_envelope(WIRE_NEED_MODEL, 1);
    put(60);
    put(0x92); /* [[], "a"] */
    put(0x90);
    put(0xa1);
    put('a');
    put(0x82);
    put(63);
    put(0xca); /* a float, whose four bytes are an integer's tag and three */
    put(0xce);
    put(0);
    put(0);
    put(0);
    put(0);
    put(42);
    cr_assert_eq(decode_raw(&m), 0);
    cr_expect_eq(m.body.need_model.model_id, 42u);
}

Test(decode, an_unknown_key_may_not_nest_without_end)
{
    put_envelope(WIRE_READY, 0);
    put(0x81);
    put(1);
    for (uint32_t i = 0; i < CURSOR_DEPTH_MAX; i++)
        put(0x91);
    put(0xc0);
    cr_expect_eq(decode_raw_only(), 0);
    raw.length--;
    put(0x91);
    put(0xc0);
    cr_expect_eq(decode_raw_only(), ERR_LIMIT);
}

Test(decode, a_key_twice_is_an_error_known_or_not)
{
    for (uint8_t key = 0; key <= 40; key += 40) {
        put_envelope(WIRE_NEED_MODEL, 0);
        put(0x83);
        put(0);
        put(1);
        put(key);
        put(1);
        put(41);
        put(1);
        cr_expect_eq(decode_raw_only(), key == 0 ? ERR_PROTO : 0);
    }
    raw.data[raw.length - 2] = 40;
    cr_expect_eq(decode_raw_only(), ERR_PROTO);
    put_envelope(WIRE_READY, 1);
    put(FIELD_KEY_MAGIC);
    put(1);
    put(0x80);
    cr_expect_eq(decode_raw_only(), ERR_PROTO);
}

Test(decode, a_key_that_is_no_small_integer_is_an_error)
{
    put_envelope(WIRE_READY, 0);
    put(0x81);
    put(64);
    put(1);
    cr_expect_eq(decode_raw_only(), ERR_PROTO);
    raw.length -= 2;
    put(0xa0);
    put(1);
    cr_expect_eq(decode_raw_only(), ERR_PROTO);
}

/* The encoded message with entry `drop` of its body left out. */
static void drop_field(const struct wire_message *m, uint32_t drop)
{
    size_t n;
    uint8_t *bytes = sample_encode(m, &n);
    struct cursor c;
    cursor_init(&c, bytes, n);
    cursor_array(&c);
    cursor_skip(&c);
    buf_reset(&raw);
    cr_assert_eq(buf_append(&raw, bytes, (size_t)(c.at - bytes)), 0);
    uint32_t entries = cursor_map(&c);
    put((uint8_t)(0x80 + entries - 1));
    for (uint32_t i = 0; i < entries; i++) {
        const uint8_t *from = c.at;
        cursor_skip(&c);
        cursor_skip(&c);
        if (i != drop)
            cr_assert_eq(buf_append(&raw, from, (size_t)(c.at - from)), 0);
    }
    cr_assert_eq(c.err, 0);
    free(bytes);
}

Test(decode, a_missing_field_is_an_error_unless_it_is_optional)
{
    struct rng r;
    rng_init(&r, (uint64_t[]){ 3 }, 1);
    uint32_t optional = 0;
    for (uint32_t k = 0; k < sample_kind_count; k++) {
        struct field_table t;
        struct wire_message m;
        cr_assert(field_body(sample_kinds[k], &t));
        arena_reset(&arena);
        sample_message(&r, sample_kinds[k], &arena, &m);
        for (uint32_t i = 0; i < t.count; i++) {
            bool is_optional = t.field[i].need == FIELD_OPTIONAL;
            optional += is_optional;
            drop_field(&m, i);
            cr_expect_eq(decode_raw_only(), is_optional ? 0 : ERR_PROTO,
                         "%s %u", wire_kind_name(sample_kinds[k]), i);
        }
    }
    cr_expect_eq(optional, 6u, "token, challenge reply, crash report");
}

Test(decode, a_missing_envelope_field_is_an_error)
{
    put_envelope(WIRE_READY, 0);
    put(0x80);
    raw.data[1]--; /* one entry less: the attempt becomes the body ... */
    raw.data[raw.length - 3] = 0x80;
    raw.length -= 2;
    cr_expect_eq(decode_raw_only(), ERR_PROTO);
}

Test(decode, another_wire_version_is_told_apart_whatever_follows)
{
    buf_reset(&raw);
    put(0x92);
    put(0x83);
    put(FIELD_KEY_MAGIC);
    put_u32(WIRE_MAGIC);
    put(FIELD_KEY_VERSION);
    put(WIRE_VERSION + 1);
    put(0xc1);
    put(0xc1);
    put(0xc1);
    cr_expect_eq(decode_raw_only(), ERR_VERSION);
}

Test(decode, a_foreign_magic_is_an_error)
{
    put_envelope(WIRE_READY, 0);
    put(0x80);
    raw.data[4] ^= 1;
    cr_expect_eq(decode_raw_only(), ERR_PROTO);
}

Test(decode, an_unknown_or_reserved_kind_is_an_error)
{
    const uint8_t kinds[] = { 0, 7, 31, 40, 63, 64, 66, 100 };
    for (size_t i = 0; i < sizeof kinds; i++) {
        put_envelope(kinds[i], 0);
        put(0x80);
        cr_expect_eq(decode_raw_only(), ERR_PROTO, "%u", kinds[i]);
    }
}

Test(decode, counts_over_their_maximum_are_a_limit)
{
    put_envelope(WIRE_HEARTBEAT, 0);
    put(0x81);
    put(0);
    put(0xdc); /* array 16 */
    put(0);
    put(WIRE_HELD_MAX + 1);
    for (uint32_t i = 0; i < WIRE_HELD_MAX + 1; i++) {
        put(0x93);
        put(1);
        put(1);
        put(1);
    }
    cr_expect_eq(decode_raw_only(), ERR_LIMIT);

    put_envelope(WIRE_BYE, 0);
    put(0x81);
    put(0);
    put(0xda);
    put((WIRE_TEXT_MAX + 1) >> 8);
    put((WIRE_TEXT_MAX + 1) & 0xff);
    for (uint32_t i = 0; i < WIRE_TEXT_MAX + 1; i++)
        put('a');
    cr_expect_eq(decode_raw_only(), ERR_LIMIT);
}

/* The head of a CONTROL of which only the pairs are missing. */
static void put_control(void)
{
    put_envelope(WIRE_CONTROL, 0);
    put(0x85);
    put(0);
    put(WIRE_VERB_SET);
    put(1);
    put(0);
    put(2);
    put(0xa1);
    put('i');
    put(3);
    put(0xa1);
    put('w');
    put(4);
}

Test(decode, the_pairs_of_a_change_are_read_by_hand)
{
    struct wire_message m;
    put_control();
    put(0x91);
    put(0x93); /* a later version may say more than name and value */
    put(0xa1);
    put('n');
    put(0xa1);
    put('v');
    put(0xc0);
    cr_assert_eq(decode_raw(&m), 0);
    cr_expect_eq(m.body.control.verb, (uint32_t)WIRE_VERB_SET);
    cr_expect_eq(m.body.control.pair_count, 1u);
    cr_expect_eq(m.body.control.pair[0].value.length, 1u);
    raw.length -= 3;
    raw.data[raw.length - 3] = 0x91;
    cr_expect_eq(decode_raw_only(), ERR_PROTO, "a name alone is no pair");
}

Test(decode, more_pairs_or_longer_texts_than_allowed_are_a_limit)
{
    put_control();
    put(0xdc);
    put(0);
    put(WIRE_PAIRS_MAX + 1);
    for (uint32_t i = 0; i < WIRE_PAIRS_MAX + 1; i++) {
        put(0x92);
        put(0xa0);
        put(0xa0);
    }
    cr_expect_eq(decode_raw_only(), ERR_LIMIT);
    for (int value = 0; value <= 1; value++) {
        put_control();
        put(0x91);
        put(0x92);
        if (value)
            put(0xa0);
        put(0xda);
        put((WIRE_TEXT_MAX + 1) >> 8);
        put((WIRE_TEXT_MAX + 1) & 0xff);
        for (uint32_t i = 0; i < WIRE_TEXT_MAX + 1; i++)
            put('a');
        if (!value)
            put(0xa0);
        cr_expect_eq(decode_raw_only(), ERR_LIMIT);
    }
}

Test(decode, a_reply_text_over_its_maximum_is_a_limit)
{
    buf_release(&raw);
    buf_init(&raw, WIRE_REPLY_TEXT_MAX + 4096);
    put_envelope(WIRE_CONTROL_REPLY, 0);
    put(0x82);
    put(0);
    put(0);
    put(1);
    put(0xdb);
    for (int shift = 24; shift >= 0; shift -= 8)
        put((uint8_t)((WIRE_REPLY_TEXT_MAX + 1) >> shift));
    for (uint32_t i = 0; i < WIRE_REPLY_TEXT_MAX + 1; i++)
        put('a');
    cr_expect_eq(decode_raw_only(), ERR_LIMIT);
}

Test(decode, later_versions_may_lengthen_an_inner_array)
{
    struct wire_message m;
    put_envelope(WIRE_HEARTBEAT, 0);
    put(0x81);
    put(0);
    put(0x91);
    put(0x95);
    for (uint8_t i = 1; i <= 4; i++)
        put(i);
    put(0xa0);
    cr_assert_eq(decode_raw(&m), 0);
    cr_expect_eq(m.body.heartbeat.held[0].task, 1u);
    cr_expect_eq(m.body.heartbeat.held[0].attempt, 2u);
    cr_expect_eq(m.body.heartbeat.held[0].progress, 3u);
    /* but not shorten it */
    raw.length -= 6;
    put(0x92);
    put(1);
    put(2);
    cr_expect_eq(decode_raw_only(), ERR_PROTO);
}

Test(decode, a_block_whose_shape_is_not_its_size_is_an_error)
{
    struct wire_message m = { .envelope = { .kind = WIRE_TASK } }, got;
    uint8_t data[24] = { 0 };
    m.body.task.payload.block_count = 1;
    m.body.task.payload.block[0] = (struct wire_block){ WIRE_F32, 3, 2, data };
    size_t n;
    uint8_t *bytes = sample_encode(&m, &n);
    /* [type, rows, cols, bin 24] stand before the 24 bytes at the end */
    uint8_t *shape = bytes + n - 24 - 5;
    cr_assert(shape[0] == WIRE_F32 && shape[1] == 3 && shape[2] == 2);
    cr_expect_eq(wire_decode(bytes, n, &got), 0);
    shape[1] = 4;
    cr_expect_eq(wire_decode(bytes, n, &got), ERR_PROTO);
    shape[1] = 3;
    shape[0] = WIRE_F64;
    cr_expect_eq(wire_decode(bytes, n, &got), ERR_PROTO);
    shape[0] = 0;
    cr_expect_eq(wire_decode(bytes, n, &got), ERR_PROTO);
    free(bytes);
}
