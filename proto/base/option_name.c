/*
 * Names of settings: how they are spelt where, and which row is meant.
 */
#include "proto/base/option.h"

#include "proto/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 64u

/* max-rows -> max_rows */
const char *option_setting_name(const struct option *row, char *out,
                                size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "%s", row->name);
    for (char *p = out; *p != '\0'; p++)
        if (*p == '-')
            *p = '_';
    return out;
}

const char *option_environment_name(const struct option *row, char *out,
                                    size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "FYKE_%s", row->name);
    for (char *p = out; *p != '\0'; p++) {
        if (*p == '-')
            *p = '_';
        else if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    }
    return out;
}

static bool name_equal(const char *a, const char *b)
{
    for (; *a != '\0' || *b != '\0'; a++, b++)
        if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b))
            return false;
    return true;
}

const struct option *option_find(const struct option *table, size_t count,
                                 const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (name_equal(table[i].name, name))
            return &table[i];
    return NULL;
}

const struct option *option_find_near(const struct option *table, size_t count,
                                      const char *name)
{
    char dashed[NAME_BYTES];
    const char **names = malloc((2 * count + 1) * sizeof *names);
    size_t known = count;
    const struct option *row = NULL;
    if (names == NULL)
        return NULL;
    (void)snprintf(dashed, sizeof dashed, "%s", name);
    for (char *p = dashed; *p != '\0'; p++)
        if (*p == '_')
            *p = '-';
    for (size_t i = 0; i < count; i++)
        names[i] = table[i].name;
    for (size_t i = 0; i < count; i++)
        if (table[i].alias != NULL)
            names[known++] = table[i].alias;
    const char *near = text_nearest(dashed, names, known);
    for (size_t i = 0; i < count && near != NULL && row == NULL; i++)
        if (near == table[i].name || near == table[i].alias)
            row = &table[i];
    free((void *)names);
    return row;
}
