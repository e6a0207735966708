/*
 * Random messages of every kind, and their comparison member by member. Both
 * are written out by hand, not from the wire's own tables, so that a member
 * that the tables forget or swap is seen.
 */
#ifndef FYKE_TESTS_UNIT_WIRE_SAMPLES_H
#define FYKE_TESTS_UNIT_WIRE_SAMPLES_H

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "tests/lib/seed.h"
#include "tests/lib/wire_tools.h"

#include <stdbool.h>

/* Every kind that has a layout. */
extern const uint32_t sample_kinds[];
extern const uint32_t sample_kind_count;

/* Fills `ret_m`; texts and blocks are carved from `arena`. */
void sample_message(struct rng *r, uint32_t kind, struct arena *arena,
                    struct wire_message *ret_m);

/* The name of the first member that differs, NULL when equal. */
const char *sample_difference(const struct wire_message *a,
                              const struct wire_message *b);

/* The encoded bytes of a message in exactly as much heap memory, so that
 * AddressSanitizer sees every step outside; free() them. */
uint8_t *sample_encode(const struct wire_message *m, size_t *ret_bytes);

#endif
