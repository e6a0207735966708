/*
 * Why this file exists: finds delimiter and header of a CSV input, and takes
 * the sample apart into cells.
 */
#include "engine/ingest/csv.h"
#include "engine/ingest/infer.h"
#include "engine/ingest/number.h"
#include "proto/base/civil.h"
#include "proto/base/text.h"

#include <string.h>

#define DIALECT_RECORDS 200u
#define FIELDS_MAX 4096u

/* How well a delimiter explains the input. */
struct dialect {
    uint8_t delimiter;
    double prior; /* how usual it is */
};

static const struct dialect dialects[] = {
    { ',', 1.0 },  { ';', 0.99 }, { '\t', 0.99 },
    { '|', 0.98 }, { ' ', 0.70 }, { ':', 0.60 },
};

static bool is_number(const char *text, size_t n)
{
    double value;
    return number_parse(text, n, &value) != NUMBER_NOT;
}

static bool is_time(const char *text, size_t n)
{
    int64_t ns;
    number_trim(&text, &n);
    return civil_parse_iso(text, n, &ns) == 0;
}

struct tally {
    uint32_t fields; /* 0 = not a CSV record */
    uint32_t clean;  /* numbers, times and empty fields */
};

static struct tally record_tally(const struct block *b, uint32_t i,
                                 uint8_t delimiter, struct buf *scratch)
{
    struct tally t = { 0 };
    struct csv_cursor c;
    struct csv_field field;
    int rc = 0;
    csv_cursor_init(&c, (char)delimiter, b->text + b->offset[i], b->length[i],
                    scratch);
    if (b->status[i] != BAD_NONE ||
        memchr(b->text + b->offset[i], 0, b->length[i]) != NULL)
        return t;
    while ((rc = csv_cursor_next(&c, &field)) == 1) {
        t.fields++;
        t.clean +=
            field.length == 0 || is_number(field.text, field.length) ||
            is_time(field.text, field.length) ||
            (delimiter != ',' && number_has_comma(field.text, field.length));
    }
    return rc == 0 ? t : (struct tally){ 0 };
}

/* The most frequent field count; the first record only if it is alone. */
static uint32_t mode_of(const struct tally *t, uint32_t n)
{
    uint32_t best = 0, best_count = 0;
    for (uint32_t i = n > 1; i < n; i++) {
        uint32_t count = 0;
        for (uint32_t k = n > 1; k < n; k++)
            count += t[k].fields == t[i].fields;
        if (t[i].fields > 0 && count > best_count) {
            best = t[i].fields;
            best_count = count;
        }
    }
    return best;
}

static double dialect_score(const struct dialect *d, const struct tally *t,
                            uint32_t n)
{
    uint32_t mode = mode_of(t, n), first = n > 1;
    double fit = 0, fields = 0, clean = 0;
    for (uint32_t i = first; i < n; i++) {
        if (t[i].fields != mode)
            continue;
        fit++;
        fields += t[i].fields;
        clean += t[i].clean;
    }
    if (mode < 2 || fit == 0)
        return 0;
    bool header_fits = t[0].fields == mode || t[0].fields + 1 == mode;
    return fit / (n - first) * (header_fits ? 1 : 0.7) *
           (0.5 + 0.5 * clean / fields) * d->prior;
}

static int delimiter_find(size_t record_max, const uint8_t *bytes, size_t n,
                          bool complete, uint8_t *ret_delimiter)
{
    struct tally t[DIALECT_RECORDS];
    double best = 0.3;
    struct buf scratch;
    buf_init(&scratch, SIZE_MAX);
    uint8_t found = ',';
    for (size_t d = 0; d < sizeof dialects / sizeof *dialects; d++) {
        struct block *b;
        int rc = infer_frame(SCHEMA_CSV, dialects[d].delimiter, record_max,
                             bytes, n, complete, DIALECT_RECORDS, &b);
        if (rc < 0) {
            buf_release(&scratch);
            return rc;
        }
        uint32_t count = b == NULL ? 0 : b->records;
        if (count > DIALECT_RECORDS)
            count = DIALECT_RECORDS;
        for (uint32_t i = 0; i < count; i++)
            t[i] = record_tally(b, i, dialects[d].delimiter, &scratch);
        double score = count > 0 ? dialect_score(&dialects[d], t, count) : 0;
        if (score > best) {
            best = score;
            found = dialects[d].delimiter;
        }
        block_unref(b);
    }
    buf_release(&scratch);
    *ret_delimiter = found;
    return 0;
}

