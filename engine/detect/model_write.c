/* Writing a model file. */
#include "engine/detect/model_arrays.h"
#include "engine/detect/model_file.h"

#include <inttypes.h>
#include <string.h>

#define ARRAY_ALIGN 8u
#define HEADER_ALIGN 64u

/* clang-format off */
const struct model_array_kind model_array[MODEL_ARRAYS] = {
    [MODEL_TREE_FIRST] =    { "tree_first",    "<u4", 4, .per_tree = true },
    [MODEL_FEATURE] =       { "feature",       "<u2", 2 },
    [MODEL_THRESHOLD] =     { "threshold",     "<f4", 4 },
    [MODEL_RIGHT] =         { "right",         "<u4", 4 },
    [MODEL_COUNT] =         { "count",         "<u4", 4 },
    [MODEL_MISSING_RIGHT] = { "missing_right", "|u1", 1, .optional = true },
    [MODEL_AXIS] =          { "axis",          "<u2", 2, .extended = true },
    [MODEL_WEIGHT] =        { "weight",        "<f4", 4, .extended = true },
};
/* clang-format on */

struct written {
    const void *data[MODEL_ARRAYS]; /* NULL = not there */
    uint64_t count[MODEL_ARRAYS];
};

static struct written forest_arrays(const struct iforest_forest *f)
{
    struct written w = { .data = {
                             [MODEL_TREE_FIRST] = f->tree_first,
                             [MODEL_FEATURE] = f->feature,
                             [MODEL_THRESHOLD] = f->threshold,
                             [MODEL_RIGHT] = f->right,
                             [MODEL_COUNT] = f->count,
                             [MODEL_MISSING_RIGHT] = f->missing_right,
                             [MODEL_AXIS] = f->axis,
                             [MODEL_WEIGHT] = f->weight,
                         } };
    for (uint32_t i = 0; i < MODEL_ARRAYS; i++) {
        w.count[i] =
            model_array[i].per_tree ? (uint64_t)f->trees + 1 : f->node_count;
        if (model_array[i].extended)
            w.count[i] *= (uint64_t)f->extension + 1;
    }
    return w;
}

/* The arrays one behind the other, each at a multiple of ARRAY_ALIGN. */
static int data_build(const struct written *w, struct buf *data)
{
    static const char zeros[ARRAY_ALIGN];
    for (uint32_t i = 0; i < MODEL_ARRAYS; i++) {
        if (w->data[i] == NULL)
            continue;
        (void)buf_append(data, zeros, -data->length % ARRAY_ALIGN);
        (void)buf_append(data, w->data[i], w->count[i] * model_array[i].bytes);
    }
    return data->err;
}

/* Bytes that are no UTF-8 cannot be in JSON, nor in a name that was read. */
static void text_put(const char *text, struct buf *out)
{
    (void)buf_append_char(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            (void)buf_printf(out, "\\%c", c);
        else if (c < ' ')
            (void)buf_printf(out, "\\u%04x", c);
        else
            (void)buf_append_char(out, *text);
    }
    (void)buf_append_char(out, '"');
}

static void names_put(const char *const *name, uint32_t count, struct buf *out)
{
    (void)buf_append_text(out, ", \"names\": [");
    for (uint32_t i = 0; i < count; i++) {
        (void)buf_append_text(out, i > 0 ? ", " : "");
        text_put(name[i], out);
    }
    (void)buf_append_char(out, ']');
}

static void places_put(const struct written *w, struct buf *out)
{
    uint64_t at = 0;
    const char *comma = "";
    (void)buf_append_text(out, ", \"arrays\": {");
    for (uint32_t i = 0; i < MODEL_ARRAYS; i++) {
        if (w->data[i] == NULL)
            continue;
        at += -at % ARRAY_ALIGN;
        (void)buf_printf(out,
                         "%s\"%s\": {\"type\": \"%s\", \"offset\": %" PRIu64
                         ", \"count\": %" PRIu64 "}",
                         comma, model_array[i].name, model_array[i].type, at,
                         w->count[i]);
        at += w->count[i] * model_array[i].bytes;
        comma = ", ";
    }
    (void)buf_append_char(out, '}');
}

/* The header without its end; `data` is where the arrays begin. */
static int header_put(const struct iforest_forest *f, const char *const *name,
                      const char *made_by, const char *hash,
                      const struct written *w, size_t data, struct buf *out)
{
    (void)buf_printf(out,
                     "{\"format\": \"fyke-model\", \"version\": %u, \"kind\": "
                     "\"%s\", \"made_by\": ",
                     MODEL_FILE_VERSION, IFOREST_NAME);
    text_put(made_by, out);
    (void)buf_printf(out,
                     ", \"features\": %u, \"trees\": %u, \"subsample\": %u, "
                     "\"nodes\": %u, \"extension\": %u",
                     f->features, f->trees, f->subsample, f->node_count,
                     f->extension);
    if (name != NULL)
        names_put(name, f->features, out);
    (void)buf_printf(out, ", \"sha256\": \"%s\", \"data\": %zu", hash, data);
    places_put(w, out);
    return buf_append_char(out, '}');
}

/* The header names its own length: found by trying. */
static int header_build(const struct iforest_forest *f, const char *const *name,
                        const char *made_by, const char *hash,
                        const struct written *w, struct buf *header)
{
    size_t data = 0, length = HEADER_ALIGN;
    while (data != length) {
        data = length;
        buf_reset(header);
        int err = header_put(f, name, made_by, hash, w, data, header);
        if (err != 0)
            return err;
        length = header->length + 1;
        length += -length % HEADER_ALIGN;
    }
    while (header->length + 1 < length)
        (void)buf_append_char(header, ' ');
    return buf_append_char(header, '\n');
}

int model_file_encode(const struct iforest_forest *forest,
                      const char *const *name, const char *made_by,
                      struct buf *out)
{
    struct written w = forest_arrays(forest);
    char hash[SHA256_TEXT_BYTES];
    struct buf header, data;
    buf_init(&header, MODEL_FILE_BYTES_MAX);
    buf_init(&data, MODEL_FILE_BYTES_MAX);
    int err = data_build(&w, &data);
    if (err == 0) {
        sha256_text(data.data, data.length, hash);
        err = header_build(forest, name, made_by, hash, &w, &header);
    }
    if (err == 0) {
        (void)buf_append(out, header.data, header.length);
        err = buf_append(out, data.data, data.length);
    }
    buf_release(&header);
    buf_release(&data);
    return err;
}
