/*
 * fyke model import FILE, fyke model export
 */
#include "engine/shell/engine.h"
#include "proto/base/text.h"
#include "proto/host/file.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/db_option.h"
#include "tools/fyke/model_db.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Opens the database for writing; it is there already. */
static int open_store(const char *db, struct store **ret_s, char *ret_path,
                      size_t path_bytes, struct fault *fault)
{
    struct reader *reader;
    int err = cli_open_db(db, &reader, ret_path, path_bytes, fault);
    if (err == ERR_NOTFOUND)
        return fault_set(fault, err,
                         "%s is not there; fyke run INPUT --model FILE makes a "
                         "database with the model",
                         ret_path);
    if (err != 0)
        return err;
    reader_close(reader);
    const struct store_options options = { .path = ret_path, .mode = 0600 };
    err = store_open(&options, ret_s, fault);
    if (err == ERR_BUSY)
        return fault_set(fault, err,
                         "%s is in use by a running fyke: import when it has "
                         "ended, or start it with --model FILE",
                         ret_path);
    return err;
}

static int import_file(const char *path, const char *db, struct fault *fault)
{
    struct model_source m;
    struct store *store;
    struct fault closing = { 0 };
    char db_path[4096] = "";
    model_source_init(&m);
    int err = model_from_file(path, &m.bytes, &m.arena, &m.file, fault);
    if (err == 0)
        err = open_store(db, &store, db_path, sizeof db_path, fault);
    if (err == 0) {
        struct store_model row =
            model_row(&m.file, &m.bytes, text_base_name(path));
        err = store_model_put(store, &row, fault);
        int closed = store_close(store, true, &closing);
        if (err == 0 && closed != 0 && closed != ERR_BUSY)
            err = fault_set(fault, closed, "%s", closing.text);
    }
    if (err == 0)
        (void)printf("%s\n", m.file.hash);
    if (err == 0)
        (void)fprintf(stderr,
                      "%s holds it now; use it with: fyke run INPUT --model "
                      "%.*s\n",
                      db_path, MODEL_HASH_SHOWN, m.file.hash);
    model_source_release(&m);
    return err;
}

static int import_main(const struct command *command, int argc, char **argv)
{
    struct db_option options = { 0 };
    const char *operands[1];
    struct cli_parse parse = { .table = db_option_table,
                               .count = db_option_count,
                               .target = &options,
                               .operands = operands,
                               .operands_max = 1 };
    struct fault fault = { 0 };
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    if (parse.operand_count == 0)
        (void)fault_set(&fault, ERR_USAGE,
                        "give a model file; tools/sklearn/export_iforest.py "
                        "and fyke model export write such files");
    else
        (void)import_file(operands[0], options.db, &fault);
    option_release(db_option_table, db_option_count, &options);
    return fault.err != 0 ? cli_fail(&fault) : cli_finish();
}

const struct command command_model_import = {
    .name = "model import",
    .summary = "bring a model file into a database",
    .usage = "FILE [--db FILE]",
    .about =
        "Checks a model file, keeps it in a database and prints its hash, by "
        "which\nfyke run --model and fyke model export name it. A forest of "
        "scikit-learn's\nbecomes such a file by tools/sklearn/"
        "export_iforest.py. To score with a model,\nfyke run INPUT --model "
        "FILE does both in one.\n",
    .examples = "  fyke model import forest.fyke-model --db payments.fyke.db\n"
                "  fyke run payments.csv --model 2f80d1c9\n",
    .exits = "  0 ok   2 usage   65 no model, or no fyke database   74 missing "
             "  75 in use\n",
    .options = db_option_table,
    .option_count = &db_option_count,
    .run = import_main,
};

struct export_options {
    const char *db, *id, *output;
};

static const struct option export_table[] = {
    { "db", 0, OPTION_TEXT,
      OPTION_FIELD_AS(struct export_options, db, const char *),
      .argument = "FILE", .help = DB_OPTION_HELP },
    { "id", 0, OPTION_TEXT,
      OPTION_FIELD_AS(struct export_options, id, const char *),
      .argument = "HASH",
      .help = "the model's hash or its beginning; without it the model in use, "
              "or the only one" },
    { "output", 'o', OPTION_TEXT,
      OPTION_FIELD_AS(struct export_options, output, const char *),
      .argument = "FILE", .help = "where to; standard output without it" },
};
static const size_t export_count = sizeof export_table / sizeof export_table[0];

static int write_out(const struct export_options *o, const struct buf *bytes,
                     struct fault *fault)
{
    if (o->output != NULL && strcmp(o->output, "-") != 0) {
        int err = file_replace(o->output, bytes->data, bytes->length, 0644);
        return err == 0
                   ? 0
                   : fault_set(fault, err, "%s: %s", o->output, err_text(err));
    }
    if (isatty(STDOUT_FILENO) == 1)
        return fault_set(fault, ERR_USAGE,
                         "a model is no text for a terminal: say where to, "
                         "-o FILE");
    (void)fwrite(bytes->data, 1, bytes->length, stdout);
    return 0; /* cli_finish tells what went wrong */
}

static int export_model(const struct export_options *o, struct fault *fault)
{
    struct model_source m;
    struct reader *reader;
    char path[4096];
    int err = cli_open_db(o->db, &reader, path, sizeof path, fault);
    if (err != 0)
        return err;
    model_source_init(&m);
    err = model_source_db(&m, reader, path, o->id, fault);
    reader_close(reader);
    if (err == 0)
        err = write_out(o, &m.bytes, fault);
    model_source_release(&m);
    return err;
}

static int export_main(const struct command *command, int argc, char **argv)
{
    struct export_options options = { 0 };
    struct cli_parse parse = { .table = export_table,
                               .count = export_count,
                               .target = &options };
    struct fault fault = { 0 };
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    (void)export_model(&options, &fault);
    option_release(export_table, export_count, &options);
    exit_code = cli_finish();
    return fault.err != 0 ? cli_fail(&fault) : exit_code;
}

const struct command command_model_export = {
    .name = "model export",
    .summary = "write a database's model to a file",
    .usage = "[--db FILE] [--id HASH] [-o FILE]",
    .about =
        "Writes a model that a database holds, one that was brought in or one "
        "that\nfyke run --train fitted, as the file that fyke model import "
        "takes.\ntools/sklearn/load_model.py reads it into numpy.\n",
    .examples = "  fyke model export --db payments.fyke.db -o "
                "payments.fyke-model\n"
                "  fyke model export --id 2f80d1c9 | sha256sum\n",
    .exits = "  0 ok   2 usage   65 no fyke database   74 no such model or "
             "file\n",
    .options = export_table,
    .option_count = &export_count,
    .run = export_main,
};
