/*
 * fyke check db [--db FILE]
 */
#include "storage/reader.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/db_option.h"

#include <string.h>

#define FINDINGS_BYTES_MAX ((size_t)1 << 20)

static int each_counts(void *context, uint32_t columns,
                       const char *const *names, const char *const *row)
{
    struct buf *out = context;
    (void)names;
    if (row == NULL || columns < 3)
        return ERR_OK;
    bool one = row[0] != NULL && strcmp(row[0], "1") == 0;
    return buf_printf(out, "%s %s, %s rows, %s flagged",
                      row[0] != NULL ? row[0] : "0", one ? "batch" : "batches",
                      row[1] != NULL ? row[1] : "0",
                      row[2] != NULL ? row[2] : "0");
}

static int check_print(struct reader *r, const char *path, struct fault *fault)
{
    struct buf findings, out;
    buf_init(&findings, FINDINGS_BYTES_MAX);
    buf_init(&out, 2 * FINDINGS_BYTES_MAX);
    int found = reader_check(r, &findings, fault);
    int err = found < 0 ? found : 0;
    if (found == 0) {
        (void)buf_printf(&out, "%s: ok; ", path);
        err = reader_query(r,
                           "select count(*), sum(rows_in), sum(rows_flagged) "
                           "from batches",
                           each_counts, &out, fault);
        (void)buf_append_char(&out, '\n');
    } else if (found > 0) {
        (void)buf_append(&out, findings.data, findings.length);
        err = fault_set(fault, ERR_CORRUPT,
                        "%s is damaged: %d %s above. Keep the file as it is "
                        "and make a new one with --db or --fresh",
                        path, found, found == 1 ? "finding" : "findings");
    }
    if (err == 0 || found > 0)
        (void)cli_print(&out);
    buf_release(&findings);
    buf_release(&out);
    return err;
}

static int check_db_main(const struct command *command, int argc, char **argv)
{
    struct db_option options = { 0 };
    struct cli_parse parse = { .table = db_option_table,
                               .count = db_option_count,
                               .target = &options };
    struct fault fault = { 0 };
    struct reader *reader;
    char path[4096];
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    int err = cli_open_db(options.db, &reader, path, sizeof path, &fault);
    if (err == 0) {
        err = check_print(reader, path, &fault);
        reader_close(reader);
    }
    option_release(db_option_table, db_option_count, &options);
    return err == 0 ? cli_finish() : cli_fail(&fault);
}

const struct command command_check_db = {
    .name = "check db",
    .summary = "check that a database is sound",
    .usage = "[--db FILE]",
    .about =
        "Checks the SQLite file and what fyke keeps in it: that batches are "
        "dense, that\ntheir ranges join without a hole, and that the counts "
        "add up. Reads only, also\nbeside a running coordinator.\n",
    .examples = "  fyke check db\n"
                "  fyke check db --db payments.fyke.db\n",
    .exits = "  0 sound   2 which database?   65 damaged, or no fyke "
             "database   74 missing\n",
    .options = db_option_table,
    .option_count = &db_option_count,
    .run = check_db_main,
};
