/*
 * What a configuration file says, setting by setting, and what is wrong with
 * it, problem by problem, in the order of their places.
 *
 * Memory   bounded by the limits below.
 */
#ifndef FYKE_TOOLS_CONFIG_LIST_H
#define FYKE_TOOLS_CONFIG_LIST_H

#include "proto/base/arena.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_BYTES_MAX ((size_t)1 << 20)
#define CONFIG_ENTRIES_MAX 1024u
#define CONFIG_PROBLEMS_MAX 50u

/* Both from 1; columns count characters. */
struct config_place {
    uint32_t line, column;
};

struct config_problem {
    struct config_place at;
    char text[400];
};

/* One setting. Texts live as long as the list. */
struct config_entry {
    const char *name;
    const char *value; /* a list's items joined by commas; NULL = none given */
    bool is_list;
    struct config_place name_at, value_at;
};

struct config_list {
    struct arena arena; /* of the texts */
    struct config_entry entry[CONFIG_ENTRIES_MAX];
    struct config_problem problem[CONFIG_PROBLEMS_MAX];
    uint32_t entry_count, problem_count; /* further problems are dropped */
};

void config_list_init(struct config_list *l);
void config_list_release(struct config_list *l);

/* Adds a problem, in the order of their places. */
void config_problem_add(struct config_list *l, struct config_place at,
                        const char *format, ...) FYKE_PRINTF(3, 4);

#endif
