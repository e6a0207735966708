/*
 * CSV as RFC 4180 has it, but with the line end of this machine's tools.
 */
#ifndef FYKE_TOOLS_CSV_OUT_H
#define FYKE_TOOLS_CSV_OUT_H

#include "proto/base/buf.h"

/* Appends a field of n bytes; one with a comma, a quote, a line break, or
 * blanks around it is quoted. Errors: those of buf. */
int csv_out_field(const char *field, size_t n, struct buf *out);

/* Appends one line of such fields. NULL is an empty one. Errors: those of
 * buf. */
int csv_out_line(const char *const *fields, uint32_t count, struct buf *out);

/* Writes a line to standard output without flushing. Returns 0 or the exit
 * code of a failed write; a reader that went away is told by
 * cli_stdout_is_gone. */
int csv_out_write(const struct buf *line);

#endif
