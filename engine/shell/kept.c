/* Models of runs: read, or fitted on a history. */
#include "engine/shell/kept.h"

#include "engine/detect/verdict.h"
#include "engine/shell/detecting.h"
#include "engine/shell/history.h"
#include "engine/shell/model.h"
#include "proto/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELTA_BYTES_MAX ((size_t)1 << 30)
#define MADE_BY "fyke"
#define PATH_SHOWN 120u

void kept_init(struct kept *k)
{
    memset(k, 0, sizeof *k);
    arena_init(&k->arena, SIZE_MAX);
    buf_init(&k->bytes, MODEL_FILE_BYTES_MAX);
    buf_init(&k->delta, DELTA_BYTES_MAX);
}

void kept_release(struct kept *k)
{
    arena_release(&k->arena);
    buf_release(&k->bytes);
    buf_release(&k->delta);
}

bool kept_is_there(const struct kept *k)
{
    return k->bytes.length > 0;
}

int kept_from_file(struct kept *k, const char *path, struct fault *fault)
{
    (void)snprintf(k->origin, sizeof k->origin, "%.255s", text_base_name(path));
    return model_from_file(path, &k->bytes, &k->arena, &k->file, fault);
}

int kept_from_db(struct kept *k, struct reader *r, const char *db,
                 const char *hash, struct fault *fault)
{
    return model_from_db(r, db, hash, &k->bytes, &k->arena, &k->file, fault);
}

int kept_name_features(struct kept *k, struct schema_options *o,
                       bool *ret_named, struct fault *fault)
{
    uint32_t n = k->file.forest.features;
    *ret_named = false;
    if (k->file.name == NULL || o->features.count > 0 || o->also.count > 0 ||
        o->ignore.count > 0)
        return 0;
    const char **items = arena_alloc(&k->arena, n, sizeof(const char *));
    if (items == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < n; i++)
        items[i] = k->file.name[i];
    o->features = (struct option_list){ .items = items, .count = n };
    o->features_flag = "the model's feature";
    *ret_named = true;
    return 0;
}

int kept_learned(const struct kept *k, uint32_t cols, uint32_t recent_max,
                 struct learn **ret_l)
{
    struct learn *l = NULL;
    struct learn_delta delta;
    struct arena arena;
    arena_init(&arena, DELTA_BYTES_MAX);
    int rc = learn_new(cols, recent_max, &l);
    if (rc == 0 && k->delta.length > 0) {
        rc = learn_delta_decode(k->delta.data, k->delta.length, &arena, &delta);
        if (rc == 0)
            rc = learn_train(l, &delta);
    }
    arena_release(&arena);
    if (rc == 0)
        *ret_l = l;
    else
        learn_free(l);
    return rc;
}

const char *kept_origin_of(const struct settings *s, char *out,
                           size_t out_bytes)
{
    char extension[32] = "";
    struct detect_config c = detecting_config(s);
    size_t length = strlen(s->train);
    const char *end = /* of a long path: where names differ */
        length > PATH_SHOWN ? s->train + length - PATH_SHOWN : s->train;
    if (c.extension > 0)
        (void)snprintf(extension, sizeof extension, ", extension %u",
                       c.extension);
    (void)snprintf(out, out_bytes,
                   "trained on %s (seed %" PRIu64 ", %" PRIu64
                   " trees, subsample %" PRIu64 "%s)",
                   end, s->seed, s->trees, s->subsample, extension);
    return out;
}

static const char *const *feature_names(const struct schema *s,
                                        struct arena *arena)
{
    const char **name =
        arena_alloc(arena, s->feature_count, sizeof(const char *));
    for (uint32_t i = 0; name != NULL && i < s->feature_count; i++)
        name[i] = s->column[s->feature[i]].name;
    return name;
}

/* Fits and scores the rows as batch 0. */
static int fit(struct detect_run *run, const struct detect_config *config,
               const struct matrix *rows, const struct kept_compute *compute)
{
    struct plan_shape shape = { .rows = rows->rows, .cols = rows->cols };
    struct detect_batch batch = { .rows = *rows,
                                  .recent = { .cols = rows->cols } };
    int rc = run->ops->plan(config, &shape, &run->plan);
    if (rc == 0)
        rc = run->ops->open(config, &batch, &run->plan, &run->state);
    if (rc == 0)
        rc = compute->run(compute->context, run->ops, run->state, &run->plan);
    return rc == 0 ? run->ops->merge(run->state, &run->result) : rc;
}

/* What the rows add to the learned state, had they been a batch. */
static int learn(struct kept *k, const struct settings *s,
                 const struct matrix *rows, const struct detect_run *run)
{
    struct detect_set set;
    struct verdict verdict;
    struct learn_view nothing = { .recent = { .cols = rows->cols } };
    struct arena arena;
    int rc = detecting_set(s, &set, NULL);
    if (rc != 0)
        return rc;
    struct verdict_config judge = detecting_verdict(s, &set);
    judge.votes = 1; /* there is one detector here */
    arena_init(&arena, SIZE_MAX);
    rc = verdict_make(&judge, rows, run, 1, &nothing, &arena, &verdict);
    if (rc == 0)
        rc = learn_delta_encode(&verdict.delta, &k->delta);
    arena_release(&arena);
    return rc;
}

static int train_on(struct kept *k, const struct settings *s,
                    const struct schema *schema, const struct matrix *rows,
                    const struct kept_compute *compute, struct fault *fault)
{
    struct detect_run run = { .ops = &detect_iforest };
    struct detect_config config = detecting_config(s);
    const char *const *name = feature_names(schema, &k->arena);
    int rc =
        name == NULL ? ERR_NOMEM : run.ops->check(&config, rows->cols, fault);
    if (rc == 0)
        rc = fit(&run, &config, rows, compute);
    const struct iforest_forest *forest = NULL;
    if (rc == 0)
        rc = detect_forest(run.state, &forest);
    if (rc == 0)
        rc = model_file_encode(forest, name, MADE_BY, &k->bytes);
    if (rc == 0)
        rc = learn(k, s, rows, &run);
    if (run.state != NULL)
        run.ops->close(run.state);
    if (rc == 0)
        rc = model_file_decode(k->bytes.data, k->bytes.length, s->train,
                               &k->arena, &k->file, fault);
    return rc;
}

int kept_train(struct kept *k, const struct settings *s,
               const struct schema *schema, const struct kept_compute *compute,
               struct fault *fault)
{
    struct history history;
    int rc = history_read(s->train, s, schema, &history, fault);
    if (rc == 0) {
        k->trained_rows = history.rows.rows;
        k->trained_bad = history.bad;
        (void)kept_origin_of(s, k->origin, sizeof k->origin);
        rc = train_on(k, s, schema, &history.rows, compute, fault);
    }
    history_release(&history);
    if (rc != 0 && fault != NULL && fault->text[0] == '\0')
        (void)fault_set(fault, rc, "--train %s: %s", s->train, err_text(rc));
    return rc;
}

int kept_fit(struct kept *k, const struct schema *schema, const char *label,
             struct fault *fault)
{
    uint32_t *map =
        arena_alloc(&k->arena, k->file.forest.features, sizeof *map);
    const char *const *name = feature_names(schema, &k->arena);
    if (map == NULL || name == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    int rc = detect_model_map(&k->file, name, schema->feature_count, label, map,
                              fault);
    return rc != 0 ? rc
                   : detect_model_new(&k->file, map, schema->feature_count,
                                      &k->arena, &k->model, fault);
}
