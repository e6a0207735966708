/*
 * Records that cannot be read, each in one of the ways that streams know.
 */
#include "tools/gen/gen_int.h"

#include <string.h>

/* A column of numbers; every model has some. */
static uint32_t pick_number(struct gen *g)
{
    for (;;) {
        uint32_t c = (uint32_t)rng_below(&g->rng_trouble, g->column_count);
        if (g->column[c].type == GEN_COLUMN_NUMBER)
            return c;
    }
}

/* CSV: some of the fields are missing. NDJSON: the closing half is. */
static char *cut_off(struct gen *g, char *line, char *end)
{
    size_t keep =
        1 + (size_t)rng_below(&g->rng_trouble, (uint64_t)(end - line) * 3 / 4);
    char *p = line + keep;
    if (g->options.format == GEN_CSV) {
        char *comma = memchr(line, ',', (size_t)(end - line));
        while (p > comma && *p != ',')
            p--;
    }
    *p++ = '\n';
    return p;
}

static char *too_much(struct gen *g, char *end)
{
    bool json = g->options.format == GEN_NDJSON;
    return line_text(end - 1, json ? "{\"more\":1}\n" : ",more,1\n");
}

/* Text behind a closing quote, or no object at all. */
static char *other_form(struct gen *g, char *line, char *end)
{
    if (g->options.format == GEN_NDJSON)
        return line_text(line, "[1,2,3]\n");
    memmove(line + 4, line, (size_t)(end - line));
    (void)line_text(line, "\"a\"b");
    return end + 4;
}

char *damage_write(struct gen *g, char *p)
{
    uint64_t way = rng_below(&g->rng_trouble, 5);
    uint32_t broken = way == 0 ? pick_number(g) : way == 1 ? 0 : GEN_NO_COLUMN;
    char *end = record_write(g, p, GEN_MALFORMED, broken);
    switch (way) {
    case 2:
        return cut_off(g, p, end);
    case 3:
        return too_much(g, end);
    case 4:
        return other_form(g, p, end);
    default:
        return end;
    }
}
