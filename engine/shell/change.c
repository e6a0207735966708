/*
 * Pairs into a copy of the settings, one after the other; the table says what
 * is wrong with one, tuning_make what does not go together.
 */
#include "engine/shell/change.h"

#include "engine/shell/detecting.h"
#include "engine/shell/tuning.h"
#include "proto/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CHANGE_BYTES_MAX ((size_t)1 << 20)
#define CHANGE_TEXT_MAX 4096u

static bool has_nul(struct wire_text t)
{
    return t.length > 0 && memchr(t.text, '\0', t.length) != NULL;
}

/* "interval, max_rows, ..." */
static void list_live(const struct option *table, size_t count, struct buf *out)
{
    char name[64];
    const char *comma = "";
    for (size_t i = 0; i < count; i++) {
        if ((table[i].traits & OPTION_LIVE) == 0)
            continue;
        (void)buf_printf(out, "%s%s", comma,
                         option_setting_name(&table[i], name, sizeof name));
        comma = ", ";
    }
}

static int refuse_name(const struct option *table, size_t count,
                       const char *name, struct fault *fault)
{
    char right[64];
    struct buf all;
    const struct option *row = option_find(table, count, name);
    if (row != NULL)
        return fault_set(fault, ERR_USAGE,
                         "%s cannot be changed while the engine runs: give "
                         "--%s at a start",
                         option_setting_name(row, right, sizeof right),
                         row->name);
    row = option_find_near(table, count, name);
    if (row != NULL && (row->traits & OPTION_LIVE) != 0)
        return fault_set(fault, ERR_USAGE,
                         "there is no setting %.80s; did you mean %s?", name,
                         option_setting_name(row, right, sizeof right));
    buf_init(&all, 400);
    list_live(table, count, &all);
    (void)fault_set(fault, ERR_USAGE,
                    "there is no setting %.80s; what can be changed is %s",
                    name, all.err == 0 ? buf_text(&all) : "in fyke help set");
    buf_release(&all);
    return ERR_USAGE;
}

/* The value as it would be typed; of an interval that was never set, what
 * that means. Every text of the new settings is the change's own. */
static int print_value(struct change *c, const struct option *row,
                       struct settings *s, bool live, const char **ret_text,
                       struct fault *fault)
{
    char word[64];
    int64_t us = 0;
    int rc = 0;
    struct buf text;
    buf_init(&text, CHANGE_TEXT_MAX);
    if (row->type == OPTION_INTERVAL_TEXT) {
        rc = settings_interval(s, live, &us, fault);
        if (rc == 0)
            rc = buf_append_text(&text,
                                 option_interval_text(us, word, sizeof word));
    } else {
        rc = option_print(row, s, &text);
    }
    if (rc == 0) {
        *ret_text = arena_text(&c->arena, buf_text(&text), text.length);
        rc = *ret_text == NULL ? ERR_NOMEM : 0;
    }
    buf_release(&text);
    return rc;
}

static int check_twice(const struct change *c, const struct option *row,
                       struct fault *fault)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (c->item[i].row == row)
            return fault_set(fault, ERR_USAGE, "%s is given twice",
                             c->item[i].name);
    return 0;
}

/* An interval that nobody set is 1s at the next start if the file is read
 * with --pace then, so that "off" is a change too. */
static bool is_unset(const struct option *row, const struct settings *s,
                     bool live)
{
    return row->type == OPTION_INTERVAL_TEXT && !live &&
           (s->interval == NULL || *s->interval == '\0');
}

static int add_pair(struct change *c, const struct option *table,
                    size_t table_count, bool live, const struct wire_pair *pair,
                    struct fault *fault)
{
    char right[64];
    if (has_nul(pair->name) || has_nul(pair->value))
        return fault_set(fault, ERR_USAGE, "a NUL byte in a setting");
    const char *name =
        arena_text(&c->arena, pair->name.text, pair->name.length);
    const char *value =
        arena_text(&c->arena, pair->value.text, pair->value.length);
    if (name == NULL || value == NULL)
        return ERR_NOMEM;
    const struct option *row = option_find(table, table_count, name);
    if (row == NULL || (row->traits & OPTION_LIVE) == 0)
        return refuse_name(table, table_count, name, fault);
    (void)option_setting_name(row, right, sizeof right);
    struct change_item *item = &c->item[c->count];
    *item = (struct change_item){
        .row = row,
        .name = arena_text(&c->arena, right, strlen(right)),
    };
    bool unset = is_unset(row, &c->settings, live);
    int rc = item->name == NULL ? ERR_NOMEM : check_twice(c, row, fault);
    if (rc == 0)
        rc = print_value(c, row, &c->settings, live, &item->old_text, fault);
    if (rc == 0)
        rc = option_set_named(row, value, &c->settings, fault);
    if (rc == 0)
        rc = print_value(c, row, &c->settings, live, &item->new_text, fault);
    if (rc == 0 && row->type == OPTION_INTERVAL_TEXT)
        rc = option_set_named(row, item->new_text, &c->settings, fault);
    if (rc != 0)
        return rc;
    item->changed = unset || strcmp(item->old_text, item->new_text) != 0;
    c->changed += item->changed;
    c->cut = c->cut || (item->changed && (row->traits & OPTION_CUT) != 0);
    c->count++;
    return 0;
}

