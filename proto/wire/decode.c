/* Bytes to messages, with the cursor and the field tables. */
#include "proto/wire/cursor.h"
#include "proto/wire/fields.h"

#include <string.h>

#define BLOCK_PARTS 4u /* type, rows, cols, bytes */
#define HELD_PARTS 3u  /* task, attempt, progress */
#define PAIR_PARTS 2u  /* name, value */

static uint32_t decode_u32(struct cursor *c)
{
    return (uint32_t)cursor_unsigned(c, UINT32_MAX);
}

static struct wire_text decode_text(struct cursor *c, uint32_t bytes_max)
{
    struct wire_text t = { NULL, 0 };
    uint32_t n;
    const uint8_t *bytes = cursor_text(c, &n);
    if (n > bytes_max)
        cursor_fail(c, ERR_LIMIT);
    else if (n > 0)
        t = (struct wire_text){ (const char *)bytes, n };
    return t;
}

static void decode_run_id(struct cursor *c, uint8_t *ret_id)
{
    uint32_t n;
    const uint8_t *bytes = cursor_binary(c, &n);
    if (bytes == NULL || n != WIRE_RUN_ID_BYTES)
        cursor_fail(c, ERR_PROTO);
    else
        memcpy(ret_id, bytes, n);
}

/* The length of an array that may hold at most `max`. */
static uint32_t decode_count(struct cursor *c, uint32_t max)
{
    uint32_t n = cursor_array(c);
    if (n > max) {
        cursor_fail(c, ERR_LIMIT);
        return 0;
    }
    return n;
}

/* Enters an array of `parts` known elements; those that a later version put
 * behind them are skipped by decode_parts_end. */
static uint32_t decode_parts(struct cursor *c, uint32_t parts)
{
    uint32_t n = cursor_array(c);
    if (n < parts) {
        cursor_fail(c, ERR_PROTO);
        return 0;
    }
    return n - parts;
}

static void decode_parts_end(struct cursor *c, uint32_t more)
{
    while (more-- > 0 && c->err == 0)
        cursor_skip(c);
}

static void decode_numbers(struct cursor *c, struct wire_payload *p)
{
    p->number_count = decode_count(c, WIRE_NUMBERS_MAX);
    for (uint32_t i = 0; i < p->number_count; i++)
        p->number[i] = cursor_unsigned(c, UINT64_MAX);
}

static void decode_block(struct cursor *c, struct wire_block *b)
{
    uint32_t more = decode_parts(c, BLOCK_PARTS);
    b->type = decode_u32(c);
    b->rows = decode_u32(c);
    b->cols = decode_u32(c);
    uint32_t n;
    b->data = cursor_binary(c, &n);
    if (wire_type_bytes(b->type) == 0 || wire_block_bytes(b) != n)
        cursor_fail(c, ERR_PROTO);
    decode_parts_end(c, more);
}

static void decode_blocks(struct cursor *c, struct wire_payload *p)
{
    p->block_count = decode_count(c, WIRE_BLOCKS_MAX);
    for (uint32_t i = 0; i < p->block_count; i++)
        decode_block(c, &p->block[i]);
}

static void decode_held(struct cursor *c, struct wire_heartbeat *h)
{
    h->held_count = decode_count(c, WIRE_HELD_MAX);
    for (uint32_t i = 0; i < h->held_count; i++) {
        uint32_t more = decode_parts(c, HELD_PARTS);
        h->held[i].task = cursor_unsigned(c, UINT64_MAX);
        h->held[i].attempt = decode_u32(c);
        h->held[i].progress = cursor_unsigned(c, UINT64_MAX);
        decode_parts_end(c, more);
    }
}

static void decode_pairs(struct cursor *c, struct wire_control *l)
{
    l->pair_count = decode_count(c, WIRE_PAIRS_MAX);
    for (uint32_t i = 0; i < l->pair_count; i++) {
        uint32_t more = decode_parts(c, PAIR_PARTS);
        l->pair[i].name = decode_text(c, WIRE_TEXT_MAX);
        l->pair[i].value = decode_text(c, WIRE_TEXT_MAX);
        decode_parts_end(c, more);
    }
}

