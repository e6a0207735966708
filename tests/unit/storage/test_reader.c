/* Reading: what was written comes back, from any file in any place. */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(reader);

static struct reader *open_reader(const char *path)
{
    struct reader *r = NULL;
    struct fault fault = { 0 };
    int err = reader_open(path, &r, &fault);
    cr_assert_eq(err, 0, "%s", fault.text);
    return r;
}

Test(reader, a_batch_comes_back_as_it_was_written)
{
    const char *path = fixture_path("batch.db");
    fixture_make(path, 3, true);
    struct reader *r = open_reader(path);
    struct reader_batch b;
    struct fault fault;
    cr_assert_eq(reader_batch_get(r, 2, &b, &fault), 0);
    cr_expect_eq(b.batch, 2);
    cr_expect_eq(b.state_batch, 1);
    cr_expect_eq(b.records, 10);
    cr_expect_eq(b.flag, 999000);
    cr_expect_eq(b.seed, 1);
    cr_expect_eq(b.algorithm, 1);
    cr_expect_eq(b.content_hash, 0xfedcba9876543210u + 2);
    cr_expect_eq(b.result_hash, 79);
    cr_expect_eq(b.from_position, 100);
    cr_expect_eq(b.to_position, 200);
    cr_expect_eq(b.from_line, 12);
    cr_expect_eq(reader_batch_get(r, 4, &b, &fault), ERR_NOTFOUND);
    uint64_t first = 0;
    uint64_t last = 0;
    cr_assert_eq(reader_batch_range(r, &first, &last, &fault), 0);
    cr_expect_eq(first, 1);
    cr_expect_eq(last, 3);
    struct store_source source;
    cr_assert_eq(reader_source_get(r, &source, &fault), 0);
    cr_expect_eq(source.position, 300);
    reader_close(r);
}

Test(reader, an_empty_file_has_no_batch_and_no_source)
{
    const char *path = fixture_path("empty.db");
    fixture_close(fixture_open(path), true);
    struct reader *r = open_reader(path);
    uint64_t first;
    uint64_t last;
    struct fault fault;
    struct store_source source;
    struct buf value;
    buf_init(&value, 100);
    cr_expect_eq(reader_batch_range(r, &first, &last, &fault), ERR_NOTFOUND);
    cr_expect_eq(reader_source_get(r, &source, &fault), ERR_NOTFOUND);
    cr_expect_eq(reader_setting_get(r, "x", 1, &value), ERR_NOTFOUND);
    buf_release(&value);
    reader_close(r);
}

struct seen {
    uint32_t count;
    const struct store_answer *want;
};

static int same_answer(void *context, const struct store_answer *a)
{
    struct seen *seen = context;
    const struct store_answer *w = &seen->want[seen->count++];
    cr_expect_eq(a->row, w->row);
    cr_expect_str_eq(a->detector, "iforest");
    cr_expect_eq(a->time_ns, w->time_ns);
    cr_expect_eq(a->key_bytes, w->key_bytes);
    cr_expect(a->key_bytes == 0 || strcmp(a->key, w->key) == 0);
    cr_expect_eq(a->score_raw, w->score_raw);
    cr_expect_eq(a->score, w->score);
    cr_expect_eq(a->below, w->below);
    cr_expect_eq(a->of, w->of);
    cr_expect_eq(a->reference_rows, w->reference_rows);
    cr_expect_eq(a->flagged, w->flagged);
    cr_expect_str_eq(a->why, w->why);
    cr_expect_eq(a->byte, w->byte);
    cr_expect_eq(a->line, w->line);
    cr_expect_eq(a->record_bytes, w->record_bytes);
    cr_expect_str_eq(a->record, w->record);
    cr_assert_eq(a->reason_count, w->reason_count);
    for (uint32_t i = 0; i < a->reason_count; i++) {
        cr_expect_str_eq(a->reason[i].feature, w->reason[i].feature);
        cr_expect_eq(a->reason[i].value, w->reason[i].value);
        cr_expect_eq(a->reason[i].usual, w->reason[i].usual);
        cr_expect_eq(a->reason[i].direction, w->reason[i].direction);
        cr_expect(a->reason[i].contribution == w->reason[i].contribution ||
                  (isnan(a->reason[i].contribution) &&
                   isnan(w->reason[i].contribution)));
    }
    return seen->count == 3 && w->row == 7 ? 42 : 0;
}

