/*
 * Settings and problems of a configuration file.
 */
#include "tools/fyke/config_list.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES_MAX (4 * CONFIG_BYTES_MAX)

static bool place_before(struct config_place a, struct config_place b)
{
    return a.line < b.line || (a.line == b.line && a.column < b.column);
}

void config_list_init(struct config_list *l)
{
    memset(l, 0, sizeof *l);
    arena_init(&l->arena, ARENA_BYTES_MAX);
}

void config_list_release(struct config_list *l)
{
    arena_release(&l->arena);
}

void config_problem_add(struct config_list *l, struct config_place at,
                        const char *format, ...)
{
    uint32_t i = l->problem_count;
    va_list args;
    if (i == CONFIG_PROBLEMS_MAX)
        return;
    for (; i > 0 && place_before(at, l->problem[i - 1].at); i--)
        l->problem[i] = l->problem[i - 1];
    l->problem[i].at = at;
    va_start(args, format);
    (void)vsnprintf(l->problem[i].text, sizeof l->problem[i].text, format,
                    args);
    va_end(args);
    l->problem_count++;
}
