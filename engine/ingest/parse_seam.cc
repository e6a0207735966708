/*
 * Why this file exists: fast_float and simdjson are C++. Everything that can
 * throw is kept out (simdjson is used through its error codes), so that no
 * exception crosses into C.
 */
#define SIMDJSON_EXCEPTIONS 0
#include "engine/ingest/parse_seam.h"

#include "engine/ingest/float32.h"

#include <fast_float/fast_float.h>
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace od = simdjson::ondemand;

extern "C" const char *seam_number(const char *text, const char *end,
                                   double *ret_value)
{
    auto r = fast_float::from_chars(text, end, *ret_value);
    bool none = r.ec == std::errc::invalid_argument;
    return none ? text : r.ptr;
}

/* Numbers are read in line: a call takes a fifth of what a number takes. */
extern "C" [[gnu::flatten]] const char *
seam_features(const char *text, const char *end, char delimiter,
              const seam_row *row, uint32_t *ret_count)
{
    const char *at = text, *stop = text;
    float *x = row->x;
    uint32_t count = 0;
    while (count < row->features) {
        double value;
        auto r = fast_float::from_chars(at, end, value);
        bool none = r.ec == std::errc::invalid_argument;
        if (none || (r.ptr != end && *r.ptr != delimiter) || value != value)
            break;
        *x = number_float(value);
        x += row->stride;
        stop = r.ptr;
        count++;
        if (stop == end)
            break;
        at = stop + 1;
    }
    *ret_count = count;
    return stop;
}

namespace {

/* An object or array that is being walked. */
struct level {
    bool is_object;
    bool in_array;
    od::object_iterator object;
    od::array_iterator array;
    size_t path_bytes; /* of the path up to here */
    uint32_t index;    /* array: the next item */
};

const char *skip_digits(const char *p, const char *end)
{
    while (p != end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* The JSON grammar for numbers; simdjson does not check what it does not
 * convert. */
bool number_valid(const char *p, const char *end)
{
    if (p != end && *p == '-')
        p++;
    const char *digits = p;
    p = skip_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1))
        return false;
    if (p != end && *p == '.') {
        const char *fraction = ++p;
        p = skip_digits(p, end);
        if (p == fraction)
            return false;
    }
    if (p != end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p != end && (*p == '+' || *p == '-'))
            p++;
        const char *exponent = p;
        p = skip_digits(p, end);
        if (p == exponent)
            return false;
    }
    return p == end;
}

std::string_view token_trimmed(std::string_view t)
{
    while (!t.empty() && strchr(" \t\r\n", t.back()) != nullptr)
        t.remove_suffix(1);
    return t;
}

int error_translate(simdjson::error_code e)
{
    if (e == simdjson::MEMALLOC || e == simdjson::CAPACITY)
        return ERR_NOMEM;
    return e == simdjson::DEPTH_ERROR ? ERR_LIMIT : ERR_INVALID;
}

} // namespace

struct json_parser {
    od::parser parser;
    level stack[JSON_DEPTH_MAX];
    uint32_t depth = 0;
    char *path = nullptr;
    size_t path_bytes = 0, path_capacity = 0;

    int path_append(const char *name, size_t n);
    int path_enter(const level &l, const char *name, size_t n);
    int push_object(od::value &value, bool in_array);
    int push_array(od::value &value);
    int scalar(od::value &value, const level &l, const json_visitor *v);
    int visit_value(od::value &value, const json_visitor *v);
    int step(const json_visitor *v);
    int walk(od::document &doc, const json_visitor *v);
};

int json_parser::path_append(const char *name, size_t n)
{
    if (path_capacity - path_bytes < n) {
        size_t wanted = 2 * (path_bytes + n) + 256;
        char *grown = static_cast<char *>(realloc(path, wanted));
        if (grown == nullptr)
            return ERR_NOMEM;
        path = grown;
        path_capacity = wanted;
    }
    if (n > 0)
        memcpy(path + path_bytes, name, n);
    path_bytes += n;
    return 0;
}

/* Sets the path to that of `l` followed by `name`. */
int json_parser::path_enter(const level &l, const char *name, size_t n)
{
    path_bytes = l.path_bytes;
    if (depth > 1) {
        int rc = path_append(".", 1);
        if (rc < 0)
            return rc;
    }
    return path_append(name, n);
}

