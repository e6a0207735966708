/* Names to detectors, and what is asked of all of them. */
#include "engine/detect/set.h"

#include "proto/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Versions of several detectors stand beside each other in these many bits. */
#define ALGORITHM_BITS 8u

static int refuse_name(const char *name, size_t n, struct fault *fault)
{
    const char *known[DETECT_MAX];
    size_t count = 0, at = 0;
    char typed[64], all[128] = "";
    for (; detect_table[count] != NULL; count++) {
        known[count] = detect_table[count]->name;
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%s",
                               count > 0 ? ", " : "", known[count]);
    }
    n = n < sizeof typed - 1 ? n : sizeof typed - 1;
    memcpy(typed, name, n);
    typed[n] = '\0';
    const char *near = text_nearest(typed, known, count);
    if (near != NULL)
        return fault_set(fault, ERR_USAGE,
                         "there is no detector '%s'; did you mean %s?", typed,
                         near);
    return fault_set(fault, ERR_USAGE,
                     "there is no detector '%s'; there are: %s", typed, all);
}

static void set_add(struct detect_set *set, const struct detect_ops *ops)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (set->ops[i] == ops)
            return;
    set->ops[set->count++] = ops;
}

static void set_sort(struct detect_set *set)
{
    struct detect_set sorted = { 0 };
    for (size_t i = 0; detect_table[i] != NULL; i++)
        for (uint32_t j = 0; j < set->count; j++)
            if (set->ops[j] == detect_table[i])
                sorted.ops[sorted.count++] = detect_table[i];
    *set = sorted;
}

static int set_finish(struct detect_set *set, struct fault *fault)
{
    set_sort(set);
    return set->count > 0
               ? 0
               : fault_set(fault, ERR_USAGE, "--detector: name at least one");
}

static int set_name(struct detect_set *set, const char *name, size_t n,
                    struct fault *fault)
{
    const struct detect_ops *ops = detect_find(name, n);
    if (ops == NULL)
        return refuse_name(name, n, fault);
    set_add(set, ops);
    return 0;
}

int detect_set_of(const char *const *names, uint32_t count,
                  struct detect_set *ret_set, struct fault *fault)
{
    struct detect_set set = { 0 };
    int err = 0;
    for (uint32_t i = 0; i < count && err == 0; i++)
        err = set_name(&set, names[i], strlen(names[i]), fault);
    if (err == 0)
        err = set_finish(&set, fault);
    if (err == 0)
        *ret_set = set;
    return err;
}

int detect_set_parse(const char *text, struct detect_set *ret_set,
                     struct fault *fault)
{
    struct detect_set set = { 0 };
    int err = 0;
    while (*text != '\0' && err == 0) {
        size_t n = strcspn(text, ",");
        err = set_name(&set, text, n, fault);
        text += n;
        text += *text == ',';
    }
    if (err == 0)
        err = set_finish(&set, fault);
    if (err == 0)
        *ret_set = set;
    return err;
}

int detect_set_put(const struct detect_set *set, struct buf *out)
{
    for (uint32_t i = 0; i < set->count; i++)
        (void)buf_printf(out, "%s%s", i > 0 ? "," : "", set->ops[i]->name);
    return out->err;
}

int detect_set_votes(const struct detect_set *set, const char *votes,
                     uint32_t *ret_votes, struct fault *fault)
{
    uint64_t n = 0;
    if (strcmp(votes, "any") == 0)
        n = 1;
    else if (strcmp(votes, "all") == 0)
        n = set->count;
    else if (text_parse_u64(votes, &n) != 0 || n == 0)
        return fault_set(fault, ERR_USAGE,
                         "votes %s: say any, all or a number of detectors",
                         votes);
    if (n > set->count)
        return fault_set(fault, ERR_USAGE,
                         "votes %s: there %s %u detector%s, so any, all or at "
                         "most %u",
                         votes, set->count == 1 ? "is" : "are", set->count,
                         set->count == 1 ? "" : "s", set->count);
    *ret_votes = (uint32_t)n;
    return 0;
}

int detect_set_check(const struct detect_set *set,
                     const struct detect_config *c, uint32_t cols,
                     struct fault *fault)
{
    int err = 0;
    for (uint32_t i = 0; i < set->count && err == 0; i++)
        err = set->ops[i]->check(c, cols, fault);
    return err;
}

uint32_t detect_set_recent_rows(const struct detect_set *set,
                                const struct detect_config *c)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t rows = set->ops[i]->recent_rows(c);
        most = rows > most ? rows : most;
    }
    return most;
}

uint32_t detect_set_algorithm(const struct detect_set *set)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < set->count; i++)
        all = all << ALGORITHM_BITS | set->ops[i]->algorithm;
    return all;
}
