/*
 * A configuration file against a table of options: finds the rows, checks
 * names and values, and sets fields.
 *
 * Errors   of the file's content are problems in `list`, each with its place;
 *          `config_file_fault` makes one message of them.
 */
#ifndef FYKE_TOOLS_CONFIG_FILE_H
#define FYKE_TOOLS_CONFIG_FILE_H

#include "proto/base/buf.h"
#include "proto/base/option.h"
#include "tools/fyke/config_list.h"

struct config_file {
    const char *path; /* borrowed */
    struct config_list list;
};

void config_file_init(struct config_file *f, const char *path);
/* Fields that were set borrow the file's texts: release it behind them. */
void config_file_release(struct config_file *f);

/* Reads the file, at most CONFIG_BYTES_MAX bytes of it.
 * Errors: ERR_NOTFOUND, ERR_PERM, ERR_IO (the file cannot be read),
 * ERR_CONFIG (a folder, too large), ERR_NOMEM, with a fault. */
FYKE_MUST_USE int config_file_read(struct config_file *f, struct fault *fault);

/* Checks every entry against the table and sets its field in `target` where
 * `wanted` (by row; NULL = all) says so, else in `scratch`. `ret_line` (by
 * row) gets the line of each row that the file gives, 0 for the others.
 * Lists in both targets are the caller's to release. */
void config_file_apply(struct config_file *f, const struct option *table,
                       size_t count, const bool *wanted, void *target,
                       void *scratch, uint32_t *ret_line);

/* "FILE:3:11: max_rows: 0 is out of range: 1..10000000", and how many more
 * there are. 0 when there is none, else ERR_CONFIG. */
FYKE_MUST_USE int config_file_fault(const struct config_file *f,
                                    struct fault *fault);

/* All problems, a line each. */
int config_file_print_problems(const struct config_file *f, struct buf *out);

#endif