int json_parser::push_object(od::value &value, bool in_array)
{
    od::object o;
    auto e = value.get_object().get(o);
    if (e)
        return error_translate(e);
    level &l = stack[depth++];
    l.is_object = true;
    l.in_array = in_array;
    l.path_bytes = path_bytes;
    e = o.begin().get(l.object);
    return e ? error_translate(e) : 0;
}

int json_parser::push_array(od::value &value)
{
    od::array a;
    auto e = value.get_array().get(a);
    if (e)
        return error_translate(e);
    level &l = stack[depth++];
    l.is_object = false;
    l.in_array = true;
    l.path_bytes = path_bytes;
    l.index = 0;
    e = a.begin().get(l.array);
    return e ? error_translate(e) : 0;
}

int json_parser::scalar(od::value &value, const level &l, const json_visitor *v)
{
    std::string_view text = token_trimmed(value.raw_json_token());
    json_leaf leaf = { path,        path_bytes, text.data(),
                       text.size(), JSON_NULL,  l.in_array };
    if (!text.empty() && text.front() == '"') {
        auto e = value.get_string().get(text);
        if (e)
            return error_translate(e);
        leaf.text = text.data();
        leaf.text_bytes = text.size();
        leaf.kind = JSON_STRING;
    } else if (text == "true") {
        leaf.kind = JSON_TRUE;
    } else if (text == "false") {
        leaf.kind = JSON_FALSE;
    } else if (text == "null") {
        leaf.kind = JSON_NULL;
    } else if (number_valid(text.data(), text.data() + text.size())) {
        leaf.kind = JSON_NUMBER;
    } else {
        return ERR_INVALID;
    }
    return v->leaf(v->context, &leaf);
}

int json_parser::visit_value(od::value &value, const json_visitor *v)
{
    const level &l = stack[depth - 1];
    std::string_view token = value.raw_json_token();
    char first = token.empty() ? '\0' : token.front();
    if (first != '{' && first != '[')
        return scalar(value, l, v);
    if (depth == JSON_DEPTH_MAX)
        return ERR_LIMIT;
    return first == '{' ? push_object(value, l.in_array) : push_array(value);
}

/* One move: the next member of the innermost container, or out of it. */
int json_parser::step(const json_visitor *v)
{
    level &l = stack[depth - 1];
    od::value value;
    if (l.is_object) {
        if (l.object == l.object) {
            depth--;
            return 0;
        }
        od::field field;
        std::string_view key;
        auto e = (*l.object).get(field);
        if (e || (e = field.unescaped_key().get(key)))
            return error_translate(e);
        int rc = path_enter(l, key.data(), key.size());
        if (rc < 0)
            return rc;
        value = field.value();
        return visit_value(value, v);
    }
    if (l.array == l.array) {
        depth--;
        return 0;
    }
    auto e = (*l.array).get(value);
    if (e)
        return error_translate(e);
    char index[16];
    int n = snprintf(index, sizeof index, "%u", l.index++);
    int rc = path_enter(l, index, static_cast<size_t>(n));
    return rc < 0 ? rc : visit_value(value, v);
}

int json_parser::walk(od::document &doc, const json_visitor *v)
{
    od::object root;
    auto e = doc.get_object().get(root);
    if (e)
        return error_translate(e);
    depth = 1;
    path_bytes = 0;
    stack[0].is_object = true;
    stack[0].in_array = false;
    stack[0].path_bytes = 0;
    e = root.begin().get(stack[0].object);
    if (e)
        return error_translate(e);
    bool entered = true; /* a container was entered: do not move on yet */
    while (depth > 0) {
        uint32_t before = depth;
        if (!entered) {
            level &l = stack[depth - 1];
            if (l.is_object)
                ++l.object;
            else
                ++l.array;
        }
        int rc = step(v);
        if (rc < 0)
            return rc;
        entered = depth > before;
    }
    return doc.current_location().error() == simdjson::OUT_OF_BOUNDS
               ? 0
               : static_cast<int>(ERR_INVALID);
}

extern "C" struct json_parser *json_parser_new(void)
{
    return new (std::nothrow) json_parser;
}

extern "C" void json_parser_free(struct json_parser *p)
{
    if (p == nullptr)
        return;
    free(p->path);
    delete p;
}

extern "C" int json_parser_visit(struct json_parser *p, const char *text,
                                 size_t n, const struct json_visitor *visitor)
{
    simdjson::padded_string_view view(text, n, n + JSON_PADDING_BYTES);
    od::document doc;
    auto e = p->parser.iterate(view).get(doc);
    if (e)
        return error_translate(e);
    return p->walk(doc, visitor);
}
