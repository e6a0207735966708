/*
 * NDJSON records: rows of a block. Values find their column by dotted path;
 * of two equal paths in one record the first wins; fields that are no
 * columns are ignored.
 */
#ifndef FYKE_INGEST_NDJSON_H
#define FYKE_INGEST_NDJSON_H

#include "engine/ingest/parse_seam.h"
#include "engine/ingest/path_map.h"
#include "engine/ingest/sink.h"

/* The text of a leaf: booleans are 1 and 0. */
const char *ndjson_leaf_text(const struct json_leaf *leaf, size_t *ret_n);

/* Parses the good records of a block into the sink. Errors: ERR_NOMEM. */
FYKE_MUST_USE int ndjson_parse_block(struct block *b, struct sink *k);

#endif