static int delimiter_named(const char *word, uint8_t *ret_delimiter,
                           struct fault *fault)
{
    static const struct {
        const char *word;
        uint8_t delimiter;
    } words[] = {
        { "tab", '\t' },  { "\\t", '\t' },      { "space", ' ' },
        { "comma", ',' }, { "semicolon", ';' }, { "pipe", '|' },
        { "colon", ':' },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].word) == 0) {
            *ret_delimiter = words[i].delimiter;
            return 0;
        }
    }
    if (strlen(word) != 1 || strchr("\"\r\n", word[0]) != NULL)
        return fault_set(fault, ERR_USAGE,
                         "--delimiter %s: give one byte that is no quote and "
                         "no line end, or tab",
                         word);
    *ret_delimiter = (uint8_t)word[0];
    return 0;
}

/* Cells of one record, in the arena; returns their count, 0 if it is bad. */
static int record_cells(struct sample *t, uint32_t i, struct cell *cells,
                        uint32_t max, struct buf *scratch, uint32_t *ret_count)
{
    const struct block *b = t->block;
    struct csv_cursor c;
    struct csv_field field;
    uint32_t count = 0;
    int rc = 0;
    *ret_count = 0;
    if (b->status[i] != BAD_NONE ||
        memchr(b->text + b->offset[i], 0, b->length[i]) != NULL)
        return 0;
    csv_cursor_init(&c, (char)t->delimiter, b->text + b->offset[i],
                    b->length[i], scratch);
    while (count < max && (rc = csv_cursor_next(&c, &field)) == 1) {
        const char *text = field.text;
        if (field.length > 0 && text == buf_text(scratch)) {
            char *copy = arena_alloc(&t->arena, field.length, 1);
            if (copy == NULL)
                return ERR_NOMEM;
            text = memcpy(copy, text, field.length);
        }
        cells[count++] =
            (struct cell){ text, (uint32_t)field.length, CELL_TEXT };
    }
    if (rc == ERR_NOMEM)
        return rc;
    *ret_count = rc < 0 ? 0 : count;
    return 0;
}

/* All records as rows of cells, and their field counts. */
struct grid {
    uint32_t records, width;
    struct cell *cell;   /* [record * width + field] */
    struct tally *tally; /* fields per record */
};

static int grid_fill(struct sample *t, struct grid *g, struct buf *scratch)
{
    const struct block *b = t->block;
    g->records = b->records < SCHEMA_INFER_RECORDS + 1
                     ? b->records
                     : SCHEMA_INFER_RECORDS + 1;
    g->tally = arena_zalloc(&t->arena, g->records, sizeof *g->tally);
    struct cell *row = arena_alloc(&t->arena, FIELDS_MAX, sizeof *row);
    if (g->tally == NULL || row == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < g->records; i++) {
        g->tally[i] = record_tally(b, i, t->delimiter, scratch);
        if (g->tally[i].fields > FIELDS_MAX)
            g->tally[i].fields = FIELDS_MAX;
        if (g->tally[i].fields > g->width)
            g->width = g->tally[i].fields;
    }
    size_t cells = (size_t)g->records * g->width;
    g->cell = arena_zalloc(&t->arena, cells, sizeof *g->cell);
    if (g->cell == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < g->records; i++) {
        uint32_t count;
        int rc = record_cells(t, i, row, g->width, scratch, &count);
        if (rc < 0)
            return rc;
        if (count > 0)
            memcpy(g->cell + (size_t)i * g->width, row, count * sizeof *row);
    }
    return 0;
}

static bool cell_is_value(const struct cell *c)
{
    return c->length > 0 &&
           (is_number(c->text, c->length) || is_time(c->text, c->length));
}

/* Does the first record have no number where the others have numbers? */
static bool header_find(const struct grid *g, uint32_t columns)
{
    uint32_t shift = g->tally[0].fields + 1 == columns;
    bool contrast = false, values = false;
    if (g->tally[0].fields + shift != columns)
        return false;
    for (uint32_t c = shift; c < columns; c++) {
        uint32_t numbers = 0, filled = 0;
        for (uint32_t i = 1; i < g->records; i++) {
            const struct cell *cell = g->cell + (size_t)i * g->width + c;
            if (g->tally[i].fields != columns || cell->length == 0)
                continue;
            filled++;
            numbers += cell_is_value(cell);
        }
        const struct cell *first = g->cell + c - shift;
        bool numeric = filled > 0 && numbers * 5 >= filled * 4;
        values |= cell_is_value(first) && (numeric || filled == 0);
        contrast |= numeric && first->length > 0 && !cell_is_value(first);
    }
    /* Text over text: a header is likelier than none. */
    return !values && (contrast || !cell_is_value(g->cell));
}

