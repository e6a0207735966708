/*
 * The model file: a forest that other programs can read and write.
 *
 * Layout   one line of JSON (the header), then arrays, little-endian; the
 *          header says where each begins. tools/sklearn/README.md is the
 *          format's description.
 * Hash     a model's name is the SHA-256 of the whole file, in 64 hexadecimal
 *          digits. Equal forests, names and maker give equal bytes.
 * Trust    the bytes may come from anyone: every count, offset, index and
 *          number is checked before it is used, and after success the forest
 *          is one that iforest_pack_forest takes and iforest_unpack_forest
 *          gives back. A fault says what is wrong and where.
 */
#ifndef FYKE_DETECT_MODEL_FILE_H
#define FYKE_DETECT_MODEL_FILE_H

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/sha256.h"
#include "proto/wire/iforest.h"

#define MODEL_FILE_BYTES_MAX ((size_t)512 << 20)
#define MODEL_FILE_VERSION 1u
#define MODEL_HASH_TEXT SHA256_TEXT_BYTES

struct model_file {
    char hash[MODEL_HASH_TEXT];
    const char *kind;        /* "iforest" */
    const char *made_by;     /* "" = not said */
    const char *const *name; /* forest.features of them, all different without
                              * case; NULL = the features have no names */
    struct iforest_forest forest;
};

/* Reads a whole file. `label` stands before each fault ("x.fyke-model"). All
 * of ret_m lives in `arena`, nothing points into `bytes`.
 * Errors: ERR_CONTENT (it is no model file, or one that is wrong somewhere),
 * ERR_VERSION, ERR_LIMIT (more than this fyke takes), ERR_NOMEM. */
FYKE_MUST_USE int model_file_decode(const void *bytes, size_t n,
                                    const char *label, struct arena *arena,
                                    struct model_file *ret_m,
                                    struct fault *fault);

/* Appends the file of a forest as iforest_unpack_forest gives it. `name` as
 * above. Errors: those of `out`. */
FYKE_MUST_USE int model_file_encode(const struct iforest_forest *forest,
                                    const char *const *name,
                                    const char *made_by, struct buf *out);

/* Is the forest one that can be scored with? Every fault names the tree and
 * the node. ERR_CONTENT, ERR_LIMIT. */
FYKE_MUST_USE int model_file_check(const struct iforest_forest *forest,
                                   const char *label, struct fault *fault);

#endif
