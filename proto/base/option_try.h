/*
 * A value on its way into a field: what the option_*.c files of this room
 * share. Nobody else includes it.
 */
#ifndef FYKE_BASE_OPTION_TRY_H
#define FYKE_BASE_OPTION_TRY_H

#include "proto/base/option.h"

#define OPTION_NAME_BYTES 80
#define OPTION_VALUE_SAID 80 /* bytes of a value that a fault repeats */

struct option_try {
    const struct option *row;
    const char *value;
    void *target;
    struct fault *fault;
    char name[OPTION_NAME_BYTES];     /* --max-rows, max_rows, FYKE_MAX_ROWS */
    const char *between;              /* name and value */
    char said[OPTION_VALUE_SAID + 4]; /* the value, shortened */
};

/* "--max-rows 0" and why it is not so: ERR_USAGE. */
int option_refuse(const struct option_try *t, const char *format, ...)
    FYKE_PRINTF(2, 3);

/* Adds the items of `a,b,c` behind what the list has. */
int option_list_append(struct option_list *list, const struct option_try *t);

#endif
