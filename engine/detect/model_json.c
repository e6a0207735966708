/* JSON as RFC 8259 has it, without a tree: one pass, no recursion. */
#include "engine/detect/model_json.h"

#include "proto/base/text.h"

#include <string.h>

#define NUMBER_MAX (1ull << 53)

bool model_json_fail(struct model_json *j, const char *why)
{
    if (j->why == NULL)
        j->why = why;
    return false;
}

static void blanks(struct model_json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' ||
                              *j->at == '\r' || *j->at == '\n'))
        j->at++;
}

/* The next character that is no blank, 0 at the end or after a fault. */
static char peek(struct model_json *j)
{
    blanks(j);
    return j->why == NULL && j->at < j->end ? *j->at : '\0';
}

static bool take(struct model_json *j, char c, const char *why)
{
    if (peek(j) != c)
        return model_json_fail(j, why);
    j->at++;
    return true;
}

bool model_json_enter(struct model_json *j, char open)
{
    return take(j, open,
                open == '{' ? "an object was expected"
                            : "an array was expected");
}

bool model_json_more(struct model_json *j, char close, bool *first)
{
    bool was_first = *first;
    *first = false;
    if (peek(j) == close) {
        j->at++;
        return false;
    }
    if (!was_first)
        return take(j, ',', "a comma was expected");
    return j->why == NULL;
}

const char *model_json_name(struct model_json *j)
{
    const char *name = model_json_text(j);
    if (name != NULL && !take(j, ':', "a colon was expected"))
        return NULL;
    return name;
}

static bool hex4(struct model_json *j, uint32_t *ret_value)
{
    uint32_t value = 0;
    if (j->end - j->at < 4)
        return model_json_fail(j, "the text ends in \\u");
    for (unsigned i = 0; i < 4; i++) {
        char c = *j->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return model_json_fail(j, "\\u without four digits");
        value = 16 * value + digit;
    }
    *ret_value = value;
    return true;
}

/* Behind \u: one character, which may be two halves. */
static bool escape_unicode(struct model_json *j, char **to)
{
    uint32_t c = 0, low = 0;
    if (!hex4(j, &c))
        return false;
    if (c >= 0xD800 && c < 0xDC00 && j->end - j->at >= 6 && j->at[0] == '\\' &&
        j->at[1] == 'u') {
        j->at += 2;
        if (!hex4(j, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return model_json_fail(j, "half a character");
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    if (c == 0 || (c >= 0xD800 && c < 0xE000))
        return model_json_fail(j,
                               c == 0 ? "a NUL character" : "half a character");
    char *p = *to;
    if (c < 0x80) {
        *p++ = (char)c;
    } else if (c < 0x800) {
        *p++ = (char)(0xC0 | c >> 6);
        *p++ = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *p++ = (char)(0xE0 | c >> 12);
        *p++ = (char)(0x80 | (c >> 6 & 63));
        *p++ = (char)(0x80 | (c & 63));
    } else {
        *p++ = (char)(0xF0 | c >> 18);
        *p++ = (char)(0x80 | (c >> 12 & 63));
        *p++ = (char)(0x80 | (c >> 6 & 63));
        *p++ = (char)(0x80 | (c & 63));
    }
    *to = p;
    return true;
}

static bool escape(struct model_json *j, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (j->at == j->end)
        return model_json_fail(j, "the text ends in a backslash");
    char c = *j->at++;
    if (c == 'u')
        return escape_unicode(j, to);
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    if (found == NULL)
        return model_json_fail(j, "an escape that JSON does not have");
    *(*to)++ = into[found - from];
    return true;
}

/* One character that is written as itself. */
static bool plain(struct model_json *j, char **to)
{
    unsigned n =
        text_utf8_length((const uint8_t *)j->at, (size_t)(j->end - j->at));
    if ((unsigned char)*j->at < ' ')
        return model_json_fail(j, "a control character in a string");
    if (n == 0)
        return model_json_fail(j, "a byte that is no UTF-8");
    memcpy(*to, j->at, n);
    *to += n;
    j->at += n;
    return true;
}

const char *model_json_text(struct model_json *j)
{
    if (!take(j, '"', "a string was expected"))
        return NULL;
    /* No escape is shorter than what it stands for. */
    const char *close = j->at;
    while (close < j->end && *close != '"')
        close += *close == '\\' && j->end - close > 1 ? 2 : 1;
    char *text = arena_alloc(j->arena, (size_t)(close - j->at) + 1, 1);
    char *to = text;
    if (text == NULL || close == j->end) {
        (void)model_json_fail(j, text == NULL ? "out of memory"
                                              : "a string without an end");
        return NULL;
    }
    while (j->at < close) {
        bool ok = *j->at == '\\' ? (j->at++, escape(j, &to)) : plain(j, &to);
        if (!ok)
            return NULL;
    }
    j->at = close + 1;
    *to = '\0';
    return text;
}

bool model_json_number(struct model_json *j, uint64_t *ret_value)
{
    uint64_t value = 0;
    char c = peek(j);
    if (c < '0' || c > '9')
        return model_json_fail(j, "a whole number was expected");
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9') {
        value = 10 * value + (uint64_t)(*j->at++ - '0');
        if (value > NUMBER_MAX)
            return model_json_fail(j, "a number over 2^53");
    }
    if (j->at < j->end && (*j->at == '.' || *j->at == 'e' || *j->at == 'E'))
        return model_json_fail(j, "a whole number was expected");
    *ret_value = value;
    return true;
}

/* A number, true, false or null: letters, digits and signs. */
static bool skip_word(struct model_json *j)
{
    const char *from = j->at;
    while (j->at < j->end &&
           ((*j->at >= '0' && *j->at <= '9') ||
            (*j->at >= 'a' && *j->at <= 'z') || *j->at == 'E' ||
            *j->at == '-' || *j->at == '+' || *j->at == '.'))
        j->at++;
    return j->at > from ? true : model_json_fail(j, "a value was expected");
}

bool model_json_skip(struct model_json *j)
{
    char close[MODEL_JSON_DEPTH] = { 0 };
    bool first[MODEL_JSON_DEPTH];
    uint32_t depth = 0;
    do {
        if (depth > 0 &&
            !model_json_more(j, close[depth - 1], &first[depth - 1])) {
            depth--;
            continue;
        }
        if (depth > 0 && close[depth - 1] == '}' && model_json_name(j) == NULL)
            return false;
        char c = peek(j);
        if (c != '{' && c != '[') {
            if (c == '"' ? model_json_text(j) == NULL : !skip_word(j))
                return false;
            continue;
        }
        if (depth == MODEL_JSON_DEPTH)
            return model_json_fail(j, "nested too deeply");
        j->at++;
        close[depth] = c == '{' ? '}' : ']';
        first[depth++] = true;
    } while (depth > 0 && j->why == NULL);
    return j->why == NULL;
}

bool model_json_end(struct model_json *j)
{
    blanks(j);
    return j->at == j->end ? true
                           : model_json_fail(j, "something behind the object");
}
