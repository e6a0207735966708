/*
 * The folder in which fyke advise measures: beside where the database would
 * lie, gone when the command ends; what a killed one left is removed by the
 * next.
 */
#ifndef FYKE_TOOLS_ADVISE_FOLDER_H
#define FYKE_TOOLS_ADVISE_FOLDER_H

#include "proto/base/err.h"

#define ADVISE_FOLDER_BYTES 4200

struct advise_folder {
    char path[ADVISE_FOLDER_BYTES];
    int lock_fd; /* of PATH/lock; -1 = without */
};

/* Beside `db`, the path of a database. Errors: of mkdir, with a fault. */
FYKE_MUST_USE int advise_folder_make(const char *db, struct advise_folder *f,
                                     struct fault *fault);
/* The databases in it are gone by then. */
void advise_folder_remove(struct advise_folder *f);

#endif
