/*
 * Tables for a terminal.
 */
#include "tools/fyke/view_table.h"

#include "proto/base/check.h"
#include "proto/base/text.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 2u
#define GAP 2u
#define FLEXIBLE_MIN 16u
#define CUT "..."

void table_init(struct table *t)
{
    memset(t, 0, sizeof *t);
    t->flexible = TABLE_NO_COLUMN;
}

void table_release(struct table *t)
{
    for (uint32_t r = 0; r < t->row_count; r++)
        for (uint32_t c = 0; c < t->column_count; c++)
            free(t->cell[r][c]);
    table_init(t);
}

void table_column_add(struct table *t, const char *title, bool right)
{
    check(t->column_count < TABLE_COLUMNS_MAX && t->row_count == 0);
    t->column[t->column_count++] = (struct table_column){ title, right };
}

/* Bytes of the character at `p`; an invalid byte is one character. */
static size_t char_bytes(const char *p)
{
    unsigned n = text_utf8_length((const uint8_t *)p, strlen(p));
    return n == 0 ? 1 : n;
}

uint32_t table_text_width(const char *text)
{
    uint32_t width = 0;
    for (; *text != '\0'; text += char_bytes(text))
        width++;
    return width;
}

size_t table_text_bytes(const char *text, uint32_t n)
{
    const char *p = text;
    for (; n > 0 && *p != '\0'; n--)
        p += char_bytes(p);
    return (size_t)(p - text);
}

static char *cell_copy(const char *text)
{
    char *copy = strdup(text != NULL ? text : "");
    for (char *p = copy; p != NULL && *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    return copy;
}

int table_row_add(struct table *t, const char *const *cells)
{
    if (t->row_count == TABLE_ROWS_MAX)
        return ERR_OK;
    char **row = t->cell[t->row_count];
    for (uint32_t c = 0; c < t->column_count; c++) {
        row[c] = cell_copy(cells[c]);
        if (row[c] == NULL) {
            while (c > 0)
                free(row[--c]);
            return ERR_NOMEM;
        }
    }
    t->row_count++;
    return ERR_OK;
}

static void table_measure(const struct table *t, uint32_t width,
                          uint32_t *ret_widths)
{
    uint32_t total = INDENT;
    for (uint32_t c = 0; c < t->column_count; c++) {
        uint32_t widest = table_text_width(t->column[c].title);
        for (uint32_t r = 0; r < t->row_count; r++) {
            uint32_t w = table_text_width(t->cell[r][c]);
            widest = w > widest ? w : widest;
        }
        ret_widths[c] = widest;
        total += widest + (c > 0 ? GAP : 0);
    }
    if (width == 0 || total <= width || t->flexible == TABLE_NO_COLUMN)
        return;
    uint32_t *flexible = &ret_widths[t->flexible];
    uint32_t over = total - width;
    if (*flexible <= FLEXIBLE_MIN)
        return;
    *flexible =
        *flexible - FLEXIBLE_MIN > over ? *flexible - over : FLEXIBLE_MIN;
}

static void print_cell(const char *text, uint32_t width, bool right,
                       struct buf *out)
{
    uint32_t w = table_text_width(text);
    if (w > width) {
        size_t n = table_text_bytes(text, width - (uint32_t)strlen(CUT));
        (void)buf_append(out, text, n);
        (void)buf_append_text(out, CUT);
        return;
    }
    if (right)
        (void)buf_printf(out, "%*s", (int)(width - w), "");
    (void)buf_append_text(out, text);
    if (!right)
        (void)buf_printf(out, "%*s", (int)(width - w), "");
}

static void print_line_end(struct buf *out)
{
    while (out->length > 0 && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
    (void)buf_append_char(out, '\n');
}

int table_print(const struct table *t, uint32_t width, struct buf *out)
{
    uint32_t widths[TABLE_COLUMNS_MAX];
    table_measure(t, width, widths);
    for (uint32_t r = 0; r <= t->row_count; r++) {
        (void)buf_printf(out, "%*s", (int)INDENT, "");
        for (uint32_t c = 0; c < t->column_count; c++) {
            const char *text = r == 0 ? t->column[c].title : t->cell[r - 1][c];
            if (c > 0)
                (void)buf_printf(out, "%*s", (int)GAP, "");
            print_cell(text, widths[c], t->column[c].right, out);
        }
        print_line_end(out);
    }
    return out->err;
}
