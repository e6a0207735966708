/*
 * What the file is made of: tables, their migrations, and the views and
 * sample queries over them, which are rebuilt whenever they differ.
 */
#ifndef FYKE_STORAGE_SCHEMA_H
#define FYKE_STORAGE_SCHEMA_H

#include "storage/db.h"

/* Runs the steps that a file of `version` lacks and sets user_version. Inside
 * the caller's transaction. */
FYKE_MUST_USE int schema_migrate(const struct db *d, int version,
                                 struct fault *fault);

/* Makes views and sample queries what this program and the columns in the
 * table `column_info` say; nothing happens when they are that already.
 * Inside the caller's transaction. */
FYKE_MUST_USE int schema_views(const struct db *d, struct fault *fault);

/* One view column per input column, in order. */
struct view_column {
    char *input; /* its name in the records' JSON */
    char *name;  /* its name in the view, not quoted */
    bool numeric;
    bool shown;       /* worth showing in a sample query: feature or key */
    uint32_t repeats; /* how many earlier columns have the same input name */
};

struct view_columns {
    struct view_column *column;
    uint32_t count;
};

FYKE_MUST_USE int view_columns_load(const struct db *d,
                                    struct view_columns *ret_c,
                                    struct fault *fault);
void view_columns_release(struct view_columns *c);

/* "name" with quotes doubled. */
int view_name_quote(struct buf *out, const char *name);
/* 'text' with quotes doubled. */
int view_text_quote(struct buf *out, const char *text);
/* The SQL expression of an input column over `a.record`. */
int view_column_expression(struct buf *out, const struct view_column *c);

/* Appends the statements that fill the table `readme`. */
int readme_build(struct buf *sql, const struct view_columns *c);

#endif
