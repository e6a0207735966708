/*
 * fyke model list, fyke model show FILE|HASH
 */
#include "proto/base/text.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/db_option.h"
#include "tools/fyke/model_db.h"
#include "tools/fyke/talk.h"
#include "tools/fyke/view_table.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES_MAX ((size_t)4 << 20)
#define NAMES_SHOWN 12u

static const char list_sql[] =
    "select substr(hash,1,16),iif(hash=(select value from setting where "
    "name='model' order by from_batch desc,id desc limit 1),'in use',''),"
    "features,trees,subsample,max(1,(length(payload)+500)/1000)||' kB',"
    "strftime('%Y-%m-%d %H:%M',at_ns/1000000000,'unixepoch'),origin "
    "from model order by at_ns,hash";

static int list_each(void *context, uint32_t columns, const char *const *names,
                     const char *const *row)
{
    (void)columns;
    (void)names;
    return row == NULL ? 0 : table_row_add(context, row);
}

static int list_print(const char *db, struct fault *fault)
{
    static const struct {
        const char *title;
        bool right;
    } column[] = {
        { "model", false }, { "", false },           { "features", true },
        { "trees", true },  { "rows a tree", true }, { "size", true },
        { "since", false }, { "from", false },
    };
    struct reader *reader;
    struct table table;
    struct buf out;
    char path[4096];
    int err = cli_open_db(db, &reader, path, sizeof path, fault);
    if (err != 0)
        return err;
    table_init(&table);
    buf_init(&out, TEXT_BYTES_MAX);
    for (size_t i = 0; i < sizeof column / sizeof column[0]; i++)
        table_column_add(&table, column[i].title, column[i].right);
    table.flexible = 7;
    if (model_db_knows(reader))
        err = reader_query(reader, list_sql, list_each, &table, fault);
    reader_close(reader);
    if (err == 0 && table.row_count == 0)
        (void)fprintf(stderr,
                      "%s holds no model; fyke run --model or --train brings "
                      "one in\n",
                      path);
    else if (err == 0 &&
             table_print(&table, talk_width(STDOUT_FILENO), &out) == 0)
        (void)cli_print(&out);
    table_release(&table);
    buf_release(&out);
    return err;
}

static int list_main(const struct command *command, int argc, char **argv)
{
    struct db_option options = { 0 };
    struct cli_parse parse = { .table = db_option_table,
                               .count = db_option_count,
                               .target = &options };
    struct fault fault = { 0 };
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    (void)list_print(options.db, &fault);
    option_release(db_option_table, db_option_count, &options);
    exit_code = cli_finish();
    return fault.err != 0 ? cli_fail(&fault) : exit_code;
}

const struct command command_model_list = {
    .name = "model list",
    .summary = "list a database's models",
    .usage = "[--db FILE]",
    .about =
        "Lists the models that a database holds, the oldest first: "
        "those brought in\n(fyke model import, fyke run --model) and those "
        "that fyke run --train fitted.\nWith mode batch every batch has a "
        "forest of its own, which is not kept.\n",
    .examples = "  fyke model list --db payments.fyke.db\n"
                "  sqlite3 -readonly -box payments.fyke.db \"select * from "
                "models\"\n",
    .exits = "  0 ok   2 usage   65 no fyke database   74 missing\n",
    .options = db_option_table,
    .option_count = &db_option_count,
    .run = list_main,
};

struct counts {
    uint32_t leaves, height;
    uint64_t depth_sum; /* of the leaves */
};

static struct counts forest_counts(const struct iforest_forest *f)
{
    struct counts c = { 0 };
    for (uint32_t t = 0; t < f->trees; t++) {
        uint32_t waiting[65], opened = 0, depth = 0;
        for (uint32_t k = f->tree_first[t]; k < f->tree_first[t + 1]; k++) {
            c.height = depth > c.height ? depth : c.height;
            if (f->feature[k] != IFOREST_LEAF) {
                waiting[opened++] = ++depth;
                continue;
            }
            c.leaves++;
            c.depth_sum += depth;
            depth = opened > 0 ? waiting[--opened] : 0;
        }
    }
    return c;
}