static int names_set(struct sample *t, const struct grid *g)
{
    t->name = arena_zalloc(&t->arena, t->columns, sizeof *t->name);
    if (t->name == NULL)
        return ERR_NOMEM;
    for (uint32_t c = 0; c < t->columns; c++) {
        const struct cell *cell = NULL;
        if (t->header && c >= t->row_names)
            cell = g->cell + c - t->row_names;
        const char *text = cell != NULL ? cell->text : "";
        if (t->row_names && c == 0)
            t->name[c] = infer_name_copy(t, "row_name", 8);
        else
            t->name[c] = infer_name_copy(t, text, cell ? cell->length : 0);
        if (t->name[c] == NULL)
            return ERR_NOMEM;
    }
    return infer_names(t);
}

/* Turns the good rows into columns. */
static int cells_set(struct sample *t, const struct grid *g)
{
    uint32_t n = 0;
    for (uint32_t i = t->header; i < g->records; i++)
        n += g->tally[i].fields == t->columns;
    if (n > SCHEMA_INFER_RECORDS)
        n = SCHEMA_INFER_RECORDS;
    t->records = n;
    t->cell = arena_zalloc(&t->arena, (size_t)n * t->columns, sizeof *t->cell);
    if (t->cell == NULL)
        return ERR_NOMEM;
    uint32_t r = 0;
    for (uint32_t i = t->header; i < g->records && r < n; i++) {
        if (g->tally[i].fields != t->columns)
            continue;
        for (uint32_t c = 0; c < t->columns; c++)
            t->cell[(size_t)c * n + r] = g->cell[(size_t)i * g->width + c];
        r++;
    }
    return 0;
}

static int header_set(struct sample *t, const struct schema_options *o,
                      const struct grid *g)
{
    const struct block *b = t->block;
    if (o->header != NULL)
        t->header = strcmp(o->header, "yes") == 0;
    else
        t->header = header_find(g, t->columns);
    t->row_names = t->header && g->tally[0].fields + 1 == t->columns;
    t->data_start = block_record_position(b, 0);
    t->data_line = block_record_line(b, 0);
    if (t->header) {
        t->data_start += b->extent[0];
        const char *text = (const char *)b->text + b->offset[0];
        for (uint32_t i = 0; i < b->length[0]; i++)
            t->data_line += text[i] == '\n';
        t->data_line++;
    }
    return 0;
}

int infer_csv(struct sample *t, const struct schema_options *o,
              const uint8_t *bytes, size_t n, bool complete,
              struct fault *fault)
{
    int rc = o->delimiter != NULL
                 ? delimiter_named(o->delimiter, &t->delimiter, fault)
                 : delimiter_find(o->record_bytes_max, bytes, n, complete,
                                  &t->delimiter);
    if (rc == 0)
        rc = infer_frame(SCHEMA_CSV, t->delimiter, o->record_bytes_max, bytes,
                         n, complete, SCHEMA_INFER_RECORDS + 1, &t->block);
    if (rc < 0)
        return rc;
    if (t->block == NULL)
        return infer_nothing(NULL, complete, fault);
    struct buf scratch;
    struct grid g = { 0 };
    buf_init(&scratch, SIZE_MAX);
    rc = grid_fill(t, &g, &scratch);
    buf_release(&scratch);
    if (rc < 0)
        return rc;
    t->columns = mode_of(g.tally, g.records);
    if (t->columns == 0)
        return infer_nothing(t->block, complete, fault);
    if (t->columns > SCHEMA_COLUMNS_MAX)
        return fault_set(fault, ERR_CONTENT,
                         "%u columns, but at most %u can be read: cut some "
                         "off, like cut -d, -f1-100 FILE | fyke run -",
                         t->columns, SCHEMA_COLUMNS_MAX);
    rc = header_set(t, o, &g);
    if (rc == 0)
        rc = names_set(t, &g);
    if (rc == 0)
        rc = cells_set(t, &g);
    if (rc == 0 && t->records == 0)
        rc = complete ? fault_set(fault, ERR_CONTENT,
                                  "a header and no record below it")
                      : fault_set(fault, ERR_AGAIN, "no record yet");
    return rc;
}
