/*
 * A row as a line of CSV or NDJSON, and the lines of the labels.
 */
#include "tools/gen/gen_int.h"

#include <inttypes.h>
#include <string.h>

static const char *const kind_name[GEN_KINDS] = {
    [GEN_ORDINARY] = "",
    [GEN_SPIKE] = "spike",
    [GEN_SHIFT] = "shift",
    [GEN_CORRELATION] = "correlation",
    [GEN_GAP] = "gap",
    [GEN_DRIFT] = "drift",
    [GEN_DUPLICATE] = "duplicate",
    [GEN_LATE] = "late",
    [GEN_MALFORMED] = "malformed",
};

const char *gen_kind_name(enum gen_kind kind)
{
    return kind_name[kind];
}

static char label_digit(enum gen_kind kind)
{
    bool strange =
        kind == GEN_SPIKE || kind == GEN_SHIFT || kind == GEN_CORRELATION;
    return strange ? '1' : '0';
}

/* Text of a time or a name, in NDJSON with quotes around it. */
static char *write_text(struct gen *g, char *p, uint32_t c, bool quoted)
{
    const struct gen_column *column = &g->column[c];
    if (quoted)
        *p++ = '"';
    if (column->type == GEN_COLUMN_TIME) {
        p = line_stamp(&g->line_time, p, g->row.time_ns, g->ms);
    } else {
        *p++ = column->letter;
        p = line_padded(p, (uint64_t)g->row.value[c], column->digits);
    }
    if (quoted)
        *p++ = '"';
    return p;
}

/* What no reader takes for a time or a number. */
static char *write_broken(const struct gen *g, char *p, uint32_t c, bool quoted)
{
    bool time = g->column[c].type == GEN_COLUMN_TIME;
    if (quoted)
        *p++ = '"';
    p = line_text(p, time ? "2026-13-45 25:61:61" : "#ERR");
    if (quoted)
        *p++ = '"';
    return p;
}

static char *write_value(struct gen *g, char *p, uint32_t c,
                         uint32_t broken_column)
{
    bool json = g->options.format == GEN_NDJSON;
    if (c == broken_column)
        return write_broken(g, p, c, json);
    if (g->column[c].type != GEN_COLUMN_NUMBER)
        return write_text(g, p, c, json);
    if (g->row.missing[c])
        return json ? line_text(p, "null") : p;
    return line_number(p, g->row.value[c], g->column[c].digits);
}

char *record_write(struct gen *g, char *p, enum gen_kind kind,
                   uint32_t broken_column)
{
    bool json = g->options.format == GEN_NDJSON;
    for (uint32_t c = 0; c < g->column_count; c++) {
        const struct gen_column *column = &g->column[c];
        if (json) {
            memcpy(p, column->lead, sizeof column->lead);
            p += column->lead_size;
        } else if (c > 0) {
            *p++ = ',';
        }
        p = write_value(g, p, c, broken_column);
    }
    if (g->options.labels == GEN_LABELS_COLUMN) {
        p = line_text(p, json ? ",\"label\":" : ",");
        *p++ = label_digit(kind);
        p = line_text(p, json ? ",\"kind\":\"" : ",");
        p = line_text(p, kind_name[kind]);
        if (json)
            *p++ = '"';
    }
    if (json)
        *p++ = '}';
    *p++ = '\n';
    return p;
}

int record_header(struct gen *g, struct buf *out)
{
    if (g->options.format == GEN_NDJSON)
        return 0;
    for (uint32_t c = 0; c < g->column_count; c++) {
        if (c > 0)
            (void)buf_append_char(out, ',');
        (void)buf_append_text(out, g->column[c].name);
    }
    if (g->options.labels == GEN_LABELS_COLUMN)
        (void)buf_append_text(out, ",label,kind");
    return buf_append_char(out, '\n');
}

int record_label_header(struct buf *labels)
{
    return buf_append_text(labels, "row,line,label,kind,incident,start,end\n");
}

int record_label(struct gen *g, const struct gen_label *label,
                 struct buf *labels)
{
    uint64_t line = g->written + (g->options.format == GEN_CSV ? 2 : 1);
    char start[LINE_TIME_BYTES], end[LINE_TIME_BYTES];
    *line_stamp(&g->label_time, start, label->start_ns, g->ms) = '\0';
    *line_stamp(&g->label_time, end, label->end_ns, g->ms) = '\0';
    return buf_printf(labels,
                      "%" PRIu64 ",%" PRIu64 ",%c,%s,%" PRIu64 ",%s,%s\n",
                      g->written, line, label_digit(label->kind),
                      kind_name[label->kind], label->incident, start, end);
}
