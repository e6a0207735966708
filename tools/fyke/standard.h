/*
 * The standard descriptors, which a caller may have closed (`>&-`): a file
 * that is opened later would take their place, and libuv refuses to go on.
 */
#ifndef FYKE_FYKE_STANDARD_H
#define FYKE_FYKE_STANDARD_H

#include "proto/base/err.h"

/* Puts /dev/null where one is closed, standard input so that it cannot be
 * read. The first thing a process does. */
void standard_fill(void);

/* Can standard input be read? Errors: ERR_IO with a fault for people. */
FYKE_MUST_USE int standard_input_check(struct fault *fault);

#endif
