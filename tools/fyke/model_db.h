/*
 * What the `fyke model` commands share.
 */
#ifndef FYKE_TOOLS_MODEL_DB_H
#define FYKE_TOOLS_MODEL_DB_H

#include "engine/shell/model.h"

/* A model from a file, or from a database. */
struct model_source {
    struct buf bytes; /* the whole file */
    struct arena arena;
    struct model_file file;
};

void model_source_init(struct model_source *m);
void model_source_release(struct model_source *m);

/* The model that a database scores its next batch with, the only one it holds,
 * or the one whose hash begins with `hash` (NULL = not said). */
FYKE_MUST_USE int model_source_db(struct model_source *m, struct reader *r,
                                  const char *db, const char *hash,
                                  struct fault *fault);

/* Does the database know models at all? A file of an older fyke may not. */
bool model_db_knows(struct reader *r);

#endif
