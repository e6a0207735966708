/* Sizes and identity of payloads. */
#include "proto/base/hash.h"
#include "proto/wire/wire.h"

#include <string.h>

#define PAYLOAD_HASH_SEED 0x7061796c6f616431ull /* "payload1" */

uint32_t wire_type_bytes(uint32_t type)
{
    switch (type) {
    case WIRE_F32:
    case WIRE_U32:
        return 4;
    case WIRE_F64:
    case WIRE_U64:
        return 8;
    case WIRE_U8:
        return 1;
    case WIRE_U16:
        return 2;
    default:
        return 0;
    }
}

/* SIZE_MAX where the product does not fit: over every limit. */
size_t wire_block_bytes(const struct wire_block *b)
{
    size_t bytes;
    if (__builtin_mul_overflow((size_t)b->rows, (size_t)b->cols, &bytes) ||
        __builtin_mul_overflow(bytes, (size_t)wire_type_bytes(b->type), &bytes))
        return SIZE_MAX;
    return bytes;
}

uint64_t wire_payload_hash(const struct wire_payload *p)
{
    uint64_t h = hash_fold(PAYLOAD_HASH_SEED, p->number_count);
    for (uint32_t i = 0; i < p->number_count; i++)
        h = hash_fold(h, p->number[i]);
    h = hash_fold(h, p->block_count);
    for (uint32_t i = 0; i < p->block_count; i++) {
        const struct wire_block *b = &p->block[i];
        size_t bytes = wire_block_bytes(b);
        h = hash_fold(h, b->type);
        h = hash_fold(h, b->rows);
        h = hash_fold(h, b->cols);
        if (bytes > 0)
            h = hash_bytes(h, b->data, bytes);
    }
    return h;
}

uint64_t wire_payload_bytes(const struct wire_payload *p)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->block_count; i++)
        if (__builtin_add_overflow(sum, wire_block_bytes(&p->block[i]), &sum))
            return UINT64_MAX;
    return sum;
}

int wire_payload_copy(const struct wire_payload *p, struct arena *arena,
                      struct wire_payload *ret_p)
{
    struct wire_payload copy = *p;
    for (uint32_t i = 0; i < p->block_count; i++) {
        size_t bytes = wire_block_bytes(&p->block[i]);
        void *data = arena_alloc(arena, bytes, 1);
        if (data == NULL)
            return ERR_NOMEM;
        if (bytes > 0)
            memcpy(data, p->block[i].data, bytes);
        copy.block[i].data = data;
    }
    *ret_p = copy;
    return 0;
}