static void decode_field(struct cursor *c, const struct field *f, void *base)
{
    void *member = (char *)base + f->offset;
    switch ((enum field_type)f->type) {
    case FIELD_U32:
        *(uint32_t *)member = decode_u32(c);
        break;
    case FIELD_U64:
        *(uint64_t *)member = cursor_unsigned(c, UINT64_MAX);
        break;
    case FIELD_I32:
        *(int32_t *)member = (int32_t)cursor_signed(c, INT32_MIN, INT32_MAX);
        break;
    case FIELD_TEXT:
        *(struct wire_text *)member = decode_text(c, WIRE_TEXT_MAX);
        break;
    case FIELD_LONG_TEXT:
        *(struct wire_text *)member = decode_text(c, WIRE_REPLY_TEXT_MAX);
        break;
    case FIELD_RUN_ID:
        decode_run_id(c, member);
        break;
    case FIELD_NUMBERS:
        decode_numbers(c, member);
        break;
    case FIELD_BLOCKS:
        decode_blocks(c, member);
        break;
    case FIELD_HELD:
        decode_held(c, member);
        break;
    case FIELD_PAIRS:
        decode_pairs(c, member);
        break;
    }
}

static const struct field *field_find(const struct field_table *t, uint64_t key)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (t->field[i].key == key)
            return &t->field[i];
    return NULL;
}

/* The entries of a map whose head was read: every key once, unknown ones
 * skipped, needed ones there. `seen` has a bit for each key met before. */
static void decode_entries(struct cursor *c, uint32_t entries, uint64_t seen,
                           const struct field_table *t, void *base)
{
    for (uint32_t i = 0; i < entries && c->err == 0; i++) {
        uint64_t key = cursor_unsigned(c, FIELD_KEY_MAX);
        if (seen >> key & 1)
            cursor_fail(c, ERR_PROTO);
        seen |= UINT64_C(1) << key;
        const struct field *f = field_find(t, key);
        if (f != NULL)
            decode_field(c, f, base);
        else
            cursor_skip(c);
    }
    for (uint32_t i = 0; i < t->count; i++)
        if (t->field[i].need == FIELD_NEEDED && !(seen >> t->field[i].key & 1))
            cursor_fail(c, ERR_PROTO);
}

/* Magic and version lead, in every version of the wire. */
static void decode_envelope(struct cursor *c, struct wire_envelope *e)
{
    uint32_t entries = cursor_map(c);
    if (entries < 2 || cursor_unsigned(c, FIELD_KEY_MAX) != FIELD_KEY_MAGIC ||
        decode_u32(c) != WIRE_MAGIC ||
        cursor_unsigned(c, FIELD_KEY_MAX) != FIELD_KEY_VERSION) {
        cursor_fail(c, ERR_PROTO);
        return;
    }
    uint32_t version = decode_u32(c);
    if (c->err == 0 && version != WIRE_VERSION) {
        cursor_fail(c, ERR_VERSION);
        return;
    }
    uint64_t seen = 1u << FIELD_KEY_MAGIC | 1u << FIELD_KEY_VERSION;
    decode_entries(c, entries - 2, seen, &field_envelope, e);
}

int wire_decode(const void *bytes, size_t n, struct wire_message *ret_m)
{
    if (n > WIRE_MESSAGE_BYTES_MAX)
        return ERR_LIMIT;
    struct cursor c;
    struct wire_message m = { 0 };
    struct field_table body;
    cursor_init(&c, bytes, n);
    if (cursor_array(&c) != 2)
        cursor_fail(&c, ERR_PROTO);
    decode_envelope(&c, &m.envelope);
    if (c.err != 0)
        return c.err;
    if (!field_body(m.envelope.kind, &body))
        return ERR_PROTO;
    decode_entries(&c, cursor_map(&c), 0, &body, &m.body);
    if (c.err == 0 && c.at != c.end)
        return ERR_PROTO;
    if (c.err == 0)
        *ret_m = m;
    return c.err;
}
