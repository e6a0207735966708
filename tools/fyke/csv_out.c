/*
 * CSV lines.
 */
#include "tools/fyke/csv_out.h"

#include "tools/fyke/cli.h"

#include <stdio.h>
#include <string.h>

static bool wants_quotes(const char *field, size_t n)
{
    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (field[i] == ',' || field[i] == '"' || field[i] == '\r' ||
            field[i] == '\n')
            return true;
    return field[0] == ' ' || field[n - 1] == ' ';
}

static void append_quoted(const char *field, size_t n, struct buf *out)
{
    (void)buf_append_char(out, '"');
    for (const char *quote; (quote = memchr(field, '"', n)) != NULL;) {
        size_t before = (size_t)(quote - field);
        (void)buf_append(out, field, before);
        (void)buf_append_text(out, "\"\"");
        field += before + 1;
        n -= before + 1;
    }
    (void)buf_append(out, field, n);
    (void)buf_append_char(out, '"');
}

int csv_out_field(const char *field, size_t n, struct buf *out)
{
    if (wants_quotes(field, n))
        append_quoted(field, n, out);
    else
        (void)buf_append(out, field, n);
    return out->err;
}

int csv_out_line(const char *const *fields, uint32_t count, struct buf *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *field = fields[i] != NULL ? fields[i] : "";
        if (i > 0)
            (void)buf_append_char(out, ',');
        (void)csv_out_field(field, strlen(field), out);
    }
    return buf_append_char(out, '\n');
}

int csv_out_write(const struct buf *line)
{
    if (fwrite(line->data, 1, line->length, stdout) == line->length)
        return 0;
    return cli_stdout_is_gone() ? cli_finish() : 0;
}
