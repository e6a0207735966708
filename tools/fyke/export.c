/*
 * fyke export scores|anomalies|quarantine
 */
#include "proto/base/text.h"
#include "storage/reader.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/csv_out.h"
#include "tools/fyke/db_option.h"

#include <string.h>

struct export_kind {
    const char *name;
    const char *sql;
    const char *none; /* what to say when there is no row; NULL = fine */
};

static const struct export_kind export_kinds[] = {
    { "scores",
      "select batch, row, time, key, detector, score, severity, flagged, "
      "cluster, core from scores order by batch, row, detector",
      "no scores were kept; start the run with --keep-scores" },
    { "anomalies", "select * from anomalies order by batch, row", NULL },
    { "quarantine", "select * from quarantine order by batch, byte", NULL },
};
#define EXPORT_KINDS (sizeof export_kinds / sizeof export_kinds[0])

struct export
{
    struct buf line;
    uint64_t rows;
    int exit_code;
};

static int export_each(void *context, uint32_t columns,
                       const char *const *names, const char *const *row)
{
    struct export *x = context;
    buf_reset(&x->line);
    if (csv_out_line(row == NULL ? names : row, columns, &x->line) != 0)
        return x->line.err;
    x->rows += row != NULL;
    x->exit_code = csv_out_write(&x->line);
    return x->exit_code != 0 || cli_stdout_is_gone() ? ERR_CANCELED : ERR_OK;
}

static int export_print(const struct export_kind *kind, const char *db,
                        struct fault *fault, int *ret_exit)
{
    struct export x = { 0 };
    struct reader *reader;
    char path[4096];
    int err = cli_open_db(db, &reader, path, sizeof path, fault);
    if (err != 0)
        return err;
    buf_init(&x.line, (size_t)64 << 20);
    err = reader_query(reader, kind->sql, export_each, &x, fault);
    reader_close(reader);
    buf_release(&x.line);
    if (err == ERR_CANCELED && (x.exit_code != 0 || cli_stdout_is_gone()))
        err = ERR_OK; /* `| head` has enough, or a write failed and was told */
    else if (err == 0 && x.rows == 0 && kind->none != NULL)
        err = fault_set(fault, ERR_NOTFOUND, "%s: %s", path, kind->none);
    *ret_exit = err == ERR_NOTFOUND ? 1 : x.exit_code;
    return err;
}

static const struct export_kind *export_find(const char *name,
                                             struct fault *fault)
{
    const char *names[EXPORT_KINDS];
    for (size_t i = 0; i < EXPORT_KINDS; i++) {
        if (strcmp(export_kinds[i].name, name) == 0)
            return &export_kinds[i];
        names[i] = export_kinds[i].name;
    }
    const char *nearest = text_nearest(name, names, EXPORT_KINDS);
    (void)fault_set(fault, ERR_USAGE, "'%s' cannot be exported; %s%s", name,
                    nearest != NULL ? "did you mean: fyke export " : "",
                    nearest != NULL
                        ? nearest
                        : "there are scores, anomalies and quarantine");
    return NULL;
}

static int export_main(const struct command *command, int argc, char **argv)
{
    struct db_option options = { 0 };
    const char *operands[1];
    struct cli_parse parse = {
        .table = db_option_table,
        .count = db_option_count,
        .target = &options,
        .operands = operands,
        .operands_max = 1,
    };
    struct fault fault = { 0 };
    const struct export_kind *kind = NULL;
    int exit_code = 0, err = 0;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    if (parse.operand_count == 0)
        (void)fault_set(&fault, ERR_USAGE,
                        "say what: scores, anomalies or quarantine; try: fyke "
                        "export anomalies");
    else
        kind = export_find(operands[0], &fault);
    if (kind != NULL)
        err = export_print(kind, options.db, &fault, &exit_code);
    option_release(db_option_table, db_option_count, &options);
    if (kind == NULL)
        return cli_fail(&fault);
    if (err == 0)
        return exit_code != 0 ? exit_code : cli_finish();
    (void)cli_finish();
    int code = cli_fail(&fault);
    return exit_code != 0 ? exit_code : code;
}

const struct command command_export = {
    .name = "export",
    .summary = "print scores, anomalies or the quarantine as CSV",
    .usage = "scores|anomalies|quarantine [--db FILE]",
    .about =
        "Prints CSV with a header line (RFC 4180: a field with a comma, a "
        "quote or a line\nbreak is quoted) on standard output, in the order "
        "of the stream.\n\n"
        "  scores      every kept score (fyke run --keep-scores): batch, row, "
        "time, key,\n"
        "              detector, score, severity, flagged, cluster, core\n"
        "  anomalies   the view anomalies: flagged rows with the input's own "
        "columns\n"
        "  quarantine  the view quarantine: records that could not be read\n",
    .examples = "  fyke export anomalies --db payments.fyke.db >anomalies.csv\n"
                "  fyke export scores | head\n",
    .exits = "  0 ok   1 no scores were kept   2 usage   65 no fyke database   "
             "74 missing\n",
    .options = db_option_table,
    .option_count = &db_option_count,
    .run = export_main,
};
