#include "proto/base/rng.h"
#include "tests/unit/ingest/support.h"

#include <math.h>

static const char text[] = "t,k,x,y\n"
                           "2020-01-01,a,1.5,10\n"
                           "\n"
                           "bad\n"
                           "2020-01-02,\"b\nc\",2.5,\n"
                           "2020-01-03,d,3.5,30\n"
                           "2020-01-04,e,x,40\n"
                           "2020-01-05,f,5.5,50\n";

static struct schema *schema_of(const char *from)
{
    const char *key[] = { "k" };
    struct schema_options o = { .key = { .items = key, .count = 1 },
                                .time = "t" };
    return infer_with(from, &o);
}

Test(batch, borders_may_lie_inside_a_block)
{
    struct schema *s = schema_of("t,k,x,y\n2020-01-01,a,1.5,10\n");
    struct block *b = parse(s, text);
    struct batch_input first, second;
    batch_input_init(&first);
    batch_input_init(&second);
    cr_assert_eq(b->records, 6);
    cr_assert_eq(batch_input_add(&first, b, 0, 3), 0);
    cr_assert_eq(batch_input_add(&second, b, 3, 3), 0);
    block_unref(b);
    cr_assert_eq(batch_assemble(&first, 2), 0);
    cr_assert_eq(batch_assemble(&second, 2), 0);

    cr_expect_eq(first.rows, 2);
    cr_expect_eq(first.records, 3);
    cr_expect_eq(first.row_record[1], 2);
    cr_expect_eq(first.from_position, 8);
    cr_expect_eq(first.from_line, 2);
    cr_expect_eq(first.to_position, second.from_position);
    cr_expect_eq(first.to_line, 7);
    cr_expect_eq(second.from_line, 7);
    cr_expect_eq(second.to_position, strlen(text));
    cr_expect_eq(second.to_line, 10);
    cr_expect_eq(first.bytes + second.bytes, strlen(text) - 8 - 1);

    struct matrix m = batch_matrix(&first);
    cr_expect_eq(m.stride, 2);
    cr_expect_eq(matrix_column(&m, 0)[1], 2.5f);
    cr_expect(isnan(matrix_column(&m, 1)[1]));
    m = batch_matrix(&second);
    cr_assert_eq(m.rows, 2);
    cr_expect_eq(matrix_column(&m, 0)[0], 3.5f);
    cr_expect_eq(matrix_column(&m, 1)[1], 50);

    struct record_view v = batch_record(&second, 1);
    cr_expect_eq(v.status, BAD_NOT_A_NUMBER);
    cr_expect_eq(v.line, 8);
    cr_expect_eq(strncmp((const char *)v.text, "2020-01-04,e,x", 14), 0);
    cr_expect_eq(memcmp(text + v.position, v.text, v.length), 0);
    struct text_view key = batch_key(&first, 1);
    cr_expect_eq(key.length, 3);
    cr_expect_eq(memcmp(key.text, "b\nc", 3), 0);
    key = batch_key(&second, 1);
    cr_expect_eq(memcmp(key.text, "f", 1), 0);
    batch_input_release(&first);
    batch_input_release(&second);
    schema_free(s);
}

/* Cuts the input into random pushes, and every `every` records into batches. */
static void run_batches(const struct schema *s, const char *input,
                        struct rng *rng, uint32_t every, struct buf *out)
{
    struct framer *f;
    struct batch_input batch;
    size_t n = strlen(input), at = s->data_start;
    batch_input_init(&batch);
    cr_assert_eq(framer_new(s, 200, at, s->data_line, &f), 0);
    while (at < n) {
        size_t piece = rng != NULL ? 1 + rng_below(rng, 90) : n;
        struct block *b;
        piece = piece < n - at ? piece : n - at;
        cr_assert_eq(framer_push(f, (const uint8_t *)input + at, piece,
                                 at + piece == n, &b),
                     0);
        at += piece;
        if (b != NULL)
            cr_assert_eq(block_parse(b, s), 0);
        for (uint32_t i = 0; b != NULL && i < b->records;) {
            uint32_t count = every - batch.records;
            count = count < b->records - i ? count : b->records - i;
            cr_assert_eq(batch_input_add(&batch, b, i, count), 0);
            i += count;
            if (batch.records < every)
                continue;
            cr_assert_eq(batch_assemble(&batch, s->feature_count), 0);
            batch_columns_done(&batch); /* records and keys stay */
            buf_printf(out, "%u %u %llu-%llu l%llu-%llu %llu %016llx x",
                       batch.records, batch.rows,
                       (unsigned long long)batch.from_position,
                       (unsigned long long)batch.to_position,
                       (unsigned long long)batch.from_line,
                       (unsigned long long)batch.to_line,
                       (unsigned long long)batch.bytes,
                       (unsigned long long)batch.content_hash);
            for (uint32_t k = 0; k < batch.rows * batch.cols; k++)
                buf_printf(out, " %g", (double)batch.x[k]);
            for (uint32_t k = 0; k < batch.rows; k++)
                buf_printf(out, " %.*s", (int)batch_key(&batch, k).length,
                           batch_key(&batch, k).text);
            buf_append_char(out, '\n');
            batch_input_release(&batch);
        }
        if (b != NULL)
            block_columns_done(b);
        block_unref(b);
    }
    batch_input_release(&batch);
    framer_free(f);
}

