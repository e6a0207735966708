/* Models from files and from the database. */
#include "engine/shell/model.h"

#include "proto/host/clock.h"
#include "proto/host/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HASH_DIGITS_MIN 8u

int model_from_file(const char *path, struct buf *bytes, struct arena *arena,
                    struct model_file *ret_m, struct fault *fault)
{
    int err = file_read_all(path, bytes);
    if (err == ERR_LIMIT)
        return fault_set(fault, err, "%s has more than %zu bytes: no model",
                         path, bytes->bytes_max);
    if (err == ERR_NOMEM)
        return fault_set(fault, err, "%s: out of memory", path);
    if (err != 0)
        return fault_set(
            fault, err == ERR_INVALID ? ERR_USAGE : err, "%s: %s", path,
            err == ERR_INVALID ? "a folder, no model file" : strerror(errno));
    return model_file_decode(bytes->data, bytes->length, path, arena, ret_m,
                             fault);
}

int model_from_db(struct reader *r, const char *db, const char *hash,
                  struct buf *bytes, struct arena *arena,
                  struct model_file *ret_m, struct fault *fault)
{
    char found[STORE_MODEL_HASH], label[64];
    struct fault why = { 0 };
    int err = reader_model_get(r, hash, found, bytes, fault);
    if (err == ERR_NOTFOUND)
        return fault_set(fault, err,
                         "%s holds no model %.64s; fyke model list --db %s "
                         "lists them",
                         db, hash, db);
    if (err != 0)
        return err;
    (void)snprintf(label, sizeof label, "the model %.*s", MODEL_HASH_SHOWN,
                   found);
    err = model_file_decode(bytes->data, bytes->length, label, arena, ret_m,
                            &why);
    if (err == 0 && strcmp(ret_m->hash, found) != 0)
        err = fault_set(&why, ERR_CORRUPT, "%s has the hash %.16s now", label,
                        ret_m->hash);
    return err == 0 || err == ERR_NOMEM
               ? err
               : fault_set(fault, ERR_CORRUPT, "%s is damaged: %.300s", db,
                           why.text);
}

struct store_model model_row(const struct model_file *m,
                             const struct buf *bytes, const char *origin)
{
    return (struct store_model){
        .hash = m->hash,
        .kind = m->kind,
        .origin = origin,
        .payload = bytes->data,
        .payload_bytes = bytes->length,
        .features = m->forest.features,
        .trees = m->forest.trees,
        .subsample = m->forest.subsample,
        .nodes = m->forest.node_count,
        .at_ns = clock_wall_ns(),
    };
}

bool model_is_hash(const char *text)
{
    size_t n = strlen(text);
    return n >= HASH_DIGITS_MIN && n < STORE_MODEL_HASH &&
           strspn(text, "0123456789abcdef") == n;
}
