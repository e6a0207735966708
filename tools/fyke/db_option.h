/*
 * The one flag of commands that only read a database.
 */
#ifndef FYKE_TOOLS_DB_OPTION_H
#define FYKE_TOOLS_DB_OPTION_H

#include "proto/base/option.h"

struct db_option {
    const char *db;
};

#define DB_OPTION_HELP                                                         \
    "the database; without it $FYKE_DB, or the only *.fyke.db or fyke.db here"

extern const struct option db_option_table[];
extern const size_t db_option_count;

#endif