Test(batch, batches_do_not_depend_on_how_the_input_was_read)
{
    struct schema *s = schema_of("t,k,x,y\n2020-01-01,a,1.5,10\n");
    uint64_t seed = seed_any();
    struct rng rng;
    struct buf input, whole;
    rng_init(&rng, &seed, 1);
    buf_init(&input, 1u << 22);
    buf_init(&whole, 1u << 22);
    buf_append_text(&input, "t,k,x,y\n");
    for (uint32_t i = 0; i < 200; i++) {
        uint64_t kind = rng_below(&rng, 12);
        if (kind == 0)
            buf_append_text(&input, "\r\n\n");
        else if (kind == 1)
            buf_append_text(&input, "junk,\"open\n");
        else if (kind == 2)
            buf_printf(&input, "%0300u\n", i);
        else
            buf_printf(&input, "2020-01-01,\"k%u%s\",%u.5,%u\n", i % 7,
                       kind == 3 ? "\n" : "", i, i % 13);
    }
    run_batches(s, buf_text(&input), NULL, 7, &whole);
    cr_assert_gt(whole.length, 1000);
    for (uint32_t round = 0; round < 50; round++) {
        struct buf cut;
        buf_init(&cut, 1u << 22);
        run_batches(s, buf_text(&input), &rng, 7, &cut);
        cr_assert_str_eq(buf_text(&whole), buf_text(&cut));
        buf_release(&cut);
    }
    buf_release(&input);
    buf_release(&whole);
    schema_free(s);
}

/* What a restart does: frame again from where a batch ended. */
Test(batch, framing_can_go_on_behind_any_batch)
{
    struct schema *s = schema_of("t,k,x,y\n2020-01-01,a,1.5,10\n");
    struct block *all = parse(s, text);
    for (uint32_t cut = 1; cut < all->records; cut++) {
        struct batch_input batch;
        struct framer *f;
        struct block *rest;
        batch_input_init(&batch);
        cr_assert_eq(batch_input_add(&batch, all, 0, cut), 0);
        cr_assert_eq(
            framer_new(s, RECORD_MAX, batch.to_position, batch.to_line, &f), 0);
        cr_assert_eq(framer_push(f, (const uint8_t *)text + batch.to_position,
                                 strlen(text) - batch.to_position, true, &rest),
                     0);
        cr_assert_eq(rest->records, all->records - cut);
        for (uint32_t i = 0; i < rest->records; i++) {
            cr_expect_eq(block_record_position(rest, i),
                         block_record_position(all, cut + i));
            cr_expect_eq(block_record_line(rest, i),
                         block_record_line(all, cut + i));
            cr_expect_str_eq(record_text(rest, i), record_text(all, cut + i));
        }
        block_unref(rest);
        framer_free(f);
        batch_input_release(&batch);
    }
    block_unref(all);
    schema_free(s);
}

Test(batch, columns_go_when_every_batch_of_the_block_has_copied_them)
{
    struct schema *s = schema_of("t,k,x,y\n2020-01-01,a,1.5,10\n");
    struct framer *f;
    struct block *b = NULL;
    const char two[] = "2020-01-01,a,1,1\n2020-01-02,b,2,2\n";
    struct batch_input first, second;
    uint64_t counter = 0;
    cr_assert_eq(framer_new(s, RECORD_MAX, 0, 1, &f), 0);
    cr_assert_eq(framer_push(f, (const uint8_t *)two, sizeof two - 1, true, &b),
                 0);
    cr_assert_eq(block_parse(b, s), 0);
    block_count(b, &counter);
    batch_input_init(&first);
    batch_input_init(&second);
    cr_assert_eq(batch_input_add(&first, b, 0, 1), 0);
    cr_assert_eq(batch_input_add(&second, b, 1, 1), 0);
    block_columns_done(b); /* nothing more is added of it */
    cr_assert_eq(batch_assemble(&first, s->feature_count), 0);
    batch_columns_done(&first);
    cr_expect_not_null(b->x);
    cr_assert_eq(batch_assemble(&second, s->feature_count), 0);
    uint64_t before = counter;
    batch_columns_done(&second);
    cr_expect_null(b->x);
    cr_expect_eq(before - counter, 2 * 2 * 4 + 3 * 8, "x and times");
    cr_expect_eq(second.x[0], 2.0f);
    cr_expect_eq(memcmp(batch_key(&second, 0).text, "b", 1), 0);
    batch_input_release(&first);
    batch_input_release(&second);
    block_unref(b);
    cr_expect_eq(counter, 0);
    framer_free(f);
    schema_free(s);
}
