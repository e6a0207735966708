/*
 * libyaml's events, one after the other, through a small state machine.
 */
#include "tools/fyke/config_yaml.h"

#include "proto/base/buf.h"
#include "proto/base/text.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 20 /* libyaml's time grows with the square of the depth */
#define WORD_MAX 40  /* characters of the file that a problem repeats */

enum config_state {
    STATE_ROOT,  /* nothing seen yet */
    STATE_NAME,  /* in the mapping, a name or its end comes */
    STATE_VALUE, /* behind a name */
    STATE_ITEMS, /* in a list */
    STATE_DONE,  /* behind the mapping */
};

struct config_walk {
    struct config_list *list;
    const uint8_t *bytes;
    size_t n;
    yaml_parser_t parser;
    enum config_state state;
    unsigned skipping; /* depth below something that was refused */
    bool documented;   /* a document has begun */
    const char *name;  /* of the value that comes, NULL = refused */
    struct config_place name_at, list_at;
    struct buf items;
    bool stopped;
    int err;
};

static struct config_place place_of(yaml_mark_t mark)
{
    return (struct config_place){ (uint32_t)mark.line + 1,
                                  (uint32_t)mark.column + 1 };
}

/* Up to WORD_MAX characters of `bytes` until a blank or the line's end. */
static const char *word_copy(const uint8_t *bytes, size_t n,
                             char out[4 * WORD_MAX + 1])
{
    size_t at = 0;
    for (unsigned i = 0; i < WORD_MAX && at < n && bytes[at] > ' '; i++) {
        unsigned length = text_utf8_length(bytes + at, n - at);
        if (length == 0)
            break;
        memcpy(out + at, bytes + at, length);
        at += length;
    }
    out[at] = '\0';
    return out;
}

/* What stands at libyaml's mark, which counts characters. */
static const uint8_t *bytes_at(const struct config_walk *w, size_t index)
{
    size_t at = 0;
    while (index > 0 && at < w->n) {
        unsigned length = text_utf8_length(w->bytes + at, w->n - at);
        at += length > 0 ? length : 1;
        index--;
    }
    return w->bytes + (at < w->n ? at : w->n);
}

/* ---- what libyaml refuses ---- */

static struct config_place place_of_byte(const struct config_walk *w,
                                         size_t offset)
{
    struct config_place at = { 1, 1 };
    for (size_t i = 0; i < offset && i < w->n; i++) {
        if (w->bytes[i] == '\n')
            at = (struct config_place){ at.line + 1, 1 };
        else if ((w->bytes[i] & 0xc0) != 0x80)
            at.column++;
    }
    return at;
}

static void problem_of_syntax(struct config_walk *w)
{
    const yaml_parser_t *p = &w->parser;
    const char *what = p->problem != NULL ? p->problem : "cannot be read";
    bool from_start =
        p->context != NULL && (strstr(p->context, "simple key") != NULL ||
                               strstr(p->context, "quoted scalar") != NULL);
    yaml_mark_t mark = from_start ? p->context_mark : p->problem_mark;
    const uint8_t *bytes = bytes_at(w, mark.index);
    size_t left = (size_t)(w->bytes + w->n - bytes);
    char word[4 * WORD_MAX + 1];
    (void)word_copy(bytes, left, word);
    if (from_start && strstr(p->context, "simple key") != NULL)
        config_problem_add(w->list, place_of(mark),
                           "%s: there is no ':' behind this name; write "
                           "NAME: VALUE",
                           word);
    else if (from_start)
        config_problem_add(w->list, place_of(mark),
                           "%s: this quote is never closed", word);
    else if (left > 0 && *bytes == '\t')
        config_problem_add(w->list, place_of(mark),
                           "a tab stands here; YAML wants blanks");
    else
        config_problem_add(w->list, place_of(mark), "not YAML: %s%s%s", what,
                           word[0] != '\0' ? ", at " : "", word);
}

