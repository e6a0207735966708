/*
 * Labels: what is known of a row beforehand, to measure answers with.
 *
 * Numbers  0 is ordinary, any other one an anomaly.
 * Words    false, no, normal, ordinary, nominal, regular, benign, legitimate,
 *          genuine, inlier, good, ok, none, negative (in any case, a final
 *          point is let pass) are ordinary; any other text is an anomaly.
 * Missing  empty or one of the schema's missing words: not known.
 */
#ifndef FYKE_INGEST_LABEL_H
#define FYKE_INGEST_LABEL_H

#include "engine/ingest/schema.h"

enum label { LABEL_MISSING = -1, LABEL_ORDINARY = 0, LABEL_ANOMALY = 1 };

/* An enum label, from a trimmed text. */
int8_t label_read(const struct schema *s, const char *text, size_t n);

#endif
