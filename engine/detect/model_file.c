/* Reading a model file: the header line, the arrays that it names, and then
 * whether they make a forest. */
#include "engine/detect/model_file.h"
#include "engine/detect/model_arrays.h"
#include "engine/detect/model_json.h"

#include "proto/base/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define HEADER_BYTES_MAX (4u << 20)
#define TEXT_SHOWN 80

/* One array as the header describes it. */
struct place {
    bool there;
    const char *type;
    uint64_t offset, count;
};

struct header {
    const char *format, *kind, *made_by, *sha256;
    uint64_t version, features, trees, subsample, extension, nodes, data;
    const char **name;
    uint32_t name_count;
    struct place array[MODEL_ARRAYS];
};

/* What is being read, and where faults go. */
struct source {
    const uint8_t *bytes;
    size_t n;
    const char *label;
    struct arena *arena;
    struct fault *fault;
};

static void read_names(struct model_json *j, struct header *h)
{
    bool first = true;
    h->name = arena_alloc(j->arena, IFOREST_FEATURES_MAX, sizeof *h->name);
    if (h->name == NULL) {
        (void)model_json_fail(j, "out of memory");
        return;
    }
    (void)model_json_enter(j, '[');
    while (model_json_more(j, ']', &first)) {
        if (h->name_count == IFOREST_FEATURES_MAX)
            (void)model_json_fail(j, "too many names");
        else
            h->name[h->name_count++] = model_json_text(j);
    }
}

static void read_place(struct model_json *j, struct place *p)
{
    bool first = true;
    p->there = model_json_enter(j, '{');
    while (model_json_more(j, '}', &first)) {
        const char *name = model_json_name(j);
        if (name == NULL)
            return;
        if (strcmp(name, "type") == 0)
            p->type = model_json_text(j);
        else if (strcmp(name, "offset") == 0)
            (void)model_json_number(j, &p->offset);
        else if (strcmp(name, "count") == 0)
            (void)model_json_number(j, &p->count);
        else
            (void)model_json_skip(j);
    }
}

static void read_arrays(struct model_json *j, struct header *h)
{
    bool first = true;
    (void)model_json_enter(j, '{');
    while (model_json_more(j, '}', &first)) {
        const char *name = model_json_name(j);
        uint32_t i = 0;
        if (name == NULL)
            return;
        while (i < MODEL_ARRAYS && strcmp(model_array[i].name, name) != 0)
            i++;
        if (i == MODEL_ARRAYS)
            (void)model_json_skip(j);
        else if (h->array[i].there)
            (void)model_json_fail(j, "an array is there twice");
        else
            read_place(j, &h->array[i]);
    }
}

/* The member `name` of the header, into its field. */
static void read_member(struct model_json *j, const char *name,
                        struct header *h)
{
    struct {
        const char *name;
        const char **text;
        uint64_t *number;
    } field[] = {
        { "format", &h->format, NULL },
        { "kind", &h->kind, NULL },
        { "made_by", &h->made_by, NULL },
        { "sha256", &h->sha256, NULL },
        { "version", NULL, &h->version },
        { "features", NULL, &h->features },
        { "trees", NULL, &h->trees },
        { "subsample", NULL, &h->subsample },
        { "extension", NULL, &h->extension },
        { "nodes", NULL, &h->nodes },
        { "data", NULL, &h->data },
    };
    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        if (strcmp(field[i].name, name) != 0)
            continue;
        if (field[i].text != NULL)
            *field[i].text = model_json_text(j);
        else
            (void)model_json_number(j, field[i].number);
        return;
    }
    if (strcmp(name, "names") == 0 && h->name == NULL)
        read_names(j, h);
    else if (strcmp(name, "arrays") == 0)
        read_arrays(j, h);
    else
        (void)model_json_skip(j);
}

