/* Which model: from flags, from what the database says. */
#include "engine/shell/frozen.h"

#include "engine/shell/engine_int.h"
#include "engine/shell/model.h"
#include "proto/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_BYTES_MAX 4096u
#define LEARNED_BYTES_MAX ((size_t)1 << 30)

static bool was_given(const struct engine *e, const char *name)
{
    for (size_t i = 0; i < e->table_count; i++)
        if (strcmp(e->table[i].name, name) == 0)
            return e->given[i];
    return false;
}

static int check_flags(const struct engine *e, struct fault *fault)
{
    bool model = was_given(e, "model"), train = was_given(e, "train");
    if (model && train)
        return fault_set(fault, ERR_USAGE,
                         "--model and --train exclude each other: the one "
                         "reads a model, the other fits one");
    if ((model || train) && was_given(e, "mode") &&
        strcmp(e->settings.mode, "frozen") != 0)
        return fault_set(fault, ERR_USAGE,
                         "--%s is for --mode frozen; with --mode %s every "
                         "batch has a forest of its own",
                         model ? "model" : "train", e->settings.mode);
    return 0;
}

int frozen_open(struct engine *e, struct fault *fault)
{
    const char *model = e->settings.model, *train = e->settings.train;
    struct source_file file;
    int rc = check_flags(e, fault);
    if (rc == 0 && was_given(e, "train")) {
        rc = source_file_open(train, &file, fault);
        if (rc == 0)
            source_file_close(&file);
        return rc;
    }
    if (rc != 0 || !was_given(e, "model"))
        return rc;
    if (access(model, F_OK) != 0 && model_is_hash(model))
        return 0; /* of the database */
    rc = kept_from_file(&e->kept, model, fault);
    return rc == 0 ? kept_name_features(&e->kept, &e->settings.schema,
                                        &e->model_names, fault)
                   : rc;
}

/* The columns of the input when nothing is asked of it. */
static int infer_plainly(struct engine *e, struct schema **ret_s)
{
    static const size_t head_bytes = (size_t)1 << 20;
    struct schema_options o = e->settings.schema;
    struct intake *in = &e->intake;
    o.features = (struct option_list){ 0 };
    if (in->kind == SOURCE_PROCESSES)
        return processes_schema(&o, ret_s, NULL);
    if (in->kind == SOURCE_PIPE)
        return schema_infer(&o, in->head, in->head_bytes, true, ret_s, NULL);
    uint8_t *head = malloc(head_bytes);
    size_t n = 0;
    int rc = head == NULL
                 ? ERR_NOMEM
                 : source_file_read(&in->file, 0, head, head_bytes, &n, NULL);
    if (rc == 0)
        rc = schema_infer(&o, head, n, n < head_bytes, ret_s, NULL);
    free(head);
    return rc;
}

int frozen_explain(struct engine *e, int rc, struct fault *fault)
{
    struct schema *s = NULL;
    uint32_t map[IFOREST_FEATURES_MAX];
    if (rc != ERR_USAGE || !e->model_names || infer_plainly(e, &s) != 0)
        return rc;
    const char **name = calloc(s->column_count + 1, sizeof *name);
    if (name != NULL) {
        for (uint32_t i = 0; i < s->column_count; i++)
            name[i] = s->column[i].name;
        struct fault why = { 0 };
        if (detect_model_map(&e->kept.file, name, s->column_count,
                             e->settings.model, map, &why) != 0 &&
            strstr(why.text, "does not have") != NULL)
            (void)fault_set(fault, rc, "%s", why.text);
    }
    free((void *)name);
    schema_free(s);
    return rc;
}

/* What is stored for the next batch; "" = nothing. In the engine's memory. */
static const char *stored(struct engine *e, const char *name)
{
    struct buf value;
    const char *text = "";
    buf_init(&value, VALUE_BYTES_MAX);
    if (store_setting_get(e->store, name, e->meta.last_batch + 1, &value) == 0)
        text = arena_text(&e->kept.arena, buf_text(&value), value.length);
    buf_release(&value);
    return text != NULL ? text : "";
}

