/*
 * fyke check input FILE
 */
#include "engine/ingest/source.h"
#include "engine/shell/settings.h"
#include "tools/fyke/cli.h"
#include "tools/fyke/config_layers.h"
#include "tools/fyke/standard.h"
#include "tools/fyke/talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES_MAX ((size_t)16 << 20)
#define TABLE_BYTES_MAX ((size_t)4 << 20)

/* The first bytes of an input. */
struct head {
    uint8_t *bytes;
    size_t count;
    bool complete; /* there are no others */
    uint64_t size; /* of the whole input, 0 = unknown */
};

static int head_read_pipe(struct head *h, struct fault *fault)
{
    int err = standard_input_check(fault);
    if (err != 0)
        return err;
    while (h->count < HEAD_BYTES_MAX) {
        ssize_t n =
            read(STDIN_FILENO, h->bytes + h->count, HEAD_BYTES_MAX - h->count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault_set(fault, err_from_errno(errno),
                             "standard input cannot be read: %s",
                             strerror(errno));
        if (n == 0) {
            h->complete = true;
            h->size = h->count;
            break;
        }
        h->count += (size_t)n;
    }
    return ERR_OK;
}

static int head_read_file(const char *path, struct head *h, struct fault *fault)
{
    struct source_file file;
    int err = source_file_open(path, &file, fault);
    if (err != 0)
        return err;
    err =
        source_file_read(&file, 0, h->bytes, HEAD_BYTES_MAX, &h->count, fault);
    h->complete = h->count < HEAD_BYTES_MAX || h->count == file.size;
    h->size = file.size;
    source_file_close(&file);
    return err;
}

static int schema_of(const char *input, const struct settings *settings,
                     struct head *h, struct schema **ret_s, struct fault *fault)
{
    if (strcmp(input, "host:processes") == 0)
        return processes_schema(&settings->schema, ret_s, fault);
    h->bytes = malloc(HEAD_BYTES_MAX);
    if (h->bytes == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    int err = strcmp(input, "-") == 0 ? head_read_pipe(h, fault)
                                      : head_read_file(input, h, fault);
    if (err != 0)
        return err;
    return schema_infer(&settings->schema, h->bytes, h->count, h->complete,
                        ret_s, fault);
}

/* Inference sees bytes: where they come from is said here. */
static void fault_prefix(struct fault *fault, const char *label)
{
    char text[sizeof fault->text];
    memcpy(text, fault->text, sizeof text);
    (void)fault_set(fault, fault->err, "%.200s: %.300s", label, text);
}

static int check_input(const char *input, const struct settings *settings)
{
    struct schema *schema = NULL;
    struct fault fault = { 0 };
    struct head head = { 0 };
    struct buf out;
    const char *label = strcmp(input, "-") == 0 ? "stdin" : input;
    int exit_code;
    int err = schema_of(input, settings, &head, &schema, &fault);
    free(head.bytes);
    if (err == ERR_CONTENT)
        fault_prefix(&fault, label);
    if (err != 0)
        return cli_fail(&fault);
    buf_init(&out, TABLE_BYTES_MAX);
    (void)schema_print(schema, label, head.size, &out);
    if (out.length > 0)
        (void)talk_harmless((char *)out.data);
    exit_code = cli_print(&out);
    buf_release(&out);
    schema_free(schema);
    return exit_code;
}

static int check_input_main(const struct command *command, int argc,
                            char **argv)
{
    struct config_layers layers;
    struct fault fault = { 0 };
    const char *operands[1];
    struct cli_parse parse = { .operands = operands, .operands_max = 1 };
    int exit_code;
    if (config_cli_parse(command, argc, argv, &parse, &layers, &exit_code) ==
        0) {
        struct settings *settings = &layers.values.settings;
        settings->schema.record_bytes_max = settings->record_bytes_max;
        if (layers.values.input == NULL) {
            (void)fault_set(&fault, ERR_USAGE,
                            "give a file, - for stdin, or host:processes; "
                            "try: fyke check input payments.csv");
            exit_code = cli_fail(&fault);
        } else {
            exit_code = check_input(layers.values.input, settings);
        }
    }
    config_layers_release(&layers);
    return exit_code;
}

const struct command command_check_input = {
    .name = "check input",
    .summary = "show what fyke makes of an input: format, columns, roles",
    .usage = "[flags] FILE",
    .about =
        "Reads the first 1000 records and prints the format and, for every "
        "column, its\ntype, its role and the reason for it. fyke run with "
        "the same flags,\nconfiguration file and environment reads the input "
        "in "
        "the same way. Nothing is\nwritten.\n\n"
        "Roles: feature (scored), time and key (of a row), out (not scored). "
        "Change them\nwith --also, --features, --ignore, --time and --key.\n",
    .examples = "  fyke check input payments.csv\n"
                "  fyke check input log.txt --format csv --delimiter ';' "
                "--header no\n"
                "  fyke check input payments.csv --features TX_AMOUNT --key "
                "CUSTOMER_ID\n",
    .exits = "  0 ok   2 usage, or a named column does not exist\n"
             "  65 not text, empty, or no numeric column   74 missing or "
             "unreadable\n"
             "  78 the configuration file is wrong\n",
    .options = settings_check_input,
    .option_count = &settings_check_input_count,
    .run = check_input_main,
};