static void problem_of_parser(struct config_walk *w)
{
    const yaml_parser_t *p = &w->parser;
    w->stopped = true;
    if (p->error == YAML_MEMORY_ERROR)
        w->err = ERR_NOMEM;
    else if (p->error == YAML_READER_ERROR)
        config_problem_add(w->list, place_of_byte(w, p->problem_offset),
                           "not text: a control character or invalid UTF-8");
    else
        problem_of_syntax(w);
}

/* ---- what we refuse ---- */

static const char *text_copy(struct config_walk *w, const void *text, size_t n)
{
    const char *copy = arena_text(&w->list->arena, text, n);
    if (copy == NULL) {
        w->err = ERR_NOMEM;
        w->stopped = true;
        return "";
    }
    return copy;
}

static bool is_null(const yaml_event_t *e)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL" };
    const char *text = (const char *)e->data.scalar.value;
    if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

/* Anchors and tags, which any node may have. */
static void check_node(struct config_walk *w, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor != NULL)
        config_problem_add(w->list, place_of(e->start_mark),
                           "&%.40s: anchors are not used here; write the "
                           "value",
                           (const char *)anchor);
    if (tag != NULL)
        config_problem_add(w->list, place_of(e->start_mark),
                           "%.40s: tags are not used here; the setting knows "
                           "its type",
                           (const char *)tag);
}

/* A node that is not wanted here: said once, what is in it is skipped. */
static void refuse(struct config_walk *w, const yaml_event_t *e,
                   const char *why)
{
    const char *name =
        w->state == STATE_VALUE || w->state == STATE_ITEMS ? w->name : NULL;
    if (e->type == YAML_ALIAS_EVENT)
        config_problem_add(w->list, place_of(e->start_mark),
                           "*%.40s: aliases are not used here; write the value",
                           (const char *)e->data.alias.anchor);
    else
        config_problem_add(w->list, place_of(e->start_mark), "%.60s%s%s",
                           name != NULL ? name : "", name != NULL ? ": " : "",
                           why);
    if (e->type == YAML_MAPPING_START_EVENT ||
        e->type == YAML_SEQUENCE_START_EVENT)
        w->skipping = 1;
}

static bool has_nul(struct config_walk *w, const yaml_event_t *e)
{
    if (strlen((const char *)e->data.scalar.value) == e->data.scalar.length)
        return false;
    config_problem_add(w->list, place_of(e->start_mark),
                       "a text that holds a zero byte");
    return true;
}

/* ---- the states ---- */

static void entry_add(struct config_walk *w, const char *value,
                      struct config_place at, bool is_list)
{
    struct config_list *l = w->list;
    w->state = STATE_NAME;
    if (w->name == NULL)
        return;
    if (l->entry_count == CONFIG_ENTRIES_MAX) {
        config_problem_add(l, w->name_at, "more than %u settings",
                           CONFIG_ENTRIES_MAX);
        w->stopped = true;
        return;
    }
    l->entry[l->entry_count++] = (struct config_entry){
        .name = w->name,
        .value = value,
        .is_list = is_list,
        .name_at = w->name_at,
        .value_at = at,
    };
}

static void take_root(struct config_walk *w, const yaml_event_t *e)
{
    w->state = STATE_DONE;
    if (e->type == YAML_MAPPING_START_EVENT)
        w->state = STATE_NAME;
    else if (e->type != YAML_SCALAR_EVENT || !is_null(e))
        refuse(w, e, "not a list of settings; write NAME: VALUE, one a line");
}

static void take_name(struct config_walk *w, const yaml_event_t *e)
{
    if (e->type == YAML_MAPPING_END_EVENT) {
        w->state = STATE_DONE;
        return;
    }
    w->name = NULL;
    w->name_at = place_of(e->start_mark);
    if (e->type != YAML_SCALAR_EVENT)
        refuse(w, e, "the name of a setting is one word");
    else if (!has_nul(w, e))
        w->name = text_copy(w, e->data.scalar.value, e->data.scalar.length);
    w->state = STATE_VALUE;
}