static int train(struct engine *e, struct reader *r, struct fault *fault)
{
    char origin[sizeof e->kept.origin], hash[STORE_MODEL_HASH];
    char rows[32], bad[64] = "";
    (void)kept_origin_of(&e->settings, origin, sizeof origin);
    /* Before the first batch what training taught may not be there: it is
     * stored after the model. */
    int rc = e->meta.last_batch == 0 ? ERR_NOTFOUND
                                     : reader_model_of(r, origin, hash, fault);
    if (rc == 0)
        return kept_from_db(&e->kept, r, e->db, hash, fault);
    if (rc != ERR_NOTFOUND)
        return rc;
    rc = kept_train(&e->kept, &e->settings, e->schema, &e->binary->compute,
                    fault);
    if (rc != 0)
        return rc;
    if (e->kept.trained_bad > 0)
        (void)snprintf(bad, sizeof bad,
                       "; %" PRIu64 " records could not be read",
                       e->kept.trained_bad);
    engine_remark(e, LOG_LEVEL_INFO, NULL,
                  "the model is fitted on %s rows of %s%s",
                  text_count(e->kept.trained_rows, rows, sizeof rows),
                  e->settings.train, bad);
    return 0;
}

/* The model is read, found or fitted, unless the mode is batch. */
static int find_model(struct engine *e, struct reader *r, struct fault *fault)
{
    const char *mode = stored(e, "mode"), *hash = stored(e, "model");
    if (was_given(e, "train"))
        return train(e, r, fault);
    if (was_given(e, "model"))
        return kept_is_there(&e->kept)
                   ? 0
                   : kept_from_db(&e->kept, r, e->db, e->settings.model, fault);
    if (was_given(e, "mode"))
        mode = e->settings.mode;
    if (strcmp(mode, "frozen") != 0)
        return 0;
    if (*hash == '\0')
        return fault_set(fault, ERR_USAGE,
                         "--mode frozen needs a model and %s was given none "
                         "yet: --model FILE, or --train FILE to fit one",
                         e->db);
    return kept_from_db(&e->kept, r, e->db, hash, fault);
}

static bool has_forest(const struct engine *e)
{
    for (uint32_t d = 0; d < e->detectors.count; d++)
        if (e->detectors.ops[d] == &detect_iforest)
            return true;
    return false;
}

static int use_model(struct engine *e, struct fault *fault)
{
    char label[64];
    const char *named = e->settings.model;
    if (!has_forest(e))
        return fault_set(fault, ERR_USAGE,
                         "a model is of the isolation forest, which "
                         "--detector leaves out: add --detector iforest, or "
                         "say --mode batch");
    (void)snprintf(label, sizeof label, "the model %.*s", MODEL_HASH_SHOWN,
                   e->kept.file.hash);
    if (!was_given(e, "model") || named == NULL)
        named = label;
    return kept_fit(&e->kept, e->schema, named, fault);
}

int frozen_settle(struct engine *e, struct fault *fault)
{
    struct reader *r = NULL;
    int rc = reader_of_store(e->store, &r);
    if (rc == 0)
        rc = find_model(e, r, fault);
    if (r != NULL)
        reader_close(r);
    bool frozen = kept_is_there(&e->kept);
    if (rc == 0 && frozen)
        rc = use_model(e, fault);
    if (rc != 0)
        return rc;
    e->settings.mode = frozen ? "frozen" : "batch";
    e->settings.model = frozen ? e->kept.file.hash : "";
    e->detect.model = e->kept.model;
    rc = restore_note(e, "mode", stored(e, "mode"), e->settings.mode, fault);
    return rc == 0 ? restore_note(e, "model", stored(e, "model"),
                                  e->settings.model, fault)
                   : rc;
}

/* The state before the first batch: what training learned. */
static int store_learned(struct engine *e, struct fault *fault)
{
    struct learn *l = NULL;
    struct buf state;
    buf_init(&state, LEARNED_BYTES_MAX);
    int rc = kept_learned(&e->kept, e->schema->feature_count,
                          e->verdict.recent_max, &l);
    if (rc == 0)
        rc = learn_encode(l, &state);
    if (rc == 0)
        rc = store_learned_put(e->store, state.data, state.length, fault);
    else
        (void)fault_set(fault, rc, "what --train %s taught: %s",
                        e->settings.train, err_text(rc));
    learn_free(l);
    buf_release(&state);
    return rc;
}

int frozen_store(struct engine *e, struct fault *fault)
{
    int rc = 0;
    if (e->kept.origin[0] != '\0') { /* else it is there, or there is none */
        struct store_model row =
            model_row(&e->kept.file, &e->kept.bytes, e->kept.origin);
        rc = store_model_put(e->store, &row, fault);
    }
    if (rc != 0 || e->meta.last_batch > 0)
        return rc;
    if (e->kept.delta.length > 0)
        return store_learned(e, fault);
    /* An earlier start may have trained and gone no further: with its model
     * what it taught holds as well. */
    const char *model = e->settings.model;
    return *model != '\0' && strcmp(stored(e, "model"), model) == 0
               ? 0
               : store_learned_put(e->store, NULL, 0, fault);
}
