/* Which model a command means. */
#include "tools/fyke/model_db.h"

#include <string.h>

void model_source_init(struct model_source *m)
{
    memset(m, 0, sizeof *m);
    buf_init(&m->bytes, MODEL_FILE_BYTES_MAX);
    arena_init(&m->arena, SIZE_MAX);
}

void model_source_release(struct model_source *m)
{
    buf_release(&m->bytes);
    arena_release(&m->arena);
}

struct answer {
    char text[STORE_MODEL_HASH];
    uint32_t rows;
};

static int first_text(void *context, uint32_t columns, const char *const *names,
                      const char *const *row)
{
    struct answer *a = context;
    (void)names;
    if (row == NULL || columns == 0 || row[0] == NULL)
        return 0;
    if (a->rows++ == 0 && strlen(row[0]) < sizeof a->text)
        memcpy(a->text, row[0], strlen(row[0]) + 1);
    return 0;
}

bool model_db_knows(struct reader *r)
{
    struct answer a = { 0 };
    return reader_query(r,
                        "select name from sqlite_master where type='table' "
                        "and name='model'",
                        first_text, &a, NULL) == 0 &&
           a.rows > 0;
}

/* The hash of the model in force, else of the only one. */
static int hash_meant(struct reader *r, const char *db, struct answer *a,
                      struct fault *fault)
{
    if (!model_db_knows(r))
        return fault_set(fault, ERR_NOTFOUND, "%s holds no model", db);
    int err = reader_query(r,
                           "select value from setting where name='model' and "
                           "value<>'' order by from_batch desc,id desc limit 1",
                           first_text, a, fault);
    if (err != 0 || a->rows > 0)
        return err;
    err =
        reader_query(r, "select hash from model limit 2", first_text, a, fault);
    if (err != 0 || a->rows == 1)
        return err;
    return fault_set(fault, a->rows == 0 ? ERR_NOTFOUND : ERR_USAGE,
                     a->rows == 0
                         ? "%s holds no model: what its batches were scored "
                           "with was not kept. fyke run --train or --model "
                           "brings one in"
                         : "%s holds several models: say which with --id "
                           "HASH; fyke model list names them",
                     db);
}

int model_source_db(struct model_source *m, struct reader *r, const char *db,
                    const char *hash, struct fault *fault)
{
    struct answer a = { 0 };
    int err = 0;
    if (hash == NULL) {
        err = hash_meant(r, db, &a, fault);
        hash = a.text;
    }
    return err != 0 ? err
                    : model_from_db(r, db, hash, &m->bytes, &m->arena, &m->file,
                                    fault);
}
