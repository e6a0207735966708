/*
 * Small aligned tables for a terminal: text cells, columns as wide as their
 * widest cell, one column that gives way when the terminal is narrow.
 *
 * Widths count characters, not bytes. Control characters in a cell are shown
 * as '?': what an input holds must not move a terminal's cursor.
 */
#ifndef FYKE_TOOLS_VIEW_TABLE_H
#define FYKE_TOOLS_VIEW_TABLE_H

#include "proto/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_COLUMNS_MAX 8u
#define TABLE_ROWS_MAX 64u
#define TABLE_NO_COLUMN UINT32_MAX

struct table_column {
    const char *title;
    bool right; /* numbers */
};

struct table {
    struct table_column column[TABLE_COLUMNS_MAX];
    uint32_t column_count;
    uint32_t flexible; /* the column that is cut, or TABLE_NO_COLUMN */
    uint32_t row_count;
    char *cell[TABLE_ROWS_MAX][TABLE_COLUMNS_MAX]; /* owned */
};

void table_init(struct table *t);
void table_release(struct table *t);
/* Columns first, then rows. */
void table_column_add(struct table *t, const char *title, bool right);
/* Copies `column_count` texts (NULL = empty). Rows beyond the maximum are
 * left out. Errors: ERR_NOMEM. */
FYKE_MUST_USE int table_row_add(struct table *t, const char *const *cells);
/* `width` columns at most where the flexible one can give way; 0 = no
 * limit. Lines are indented by two and have no blanks at their end. */
int table_print(const struct table *t, uint32_t width, struct buf *out);

/* Characters of a text, and the bytes of its first `n` characters. */
uint32_t table_text_width(const char *text);
size_t table_text_bytes(const char *text, uint32_t n);

#endif
