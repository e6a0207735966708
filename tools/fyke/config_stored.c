/*
 * Stored settings: the newest row of each, and of the flags of the last start.
 */
#include "tools/fyke/config_stored.h"

#include "storage/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX ((size_t)1 << 20)

/* The newest rows of one setting; NULL = there is none. */
struct stored_row {
    const char *value, *from_batch, *at, *who, *flag;
};

struct stored_walk {
    struct config_stored *s;
    const struct config_layers *l;
    struct stored_row *row; /* by row of the table */
};

static const char *keep(struct config_stored *s, const char *text)
{
    size_t n = text != NULL ? strlen(text) : 0;
    const char *copy = arena_text(&s->arena, text, n);
    return copy != NULL ? copy : "";
}

/* name, value, from_batch, time, actor: older rows first. */
static int each_row(void *context, uint32_t columns, const char *const *names,
                    const char *const *row)
{
    struct stored_walk *w = context;
    (void)names;
    if (row == NULL || columns < 5 || row[0] == NULL)
        return ERR_OK;
    bool is_flag = strncmp(row[0], "flag.", 5) == 0;
    const struct option *option =
        option_find(w->l->table, w->l->count, row[0] + (is_flag ? 5 : 0));
    if (option == NULL || !(option->traits & OPTION_STORED))
        return ERR_OK;
    struct stored_row *to = &w->row[option - w->l->table];
    if (is_flag) {
        to->flag = keep(w->s, row[1]);
        return ERR_OK;
    }
    to->value = keep(w->s, row[1]);
    to->from_batch = keep(w->s, row[2]);
    to->at = keep(w->s, row[3]);
    to->who = keep(w->s, row[4]);
    return ERR_OK;
}

static const char *remark_set(struct config_stored *s,
                              const struct stored_row *stored)
{
    char text[400];
    bool start = strcmp(stored->who, "start") == 0;
    (void)snprintf(text, sizeof text, "%s%.200s at %.40s, from batch %.20s on",
                   start ? "stored by a " : "set by ",
                   stored->who[0] != '\0' ? stored->who : "?", stored->at,
                   stored->from_batch);
    return keep(s, text);
}

static int apply_row(struct config_stored *s, const struct stored_row *stored,
                     struct config_layers *l, size_t i, struct fault *fault)
{
    struct buf now;
    int err = ERR_OK;
    buf_init(&now, 65536);
    (void)option_print(&l->table[i], &l->values, &now);
    bool kept = (l->table[i].traits & OPTION_KEPT) != 0 && !l->given[i];
    bool unchanged =
        kept || (stored->flag != NULL &&
                 strcmp(stored->flag, l->given[i] ? buf_text(&now) : "") == 0);
    bool same = strcmp(stored->value, buf_text(&now)) == 0;
    if (unchanged && !same && stored->value[0] != '\0') {
        err = option_set(&l->table[i], stored->value, &l->values, fault);
        l->layer[i] = CONFIG_STORED;
        s->remark[i] = remark_set(s, stored);
    } else if (!unchanged && !same) {
        char text[300];
        (void)snprintf(text, sizeof text,
                       "the next start sets it; it was %.100s",
                       stored->value[0] != '\0' ? stored->value : "not given");
        s->remark[i] = keep(s, text);
    }
    buf_release(&now);
    return err;
}

/* The rows of the database; one that is not there has none. */
static int read_rows(struct stored_walk *w, const char *db, struct fault *fault)
{
    struct reader *reader;
    int err = reader_open(db, &reader, fault);
    if (err == ERR_NOTFOUND) { /* a start would make it */
        memset(fault, 0, sizeof *fault);
        return ERR_OK;
    }
    if (err != 0)
        return err;
    err = reader_query(reader,
                       "select name,value,from_batch,strftime('%Y-%m-%d "
                       "%H:%M:%S',at_ns/1000000000,'unixepoch'),actor "
                       "from setting order by from_batch,id",
                       each_row, w, fault);
    reader_close(reader);
    return err;
}

int config_stored_apply(struct config_stored *s, const char *db,
                        struct config_layers *l, struct fault *fault)
{
    struct stored_walk w = { .s = s, .l = l };
    arena_init(&s->arena, ARENA_BYTES_MAX);
    s->remark = calloc(l->count, sizeof *s->remark);
    w.row = calloc(l->count, sizeof *w.row);
    if (s->remark == NULL || w.row == NULL) {
        free(w.row);
        return fault_set(fault, ERR_NOMEM, "out of memory for settings");
    }
    int err = read_rows(&w, db, fault);
    for (size_t i = 0; i < l->own_count && err == 0; i++)
        if (w.row[i].value != NULL)
            err = apply_row(s, &w.row[i], l, i, fault);
    free(w.row);
    return err;
}

void config_stored_release(struct config_stored *s)
{
    arena_release(&s->arena);
    free((void *)s->remark);
}
