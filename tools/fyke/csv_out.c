/*
 * CSV lines.
 */
#include "tools/fyke/csv_out.h"

#include "tools/fyke/cli.h"

#include <stdio.h>
#include <string.h>

static bool wants_quotes(const char *field)
{
    size_t n = strlen(field);
    if (n == 0)
        return false;
    return strpbrk(field, ",\"\r\n") != NULL || field[0] == ' ' ||
           field[n - 1] == ' ';
}

static void append_quoted(const char *field, struct buf *out)
{
    (void)buf_append_char(out, '"');
    for (const char *quote; (quote = strchr(field, '"')) != NULL;
         field = quote + 1) {
        (void)buf_append(out, field, (size_t)(quote - field));
        (void)buf_append_text(out, "\"\"");
    }
    (void)buf_append_text(out, field);
    (void)buf_append_char(out, '"');
}

int csv_out_line(const char *const *fields, uint32_t count, struct buf *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *field = fields[i] != NULL ? fields[i] : "";
        if (i > 0)
            (void)buf_append_char(out, ',');
        if (wants_quotes(field))
            append_quoted(field, out);
        else
            (void)buf_append_text(out, field);
    }
    return buf_append_char(out, '\n');
}

int csv_out_write(const struct buf *line)
{
    if (fwrite(line->data, 1, line->length, stdout) == line->length)
        return 0;
    return cli_stdout_is_gone() ? cli_finish() : 0;
}
