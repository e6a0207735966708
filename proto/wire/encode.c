/* Messages to bytes, with msgpack-c's packer and the field tables. */
#include "proto/wire/fields.h"

#include <msgpack/pack.h>
#include <string.h>

#define STAGED_BYTES 512u

/* Small writes are gathered, so that the writer sees few and large ones. */
struct encoder {
    struct wire_writer writer;
    size_t staged_bytes;
    uint8_t staged[STAGED_BYTES];
    int err; /* the first that the writer returned */
};

static int encoder_flush(struct encoder *e)
{
    if (e->err == 0 && e->staged_bytes > 0)
        e->err = e->writer.write(e->writer.context, e->staged, e->staged_bytes);
    e->staged_bytes = 0;
    return e->err;
}

static int encoder_write(void *context, const char *bytes, size_t n)
{
    struct encoder *e = context;
    if (n > STAGED_BYTES - e->staged_bytes)
        encoder_flush(e);
    if (e->err != 0)
        return e->err;
    if (n > STAGED_BYTES)
        return e->err = e->writer.write(e->writer.context, bytes, n);
    memcpy(e->staged + e->staged_bytes, bytes, n);
    e->staged_bytes += n;
    return 0;
}

static void encode_text(msgpack_packer *p, const struct wire_text *t)
{
    msgpack_pack_str(p, t->length);
    if (t->length > 0)
        msgpack_pack_str_body(p, t->text, t->length);
}

static void encode_binary(msgpack_packer *p, const void *bytes, size_t n)
{
    msgpack_pack_bin(p, n);
    if (n > 0)
        msgpack_pack_bin_body(p, bytes, n);
}

static void encode_numbers(msgpack_packer *p, const struct wire_payload *l)
{
    msgpack_pack_array(p, l->number_count);
    for (uint32_t i = 0; i < l->number_count; i++)
        msgpack_pack_uint64(p, l->number[i]);
}

static void encode_blocks(msgpack_packer *p, const struct wire_payload *l)
{
    msgpack_pack_array(p, l->block_count);
    for (uint32_t i = 0; i < l->block_count; i++) {
        const struct wire_block *b = &l->block[i];
        msgpack_pack_array(p, 4);
        msgpack_pack_uint32(p, b->type);
        msgpack_pack_uint32(p, b->rows);
        msgpack_pack_uint32(p, b->cols);
        encode_binary(p, b->data, wire_block_bytes(b));
    }
}

static void encode_held(msgpack_packer *p, const struct wire_heartbeat *h)
{
    msgpack_pack_array(p, h->held_count);
    for (uint32_t i = 0; i < h->held_count; i++) {
        msgpack_pack_array(p, 3);
        msgpack_pack_uint64(p, h->held[i].task);
        msgpack_pack_uint32(p, h->held[i].attempt);
        msgpack_pack_uint64(p, h->held[i].progress);
    }
}

static void encode_pairs(msgpack_packer *p, const struct wire_control *l)
{
    msgpack_pack_array(p, l->pair_count);
    for (uint32_t i = 0; i < l->pair_count; i++) {
        msgpack_pack_array(p, 2);
        encode_text(p, &l->pair[i].name);
        encode_text(p, &l->pair[i].value);
    }
}

static void encode_field(msgpack_packer *p, const struct field *f,
                         const void *base)
{
    const void *member = (const char *)base + f->offset;
    msgpack_pack_uint32(p, f->key);
    switch ((enum field_type)f->type) {
    case FIELD_U32:
        msgpack_pack_uint32(p, *(const uint32_t *)member);
        break;
    case FIELD_U64:
        msgpack_pack_uint64(p, *(const uint64_t *)member);
        break;
    case FIELD_I32:
        msgpack_pack_int32(p, *(const int32_t *)member);
        break;
    case FIELD_TEXT:
    case FIELD_LONG_TEXT:
        encode_text(p, member);
        break;
    case FIELD_RUN_ID:
        encode_binary(p, member, WIRE_RUN_ID_BYTES);
        break;
    case FIELD_NUMBERS:
        encode_numbers(p, member);
        break;
    case FIELD_BLOCKS:
        encode_blocks(p, member);
        break;
    case FIELD_HELD:
        encode_held(p, member);
        break;
    case FIELD_PAIRS:
        encode_pairs(p, member);
        break;
    }
}

static void encode_fields(msgpack_packer *p, const struct field_table *t,
                          const void *base)
{
    for (uint32_t i = 0; i < t->count; i++)
        encode_field(p, &t->field[i], base);
}

static int pairs_check(const struct wire_control *l)
{
    if (l->pair_count > WIRE_PAIRS_MAX)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < l->pair_count; i++)
        if (l->pair[i].name.length > WIRE_TEXT_MAX ||
            l->pair[i].value.length > WIRE_TEXT_MAX)
            return ERR_LIMIT;
    return 0;
}