Test(reader, answers_come_back_in_row_order_with_their_reasons)
{
    const char *path = fixture_path("answers.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct store_answer answer[3] = { fixture_answer(2, "a", 99950, 100000),
                                      fixture_answer(5, NULL, 99100, 100000),
                                      fixture_answer(6, "long key", 1, 2) };
    answer[0].time_ns = -5;
    answer[0].reason_count = 3;
    answer[0].reason[0] =
        (struct store_reason){ "x", 9, 1, 1, (double)INFINITY };
    answer[0].reason[1] =
        (struct store_reason){ "feature y", 0.1, 2, -1, (double)NAN };
    answer[0].reason[2] = (struct store_reason){ "z", 1e300, 0, 1, 0.25 };
    answer[2].reason_count = 1;
    answer[2].reason[0] = (struct store_reason){ "x", 9, 1, 1, 1 };
    struct fixture_batch f;
    fixture_batch(&f, 1);
    f.b.answer = answer;
    f.b.answer_count = 3;
    fixture_commit(s, &f.b);
    struct reader *r = NULL;
    struct fault fault = { 0 };
    cr_assert_eq(reader_of_store(s, &r), 0);
    struct seen seen = { .want = answer };
    cr_expect_eq(reader_answers(r, 1, same_answer, &seen, &fault), 0);
    cr_expect_eq(seen.count, 3);
    seen.count = 0;
    cr_expect_eq(reader_answers(r, 2, same_answer, &seen, &fault), 0);
    cr_expect_eq(seen.count, 0);
    reader_close(r);
    cr_expect_eq(store_meta_get(s)->last_batch, 1); /* the writer lives on */
    fixture_batch(&f, 2);
    fixture_commit(s, &f.b);
    fixture_close(s, true);
}

static int print_row(void *context, uint32_t columns, const char *const *names,
                     const char *const *row)
{
    struct buf *out = context;
    for (uint32_t i = 0; i < columns; i++) {
        const char *text = row == NULL ? names[i] : row[i];
        (void)buf_printf(out, "%s,", text == NULL ? "" : text);
    }
    return buf_append_char(out, '\n');
}

static int stop(void *context, uint32_t columns, const char *const *names,
                const char *const *row)
{
    (void)context;
    (void)columns;
    (void)names;
    return row == NULL ? 0 : 7;
}

Test(reader, a_query_gives_its_names_and_its_rows)
{
    const char *path = fixture_path("query.db");
    fixture_make(path, 2, true);
    struct reader *r = open_reader(path);
    struct buf out;
    struct fault fault = { 0 };
    buf_init(&out, 10000);
    cr_expect_eq(reader_query(r,
                              "select batch,rows_in,null as n from batches "
                              "order by batch",
                              print_row, &out, &fault),
                 0);
    cr_expect_str_eq(buf_text(&out), "batch,rows_in,n,\n1,10,,\n2,10,,\n");
    buf_reset(&out);
    cr_expect_eq(
        reader_query(r, "select * from quarantine", print_row, &out, &fault),
        0);
    cr_expect_str_eq(buf_text(&out),
                     "time,batch,source,line,byte,reason,records,record,\n");
    cr_expect_eq(reader_query(r, "select * from batches", stop, NULL, &fault),
                 7);
    cr_expect_lt(
        reader_query(r, "select x from nowhere", print_row, &out, &fault), 0);
    cr_expect(strstr(fault.text, "nowhere") != NULL, "%s", fault.text);
    cr_expect_lt(reader_query(r, "delete from batch", print_row, &out, &fault),
                 0);
    cr_expect_eq(fixture_number(path, "select count(*) from batches"), 2);
    buf_release(&out);
    reader_close(r);
}

static int open_error(const char *path, struct fault *fault)
{
    struct reader *r = NULL;
    *fault = (struct fault){ 0 };
    int err = reader_open(path, &r, fault);
    reader_close(r);
    return err;
}

Test(reader, what_is_not_ours_is_named)
{
    struct fault fault;
    const char *path = fixture_path("x.db");
    cr_expect_eq(open_error(path, &fault), ERR_NOTFOUND);
    cr_expect(strstr(fault.text, "x.db") != NULL);

    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    for (int i = 0; i < 1000; i++) {
        (void)fputs("a,b,c\n", f);
    }
    (void)fclose(f);
    cr_expect_eq(open_error(path, &fault), ERR_CONTENT, "%s", fault.text);

    path = fixture_path("other.db");
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "create table t(a)");
    (void)sqlite3_close(sq);
    cr_expect_eq(open_error(path, &fault), ERR_CONTENT);
    cr_expect(strstr(fault.text, "another program") != NULL);

    path = fixture_path("newer.db");
    fixture_make(path, 1, true);
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "pragma user_version=9");
    (void)sqlite3_close(sq);
    cr_expect_eq(open_error(path, &fault), ERR_VERSION);
    cr_expect_neq(open_error(fixture_folder(), &fault), 0);
}

/* As a user who may write neither file nor folder. */
static void become_nobody(void)
{
    cr_assert_eq(chmod(fixture_folder(), 0755), 0);
    if (geteuid() == 0) {
        cr_assert_eq(seteuid(65534), 0);
    }
}

