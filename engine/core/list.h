/*
 * A doubly linked list whose links lie inside its items: no allocation, every
 * operation O(1). A list head is a `struct list` too. Header only.
 *
 * An item that is in no list is linked to itself, so that list_remove may be
 * called on it at any time.
 */
#ifndef FYKE_CORE_LIST_H
#define FYKE_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev;
    struct list *next;
};

/* The struct of `type` that holds `item` as its `member`. */
#define list_owner(item, type, member)                                         \
    ((type *)(void *)((char *)(item)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
    l->prev = l;
    l->next = l;
}

static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_remove(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}

/* Puts `item` (which is in no list) behind the last one. */
static inline void list_append(struct list *head, struct list *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

/* Puts `item` (which is in no list) before the first one. */
static inline void list_prepend(struct list *head, struct list *item)
{
    list_append(head->next, item);
}

/* The first item, NULL when empty. */
static inline struct list *list_first(const struct list *head)
{
    return list_is_empty(head) ? NULL : head->next;
}

#endif
