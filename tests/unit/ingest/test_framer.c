#include "tests/unit/ingest/support.h"

#include <malloc.h>

static const struct schema csv = { .format = SCHEMA_CSV,
                                   .delimiter = ',',
                                   .data_line = 1 };
static const struct schema ndjson = { .format = SCHEMA_NDJSON, .data_line = 1 };

Test(framer, records_end_at_newlines_outside_quotes)
{
    struct block *b =
        frame(&csv, "a,b\r\n\"x\ny\",2\n\n \t\nlast\rline,3\n", RECORD_MAX);
    cr_assert_eq(b->records, 3);
    cr_expect_str_eq(record_text(b, 0), "a,b");
    cr_expect_str_eq(record_text(b, 1), "\"x\ny\",2");
    cr_expect_str_eq(record_text(b, 2), "last\rline,3");
    cr_expect_eq(block_record_line(b, 0), 1);
    cr_expect_eq(block_record_line(b, 1), 2);
    cr_expect_eq(block_record_line(b, 2), 6);
    cr_expect_eq(block_record_position(b, 2), 17);
    cr_expect_not(b->open_end);
    block_unref(b);
}

Test(framer, the_last_record_may_lack_its_newline)
{
    struct block *b = frame(&csv, "1,2\n3,4", RECORD_MAX);
    cr_assert_eq(b->records, 2);
    cr_expect(b->open_end);
    cr_expect_eq(b->extent[1], 3);
    cr_expect_eq(b->end_position, 7);
    block_unref(b);
}

Test(framer, a_byte_order_mark_is_no_data)
{
    const char text[] = "\xef\xbb\xbf"
                        "1,2\n";
    for (size_t piece = 1; piece < sizeof text; piece++) {
        struct framer *f;
        struct block *b = NULL;
        cr_assert_eq(framer_new(&csv, RECORD_MAX, 0, 1, &f), 0);
        for (size_t at = 0; at < sizeof text - 1 && b == NULL; at += piece) {
            size_t n = sizeof text - 1 - at;
            cr_assert_eq(framer_push(f, (const uint8_t *)text + at,
                                     n < piece ? n : piece, false, &b),
                         0);
        }
        cr_assert_not_null(b);
        cr_expect_str_eq(record_text(b, 0), "1,2");
        cr_expect_eq(block_record_position(b, 0), 3);
        block_unref(b);
        framer_free(f);
    }
}

Test(framer, an_unclosed_quote_costs_its_first_line_only)
{
    struct block *b = frame(&csv, "1,2\n3,\"4\n5,6\n7,8\n", RECORD_MAX);
    cr_assert_eq(b->records, 4);
    cr_expect_eq(b->status[1], BAD_UNCLOSED_QUOTE);
    cr_expect_str_eq(record_text(b, 1), "3,\"4");
    cr_expect_str_eq(record_text(b, 2), "5,6");
    cr_expect_eq(block_record_line(b, 3), 4);
    block_unref(b);
}

Test(framer, ndjson_knows_no_quotes_across_lines)
{
    struct block *b = frame(&ndjson, "{\"a\":\"\n{\"a\":1}\n", RECORD_MAX);
    cr_assert_eq(b->records, 2);
    cr_expect_str_eq(record_text(b, 1), "{\"a\":1}");
    block_unref(b);
}

/* All that a consumer can see of the records, as text. */
static void describe(const struct block *b, struct buf *out)
{
    uint64_t lines = 0;
    for (uint32_t i = 0; i < b->records; i++) {
        buf_printf(out, "%llu+%u l%llu s%u %u:",
                   (unsigned long long)block_record_position(b, i),
                   b->extent[i], (unsigned long long)block_record_line(b, i),
                   b->status[i], b->length[i]);
        buf_append(out, b->text + b->offset[i], b->length[i]);
        buf_append_char(out, '\n');
        cr_assert_geq(block_record_line(b, i), lines);
        lines = block_record_line(b, i);
    }
    if (b->open_end)
        buf_append_text(out, "open\n");
}

/* The next bytes where they are, or in the framer's room for them. */
static const uint8_t *next_bytes(struct framer *f, struct rng *rng,
                                 const uint8_t *bytes, size_t n)
{
    uint8_t *room = NULL;
    if (rng != NULL && n > 0 && rng_below(rng, 2) == 0)
        room = framer_room(f, n + rng_below(rng, 100));
    if (room == NULL)
        return bytes;
    memcpy(room, bytes, n);
    return room;
}

