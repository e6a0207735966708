/*
 * fyke config
 */
#include "engine/shell/engine.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/config_example.h"
#include "tools/fyke/config_layers.h"
#include "tools/fyke/config_stored.h"
#include "tools/fyke/talk.h"

#include <stdio.h>
#include <string.h>

#define OUT_BYTES_MAX ((size_t)4 << 20)
#define NAME_BYTES 80
#define PATH_BYTES 4200

static const struct option config_table[] = {
    { "origin", 0, OPTION_FLAG,
      OPTION_FIELD_AS(struct config_values, origin, bool),
      .help = "say of every value where it comes from",
      .traits = OPTION_FLAG_ONLY },
    { "example", 0, OPTION_FLAG,
      OPTION_FIELD_AS(struct config_values, example, bool),
      .help = "print a commented file with all settings instead",
      .traits = OPTION_FLAG_ONLY },
};
static const size_t config_table_count =
    sizeof config_table / sizeof config_table[0];

/* Rows that a person asks about: not this command's own. */
static bool is_shown(const struct config_layers *l, size_t i)
{
    return i >= config_table_count && !(l->table[i].traits & OPTION_FLAG_ONLY);
}

static void print_origin(const struct config_layers *l, size_t i,
                         const char *remark, struct buf *out)
{
    const struct option *row = &l->table[i];
    char name[NAME_BYTES];
    switch (l->layer[i]) {
    case CONFIG_DEFAULT:
        (void)buf_append_text(out, strcmp(row->name, "db") == 0 &&
                                           l->values.settings.db != NULL
                                       ? "default, by the input"
                                       : "default");
        break;
    case CONFIG_FILE:
        (void)buf_printf(out, "%s:%u", l->file.path, l->line[i]);
        break;
    case CONFIG_ENVIRONMENT:
        (void)buf_printf(out, "environment %s",
                         option_environment_name(row, name, sizeof name));
        break;
    case CONFIG_FLAG:
        if (strcmp(row->name, "input") == 0)
            (void)buf_append_text(out, "command line");
        else
            (void)buf_printf(out, "flag --%s", row->name);
        break;
    case CONFIG_STORED:
        (void)buf_append_text(out, remark);
        return;
    }
    if (remark != NULL)
        (void)buf_printf(out, " (%s)", remark);
}

static void print_origins(const struct config_layers *l,
                          const struct config_stored *stored, struct buf *out)
{
    char name[NAME_BYTES];
    struct buf value;
    buf_init(&value, OUT_BYTES_MAX);
    (void)buf_printf(out, "%-16s %-20s %s\n", "setting", "value", "from");
    for (size_t i = 0; i < l->own_count; i++) {
        if (!is_shown(l, i))
            continue;
        buf_reset(&value);
        (void)option_print(&l->table[i], &l->values, &value);
        (void)buf_printf(out, "%-16s %-20s ",
                         option_setting_name(&l->table[i], name, sizeof name),
                         value.length > 0 ? buf_text(&value) : "-");
        print_origin(l, i, stored->remark != NULL ? stored->remark[i] : NULL,
                     out);
        (void)buf_append_char(out, '\n');
    }
    buf_release(&value);
}

/* As a file that says the same; what is not set is left out. */
static void print_values(const struct config_layers *l, struct buf *out)
{
    struct buf value;
    buf_init(&value, OUT_BYTES_MAX);
    for (size_t i = 0; i < l->own_count; i++) {
        buf_reset(&value);
        (void)option_print(&l->table[i], &l->values, &value);
        if (!is_shown(l, i) || value.length == 0)
            continue;
        (void)config_yaml_print(&l->table[i], buf_text(&value), out);
        (void)buf_append_char(out, '\n');
    }
    buf_release(&value);
}

/* The database that a start would open; NULL when there is no input either. */
static int find_db(const struct config_layers *l, char *out, size_t out_bytes,
                   const char **ret_db, struct fault *fault)
{
    *ret_db = l->values.settings.db;
    if (*ret_db != NULL || l->values.input == NULL)
        return 0;
    *ret_db = out;
    return engine_find_db(NULL, l->values.input, out, out_bytes, fault);
}

static int config_print(struct config_layers *l, struct buf *out,
                        struct fault *fault)
{
    struct config_stored stored = { 0 };
    char path[PATH_BYTES];
    const char *db = NULL;
    if (l->values.example)
        return config_example_print(l->table + config_table_count,
                                    l->count - config_table_count, out);
    int err = config_layers_apply(l, fault);
    cli_warn_lines(&l->warnings);
    if (err == 0)
        err = find_db(l, path, sizeof path, &db, fault);
    if (err == 0 && db != NULL)
        err = config_stored_apply(&stored, db, l, fault);
    if (err == 0 && l->values.origin) {
        l->values.settings.db = db;
        print_origins(l, &stored, out);
        l->values.settings.db = NULL; /* `path` ends here */
    } else if (err == 0)
        print_values(l, out);
    config_stored_release(&stored);
    return err;
}

static int config_main(const struct command *command, int argc, char **argv)
{
    struct config_layers layers;
    const char *operands[1] = { NULL };
    struct fault fault = { 0 };
    struct buf out;
    int exit_code;
    int err = config_layers_init_all(&layers, config_table, config_table_count,
                                     &fault);
    struct cli_parse parse = {
        .table = layers.table,
        .count = layers.own_count,
        .target = &layers.values,
        .given = layers.given,
        .operands = operands,
        .operands_max = 1,
    };
    buf_init(&out, OUT_BYTES_MAX);
    if (err != 0)
        exit_code = cli_fail(&fault);
    else if (cli_parse(command, argc, argv, &parse, &exit_code) == 0) {
        config_layers_operand(&layers, operands[0]);
        err = config_print(&layers, &out, &fault);
        if (out.length > 0)
            (void)talk_harmless((char *)out.data);
        exit_code = err != 0 ? cli_fail(&fault) : cli_print(&out);
    }
    buf_release(&out);
    config_layers_release(&layers);
    return exit_code;
}

const struct command command_config = {
    .name = "config",
    .summary = "print all settings, where they come from, or an example file",
    .usage = "[--origin | --example] [flags of fyke run] [INPUT]",
    .about =
        "Takes what fyke run and fyke coordinator take, and prints the "
        "settings that a\nstart would see as YAML, or with --origin as a "
        "table: defaults, then the file\n(--config or $FYKE_CONFIG), then the "
        "environment (FYKE_MAX_ROWS), then flags.\nAlso what is stored in the "
        "database that --db or the input names: what fyke set\nsaid holds "
        "until one of the others changes. Starts nothing and writes nothing.\n",
    .examples = "  fyke config --example >fyke.yaml\n"
                "  fyke config --origin --config fyke.yaml --max-rows 5000\n"
                "  fyke config --origin --db payments.fyke.db\n",
    .exits =
        "  0 ok   2 usage, or a wrong variable   74 missing or unreadable\n"
        "  78 the configuration file is wrong\n",
    .options = config_table,
    .option_count = &config_table_count,
    .run = config_main,
};
