/*
 * Logfmt lines, built on the stack, made JSON where asked, written at once.
 */
#include "proto/host/log.h"

#include "proto/base/check.h"
#include "proto/base/civil.h"
#include "proto/base/text.h"
#include "proto/host/clock.h"
#include "proto/host/log_json.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line is written whole");

static const char *const level_names[] = { "debug", "info", "warn", "error" };
#define LEVELS (sizeof level_names / sizeof level_names[0])

static const char cut_mark[] = " cut=true";

void log_init(struct log *l, enum log_level level)
{
    atomic_init(&l->level, (int)level);
    l->fd = STDERR_FILENO;
    l->format = LOG_FORMAT_TEXT;
}

void log_set_level(struct log *l, enum log_level level)
{
    atomic_store_explicit(&l->level, (int)level, memory_order_relaxed);
}

/* Ends a line that was cut at `length`: closes an open quote, says so. */
static size_t log_cut(char *line, size_t length)
{
    bool open = false;
    for (size_t i = 0; i < length; i++) {
        if (open && line[i] == '\\' && i + 1 < length)
            i++;
        else if (line[i] == '"')
            open = !open;
    }
    /* A half escape or character must not swallow the closing quote. */
    while (length > 0 && (line[length - 1] == '\\' ||
                          (unsigned char)line[length - 1] >= 0x80))
        length--;
    if (open)
        line[length++] = '"';
    memcpy(line + length, cut_mark, sizeof cut_mark - 1);
    return length + sizeof cut_mark - 1;
}

static void log_write(int fd, const char *line, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, line, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return; /* there is nobody to tell */
        line += done;
        n -= (size_t)done;
    }
}

void log_line(const struct log *l, enum log_level level, const char *what,
              const char *format, ...)
{
    /* Room for the newline, a quote and the mark behind a cut. */
    enum { TEXT_MAX = LOG_LINE_MAX - (int)sizeof cut_mark - 2 };
    char line[LOG_LINE_MAX + 1];
    char time[24];
    int saved = errno;
    if ((int)level < atomic_load_explicit(&l->level, memory_order_relaxed))
        return;
    civil_format_ms(clock_wall_ns(), time, sizeof time);
    time[10] = 'T';
    int n = snprintf(line, TEXT_MAX, "ts=%sZ level=%s what=%s", time,
                     level_names[level], what);
    size_t length = n < 0 ? 0 : (size_t)n;
    if (format != NULL && length < TEXT_MAX - 1) {
        line[length++] = ' ';
        va_list args;
        va_start(args, format);
        n = vsnprintf(line + length, TEXT_MAX - length, format, args);
        va_end(args);
        length += n < 0 ? 0 : (size_t)n;
    }
    if (length >= TEXT_MAX)
        length = log_cut(line, TEXT_MAX - 1);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    if (l->format == LOG_FORMAT_JSON) {
        char object[LOG_LINE_MAX];
        length = log_json(line, length, object, sizeof object - 1);
        memcpy(line, object, length);
    }
    line[length++] = '\n';
    log_write(l->fd, line, length);
    errno = saved;
}

/* Whether a value can stand without quotes. */
static bool log_is_plain(const char *value)
{
    if (*value == 0)
        return false;
    for (const char *p = value; *p != 0; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return true;
}

/* One character of a quoted value into `out` (at most 4 bytes); returns how
 * many bytes of the value it stands for. */
static unsigned log_escape(const char *value, size_t left, char *out)
{
    unsigned char c = (unsigned char)*value;
    const char *short_names = "\"\\\n\r\t";
    const char *found = strchr(short_names, c);
    if (found != NULL) {
        out[0] = '\\';
        out[1] = "\"\\nrt"[found - short_names];
        out[2] = 0;
        return 1;
    }
    unsigned n = text_utf8_length((const uint8_t *)value, left);
    if (n == 0 || c < 0x20 || c == 0x7f) {
        (void)snprintf(out, 5, "\\x%02x", c);
        return 1;
    }
    memcpy(out, value, n);
    out[n] = 0;
    return n;
}

const char *log_quote(const char *value, char *out, size_t out_bytes)
{
    check(out_bytes >= 8);
    if (value == NULL)
        value = "";
    size_t left = strlen(value);
    if (left < out_bytes && log_is_plain(value))
        return memcpy(out, value, left + 1);
    size_t at = 0, fits = 1; /* `fits`: the last end with room for ..." */
    char piece[8];
    out[at++] = '"';
    while (left > 0) {
        unsigned used = log_escape(value, left, piece);
        size_t n = strlen(piece);
        if (at + n + 2 > out_bytes) {
            memcpy(out + fits, "...\"", 5);
            return out;
        }
        memcpy(out + at, piece, n);
        at += n;
        if (at + 5 <= out_bytes)
            fits = at;
        value += used;
        left -= used;
    }
    out[at++] = '"';
    out[at] = 0;
    return out;
}

int log_level_parse(const char *text, enum log_level *ret_level)
{
    for (size_t i = 0; i < LEVELS; i++) {
        if (text_equal_nocase(text, level_names[i])) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    }
    if (!text_equal_nocase(text, "warning"))
        return ERR_INVALID;
    *ret_level = LOG_LEVEL_WARN;
    return 0;
}

int log_format_parse(const char *text, enum log_format *ret_format)
{
    if (text_equal_nocase(text, "text"))
        *ret_format = LOG_FORMAT_TEXT;
    else if (text_equal_nocase(text, "json"))
        *ret_format = LOG_FORMAT_JSON;
    else
        return ERR_INVALID;
    return 0;
}
