/* A model file's forest for the features of a stream. */
#include "engine/detect/model.h"

#include "engine/detect/iforest_state.h"
#include "proto/base/buf.h"
#include "proto/base/check.h"
#include "proto/base/text.h"

#include <stdbool.h>
#include <string.h>

#define NO_FEATURE UINT32_MAX
#define MESSAGE_SLACK_BYTES 4096u
#define LIST_BYTES_MAX 240u

static uint32_t feature_named(const char *name, const char *const *names,
                              uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (text_equal_nocase(name, names[i]))
            return i;
    return NO_FEATURE;
}

/* The names that are not among the others, as a list. */
static uint32_t list_lacking(const char *const *name, uint32_t count,
                             const char *const *other, uint32_t other_count,
                             struct buf *out)
{
    uint32_t lacking = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (feature_named(name[i], other, other_count) != NO_FEATURE)
            continue;
        (void)buf_printf(out, "%s%s", lacking > 0 ? ", " : "", name[i]);
        lacking++;
    }
    return lacking;
}

static int map_names(const struct model_file *m, const char *const *name,
                     uint32_t count, const char *label, uint32_t *ret_map,
                     struct fault *fault)
{
    uint32_t features = m->forest.features;
    struct buf list;
    buf_init(&list, LIST_BYTES_MAX);
    uint32_t lacking = list_lacking(m->name, features, name, count, &list);
    if (lacking > 0) {
        (void)fault_set(fault, ERR_USAGE,
                        "%s looks at %u feature%s that this input does not "
                        "have: %s. Is it another input, or was a column left "
                        "out (--also)?",
                        label, lacking, lacking == 1 ? "" : "s",
                        buf_text(&list));
    } else if (count > features) {
        uint32_t more = list_lacking(name, count, m->name, features, &list);
        (void)fault_set(fault, ERR_USAGE,
                        "%s does not know %u of this input's features: %s. "
                        "Leave %s out with --ignore, or name the model's with "
                        "--features",
                        label, more, buf_text(&list),
                        more == 1 ? "it" : "them");
    }
    buf_release(&list);
    for (uint32_t i = 0; i < features && lacking == 0; i++)
        ret_map[i] = feature_named(m->name[i], name, count);
    return lacking > 0 || count > features ? ERR_USAGE : 0;
}

int detect_model_map(const struct model_file *m, const char *const *name,
                     uint32_t count, const char *label, uint32_t *ret_map,
                     struct fault *fault)
{
    uint32_t features = m->forest.features;
    if (m->name != NULL)
        return map_names(m, name, count, label, ret_map, fault);
    if (features != count)
        return fault_set(fault, ERR_USAGE,
                         "%s has %u features without names, this input %u: "
                         "name as many, in the order in which it was fitted, "
                         "with --features",
                         label, features, count);
    for (uint32_t i = 0; i < features; i++)
        ret_map[i] = i;
    return 0;
}

/* A copy of feature numbers as the stream has them. */
static const uint16_t *renumber(const uint16_t *from, size_t n, size_t width,
                                const uint16_t *feature, const uint32_t *map,
                                struct arena *arena)
{
    uint16_t *to = arena_alloc(arena, n * width, sizeof *to);
    if (to == NULL)
        return NULL;
    for (size_t i = 0; i < n * width; i++)
        to[i] = feature[i / width] == IFOREST_LEAF ? from[i]
                                                   : (uint16_t)map[from[i]];
    return to;
}

static uint64_t sum_max(const struct iforest_forest *f)
{
    uint32_t height = 0;
    for (uint32_t t = 0; t < f->trees; t++) {
        uint32_t waiting[65], opened = 0, depth = 0;
        for (uint32_t k = f->tree_first[t]; k < f->tree_first[t + 1]; k++) {
            if (depth > height)
                height = depth;
            if (f->feature[k] == IFOREST_LEAF)
                depth = opened > 0 ? waiting[--opened] : 0;
            else
                waiting[opened++] = ++depth;
        }
    }
    return f->trees *
           ((uint64_t)height * IFOREST_ONE + iforest_c(f->subsample));
}

int detect_model_new(const struct model_file *m, const uint32_t *map,
                     uint32_t features, struct arena *arena,
                     struct detect_model **ret_model, struct fault *fault)
{
    struct detect_model *d = arena_zalloc(arena, 1, sizeof *d);
    if (d == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    d->forest = m->forest;
    d->forest.features = features;
    d->forest.feature = renumber(m->forest.feature, m->forest.node_count, 1,
                                 m->forest.feature, map, arena);
    if (m->forest.extension > 0)
        d->forest.axis =
            renumber(m->forest.axis, m->forest.node_count,
                     m->forest.extension + 1, m->forest.feature, map, arena);
    if (d->forest.feature == NULL ||
        (m->forest.extension > 0 && d->forest.axis == NULL) ||
        iforest_pack_forest(&d->forest, arena, &d->payload) != 0)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    uint64_t bytes = wire_payload_bytes(&d->payload) + MESSAGE_SLACK_BYTES;
    if (bytes > WIRE_MESSAGE_BYTES_MAX)
        return fault_set(fault, ERR_LIMIT,
                         "the model takes %llu bytes and a message to a worker "
                         "%u at most: fit fewer trees, or each on fewer rows",
                         (unsigned long long)bytes,
                         (unsigned)WIRE_MESSAGE_BYTES_MAX);
    d->hash = wire_payload_hash(&d->payload);
    d->id = d->hash | DETECT_MODEL_KEPT;
    d->sum_max = sum_max(&d->forest);
    *ret_model = d;
    return 0;
}

int detect_forest(struct detect_state *st, const struct iforest_forest **ret_f)
{
    return iforest_forest_of(st, ret_f);
}
