/*
 * `fyke set` without a coordinator: into the database, for the next start.
 */
#ifndef FYKE_TOOLS_SET_STORED_H
#define FYKE_TOOLS_SET_STORED_H

#include "proto/base/buf.h"
#include "proto/wire/wire.h"

/* Holds the database while it does so. What is to be printed is appended to
 * `out`. A request_id that is stored already is answered as it was then.
 * Errors, with a fault: ERR_BUSY (a fyke holds the file), ERR_USAGE (a pair
 * that cannot be set, or values that do not go together), and those of
 * store_open. */
FYKE_MUST_USE int set_stored(const char *db, const struct wire_control *control,
                             struct buf *out, struct fault *fault);

#endif
