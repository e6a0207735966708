/*
 * Where settings come from: defaults < file < environment < flag. (What
 * `fyke set` stored comes on top, when the engine has the database.)
 *
 * One table holds all settings of all commands, those of the command at hand
 * first, so that one file serves fyke run and fyke coordinator: a setting of
 * the other command is checked and has no effect.
 *
 * Memory   fields borrow from argv, the environment and the file.
 */
#ifndef FYKE_TOOLS_CONFIG_LAYERS_H
#define FYKE_TOOLS_CONFIG_LAYERS_H

#include "engine/shell/settings.h"
#include "proto/base/buf.h"
#include "tools/fyke/config_file.h"

enum config_layer {
    CONFIG_DEFAULT,
    CONFIG_FILE,
    CONFIG_ENVIRONMENT,
    CONFIG_FLAG,
    CONFIG_STORED, /* what the database keeps: fyke config alone looks */
};

/* What the rows set. */
struct config_values {
    struct settings settings; /* first: rows of settings.h fit */
    const char *input;        /* INPUT, when a file names it */
    bool origin, example;     /* of fyke config */
};

struct config_layers {
    struct option *table;
    size_t own_count; /* rows of the command: these are set */
    size_t count;     /* with those of the others */
    struct config_values values, scratch;
    bool *given;              /* by row: some layer gave it */
    enum config_layer *layer; /* by row: which one */
    uint32_t *line;           /* by row: of the file, 0 = not there */
    struct config_file file;  /* path NULL = none */
    struct buf warnings;      /* for people, a line each */
};

/* A table that begins with a command's own rows. Errors: ERR_NOMEM with a
 * fault; release it then too. */
FYKE_MUST_USE int config_layers_init(struct config_layers *l,
                                     const struct option *own, size_t own_count,
                                     struct fault *fault);
/* The same with every setting as its own: `own` first, then those of fyke run,
 * of fyke coordinator, and `input`. */
FYKE_MUST_USE int config_layers_init_all(struct config_layers *l,
                                         const struct option *own,
                                         size_t own_count, struct fault *fault);
void config_layers_release(struct config_layers *l);

/* INPUT of the command line (NULL = none), which wins over the file. */
void config_layers_operand(struct config_layers *l, const char *input);

/* Puts file and environment below the flags, which were parsed into `values`
 * and `given` (the first own_count rows). The file is --config or
 * $FYKE_CONFIG; nothing is read when there is neither. Errors: ERR_CONFIG,
 * ERR_USAGE (a variable), those of config_file_read, with a fault. */
FYKE_MUST_USE int config_layers_apply(struct config_layers *l,
                                      struct fault *fault);

/* The file alone on top of what `values` and `given` hold. What is wrong in it
 * is in file.list. Errors: those of config_file_read. */
FYKE_MUST_USE int config_layers_read(struct config_layers *l, const char *path,
                                     struct fault *fault);

struct cli_parse;
struct command;

/* cli_parse with the layers of a command, INPUT as its first operand. Warnings
 * are told. Not 0: leave with *ret_exit. Release the layers in any case. */
FYKE_MUST_USE int config_cli_parse(const struct command *command, int argc,
                                   char **argv, struct cli_parse *parse,
                                   struct config_layers *l, int *ret_exit);

#endif
