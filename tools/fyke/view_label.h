/*
 * How well answers agree with labels, in lines for people.
 */
#ifndef FYKE_TOOLS_VIEW_LABEL_H
#define FYKE_TOOLS_VIEW_LABEL_H

#include "engine/shell/labels.h"
#include "proto/base/buf.h"

/* "  label     NAME: 120 anomalies, ...", then a line a detector and, of
 * several, one for the severity. Nothing without a label. Errors: those of
 * `out`. */
int view_label_print(const char *column, const struct labels_measured *m,
                     struct buf *out);

#endif
