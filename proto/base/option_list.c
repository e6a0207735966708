/*
 * Lists of an option table: one block of pointers, one of text.
 */
#include "proto/base/option_try.h"

#include <stdlib.h>
#include <string.h>

int option_list_append(struct option_list *list, const struct option_try *t)
{
    const char *value = t->value;
    size_t old_bytes = 0, value_bytes = strlen(value) + 1;
    for (uint32_t i = 0; i < list->count; i++)
        old_bytes += strlen(list->items[i]) + 1;
    char *storage = malloc(old_bytes + value_bytes);
    const char **items = malloc((OPTION_LIST_MAX + 1) * sizeof *items);
    uint32_t count = 0;
    int err = 0;
    if (storage == NULL || items == NULL) {
        err = fault_set(t->fault, ERR_NOMEM, "out of memory for %s", t->name);
        goto out;
    }
    char *p = storage;
    for (; count < list->count; count++) {
        size_t n = strlen(list->items[count]) + 1;
        items[count] = memcpy(p, list->items[count], n);
        p += n;
    }
    for (const char *from = value; from != NULL;) {
        const char *comma = strchr(from, ',');
        size_t n = comma != NULL ? (size_t)(comma - from) : strlen(from);
        const char *next = comma != NULL ? comma + 1 : NULL;
        for (; n > 0 && *from == ' '; n--)
            from++;
        while (n > 0 && from[n - 1] == ' ')
            n--;
        if (n > 0 && count == OPTION_LIST_MAX) {
            err = fault_set(t->fault, ERR_USAGE, "%s has more than %u items",
                            t->name, (unsigned)OPTION_LIST_MAX);
            goto out;
        }
        if (n > 0) {
            items[count++] = memcpy(p, from, n);
            p[n] = 0;
            p += n + 1;
        }
        from = next;
    }
    option_list_release(list);
    list->items = items;
    list->storage = storage;
    list->count = count;
    return 0;
out:
    free(storage);
    free((void *)items);
    return err;
}

void option_list_release(struct option_list *list)
{
    free((void *)list->items);
    free(list->storage);
    memset(list, 0, sizeof *list);
}