static int header_read(const struct source *s, struct header *h)
{
    size_t most = s->n < HEADER_BYTES_MAX ? s->n : HEADER_BYTES_MAX;
    const uint8_t *end = most > 0 ? memchr(s->bytes, '\n', most) : NULL;
    bool first = true;
    if (most == 0 || s->bytes[0] != '{' || end == NULL)
        return fault_set(s->fault, ERR_CONTENT,
                         "%s is no fyke model: it does not begin with a line "
                         "of JSON. fyke model export and "
                         "tools/sklearn/export_iforest.py write such files",
                         s->label);
    struct model_json j = { .start = (const char *)s->bytes,
                            .at = (const char *)s->bytes,
                            .end = (const char *)end,
                            .arena = s->arena };
    (void)model_json_enter(&j, '{');
    while (model_json_more(&j, '}', &first)) {
        const char *name = model_json_name(&j);
        if (name != NULL)
            read_member(&j, name, h);
    }
    if (j.why == NULL)
        (void)model_json_end(&j);
    if (j.why != NULL)
        return fault_set(s->fault, ERR_CONTENT,
                         "%s is no fyke model: its header at byte %zu: %s",
                         s->label, (size_t)(j.at - j.start), j.why);
    return 0;
}

static int header_format(const struct source *s, const struct header *h)
{
    if (h->format == NULL || strcmp(h->format, "fyke-model") != 0)
        return fault_set(s->fault, ERR_CONTENT,
                         "%s is no fyke model: its header does not say "
                         "\"format\": \"fyke-model\"",
                         s->label);
    if (h->version != MODEL_FILE_VERSION)
        return fault_set(s->fault, ERR_VERSION,
                         "%s is a model file of version %" PRIu64
                         ", this fyke reads version %u",
                         s->label, h->version, MODEL_FILE_VERSION);
    if (h->kind == NULL || strcmp(h->kind, IFOREST_NAME) != 0)
        return fault_set(s->fault, ERR_VERSION,
                         "%s holds a model of kind '%.*s', this fyke knows "
                         "'%s'",
                         s->label, TEXT_SHOWN, h->kind != NULL ? h->kind : "",
                         IFOREST_NAME);
    return 0;
}

static int header_number(const struct source *s, const char *name,
                         uint64_t value, uint64_t least, uint64_t most)
{
    if (value < least || value > most)
        return fault_set(s->fault, value < least ? ERR_CONTENT : ERR_LIMIT,
                         "%s: %s is %" PRIu64 ", %" PRIu64 " to %" PRIu64
                         " can be used",
                         s->label, name, value, least, most);
    return 0;
}

static int header_numbers(const struct source *s, const struct header *h)
{
    uint64_t nodes_max = MODEL_FILE_BYTES_MAX;
    int err = header_number(s, "trees", h->trees, 1, IFOREST_TREES_MAX);
    if (err == 0)
        err =
            header_number(s, "features", h->features, 1, IFOREST_FEATURES_MAX);
    if (err == 0)
        err = header_number(s, "subsample", h->subsample, 1, IFOREST_PSI_MAX);
    if (err == 0)
        err = header_number(s, "extension", h->extension, 0, h->features - 1);
    if (err == 0)
        err = header_number(s, "nodes", h->nodes, h->trees, nodes_max);
    if (err == 0)
        err = header_number(s, "data", h->data, 1, s->n);
    return err;
}

