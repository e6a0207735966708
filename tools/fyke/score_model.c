/* The model of fyke score. */
#include "tools/fyke/score_model.h"

#include "engine/shell/detecting.h"
#include "engine/shell/model.h"

#include <string.h>
#include <unistd.h>

static bool is_set(const char *text)
{
    return text != NULL && *text != '\0';
}

/* A model is for the forest. */
static int check_use(const struct settings *s, struct fault *fault)
{
    struct detect_set set;
    int err = detecting_set(s, &set, fault);
    for (uint32_t i = 0; i < set.count && err == 0; i++)
        if (set.ops[i] == &detect_iforest)
            return ERR_OK;
    return err != 0 ? err
                    : fault_set(fault, ERR_USAGE,
                                "a model is of the isolation forest, which "
                                "--detector leaves out: add --detector "
                                "iforest");
}

int score_model_open(struct kept *k, struct settings *s, struct fault *fault)
{
    bool named;
    if (is_set(s->model) && is_set(s->train))
        return fault_set(fault, ERR_USAGE,
                         "--model and --train exclude each other: the one "
                         "reads a model, the other fits one");
    if (strcmp(s->mode, "frozen") == 0 && !is_set(s->model) &&
        !is_set(s->train))
        return fault_set(fault, ERR_USAGE,
                         "--mode frozen needs a model: --model FILE, or "
                         "--train FILE to fit one");
    if (is_set(s->model) || is_set(s->train)) {
        int err = check_use(s, fault);
        if (err != 0)
            return err;
    }
    if (!is_set(s->model))
        return ERR_OK;
    if (access(s->model, F_OK) != 0 && model_is_hash(s->model))
        return fault_set(fault, ERR_USAGE,
                         "--model %s: there is no database here to look for a "
                         "hash in; fyke model export --id %s -o FILE writes "
                         "the file",
                         s->model, s->model);
    int err = kept_from_file(k, s->model, fault);
    return err == 0 ? kept_name_features(k, &s->schema, &named, fault) : err;
}

static int compute(void *context, const struct detect_ops *ops,
                   struct detect_state *state, const struct plan *plan)
{
    return local_compute(context, ops, state, plan);
}

int score_model_settle(struct kept *k, const struct settings *s,
                       const struct schema *schema,
                       struct local_options *options, struct fault *fault)
{
    const struct kept_compute here = { compute, options };
    const char *label = is_set(s->model) ? s->model : "the model";
    int err = ERR_OK;
    if (is_set(s->train))
        err = kept_train(k, s, schema, &here, fault);
    if (err != 0 || !kept_is_there(k))
        return err;
    return kept_fit(k, schema, label, fault);
}