static int add_pairs(struct change *c, const struct option *table,
                     size_t table_count, bool live,
                     const struct wire_pair *pair, uint32_t pair_count,
                     struct fault *fault)
{
    int rc = 0;
    if (pair_count == 0 || pair_count > WIRE_PAIRS_MAX)
        return fault_set(fault, ERR_USAGE,
                         "say what to set, 1 to %u of them: interval=250ms",
                         (unsigned)WIRE_PAIRS_MAX);
    for (uint32_t i = 0; i < pair_count && rc == 0; i++)
        rc = add_pair(c, table, table_count, live, &pair[i], fault);
    return rc;
}

int change_check(const struct option *table, size_t table_count,
                 const struct wire_pair *pair, uint32_t pair_count,
                 struct fault *fault)
{
    struct change c = { 0 };
    arena_init(&c.arena, CHANGE_BYTES_MAX);
    int rc = option_defaults(table, table_count, &c.settings, fault);
    if (rc == 0) {
        rc = add_pairs(&c, table, table_count, true, pair, pair_count, fault);
        option_release(table, table_count, &c.settings);
    }
    change_release(&c);
    return rc;
}

int change_make(struct change *c, const struct option *table,
                size_t table_count, const struct settings *now, bool live,
                const struct wire_pair *pair, uint32_t pair_count,
                struct fault *fault)
{
    struct coord_tuning tuning;
    struct detect_set detectors;
    int rc = 0;
    memset(c, 0, sizeof *c);
    arena_init(&c->arena, CHANGE_BYTES_MAX);
    c->settings = *now;
    if (now->interval != NULL) {
        c->settings.interval =
            arena_text(&c->arena, now->interval, strlen(now->interval));
        rc = c->settings.interval == NULL ? ERR_NOMEM : 0;
    }
    if (rc == 0)
        rc = add_pairs(c, table, table_count, live, pair, pair_count, fault);
    if (rc == 0)
        rc = tuning_make(&c->settings, live, 0, &tuning, fault);
    if (rc == 0)
        rc = detecting_set(&c->settings, &detectors, fault);
    if (rc == ERR_NOMEM)
        (void)fault_set(fault, rc, "out of memory");
    if (rc != 0)
        change_release(c);
    return rc;
}

void change_release(struct change *c)
{
    arena_release(&c->arena);
    memset(c, 0, sizeof *c);
}

int change_say_line(const char *name, const char *old_text,
                    const char *new_text, uint64_t first_batch, struct buf *out)
{
    return buf_printf(out, "%s %s -> %s, from batch %" PRIu64 " on\n", name,
                      old_text, new_text, first_batch);
}

static int say_text(const struct change *c, uint64_t first_batch,
                    struct buf *out)
{
    for (uint32_t i = 0; i < c->count; i++) {
        const struct change_item *item = &c->item[i];
        if (item->changed)
            (void)change_say_line(item->name, item->old_text, item->new_text,
                                  first_batch, out);
        else
            (void)buf_printf(out, "%s is %s already\n", item->name,
                             item->new_text);
    }
    return out->err;
}

/* Names and values are words of the table and numbers: nothing to escape. */
static int say_json(const struct change *c, uint64_t first_batch,
                    struct buf *out)
{
    (void)buf_append_text(out, "{\"first_batch\":");
    if (c->changed > 0)
        (void)buf_printf(out, "%" PRIu64, first_batch);
    else
        (void)buf_append_text(out, "null");
    (void)buf_append_text(out, ",\"settings\":[");
    for (uint32_t i = 0; i < c->count; i++)
        (void)buf_printf(out,
                         "%s{\"name\":\"%s\",\"old\":\"%s\",\"new\":\"%s\","
                         "\"changed\":%s}",
                         i > 0 ? "," : "", c->item[i].name, c->item[i].old_text,
                         c->item[i].new_text,
                         c->item[i].changed ? "true" : "false");
    (void)buf_append_text(out, "]}\n");
    return out->err;
}

int change_say(const struct change *c, uint64_t first_batch, bool json,
               struct buf *out)
{
    return json ? say_json(c, first_batch, out) : say_text(c, first_batch, out);
}