static int header_names(const struct source *s, const struct header *h)
{
    if (h->name == NULL)
        return 0;
    if (h->name_count != h->features)
        return fault_set(s->fault, ERR_CONTENT,
                         "%s: %u names for %" PRIu64 " features", s->label,
                         h->name_count, h->features);
    for (uint32_t i = 0; i < h->name_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (text_equal_nocase(h->name[i], h->name[k]))
                return fault_set(s->fault, ERR_CONTENT,
                                 "%s: two features have the name %.*s (case "
                                 "does not count)",
                                 s->label, TEXT_SHOWN, h->name[i]);
    return 0;
}

/* One array into memory of its own; NULL when it may be missing and is. */
static int array_read(const struct source *s, const struct header *h,
                      uint32_t i, const void **ret_array)
{
    const struct model_array_kind *kind = &model_array[i];
    const struct place *p = &h->array[i];
    uint64_t count = kind->per_tree ? h->trees + 1 : h->nodes;
    uint64_t room = s->n - h->data;
    if (kind->extended)
        count *= h->extension + 1;
    *ret_array = NULL;
    if (!p->there && (kind->optional || (kind->extended && h->extension == 0)))
        return 0;
    if (!p->there)
        return fault_set(s->fault, ERR_CONTENT, "%s has no array %s", s->label,
                         kind->name);
    if (p->type == NULL || strcmp(p->type, kind->type) != 0)
        return fault_set(s->fault, ERR_CONTENT,
                         "%s: the array %s is of type %.*s, not %s", s->label,
                         kind->name, TEXT_SHOWN,
                         p->type != NULL ? p->type : "(not said)", kind->type);
    if (p->count != count)
        return fault_set(s->fault, ERR_CONTENT,
                         "%s: the array %s has %" PRIu64
                         " numbers where the header calls for %" PRIu64,
                         s->label, kind->name, p->count, count);
    if (p->offset > room || count > (room - p->offset) / kind->bytes)
        return fault_set(s->fault, ERR_CONTENT,
                         "%s is cut short: the array %s ends at byte %" PRIu64
                         " and the file at byte %zu",
                         s->label, kind->name,
                         h->data + p->offset + count * kind->bytes, s->n);
    void *copy = arena_alloc(s->arena, count, kind->bytes);
    if (copy == NULL)
        return fault_set(s->fault, ERR_NOMEM, "%s: out of memory", s->label);
    memcpy(copy, s->bytes + h->data + p->offset, count * kind->bytes);
    *ret_array = copy;
    return 0;
}

static int arrays_read(const struct source *s, const struct header *h,
                       struct iforest_forest *ret_f)
{
    const void *array[MODEL_ARRAYS] = { NULL };
    for (uint32_t i = 0; i < MODEL_ARRAYS; i++) {
        int err = array_read(s, h, i, &array[i]);
        if (err != 0)
            return err;
    }
    *ret_f = (struct iforest_forest){
        .trees = (uint32_t)h->trees,
        .subsample = (uint32_t)h->subsample,
        .features = (uint32_t)h->features,
        .node_count = (uint32_t)h->nodes,
        .extension = (uint32_t)h->extension,
        .tree_first = array[MODEL_TREE_FIRST],
        .feature = array[MODEL_FEATURE],
        .threshold = array[MODEL_THRESHOLD],
        .right = array[MODEL_RIGHT],
        .count = array[MODEL_COUNT],
        .missing_right = array[MODEL_MISSING_RIGHT],
        .axis = h->extension > 0 ? array[MODEL_AXIS] : NULL,
        .weight = h->extension > 0 ? array[MODEL_WEIGHT] : NULL,
    };
    return 0;
}

static int data_check(const struct source *s, const struct header *h)
{
    char hash[SHA256_TEXT_BYTES];
    sha256_text(s->bytes + h->data, s->n - h->data, hash);
    if (h->sha256 == NULL || strcmp(h->sha256, hash) != 0)
        return fault_set(s->fault, ERR_CONTENT,
                         "%s is damaged: its arrays have the SHA-256 "
                         "%.16s..., its header says %.16s...",
                         s->label, hash, h->sha256 != NULL ? h->sha256 : "no");
    return 0;
}

int model_file_decode(const void *bytes, size_t n, const char *label,
                      struct arena *arena, struct model_file *ret_m,
                      struct fault *fault)
{
    struct source s = { bytes, n, label, arena, fault };
    struct header h = { 0 };
    struct iforest_forest forest;
    if (n > MODEL_FILE_BYTES_MAX)
        return fault_set(fault, ERR_LIMIT,
                         "%s has %zu bytes, a model file at most %zu", label, n,
                         MODEL_FILE_BYTES_MAX);
    int err = header_read(&s, &h);
    if (err == 0)
        err = header_format(&s, &h);
    if (err == 0)
        err = header_numbers(&s, &h);
    if (err == 0)
        err = header_names(&s, &h);
    if (err == 0)
        err = arrays_read(&s, &h, &forest);
    if (err == 0)
        err = data_check(&s, &h);
    if (err == 0)
        err = model_file_check(&forest, label, fault);
    if (err != 0)
        return err;
    *ret_m = (struct model_file){ .kind = IFOREST_NAME,
                                  .made_by = h.made_by != NULL ? h.made_by : "",
                                  .name = h.name,
                                  .forest = forest };
    sha256_text(bytes, n, ret_m->hash);
    return 0;
}
