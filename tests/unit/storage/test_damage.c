/* Opening files that are damaged: an answer always, never a repair. */
#include "fixture.h"
#include "tests/lib/seed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(damage);

Test(damage, a_shortened_file_is_corrupt_and_may_be_started_over)
{
    const char *path = fixture_path("short.db");
    fixture_make(path, 3, true);
    cr_assert_eq(truncate(path, 3 * 8192 + 100), 0);
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_CORRUPT);
    cr_expect_eq(err_exit_code(ERR_CORRUPT), 65);
    cr_expect(strstr(fault.text, path) != NULL);
    cr_expect_eq(fixture_open_error_at(path, true, &fault), 0, "%s",
                 fault.text);
    cr_expect(access(fixture_path("short.db.old"), F_OK) == 0);
}

Test(damage, damage_is_reported_never_repaired)
{
    const char *path = fixture_path("damage.db");
    fixture_make(path, 3, true);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "delete from batch where batch=3");
    (void)sqlite3_close(sq);
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_CORRUPT);
    cr_expect_eq(fixture_number(path, "select epoch from meta"), 1);

    path = fixture_path("tables.db");
    fixture_make(path, 1, true);
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "drop table answer");
    (void)sqlite3_close(sq);
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_CORRUPT);
    cr_expect(strstr(fault.text, "answer") != NULL, "%s", fault.text);
}

/* SQLite calls that an ordinary error, not damage. */
Test(damage, an_unknown_schema_format_is_damage)
{
    const char *path = fixture_path("format.db");
    fixture_make(path, 2, true);
    FILE *f = fopen(path, "r+");
    cr_assert_not_null(f);
    cr_assert_eq(fseek(f, 47, SEEK_SET), 0); /* of the header, 4 at most */
    cr_assert_eq(fputc(9, f), 9);
    cr_assert_eq(fclose(f), 0);
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_CORRUPT);
    cr_expect(strstr(fault.text, "format.db is damaged") != NULL);
}

/* Bits, pages and lengths at random: an answer, never a crash, and what opens
 * without complaint was either harmless or is found by the check. */
Test(damage, random_damage_is_survived)
{
    const char *path = fixture_path("good.db");
    const char *hurt = fixture_path("hurt.db");
    fixture_make(path, 40, true);
    static uint8_t bytes[2000000];
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    uint64_t seed = seed_any();
    struct rng r = seed_rng(seed);
    int refused = 0;
    for (int round = 0; round < 200; round++) {
        size_t at = rng_below(&r, round % 2 == 0 ? n : 8192);
        size_t length = round % 3 == 2 ? at : n;
        uint8_t saved[512];
        size_t width = round % 3 == 0 ? 1 : 512;
        width = at + width > n ? n - at : width;
        memcpy(saved, bytes + at, width);
        for (size_t i = 0; i < width && round % 3 < 2; i++) {
            bytes[at + i] ^=
                (uint8_t)(width == 1 ? 1u << rng_below(&r, 8) : rng_next(&r));
        }
        f = fopen(hurt, "w");
        cr_assert_not_null(f);
        cr_assert_eq(fwrite(bytes, 1, length, f), length);
        (void)fclose(f);
        memcpy(bytes + at, saved, width);
        struct reader *reader = NULL;
        struct buf findings;
        struct fault fault = { 0 };
        buf_init(&findings, 1u << 20);
        if (reader_open(hurt, &reader, &fault) == 0) {
            (void)reader_check(reader, &findings, &fault);
            reader_close(reader);
        }
        buf_release(&findings);
        int err = fixture_open_error_at(hurt, false, &fault);
        cr_assert(err == 0 || err == ERR_CORRUPT || err == ERR_CONTENT ||
                      err == ERR_VERSION,
                  "seed %llu round %d: %s %s", (unsigned long long)seed, round,
                  err_name(err), fault.text);
        cr_assert(err == 0 || strstr(fault.text, "hurt.db") != NULL);
        refused += err != 0;
    }
    cr_expect_gt(refused, 20);
}
