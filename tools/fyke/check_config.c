/*
 * fyke check config FILE
 */
#include "engine/shell/bound.h"
#include "proto/base/text.h"
#include "proto/host/cores.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/config_check.h"
#include "tools/fyke/talk.h"

#include <stdlib.h>

#define OUT_BYTES_MAX ((size_t)1 << 20)
#define COLUMNS_USUAL 10u

struct check_config {
    uint64_t features, workers;
};

static const struct option check_config_table[] = {
    { "columns", 0, OPTION_U64,
      OPTION_FIELD_AS(struct check_config, features, uint64_t), 0, 1024, "0",
      .argument = "N",
      .help = "feature columns of the input, for the memory; 0 = those of "
              "features, or 10" },
    { "cores", 0, OPTION_U64,
      OPTION_FIELD_AS(struct check_config, workers, uint64_t), 0, 256, "0",
      .argument = "N",
      .help = "workers, for the memory; 0 = what the file says, or the cores "
              "of this machine" },
};
static const size_t check_config_count =
    sizeof check_config_table / sizeof check_config_table[0];

/* What settings do wrong together stands where the file gives them. */
static void problem_found(void *context, const char *setting, const char *text)
{
    struct config_layers *l = context;
    struct config_place at = { 1, 1 };
    for (uint32_t i = 0; i < l->file.list.entry_count; i++) {
        const struct config_entry *entry = &l->file.list.entry[i];
        const struct option *row = option_find(l->table, l->count, entry->name);
        if (row == option_find(l->table, l->count, setting))
            at = entry->value_at;
    }
    config_problem_add(&l->file.list, at, "%s", text);
}

static void print_bound(const struct settings *s, const struct check_config *o,
                        struct buf *out)
{
    struct bound bound;
    char coordinator[32], worker[32];
    uint64_t workers = o->workers > 0 ? o->workers : s->workers;
    uint64_t columns = o->features > 0 ? o->features : s->schema.features.count;
    if (workers == 0)
        workers = host_cores();
    if (columns == 0)
        columns = COLUMNS_USUAL;
    bound_of(s, (uint32_t)columns, (uint32_t)workers, &bound);
    (void)buf_printf(
        out, "memory at most: coordinator %s, each of %llu %s %s (%llu %s)\n",
        text_bytes_rough(bound.coordinator_bytes, coordinator,
                         sizeof coordinator),
        (unsigned long long)workers, workers == 1 ? "worker" : "workers",
        text_bytes_rough(bound.worker_bytes, worker, sizeof worker),
        (unsigned long long)columns,
        columns == 1 ? "feature column" : "feature columns");
}

/* As a start with this file alone would see it: no environment, no flags. */
static int check_file(const char *path, const struct check_config *o,
                      struct buf *out, struct fault *fault)
{
    struct config_layers layers;
    int err = config_layers_init_all(&layers, NULL, 0, fault);
    if (err == 0)
        err =
            option_defaults(layers.table, layers.count, &layers.values, fault);
    if (err == 0)
        err = config_layers_read(&layers, path, fault);
    if (err == 0)
        config_check(&layers, problem_found, &layers);
    const struct config_list *list = &layers.file.list;
    if (err == 0 && list->problem_count > 0) {
        (void)config_file_print_problems(&layers.file, out);
        err = fault_set(fault, ERR_CONFIG, "%s: %u %s, see above", path,
                        list->problem_count,
                        list->problem_count == 1 ? "error" : "errors");
    } else if (err == 0) {
        (void)buf_printf(out, "%s: ok, %u %s\n", path, list->entry_count,
                         list->entry_count == 1 ? "setting" : "settings");
        print_bound(&layers.values.settings, o, out);
    }
    config_layers_release(&layers);
    return err;
}

static int check_config_main(const struct command *command, int argc,
                             char **argv)
{
    struct check_config options = { 0 };
    struct fault fault = { 0 };
    struct buf out;
    const char *operands[1] = { getenv("FYKE_CONFIG") };
    struct cli_parse parse = {
        .table = check_config_table,
        .count = check_config_count,
        .target = &options,
        .operands = operands,
        .operands_max = 1,
    };
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    if (operands[0] == NULL || operands[0][0] == '\0') {
        (void)fault_set(&fault, ERR_USAGE,
                        "give a file; try: fyke config --example >fyke.yaml; "
                        "fyke check config fyke.yaml");
        return cli_fail(&fault);
    }
    buf_init(&out, OUT_BYTES_MAX);
    int err = check_file(operands[0], &options, &out, &fault);
    if (out.length > 0)
        (void)talk_harmless((char *)out.data);
    exit_code = cli_print(&out);
    buf_release(&out);
    return err != 0 ? cli_fail(&fault) : exit_code;
}

const struct command command_check_config = {
    .name = "check config",
    .summary = "check a configuration file, and what memory it lets be used",
    .usage = "[flags] FILE",
    .about =
        "Reads a configuration file as fyke run and fyke coordinator do and "
        "prints\neverything that is wrong with it, each with line and column; "
        "else the number of\nsettings, and how much memory a coordinator and "
        "each worker take at most with\nthem. FILE may be left out when "
        "$FYKE_CONFIG names it. Nothing is written.\n",
    .examples = "  fyke check config fyke.yaml\n"
                "  fyke check config fyke.yaml --columns 40 --cores 16\n",
    .exits = "  0 ok   2 usage   74 missing or unreadable   78 wrong\n",
    .options = check_config_table,
    .option_count = &check_config_count,
    .run = check_config_main,
};
