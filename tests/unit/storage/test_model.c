/* Models under their hashes. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

TestSuite(model);

static const char hash_a[] =
    "aaaa000011112222333344445555666677778888999900001111222233334444";
static const char hash_b[] =
    "aaaa000011112222bbb344445555666677778888999900001111222233334444";

static const char hash_c[] =
    "cccc000011112222bbb344445555666677778888999900001111222233334444";

static int put(struct store *s, const char *hash, const char *text)
{
    const struct store_model m = { .hash = hash,
                                   .kind = "iforest",
                                   .origin = "x.fyke-model",
                                   .payload = text,
                                   .payload_bytes = strlen(text),
                                   .features = 3,
                                   .trees = 100,
                                   .subsample = 256,
                                   .nodes = 4000,
                                   .at_ns = 5 };
    return store_model_put(s, &m, NULL);
}

/* "hash-end payload", or the error's name. */
static const char *get(struct reader *r, const char *hash)
{
    static char out[200];
    char found[STORE_MODEL_HASH] = "";
    struct buf payload;
    struct fault fault = { 0 };
    buf_init(&payload, 1000);
    int err = reader_model_get(r, hash, found, &payload, &fault);
    (void)snprintf(out, sizeof out, "%s %s",
                   err == 0 ? found + 16 : err_name(err), buf_text(&payload));
    buf_release(&payload);
    return out;
}

Test(model, is_kept_once_and_found_by_the_beginning_of_its_hash)
{
    const char *path = fixture_path("models.db");
    struct store *s = fixture_open(path);
    struct reader *r;
    cr_assert_eq(reader_of_store(s, &r), 0);
    cr_expect_str_eq(get(r, hash_a), "NOTFOUND ");
    cr_assert_eq(put(s, hash_a, "first"), 0);
    cr_assert_eq(put(s, hash_a, "again"), 0, "the same hash is the same model");
    cr_expect_str_eq(get(r, "aaaa0000"),
                     "333344445555666677778888999900001111222233334444 first");
    cr_assert_eq(put(s, hash_b, "second"), 0);
    cr_expect_str_eq(get(r, hash_b),
                     "bbb344445555666677778888999900001111222233334444 second");
    cr_expect_str_eq(get(r, "aaaa0000"), "USAGE ");
    cr_expect_str_eq(get(r, "bbb"), "NOTFOUND ");
    cr_expect_str_eq(get(r, "%"), "NOTFOUND ");
    reader_close(r);
    fixture_close(s, true);
    cr_expect_str_eq(
        fixture_query(path, "select features,trees,subsample,nodes,origin,"
                            "at_ns from model where "
                            "cast(payload as text)='first'"),
        "3|100|256|4000|x.fyke-model|5");
}

Test(model, a_file_of_an_older_fyke_holds_none)
{
    const char *path = fixture_path("old.db");
    sqlite3 *sq = NULL;
    struct reader *r;
    fixture_make(path, 1, true);
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "drop table model");
    (void)fixture_query_on(sq, "pragma user_version=2");
    (void)sqlite3_close(sq);
    cr_assert_eq(reader_open(path, &r, NULL), 0);
    cr_expect_str_eq(get(r, hash_a), "NOTFOUND ");
    reader_close(r);
}

Test(model, what_training_taught_is_the_state_before_the_first_batch)
{
    const char *path = fixture_path("trained.db");
    struct store *s = fixture_open(path);
    struct reader *r;
    struct buf state;
    uint64_t from = 9;
    struct fixture_batch f;
    buf_init(&state, 1000);
    fixture_pin(s);
    cr_assert_eq(store_learned_put(s, "first", 5, NULL), 0);
    cr_assert_eq(store_learned_put(s, "second", 6, NULL), 0);
    cr_assert_eq(reader_of_store(s, &r), 0);
    cr_assert_eq(reader_snapshot(r, 0, &state, &from, NULL), 0);
    cr_expect_str_eq(buf_text(&state), "second");
    cr_expect_eq(from, 0);
    cr_assert_eq(store_learned_put(s, NULL, 0, NULL), 0);
    buf_reset(&state);
    cr_assert_eq(reader_snapshot(r, 0, &state, &from, NULL), 0);
    cr_expect_eq(state.length, 0);
    fixture_batch(&f, 1);
    fixture_commit(s, &f.b);
    cr_expect_eq(store_learned_put(s, "late", 4, NULL), ERR_INVALID);
    reader_close(r);
    buf_release(&state);
    fixture_close(s, true);
}

static void use(struct store *s, uint64_t batch, const char *hash)
{
    const struct store_setting setting = { "model", hash };
    const struct store_change change = { .from_batch = batch,
                                         .setting = &setting,
                                         .setting_count = 1 };
    cr_assert_eq(store_change_put(s, &change, NULL), 0);
}

Test(model, that_was_used_goes_with_the_last_batch_of_it)
{
    const char *path = fixture_path("drop.db");
    struct store *s = fixture_open_with(&(struct store_options){
        .path = path, .mode = 0600, .keep_age_us = 1000000 });
    struct fixture_batch f;
    fixture_pin(s);
    cr_assert_eq(put(s, hash_a, "first"), 0);
    cr_assert_eq(put(s, hash_b, "second"), 0);
    cr_assert_eq(put(s, hash_c, "not used yet"), 0);
    for (uint64_t n = 1; n <= 80; n++) { /* the latest 32 stay */
        if (n == 1)
            use(s, n, hash_a);
        if (n == 21)
            use(s, n, hash_b);
        if (n == 31)
            use(s, n, hash_a);
        fixture_batch(&f, n);
        fixture_commit(s, &f.b);
        cr_expect_eq(fixture_number(path, "select count(*) from model"),
                     n <= 61 ? 3 : 2, "batch %d", (int)n);
    }
    cr_expect_str_eq(fixture_query(path, "select group_concat(cast(payload as "
                                         "text)) from (select payload from "
                                         "model order by hash)"),
                     "first,not used yet");
    fixture_close(s, true);
    fixture_check(path);
}

Test(model, is_found_by_where_it_is_from)
{
    struct store *s = fixture_open(fixture_path("origin.db"));
    struct reader *r;
    char found[STORE_MODEL_HASH];
    cr_assert_eq(put(s, hash_a, "first"), 0);
    cr_assert_eq(reader_of_store(s, &r), 0);
    cr_assert_eq(reader_model_of(r, "x.fyke-model", found, NULL), 0);
    cr_expect_str_eq(found, hash_a);
    cr_expect_eq(reader_model_of(r, "x", found, NULL), ERR_NOTFOUND);
    reader_close(r);
    fixture_close(s, true);
}
