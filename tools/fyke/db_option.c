/*
 * --db
 */
#include "tools/fyke/db_option.h"

const struct option db_option_table[] = {
    { "db", 0, OPTION_TEXT, OPTION_FIELD_AS(struct db_option, db, const char *),
      .argument = "FILE", .help = DB_OPTION_HELP },
};
const size_t db_option_count =
    sizeof db_option_table / sizeof db_option_table[0];
