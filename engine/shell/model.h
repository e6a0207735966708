/*
 * Model files and the models of a database.
 *
 * Memory   the file's bytes go to `bytes`, what they hold to `arena`.
 */
#ifndef FYKE_SHELL_MODEL_H
#define FYKE_SHELL_MODEL_H

#include "engine/detect/model_file.h"
#include "storage/reader.h"

#include <stdbool.h>

#define MODEL_HASH_SHOWN 16 /* digits that people are shown */

/* Reads a model file. Errors: those of file_read_all and model_file_decode,
 * with a fault that names the file. */
FYKE_MUST_USE int model_from_file(const char *path, struct buf *bytes,
                                  struct arena *arena, struct model_file *ret_m,
                                  struct fault *fault);

/* The model of the database `db` (for messages) whose hash begins with `hash`.
 * Errors: ERR_NOTFOUND, ERR_USAGE (several), ERR_CORRUPT. */
FYKE_MUST_USE int model_from_db(struct reader *r, const char *db,
                                const char *hash, struct buf *bytes,
                                struct arena *arena, struct model_file *ret_m,
                                struct fault *fault);

/* As the database keeps it; borrows from the arguments. */
struct store_model model_row(const struct model_file *m,
                             const struct buf *bytes, const char *origin);

/* Is the text a hash or the beginning of one: 8 to 64 hexadecimal digits? */
bool model_is_hash(const char *text);

#endif