Test(reader, a_reader_without_write_access_opens_what_a_clean_exit_left)
{
    const char *folder = fixture_path("readonly");
    cr_assert_eq(mkdir(folder, 0755), 0);
    char path[600];
    (void)snprintf(path, sizeof path, "%s/x.db", folder);
    fixture_make(path, 2, true);
    cr_assert_eq(chmod(path, 0444), 0);
    cr_assert_eq(chmod(folder, 0555), 0);
    become_nobody();
    cr_expect_eq(fixture_number(path, "select count(*) from batches"), 2);
    fixture_check(path);
    if (getuid() == 0) {
        cr_assert_eq(seteuid(0), 0);
    }
    cr_assert_eq(chmod(folder, 0755), 0);
}

Test(reader, a_copy_in_a_closed_folder_opens_unless_its_wal_is_needed)
{
    const char *folder = fixture_path("copy %41?#");
    cr_assert_eq(mkdir(folder, 0755), 0);
    char path[600];
    char wal[600];
    (void)snprintf(path, sizeof path, "%s/x.db", folder);
    (void)snprintf(wal, sizeof wal, "%s/x.db-wal", folder);
    fixture_make(path, 2, true);
    fixture_make(path, 0,
                 false); /* journal mode WAL, nothing in it but the epoch */
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "pragma wal_checkpoint(truncate)");
    (void)sqlite3_close(sq);
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)sqlite3_close(sq);
    (void)unlink(wal);
    (void)snprintf(wal, sizeof wal, "%s/x.db-shm", folder);
    (void)unlink(wal);
    (void)snprintf(wal, sizeof wal, "%s/x.db-wal", folder);
    cr_assert_eq(chmod(path, 0444), 0);
    cr_assert_eq(chmod(folder, 0555), 0);
    become_nobody();
    struct reader *r = open_reader(path);
    struct fault fault;
    uint64_t first;
    uint64_t last;
    cr_expect_eq(reader_batch_range(r, &first, &last, &fault), 0);
    cr_expect_eq(last, 2);
    reader_close(r);
    if (getuid() == 0) {
        cr_assert_eq(seteuid(0), 0);
    }
    cr_assert_eq(chmod(folder, 0755), 0);
    FILE *f = fopen(wal, "w");
    cr_assert_not_null(f);
    (void)fputs("something", f);
    (void)fclose(f);
    cr_assert_eq(chmod(folder, 0555), 0);
    become_nobody();
    cr_expect_neq(open_error(path, &fault), 0);
    cr_expect(strstr(fault.text, "not closed cleanly") != NULL, "%s",
              fault.text);
    if (getuid() == 0) {
        cr_assert_eq(seteuid(0), 0);
    }
    cr_assert_eq(chmod(folder, 0755), 0);
}

Test(reader, check_names_what_does_not_hold)
{
    static const struct {
        const char *change, *says;
    } damage[] = {
        { "delete from batch where batch=2", "batch 2 is missing" },
        { "update batch set records=11 where batch=1", "batch 1: 11 records" },
        { "update batch set rows_flagged=1 where batch=3", "1 flagged" },
        { "update batch set rows_quarantined=1,rows_scored=9 where batch=3",
          "1 quarantined" },
        { "update batch_range set from_position=50 where batch=2", "overlap" },
        { "update source set position=1", "position 1" },
        { "update meta set last_batch=9", "last batch 9" },
        { "delete from state_delta where batch=2", "batch 2 taught" },
        { "update batch set rows_kept=1 where batch=2", "1 scores noted" },
        { "update batch set state_batch=3 where batch=3", "state_batch 3" },
        { "insert into reason values(1,1,'iforest',1,'x',1,1,1,1)",
          "without its answer" },
    };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "check%d.db", (int)i);
        const char *path = fixture_path(name);
        fixture_make(path, 3, true);
        fixture_check(path);
        sqlite3 *sq = NULL;
        cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
        (void)fixture_query_on(sq, damage[i].change);
        (void)sqlite3_close(sq);
        struct reader *r = open_reader(path);
        struct buf findings;
        struct fault fault;
        buf_init(&findings, 100000);
        cr_expect_geq(reader_check(r, &findings, &fault), 1);
        cr_expect(strstr(buf_text(&findings), damage[i].says) != NULL, "%s: %s",
                  damage[i].change, buf_text(&findings));
        buf_release(&findings);
        reader_close(r);
    }
}

Test(reader, check_finds_a_page_overwritten)
{
    const char *path = fixture_path("page.db");
    fixture_make(path, 200, true);
    FILE *f = fopen(path, "r+");
    cr_assert_not_null(f);
    int64_t page = fixture_number(path, "select rootpage from sqlite_schema "
                                        "where name='batch'");
    (void)fseek(f, (long)(page - 1) * 8192 + 8, SEEK_SET);
    for (int i = 0; i < 500; i++) {
        (void)fputc(0xee, f);
    }
    (void)fclose(f);
    struct reader *r = open_reader(path);
    struct buf findings;
    struct fault fault;
    buf_init(&findings, 100000);
    int found = reader_check(r, &findings, &fault);
    cr_expect(found > 0 || found == ERR_CORRUPT, "%d", found);
    buf_release(&findings);
    reader_close(r);
}