static void show_names(const struct model_file *m, struct buf *out)
{
    char count[32];
    (void)buf_printf(out, "  features   %s",
                     text_count(m->forest.features, count, sizeof count));
    for (uint32_t i = 0; m->name != NULL && i < m->forest.features; i++) {
        if (i == NAMES_SHOWN) {
            (void)buf_append_text(out, " ...");
            break;
        }
        (void)buf_printf(out, "%s %s", i == 0 ? ":" : ",", m->name[i]);
    }
    (void)buf_append_text(
        out, m->name != NULL ? "\n"
                             : ", without names: those of an input in its "
                               "order\n");
}

static void show_print(const struct model_file *m, const struct buf *bytes,
                       struct buf *out)
{
    const struct iforest_forest *f = &m->forest;
    struct counts c = forest_counts(f);
    char size[32], nodes[32], leaves[32], rows[32];
    (void)buf_printf(out, "%s\n  kind       %s", m->hash, m->kind);
    if (f->extension > 0)
        (void)buf_printf(out, ", extended: %u features a split",
                         f->extension + 1);
    if (m->made_by[0] != '\0')
        (void)buf_printf(out, ", made by %s", m->made_by);
    (void)buf_append_char(out, '\n');
    show_names(m, out);
    (void)buf_printf(
        out,
        "  trees      %u, each on %s rows\n"
        "  nodes      %s, %s of them leaves; the deepest at level %u, %.1f on "
        "average\n",
        f->trees, text_count(f->subsample, rows, sizeof rows),
        text_count(f->node_count, nodes, sizeof nodes),
        text_count(c.leaves, leaves, sizeof leaves), c.height,
        (double)c.depth_sum / c.leaves);
    (void)buf_printf(out, "  missing    %s\n",
                     f->missing_right != NULL ? "each split says which way"
                                              : "to the child with more rows");
    (void)buf_printf(out, "  size       %s\n",
                     text_bytes_rough(bytes->length, size, sizeof size));
}

/* A file of this name goes before a hash. */
static int show_find(struct model_source *m, const char *what, const char *db,
                     struct fault *fault)
{
    struct reader *reader;
    char path[4096];
    if (access(what, F_OK) == 0 || !model_is_hash(what))
        return model_from_file(what, &m->bytes, &m->arena, &m->file, fault);
    int err = cli_open_db(db, &reader, path, sizeof path, fault);
    if (err != 0)
        return err;
    err = model_from_db(reader, path, what, &m->bytes, &m->arena, &m->file,
                        fault);
    reader_close(reader);
    return err;
}

static int show_main(const struct command *command, int argc, char **argv)
{
    struct db_option options = { 0 };
    const char *operands[1];
    struct cli_parse parse = { .table = db_option_table,
                               .count = db_option_count,
                               .target = &options,
                               .operands = operands,
                               .operands_max = 1 };
    struct fault fault = { 0 };
    struct model_source m;
    struct buf out;
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    model_source_init(&m);
    buf_init(&out, TEXT_BYTES_MAX);
    if (parse.operand_count == 0)
        (void)fault_set(&fault, ERR_USAGE,
                        "give a model file, or the hash of a model in the "
                        "database");
    else if (show_find(&m, operands[0], options.db, &fault) == 0) {
        show_print(&m.file, &m.bytes, &out);
        (void)talk_harmless((char *)out.data);
        (void)cli_print(&out);
    }
    model_source_release(&m);
    buf_release(&out);
    option_release(db_option_table, db_option_count, &options);
    exit_code = cli_finish();
    return fault.err != 0 ? cli_fail(&fault) : exit_code;
}

const struct command command_model_show = {
    .name = "model show",
    .summary = "check a model file and say what is in it",
    .usage = "FILE|HASH [--db FILE]",
    .about = "Reads a model, from a file or from a database, checks all of it "
             "and says what is\nin it.\n",
    .examples = "  fyke model show forest.fyke-model\n"
                "  fyke model show 2f80d1c9 --db payments.fyke.db\n",
    .exits = "  0 ok   2 usage   65 no model   74 missing\n",
    .options = db_option_table,
    .option_count = &db_option_count,
    .run = show_main,
};
