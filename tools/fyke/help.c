/*
 * fyke help [COMMAND]
 */
#include "tools/fyke/cli.h"
#include "tools/fyke/config_example.h"
#include "tools/fyke/config_layers.h"

#include <string.h>

static int help_markdown(struct buf *out, struct fault *fault)
{
    struct config_layers layers;
    int err = config_layers_init_all(&layers, NULL, 0, fault);
    if (err == 0)
        err = command_markdown_print(out);
    if (err == 0)
        err = config_names_print(layers.table, layers.count, out);
    config_layers_release(&layers);
    return err;
}

static int help_run(const struct command *command, int argc, char **argv)
{
    struct fault fault = { 0 };
    struct buf out;
    int words = 0;
    buf_init(&out, (size_t)1 << 20);
    if (argc > 1 && strcmp(argv[1], "--markdown") == 0) {
        if (help_markdown(&out, &fault) != 0) {
            buf_release(&out);
            return cli_fail(&fault);
        }
    } else if (argc > 1 &&
               (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)command_help_print(command, &out);
    } else if (argc == 2 && command_group_print(argv[1], &out) > 0) {
        (void)buf_append_text(&out, "\nfyke help COMMAND explains one.\n");
    } else if (argc > 1) {
        const struct command *asked =
            command_find(argc - 1, argv + 1, &words, &fault);
        if (asked == NULL) {
            buf_release(&out);
            return cli_fail(&fault);
        }
        (void)command_help_print(asked, &out);
    } else {
        (void)command_list_print(&out);
    }
    int exit_code = cli_print(&out);
    buf_release(&out);
    return exit_code;
}

const struct command command_help = {
    .name = "help",
    .summary = "explain fyke, or one command",
    .usage = "[COMMAND]",
    .about = "Lists the commands, or explains one: fyke help run says the same "
             "as\nfyke run --help.\n",
    .examples = "  fyke help\n"
                "  fyke help check\n"
                "  fyke help check input\n",
    .exits = "  0 ok, 2 no such command\n",
    .run = help_run,
};
