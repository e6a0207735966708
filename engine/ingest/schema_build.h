/*
 * Parts of a schema under construction, inside the room.
 */
#ifndef FYKE_INGEST_SCHEMA_BUILD_H
#define FYKE_INGEST_SCHEMA_BUILD_H

#include "engine/ingest/schema.h"

/* `count` empty columns. Errors: ERR_NOMEM. */
FYKE_MUST_USE int schema_columns_alloc(struct schema *s, uint32_t count);
/* The words given, or the usual ones when none are. Errors: ERR_NOMEM. */
FYKE_MUST_USE int schema_missing_set(struct schema *s,
                                     const struct option_list *words);

#endif
