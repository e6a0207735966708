/*
 * Numbers as people write them: five digits, a letter for millions and more.
 * Internal to the room.
 */
#ifndef FYKE_DETECT_FIGURE_H
#define FYKE_DETECT_FIGURE_H

#include "proto/base/buf.h"

/* 762.15, 0.004, 123456, 41.2M, 1.30e+20. Errors: those of `out`. */
int figure_put(struct buf *out, float number);

#endif
