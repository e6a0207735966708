/*
 * Hashing by multiply and fold.
 *
 * A fold multiplies two 64-bit words to 128 bits and xors the halves: every
 * bit of either factor reaches the result. hash_bytes takes 16 bytes a step,
 * one word masked by a constant, the other by the running state; the state
 * is also carried around the product (rotated), so that a product of zero
 * cannot wipe out what came before. The length goes into the start value,
 * which makes zero padding of the last step unambiguous. One avalanche ends
 * it.
 *
 * hash_u64 is Stafford's variant 13 of the Murmur3 finaliser (2011), moved by
 * a constant so that 0 does not map to 0. The other constants are odd words
 * from the binary digits of pi (behind the point), chosen for having no plan.
 */
#include "proto/base/hash.h"

#include "proto/base/bytes.h"

#define HASH_PI_0 0x243f6a8885a308d3u
#define HASH_PI_1 0x13198a2e03707345u /* last bit set to be odd */
#define HASH_PI_2 0xa4093822299f31d1u /* last bit set to be odd */
#define HASH_PI_3 0x082efa98ec4e6c89u

static uint64_t hash_multiply_fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t hash_step(uint64_t state, uint64_t a, uint64_t b)
{
    return hash_multiply_fold(a ^ HASH_PI_1, b ^ state) +
           hash_rotate(state, 23);
}

uint64_t hash_u64(uint64_t x)
{
    x += HASH_PI_0;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t hash_fold(uint64_t state, uint64_t value)
{
    return hash_u64(state * HASH_PI_3 + hash_u64(value));
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t state = hash_fold(seed, n) ^ HASH_PI_2;
    size_t left = n;
    for (; left >= 16; left -= 16, p += 16)
        state = hash_step(state, bytes_load_u64(p), bytes_load_u64(p + 8));
    if (left > 0) {
        uint8_t tail[16] = { 0 };
        memcpy(tail, p, left);
        state =
            hash_step(state, bytes_load_u64(tail), bytes_load_u64(tail + 8));
    }
    return hash_u64(state);
}
