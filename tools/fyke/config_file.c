/*
 * Reading a configuration file and matching it with the option table.
 */
#include "tools/fyke/config_file.h"

#include "proto/base/text.h"
#include "proto/host/file.h"
#include "tools/fyke/config_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void config_file_init(struct config_file *f, const char *path)
{
    f->path = path;
    config_list_init(&f->list);
}

void config_file_release(struct config_file *f)
{
    config_list_release(&f->list);
}

static int read_fault(const char *path, int err, struct fault *fault)
{
    switch (err) {
    case ERR_NOTFOUND:
    case ERR_PERM:
    case ERR_IO:
        return fault_set(fault, err,
                         "the configuration file %s cannot be read: %s", path,
                         strerror(errno));
    case ERR_LIMIT:
        return fault_set(fault, ERR_CONFIG,
                         "%s is larger than 1 MiB: that is no configuration "
                         "file",
                         path);
    case ERR_INVALID:
        return fault_set(fault, ERR_CONFIG,
                         "%s is a folder: name the configuration file in it",
                         path);
    default:
        return fault_set(fault, err, "%s: %s", path, err_text(err));
    }
}

/* A file that is no text at all is said to be so, before YAML is tried. */
static bool is_binary(struct config_file *f, const uint8_t *bytes, size_t n)
{
    struct config_place at = { 1, 1 };
    for (size_t i = 0; i < n;) {
        unsigned length = text_utf8_length(bytes + i, n - i);
        bool control = bytes[i] < ' ' && bytes[i] != '\t' && bytes[i] != '\n' &&
                       bytes[i] != '\r';
        if (length == 0 || control) {
            config_problem_add(&f->list, at,
                               "byte 0x%02x: not a text file in UTF-8",
                               bytes[i]);
            return true;
        }
        at.column++;
        if (bytes[i] == '\n')
            at = (struct config_place){ at.line + 1, 1 };
        i += length;
    }
    return false;
}

int config_file_read(struct config_file *f, struct fault *fault)
{
    struct buf text;
    buf_init(&text, CONFIG_BYTES_MAX);
    int err = file_read_all(f->path, &text);
    if (err != 0)
        err = read_fault(f->path, err, fault);
    else if (!is_binary(f, text.data, text.length))
        err = config_yaml_read(&f->list, text.data, text.length);
    if (err == ERR_NOMEM)
        (void)fault_set(fault, err, "%s: out of memory", f->path);
    buf_release(&text);
    return err;
}

static void problem_of_name(struct config_file *f,
                            const struct config_entry *entry,
                            const struct option *table, size_t count)
{
    char name[64];
    const struct option *near = option_find_near(table, count, entry->name);
    if (near != NULL)
        config_problem_add(&f->list, entry->name_at,
                           "%.60s: there is no such setting; did you mean %s?",
                           entry->name,
                           option_setting_name(near, name, sizeof name));
    else
        config_problem_add(&f->list, entry->name_at,
                           "%.60s: there is no such setting; fyke config "
                           "--example lists them",
                           entry->name);
}

static void entry_apply(struct config_file *f, const struct config_entry *entry,
                        const struct option *row, void *target)
{
    struct fault fault = { 0 };
    char name[64];
    (void)option_setting_name(row, name, sizeof name);
    if (row->traits & OPTION_FLAG_ONLY)
        config_problem_add(&f->list, entry->name_at,
                           "%s: only as a flag, --%s, for one run", name,
                           row->name);
    else if (entry->value == NULL)
        config_problem_add(&f->list, entry->value_at,
                           "%s: no value; leave the line out to have the "
                           "default",
                           name);
    else if (entry->is_list && row->type != OPTION_LIST)
        config_problem_add(&f->list, entry->value_at,
                           "%s: a list, where one value is wanted: %s", name,
                           row->type == OPTION_FLAG
                               ? "true or false"
                               : option_argument_text(row));
    else if (option_set_as(row, OPTION_VOICE_FILE, entry->value, target,
                           &fault) != 0)
        config_problem_add(&f->list, entry->value_at, "%s", fault.text);
}

void config_file_apply(struct config_file *f, const struct option *table,
                       size_t count, const bool *wanted, void *target,
                       void *scratch, uint32_t *ret_line)
{
    memset(ret_line, 0, count * sizeof *ret_line);
    for (uint32_t i = 0; i < f->list.entry_count; i++) {
        const struct config_entry *entry = &f->list.entry[i];
        const struct option *row = option_find(table, count, entry->name);
        if (row == NULL) {
            problem_of_name(f, entry, table, count);
            continue;
        }
        size_t index = (size_t)(row - table);
        if (ret_line[index] != 0) {
            config_problem_add(&f->list, entry->name_at,
                               "%.60s: given twice, first in line %u",
                               entry->name, ret_line[index]);
            continue;
        }
        ret_line[index] = entry->name_at.line;
        entry_apply(f, entry, row,
                    wanted == NULL || wanted[index] ? target : scratch);
    }
}

int config_file_fault(const struct config_file *f, struct fault *fault)
{
    const struct config_list *l = &f->list;
    char more[240] = "";
    if (l->problem_count == 0)
        return ERR_OK;
    if (l->problem_count > 1)
        (void)snprintf(more, sizeof more,
                       "\n(and %u more: fyke check config %.150s)",
                       l->problem_count - 1, f->path);
    return fault_set(fault, ERR_CONFIG, "%.150s:%u:%u: %.240s%s", f->path,
                     l->problem[0].at.line, l->problem[0].at.column,
                     l->problem[0].text, more);
}

int config_file_print_problems(const struct config_file *f, struct buf *out)
{
    const struct config_list *l = &f->list;
    for (uint32_t i = 0; i < l->problem_count; i++)
        (void)buf_printf(out, "%s:%u:%u: %s\n", f->path, l->problem[i].at.line,
                         l->problem[i].at.column, l->problem[i].text);
    if (l->problem_count == CONFIG_PROBLEMS_MAX)
        (void)buf_printf(out, "%s: and perhaps more; these are the first %u\n",
                         f->path, CONFIG_PROBLEMS_MAX);
    return out->err;
}
