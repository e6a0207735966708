/*
 * Defaults, file, environment and flags, one on top of the other. Flags are
 * parsed first, because they name the file: what they gave is left alone.
 */
#include "tools/fyke/config_layers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNINGS_BYTES_MAX 4000
#define VARIABLE_BYTES 80

extern char **environ;

static const struct option input_row = {
    .name = "input",
    .type = OPTION_TEXT,
    .offset = offsetof(struct config_values, input),
    .argument = "INPUT",
    .group = "Input",
    .help = "What to read when the command line names nothing: a file, '-' or "
            "host:processes",
};

static void table_add(struct config_layers *l, const struct option *rows,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (option_find(l->table, l->count, rows[i].name) == NULL)
            l->table[l->count++] = rows[i];
}

int config_layers_init(struct config_layers *l, const struct option *own,
                       size_t own_count, struct fault *fault)
{
    size_t most =
        own_count + settings_run_count + settings_coordinator_count + 1;
    memset(l, 0, sizeof *l);
    buf_init(&l->warnings, WARNINGS_BYTES_MAX);
    config_file_init(&l->file, NULL);
    l->table = calloc(most, sizeof *l->table);
    l->given = calloc(most, sizeof *l->given);
    l->layer = calloc(most, sizeof *l->layer);
    l->line = calloc(most, sizeof *l->line);
    if (l->table == NULL || l->given == NULL || l->layer == NULL ||
        l->line == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory for settings");
    table_add(l, own, own_count);
    l->own_count = l->count;
    table_add(l, settings_run, settings_run_count);
    table_add(l, settings_coordinator, settings_coordinator_count);
    table_add(l, &input_row, 1);
    return ERR_OK;
}

int config_layers_init_all(struct config_layers *l, const struct option *own,
                           size_t own_count, struct fault *fault)
{
    int err = config_layers_init(l, own, own_count, fault);
    l->own_count = l->count;
    return err;
}

void config_layers_release(struct config_layers *l)
{
    option_release(l->table, l->count, &l->values);
    option_release(l->table, l->count, &l->scratch);
    config_file_release(&l->file);
    buf_release(&l->warnings);
    free(l->table);
    free(l->given);
    free(l->layer);
    free(l->line);
}

static bool is_row(const struct option *row, const char *name)
{
    return strcmp(row->name, name) == 0;
}

/* Rows of the command at hand, and INPUT. */
static bool is_own(const struct config_layers *l, size_t i)
{
    return i < l->own_count || is_row(&l->table[i], input_row.name);
}

static const char *variable_of(const struct option *row)
{
    char name[VARIABLE_BYTES];
    const char *value = getenv(option_environment_name(row, name, sizeof name));
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* ---- environment ---- */

static int take_variable(struct config_layers *l, size_t i, const char *value,
                         struct fault *fault)
{
    const struct option *row = &l->table[i];
    char name[VARIABLE_BYTES];
    if (row->traits & OPTION_FLAG_ONLY) {
        (void)buf_printf(&l->warnings, "%s is ignored: say --%s, for one run\n",
                         option_environment_name(row, name, sizeof name),
                         row->name);
        return ERR_OK;
    }
    int err =
        option_set_as(row, OPTION_VOICE_ENVIRONMENT, value, &l->values, fault);
    if (err == 0) {
        l->given[i] = true;
        l->layer[i] = CONFIG_ENVIRONMENT;
    }
    return err;
}

/* A variable that names no setting, but nearly. */
static void check_variable(struct config_layers *l, const char *variable)
{
    char word[VARIABLE_BYTES], name[VARIABLE_BYTES];
    size_t n = 0;
    for (; variable[n] != '\0' && variable[n] != '=' && n + 1 < sizeof word;
         n++)
        word[n] = variable[n] >= 'A' && variable[n] <= 'Z'
                      ? (char)(variable[n] - 'A' + 'a')
                      : variable[n];
    word[n] = '\0';
    if (option_find(l->table, l->count, word) != NULL)
        return;
    const struct option *near = option_find_near(l->table, l->count, word);
    if (near != NULL)
        (void)buf_printf(
            &l->warnings, "FYKE_%.*s names no setting; did you mean %s?\n",
            (int)n, variable, option_environment_name(near, name, sizeof name));
}

static int take_environment(struct config_layers *l, struct fault *fault)
{
    for (size_t i = 0; i < l->count; i++) {
        const char *value = variable_of(&l->table[i]);
        if (value == NULL || l->given[i] || !is_own(l, i) ||
            is_row(&l->table[i], "config"))
            continue;
        int err = take_variable(l, i, value, fault);
        if (err != 0)
            return err;
    }
    for (char **p = environ; *p != NULL; p++)
        if (strncmp(*p, "FYKE_", 5) == 0)
            check_variable(l, *p + 5);
    return ERR_OK;
}

/* ---- file ---- */

int config_layers_read(struct config_layers *l, const char *path,
                       struct fault *fault)
{
    bool *wanted = calloc(l->count, sizeof *wanted);
    if (wanted == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory for settings");
    for (size_t i = 0; i < l->count; i++)
        wanted[i] = is_own(l, i) && !l->given[i];
    l->file.path = path;
    int err = config_file_read(&l->file, fault);
    if (err == 0)
        config_file_apply(&l->file, l->table, l->count, wanted, &l->values,
                          &l->scratch, l->line);
    for (size_t i = 0; i < l->count && err == 0; i++) {
        if (!wanted[i] || l->line[i] == 0)
            continue;
        l->given[i] = true;
        l->layer[i] = CONFIG_FILE;
    }
    free(wanted);
    return err;
}

void config_layers_operand(struct config_layers *l, const char *input)
{
    const struct option *row = option_find(l->table, l->count, input_row.name);
    if (input == NULL)
        return;
    l->values.input = input;
    l->given[row - l->table] = true;
    l->layer[row - l->table] = CONFIG_FLAG;
}

int config_layers_apply(struct config_layers *l, struct fault *fault)
{
    const struct option *config = option_find(l->table, l->count, "config");
    const char **path = &l->values.settings.config;
    for (size_t i = 0; i < l->own_count; i++)
        if (l->given[i])
            l->layer[i] = CONFIG_FLAG;
    if (*path == NULL && (*path = variable_of(config)) != NULL)
        l->layer[config - l->table] = CONFIG_ENVIRONMENT;
    int err = take_environment(l, fault);
    if (err != 0 || *path == NULL || **path == '\0')
        return err;
    err = config_layers_read(l, *path, fault);
    return err != 0 ? err : config_file_fault(&l->file, fault);
}
