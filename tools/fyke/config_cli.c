/*
 * The command line of commands that take settings.
 */
#include "tools/fyke/cli.h"
#include "tools/fyke/config_layers.h"

int config_cli_parse(const struct command *command, int argc, char **argv,
                     struct cli_parse *parse, struct config_layers *l,
                     int *ret_exit)
{
    struct fault fault = { 0 };
    int err =
        config_layers_init(l, command->options, *command->option_count, &fault);
    if (err != 0) {
        *ret_exit = cli_fail(&fault);
        return err;
    }
    parse->table = l->table;
    parse->count = l->own_count;
    parse->target = &l->values;
    parse->given = l->given;
    err = cli_parse(command, argc, argv, parse, ret_exit);
    if (err != 0)
        return err;
    if (parse->operand_count > 0)
        config_layers_operand(l, parse->operands[0]);
    err = config_layers_apply(l, &fault);
    if (l->values.settings.log_format != NULL) /* a row of this command */
        cli_log_format(l->values.settings.log_format);
    if (!l->values.settings.quiet)
        cli_warn_lines(&l->warnings);
    if (err != 0)
        *ret_exit = cli_fail(&fault);
    return err;
}
