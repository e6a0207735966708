/*
 * 64-bit hashing for identity and change detection (not for secrets). The
 * function is part of the file format: it never changes within a format
 * version. The same on every machine. A run of bytes is hashed in one call;
 * the hash of several runs is the fold of their hashes.
 */
#ifndef FYKE_BASE_HASH_H
#define FYKE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Hash of one run of bytes under a seed. */
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t n);

/* Bijective avalanche of one word (every input bit moves every output bit). */
uint64_t hash_u64(uint64_t x);

/* Folds `value` into `state`; order matters. hash_fold(hash_fold(s,a),b) is
 * the hash of the sequence (a, b). */
uint64_t hash_fold(uint64_t state, uint64_t value);

#endif
