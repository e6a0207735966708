/*
 * Settings as YAML: a commented file with all of them, and values as they
 * are.
 */
#ifndef FYKE_TOOLS_CONFIG_EXAMPLE_H
#define FYKE_TOOLS_CONFIG_EXAMPLE_H

#include "proto/base/buf.h"
#include "proto/base/option.h"

/* Every setting that a file may hold, grouped, with its sentence, range,
 * default and mark, 80 columns. Settings stand behind a `#` without a blank:
 * without it the line is one of a valid file. */
int config_example_print(const struct option *table, size_t count,
                         struct buf *out);

/* "NAME: VALUE", quoted where YAML or we would read something else. A list
 * comes as its items joined by commas. */
int config_yaml_print(const struct option *row, const char *value,
                      struct buf *out);

/* Names in files and variables of all settings, as Markdown. */
int config_names_print(const struct option *table, size_t count,
                       struct buf *out);

#endif