static void run_cut(const struct schema *s, const struct buf *text,
                    size_t record_max, struct rng *rng, size_t piece_max,
                    struct buf *out)
{
    struct framer *f;
    struct block *b;
    uint32_t records_max = UINT32_MAX;
    cr_assert_eq(framer_new(s, record_max, 0, 1, &f), 0);
    if (rng != NULL && rng_below(rng, 2) == 0) {
        records_max = (uint32_t)(1 + rng_below(rng, 20));
        framer_limit(f, records_max);
    }
    size_t at = 0;
    while (at < text->length || framer_has_more(f)) {
        size_t n = rng == NULL ? text->length : 1 + rng_below(rng, piece_max);
        if (framer_has_more(f))
            n = 0;
        if (n > text->length - at)
            n = text->length - at;
        const uint8_t *bytes = next_bytes(f, rng, text->data + at, n);
        cr_assert_eq(framer_push(f, bytes, n, at + n == text->length, &b), 0);
        at += n;
        if (b != NULL) {
            cr_assert_leq(b->records, records_max);
            describe(b, out);
        }
        block_unref(b);
    }
    framer_free(f);
}

/* Hostile CSV: quotes where they hurt, long lines, blank lines, CR. */
static void random_csv(struct rng *rng, struct buf *out, uint64_t pieces)
{
    static const char *const bits[] = { "a",
                                        ",",
                                        "\"",
                                        "\n",
                                        "\r\n",
                                        "\"\"",
                                        "\"",
                                        "\n\n",
                                        " ",
                                        "1.5",
                                        ",\"",
                                        "\",",
                                        "xyz",
                                        "\r",
                                        "\t",
                                        "\n",
                                        "0123456789abcdef" };
    for (uint64_t i = 0; i < pieces; i++) {
        uint64_t k = rng_below(rng, sizeof bits / sizeof *bits);
        uint64_t times = rng_below(rng, 40) == 0 ? rng_below(rng, 700) : 1;
        for (uint64_t r = 0; r < times; r++)
            buf_append_text(out, bits[k]);
    }
}

Test(framer, records_do_not_depend_on_how_the_input_is_cut)
{
    static const size_t maxima[] = { 8, 40, 300, 5000, RECORD_MAX };
    struct rng rng;
    uint64_t seed = seed_any();
    rng_init(&rng, &seed, 1);
    for (uint32_t round = 0; round < 600; round++) {
        struct buf text, whole, cut;
        buf_init(&text, 1u << 24);
        buf_init(&whole, 1u << 26);
        buf_init(&cut, 1u << 26);
        random_csv(&rng, &text, 1 + rng_below(&rng, 300));
        size_t max = maxima[rng_below(&rng, 5)];
        const struct schema *s = rng_below(&rng, 4) == 0 ? &ndjson : &csv;
        run_cut(s, &text, max, NULL, 0, &whole);
        run_cut(s, &text, max, &rng, 1 + rng_below(&rng, 500), &cut);
        cr_assert_str_eq(buf_text(&whole), buf_text(&cut),
                         "round %u, limit %zu:\n%s", round, max,
                         buf_text(&text));
        buf_release(&text);
        buf_release(&whole);
        buf_release(&cut);
    }
}

/* A second, slow and obvious reading of the rules. */
static size_t plain_record_end(const char *p, size_t n, bool *ret_closed)
{
    bool quoted = false, start = true;
    for (size_t i = 0; i < n; i++) {
        if (quoted && p[i] == '"' && i + 1 < n && p[i + 1] == '"') {
            i++;
        } else if (p[i] == '"' && (quoted || start)) {
            quoted = !quoted;
            start = false;
        } else if (p[i] == '\n' && !quoted) {
            *ret_closed = true;
            return i;
        } else if (!quoted) {
            start = p[i] == ',';
        }
    }
    *ret_closed = !quoted;
    return n;
}

