/*
 * What batches in flight hold in memory: blocks (text, extents, columns) from
 * the framer to the commit, what a sealed batch has beside them (its columns
 * in one piece, the detector's state, verdicts, texts for the file), and
 * messages on their way out. Loop thread only; jobs report at their end.
 */
#ifndef FYKE_SHELL_FLIGHT_H
#define FYKE_SHELL_FLIGHT_H

#include <stdint.h>

struct flight {
    uint64_t block_bytes;   /* of all blocks that are alive */
    uint64_t slot_bytes;    /* of all slots */
    uint64_t message_bytes; /* tasks and models being sent, results read */
    uint64_t peak_bytes;    /* the most of the sum so far */
};

static inline uint64_t flight_bytes(const struct flight *f)
{
    return f->block_bytes + f->slot_bytes + f->message_bytes;
}

/* After anything grew. */
static inline void flight_note(struct flight *f)
{
    uint64_t bytes = flight_bytes(f);
    f->peak_bytes = bytes > f->peak_bytes ? bytes : f->peak_bytes;
}

#endif