static void take_value(struct config_walk *w, const yaml_event_t *e)
{
    if (e->type == YAML_SEQUENCE_START_EVENT) {
        w->state = STATE_ITEMS;
        w->list_at = place_of(e->start_mark);
        buf_reset(&w->items);
        return;
    }
    if (e->type != YAML_SCALAR_EVENT) {
        refuse(w, e, "a mapping; settings are flat, NAME: VALUE");
        w->state = STATE_NAME;
        return;
    }
    if (has_nul(w, e))
        w->name = NULL;
    entry_add(w,
              is_null(e)
                  ? NULL
                  : text_copy(w, e->data.scalar.value, e->data.scalar.length),
              place_of(e->start_mark), false);
}

static void take_item(struct config_walk *w, const yaml_event_t *e)
{
    if (e->type == YAML_SEQUENCE_END_EVENT) {
        if (w->items.err != 0) {
            w->err = w->items.err;
            w->stopped = true;
        }
        entry_add(w, text_copy(w, buf_text(&w->items), w->items.length),
                  w->list_at, true);
    } else if (e->type != YAML_SCALAR_EVENT) {
        refuse(w, e, "a list holds single values only");
    } else if (!has_nul(w, e)) {
        if (e->data.scalar.length == 0)
            config_problem_add(w->list, place_of(e->start_mark),
                               "%.60s: an empty item",
                               w->name != NULL ? w->name : "");
        if (w->items.length > 0)
            (void)buf_append_char(&w->items, ',');
        (void)buf_append(&w->items, e->data.scalar.value,
                         e->data.scalar.length);
    }
}

static void take_node(struct config_walk *w, const yaml_event_t *e)
{
    bool begins = e->type == YAML_MAPPING_START_EVENT ||
                  e->type == YAML_SEQUENCE_START_EVENT;
    bool ends =
        e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT;
    if (w->skipping > 0) {
        w->skipping += begins ? 1 : 0;
        w->skipping -= ends ? 1 : 0;
        w->stopped = w->skipping > DEPTH_MAX;
        return;
    }
    check_node(w, e);
    switch (w->state) {
    case STATE_ROOT:
        take_root(w, e);
        break;
    case STATE_NAME:
        take_name(w, e);
        break;
    case STATE_VALUE:
        take_value(w, e);
        break;
    case STATE_ITEMS:
        take_item(w, e);
        break;
    case STATE_DONE:
        break;
    }
}

static void take_event(struct config_walk *w, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    case YAML_STREAM_END_EVENT:
        w->stopped = true;
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (w->documented) {
            config_problem_add(w->list, place_of(e->start_mark),
                               "---: a second document; one is read");
            w->stopped = true;
        }
        w->documented = true;
        break;
    default:
        take_node(w, e);
        break;
    }
}

int config_yaml_read(struct config_list *l, const uint8_t *bytes, size_t n)
{
    struct config_walk w = { .list = l, .bytes = bytes, .n = n };
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* of Windows */
        w.bytes += 3;
        w.n -= 3;
    }
    if (!yaml_parser_initialize(&w.parser))
        return ERR_NOMEM;
    buf_init(&w.items, CONFIG_BYTES_MAX);
    yaml_parser_set_encoding(&w.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&w.parser, w.bytes, w.n);
    while (!w.stopped && l->problem_count < CONFIG_PROBLEMS_MAX) {
        yaml_event_t event;
        if (!yaml_parser_parse(&w.parser, &event)) {
            problem_of_parser(&w);
            break;
        }
        take_event(&w, &event);
        yaml_event_delete(&event);
    }
    buf_release(&w.items);
    yaml_parser_delete(&w.parser);
    return w.err;
}