static void plain_frame(const struct buf *text, size_t max, struct buf *out)
{
    const char *p = buf_text(text);
    size_t at = 0, n = text->length;
    while (at < n) {
        bool closed;
        size_t length = plain_record_end(p + at, n - at, &closed);
        size_t next = at + length + (at + length < n);
        size_t bare = length;
        if (next > at + length && bare > 0 && p[at + bare - 1] == '\r')
            bare--;
        bool bad = !closed || bare > max;
        if (bad) { /* its first line */
            const char *newline = memchr(p + at, '\n', n - at);
            length = newline ? (size_t)(newline - p) - at : n - at;
            next = at + length + (newline != NULL);
            bare = length;
            if (newline && bare > 0 && p[at + bare - 1] == '\r')
                bare--;
        }
        if (strspn(p + at, " \t\r") < length)
            buf_printf(out, "%zu %d\n", at,
                       bad ? bare > max ? BAD_TOO_LONG : BAD_UNCLOSED_QUOTE
                           : BAD_NONE);
        at = next;
    }
}

Test(framer, agrees_with_a_slow_and_obvious_framer)
{
    struct rng rng;
    uint64_t seed = seed_any();
    rng_init(&rng, &seed, 1);
    for (uint32_t round = 0; round < 1000; round++) {
        struct buf text, fast, slow;
        buf_init(&text, 1u << 24);
        buf_init(&fast, 1u << 24);
        buf_init(&slow, 1u << 24);
        random_csv(&rng, &text, 1 + rng_below(&rng, 120));
        size_t max = 1 + rng_below(&rng, 200);
        plain_frame(&text, max, &slow);
        struct framer *f;
        struct block *b;
        cr_assert_eq(framer_new(&csv, max, 0, 1, &f), 0);
        cr_assert_eq(framer_push(f, text.data, text.length, true, &b), 0);
        for (uint32_t i = 0; b != NULL && i < b->records; i++)
            buf_printf(&fast, "%llu %u\n",
                       (unsigned long long)block_record_position(b, i),
                       b->status[i]);
        block_unref(b);
        framer_free(f);
        cr_assert_str_eq(buf_text(&fast), buf_text(&slow),
                         "round %u, limit %zu, text:\n%s", round, max,
                         buf_text(&text));
        buf_release(&text);
        buf_release(&fast);
        buf_release(&slow);
    }
}

static size_t allocated_bytes(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

Test(framer, a_huge_line_keeps_its_head_and_little_memory)
{
    struct framer *f;
    struct block *b;
    static uint8_t piece[1 << 16];
    size_t before = allocated_bytes();
    memset(piece, 'x', sizeof piece);
    cr_assert_eq(framer_new(&csv, 100000, 0, 1, &f), 0);
    for (uint32_t i = 0; i < 200; i++) {
        cr_assert_eq(framer_push(f, piece, sizeof piece, false, &b), 0);
        cr_assert_null(b);
        cr_assert_lt(allocated_bytes() - before, (size_t)1 << 20);
    }
    cr_assert_eq(framer_push(f, (const uint8_t *)"y\n1,2\n", 6, true, &b), 0);
    cr_assert_eq(b->records, 2);
    cr_expect_eq(b->status[0], BAD_TOO_LONG);
    cr_expect_eq(b->length[0], RECORD_KEPT_BYTES);
    cr_expect_eq(b->extent[0], 200 * sizeof piece + 2);
    cr_expect_eq(block_record_position(b, 1), 200 * sizeof piece + 2);
    cr_expect_eq(block_record_line(b, 1), 2);
    cr_expect_eq(b->end_position, 200 * sizeof piece + 6);
    cr_expect_str_eq(record_text(b, 1), "1,2");
    block_unref(b);
    framer_free(f);
}

/* Every line opens a quote that stays open when read from the line before:
 * without the memo this takes hours. */
Test(framer, unclosed_quotes_on_every_line_take_linear_time)
{
    struct buf text;
    buf_init(&text, 1u << 24);
    while (text.length < (6u << 20))
        buf_append_text(&text, "x\",\"\n");
    struct framer *f;
    struct block *b;
    uint64_t records = 0;
    cr_assert_eq(framer_new(&csv, 2u << 20, 0, 1, &f), 0);
    for (size_t at = 0; at < text.length;) {
        size_t n = text.length - at < 65536 ? text.length - at : 65536;
        cr_assert_eq(
            framer_push(f, text.data + at, n, at + n == text.length, &b), 0);
        at += n;
        records += b != NULL ? b->records : 0;
        block_unref(b);
    }
    cr_expect_geq(records, text.length / 5 - 1);
    framer_free(f);
    buf_release(&text);
}
