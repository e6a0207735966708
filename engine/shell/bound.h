/*
 * How much memory a coordinator and a worker take at most, from the settings
 * alone: what may be in flight (the caps below hold it), what a batch costs
 * besides, and what is there without any batch.
 *
 * The bound is for resident memory. It assumes the worst that the settings
 * let happen: the shortest records, every row flagged, every batch of the
 * pipeline full. `tests/integration/test_memory` holds real processes to it.
 */
#ifndef FYKE_SHELL_BOUND_H
#define FYKE_SHELL_BOUND_H

#include "engine/shell/settings.h"

#define BOUND_READ_BYTES (1u << 19) /* of one read from the source */
#define BOUND_BLOCKS_MAX 8u         /* read and not yet appended */
#define BOUND_BLOCK_RECORDS_MAX 16384u
#define BOUND_CACHE_BYTES (8u << 20) /* SQLite's pages: storage/open.c */

struct bound {
    uint64_t flight_bytes;      /* of the coordinator: batches in flight */
    uint64_t coordinator_bytes; /* all of it, with flight_bytes */
    uint64_t worker_bytes;      /* one worker process */
};

/* `features` of the input; `workers` that may be there at once (0 = not
 * known: as many as there are tasks). */
void bound_of(const struct settings *s, uint32_t features, uint32_t workers,
              struct bound *ret_b);

/* Source bytes and records in flight at which reading stops. Never less than
 * two full batches, else a batch that is cut by count could not fill. */
uint64_t bound_cap_bytes(const struct settings *s);
uint64_t bound_cap_rows(const struct settings *s);

/* Records of one block at most, so that short records and many features do
 * not make it large. */
uint32_t bound_block_records(uint32_t features);

#endif
