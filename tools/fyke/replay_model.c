/*
 * Mode frozen: the model that the settings of a batch name, from the database.
 */
#include "tools/fyke/replay_batch.h"

#include <string.h>

#define HASH_BYTES_MAX 4096u

static int load(struct replay *r, const char *hash, struct fault *fault)
{
    kept_release(&r->kept);
    kept_init(&r->kept);
    int err = kept_from_db(&r->kept, r->reader, "the database", hash, fault);
    if (err == ERR_NOTFOUND)
        err = ERR_CORRUPT;
    return err == 0 ? kept_fit(&r->kept, r->schema, "its model", fault) : err;
}

int replay_model(struct replay *r, uint64_t batch,
                 const struct detect_model **ret_model, struct fault *fault)
{
    struct buf hash;
    buf_init(&hash, HASH_BYTES_MAX);
    int err = reader_setting_get(r->reader, "model", batch, &hash);
    *ret_model = NULL;
    if (err == ERR_NOTFOUND)
        err = ERR_OK;
    else if (err == 0 && hash.length > 0) {
        if (!kept_is_there(&r->kept) ||
            strcmp(r->kept.file.hash, buf_text(&hash)) != 0)
            err = load(r, buf_text(&hash), fault);
        *ret_model = r->kept.model;
    }
    buf_release(&hash);
    return err;
}