/* ERR_LIMIT for a count or a text over its maximum, ERR_INVALID for a block
 * of unknown type. */
static int field_check(const struct field *f, const void *base)
{
    const void *member = (const char *)base + f->offset;
    const struct wire_payload *p = member;
    if (f->type == FIELD_TEXT)
        return ((const struct wire_text *)member)->length > WIRE_TEXT_MAX
                   ? ERR_LIMIT
                   : 0;
    if (f->type == FIELD_LONG_TEXT)
        return ((const struct wire_text *)member)->length > WIRE_REPLY_TEXT_MAX
                   ? ERR_LIMIT
                   : 0;
    if (f->type == FIELD_PAIRS)
        return pairs_check(member);
    if (f->type == FIELD_NUMBERS)
        return p->number_count > WIRE_NUMBERS_MAX ? ERR_LIMIT : 0;
    if (f->type == FIELD_HELD)
        return ((const struct wire_heartbeat *)member)->held_count >
                       WIRE_HELD_MAX
                   ? ERR_LIMIT
                   : 0;
    if (f->type != FIELD_BLOCKS)
        return 0;
    if (p->block_count > WIRE_BLOCKS_MAX)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < p->block_count; i++)
        if (wire_type_bytes(p->block[i].type) == 0)
            return ERR_INVALID;
    return 0;
}

static uint64_t pairs_bytes_max(const struct wire_control *l)
{
    const uint64_t heads = 15; /* of the pair and both texts */
    uint64_t sum = 0;
    for (uint32_t i = 0; i < l->pair_count; i++)
        sum += heads + l->pair[i].name.length + l->pair[i].value.length;
    return sum;
}

/* Upper bound of one entry, its key included; the message passed
 * field_check. */
static uint64_t field_bytes_max(const struct field *f, const void *base)
{
    const uint64_t integer = 9, head = 5;
    const void *member = (const char *)base + f->offset;
    const struct wire_payload *p = member;
    uint64_t blocks;
    switch ((enum field_type)f->type) {
    case FIELD_TEXT:
    case FIELD_LONG_TEXT:
        return 1 + head + ((const struct wire_text *)member)->length;
    case FIELD_RUN_ID:
        return 1 + head + WIRE_RUN_ID_BYTES;
    case FIELD_NUMBERS:
        return 1 + head + integer * p->number_count;
    case FIELD_BLOCKS:
        blocks = wire_payload_bytes(p);
        if (blocks > WIRE_MESSAGE_BYTES_MAX)
            return WIRE_MESSAGE_BYTES_MAX + 1u;
        return 1 + head + blocks + (2 * head + 3 * integer) * p->block_count;
    case FIELD_HELD:
        return 1 + head +
               (head + 3 * integer) *
                   ((const struct wire_heartbeat *)member)->held_count;
    case FIELD_PAIRS:
        return 1 + head + pairs_bytes_max(member);
    case FIELD_U32:
    case FIELD_U64:
    case FIELD_I32:
        break;
    }
    return 1 + integer;
}

uint64_t wire_encoded_bytes_max(const struct wire_message *m)
{
    const uint64_t frame = 64; /* heads, magic and version */
    struct field_table body;
    uint64_t sum = frame;
    if (!field_body(m->envelope.kind, &body))
        return UINT64_MAX;
    for (uint32_t i = 0; i < field_envelope.count; i++)
        sum += field_bytes_max(&field_envelope.field[i], &m->envelope);
    for (uint32_t i = 0; i < body.count; i++) {
        if (field_check(&body.field[i], &m->body) != 0)
            return UINT64_MAX;
        sum += field_bytes_max(&body.field[i], &m->body);
    }
    return sum;
}

int wire_encode(const struct wire_message *m, struct wire_writer writer)
{
    struct field_table body;
    if (!field_body(m->envelope.kind, &body))
        return ERR_INVALID;
    for (uint32_t i = 0; i < body.count; i++) {
        int err = field_check(&body.field[i], &m->body);
        if (err != 0)
            return err;
    }
    if (wire_encoded_bytes_max(m) > WIRE_MESSAGE_BYTES_MAX)
        return ERR_LIMIT;

    struct encoder e = { .writer = writer };
    msgpack_packer p;
    msgpack_packer_init(&p, &e, encoder_write);
    msgpack_pack_array(&p, 2);
    msgpack_pack_map(&p, field_envelope.count + 2);
    msgpack_pack_uint32(&p, FIELD_KEY_MAGIC);
    msgpack_pack_uint32(&p, WIRE_MAGIC);
    msgpack_pack_uint32(&p, FIELD_KEY_VERSION);
    msgpack_pack_uint32(&p, WIRE_VERSION);
    encode_fields(&p, &field_envelope, &m->envelope);
    msgpack_pack_map(&p, body.count);
    encode_fields(&p, &body, &m->body);
    return encoder_flush(&e);
}
