/* Who may open what: place, lock, first look, start over, clean exit. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(open);

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    cr_assert_eq(stat(path, &st), 0, "%s", path);
    return st.st_mode & 0777u;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

Test(open, a_new_file_is_a_fyke_database_with_its_lasting_choices)
{
    const char *path = fixture_path("new.db");
    fixture_close(fixture_open(path), true);
    cr_expect_eq(fixture_number(path, "pragma application_id"), 0x66796b65);
    cr_expect_eq(fixture_number(path, "pragma user_version"), 4);
    cr_expect_eq(fixture_number(path, "pragma auto_vacuum"), 2);
    cr_expect_eq(fixture_number(path, "pragma page_size"), 8192);
    cr_expect_eq(fixture_number(path, "select count(*) from pragma_table_list "
                                      "where schema='main' and type='table' "
                                      "and name not like 'sqlite_%' "
                                      "and strict=0"),
                 0);
    fixture_check(path);
}

Test(open, the_file_has_its_mode_whatever_the_umask_and_so_have_wal_and_shm)
{
    static const mode_t mask[] = { 0, 077, 0777 };
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "mode%d.db", i);
        const char *path = fixture_path(name);
        mode_t before = umask(mask[i]);
        struct store *s = fixture_open_with(
            &(struct store_options){ .path = path, .mode = 0640 });
        (void)umask(before);
        char beside[600];
        cr_expect_eq(mode_of(path), 0640);
        (void)snprintf(beside, sizeof beside, "%s-wal", path);
        cr_expect_eq(mode_of(beside), 0640);
        (void)snprintf(beside, sizeof beside, "%s-shm", path);
        cr_expect_eq(mode_of(beside), 0640);
        (void)snprintf(beside, sizeof beside, "%s.lock", path);
        cr_expect_eq(mode_of(beside), 0640);
        fixture_close(s, true);
        fixture_close(fixture_open(path), true); /* 0600 for a new one */
        cr_expect_eq(mode_of(path), 0640);
    }
}

Test(open, a_second_writer_is_refused_while_the_first_lives)
{
    const char *path = fixture_path("two.db");
    struct store *s = fixture_open(path);
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_BUSY);
    cr_expect_eq(err_exit_code(ERR_BUSY), 75);
    cr_expect(strstr(fault.text, "held by another fyke") != NULL);
    cr_expect_eq(fixture_open_error_at(path, true, &fault), ERR_BUSY);
    struct fixture_batch f;
    fixture_pin(s);
    fixture_batch(&f, 1);
    fixture_commit(s, &f.b);
    fixture_close(s, true);
    cr_expect_eq(fixture_open_error_at(path, false, &fault), 0, "%s",
                 fault.text);
}

/* Another process that holds the file's lock until it is told. */
struct holder {
    pid_t pid;
    int locked[2], go[2];
    int asked, told, patience; /* of the one who waits */
};

static void holder_run(const struct holder *h, const char *path,
                       const char *sql)
{
    sqlite3 *sq = NULL;
    char c = sqlite3_open(path, &sq) == SQLITE_OK &&
                     sqlite3_exec(sq, sql, NULL, NULL, NULL) == SQLITE_OK
                 ? 'y'
                 : 'n';
    if (write(h->locked[1], &c, 1) == 1 && read(h->go[0], &c, 1) == 1) {
        (void)sqlite3_close(sq);
    }
    _exit(0);
}

static void holder_start(struct holder *h, const char *path, const char *sql)
{
    char c = 0;
    cr_assert_eq(pipe(h->locked), 0);
    cr_assert_eq(pipe(h->go), 0);
    h->pid = fork();
    if (h->pid == 0) {
        holder_run(h, path, sql);
    }
    cr_assert_eq(read(h->locked[0], &c, 1), 1);
    cr_assert_eq(c, 'y');
}

static void holder_end(struct holder *h)
{
    if (h->pid != 0) {
        cr_assert_eq(write(h->go[1], "x", 1), 1);
        cr_assert_eq(waitpid(h->pid, NULL, 0), h->pid);
        h->pid = 0;
    }
}

/* Ends the lock once people were told of it, or gives up before. */
static int holder_waited_for(void *context, const char *text)
{
    struct holder *h = context;
    h->asked++;
    if (text != NULL) {
        h->told++;
        cr_expect(strstr(text, "is locked by another program") != NULL);
        holder_end(h);
    }
    return h->patience > 0 && h->asked == h->patience;
}

Test(open, a_lock_of_another_program_is_waited_for_and_told_once)
{
    static const struct {
        bool clean;
        const char *sql;
    } cases[] = { { true, "begin immediate" },
                  { true, "begin exclusive" },
                  { false, "begin immediate" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "wait%zu.db", i);
        const char *path = fixture_path(name);
        fixture_make(path, 2, cases[i].clean);
        struct holder h = { 0 };
        holder_start(&h, path, cases[i].sql);
        struct store *s = fixture_open_with(
            &(struct store_options){ .path = path,
                                     .mode = 0600,
                                     .waiting = holder_waited_for,
                                     .waiting_context = &h });
        cr_expect_eq(h.told, 1);
        cr_expect_geq(h.asked, 20);
        store_started(s);
        cr_expect_eq(store_meta_get(s)->last_batch, 2);
        fixture_close(s, true);
    }
}

Test(open, who_waits_for_a_lock_may_give_up)
{
    const char *path = fixture_path("giveup.db");
    fixture_make(path, 1, true);
    struct holder h = { .patience = 3 };
    holder_start(&h, path, "begin immediate");
    struct store *s = NULL;
    struct fault fault = { 0 };
    struct store_options o = { .path = path,
                               .mode = 0600,
                               .waiting = holder_waited_for,
                               .waiting_context = &h };
    cr_expect_eq(store_open(&o, &s, &fault), ERR_CANCELED);
    cr_expect_eq(h.asked, 3);
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_BUSY,
                 "2 s, unasked");
    holder_end(&h);
    cr_expect_eq(fixture_open_error_at(path, false, &fault), 0);
}

Test(open, the_rest_of_a_start_waits_for_a_lock_too_and_a_commit_does_not)
{
    const char *path = fixture_path("rest.db");
    struct holder h = { 0 };
    struct store *s =
        fixture_open_with(&(struct store_options){ .path = path,
                                                   .mode = 0600,
                                                   .waiting = holder_waited_for,
                                                   .waiting_context = &h });
    holder_start(&h, path, "begin immediate");
    fixture_pin(s);
    cr_expect_eq(h.told, 1);
    int asked = h.asked;
    store_started(s);
    holder_start(&h, path, "begin immediate");
    struct fixture_batch f;
    struct fault fault = { 0 };
    fixture_batch(&f, 1);
    cr_expect_eq(store_commit(s, &f.b, &fault), ERR_BUSY);
    cr_expect_eq(h.asked, asked);
    holder_end(&h);
    fixture_commit(s, &f.b);
    fixture_close(s, true);
}

static int lets_go(void *context, const char *text)
{
    struct store **other = context;
    cr_expect(text == NULL);
    fixture_close(*other, true);
    *other = NULL;
    return 0;
}

static int gives_up(void *context, const char *text)
{
    (void)text;
    return ++*(int *)context == 2 ? ERR_CANCELED : 0;
}

Test(open, a_start_tries_again_while_another_fyke_holds_the_file_for_a_moment)
{
    const char *path = fixture_path("moment.db");
    struct store *other = fixture_open(path);
    struct fault fault;
    int asked = 0;
    const struct store_options stopped = { .path = path,
                                           .mode = 0600,
                                           .waiting = gives_up,
                                           .waiting_context = &asked };
    cr_expect_eq(fixture_open_error(&stopped, &fault), ERR_CANCELED);
    cr_expect_eq(asked, 2);
    struct store *s =
        fixture_open_with(&(struct store_options){ .path = path,
                                                   .mode = 0600,
                                                   .waiting = lets_go,
                                                   .waiting_context = &other });
    cr_expect(other == NULL);
    fixture_close(s, true);
}

Test(open, a_second_process_is_refused_also_through_a_link)
{
    const char *path = fixture_path("real.db");
    const char *link = fixture_path("link.db");
    struct store *s = fixture_open(path);
    cr_assert_eq(symlink(path, link), 0);
    pid_t child = fork();
    if (child == 0) {
        struct fault fault;
        _exit(fixture_open_error_at(link, false, &fault) == ERR_BUSY ? 0 : 1);
    }
    int status = -1;
    (void)waitpid(child, &status, 0);
    cr_expect_eq(status, 0);
    fixture_close(s, true);
    fixture_close(fixture_open(link), true);
    cr_expect_not(exists(fixture_path("link.db.lock")));
    cr_expect_eq(fixture_number(path, "select epoch from meta"), 2);
}

Test(open, each_start_is_a_new_epoch_of_the_same_run)
{
    const char *path = fixture_path("epoch.db");
    uint8_t run_id[STORE_RUN_ID_BYTES] = { 0 };
    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        struct store *s = fixture_open(path);
        const struct store_meta *meta = store_meta_get(s);
        cr_expect_eq(meta->epoch, epoch);
        cr_expect_eq(meta->last_batch, 0);
        if (epoch > 1) {
            cr_expect_arr_eq(meta->run_id, run_id, sizeof run_id);
        }
        memcpy(run_id, meta->run_id, sizeof run_id);
        fixture_close(s, epoch == 2);
    }
    const char *other = fixture_path("other.db");
    struct store *s = fixture_open(other);
    cr_expect_arr_neq(store_meta_get(s)->run_id, run_id, sizeof run_id);
    fixture_close(s, true);
}

Test(open, a_clean_exit_leaves_one_plain_file_and_the_empty_lock)
{
    const char *path = fixture_path("plain.db");
    fixture_make(path, 3, true);
    char beside[600];
    static const char *const gone[] = { "-wal", "-shm", "-journal", ".new",
                                        ".new-journal" };
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        (void)snprintf(beside, sizeof beside, "%s%s", path, gone[i]);
        cr_expect_not(exists(beside), "%s", beside);
    }
    struct stat st;
    (void)snprintf(beside, sizeof beside, "%s.lock", path);
    cr_assert_eq(stat(beside, &st), 0);
    cr_expect_eq(st.st_size, 0);
    cr_expect_str_eq(fixture_query(path, "pragma journal_mode"), "delete");
}

Test(open, an_unclean_exit_loses_nothing)
{
    const char *path = fixture_path("unclean.db");
    fixture_make(path, 3, false);
    struct store *s = fixture_open(path);
    cr_expect_eq(store_meta_get(s)->last_batch, 3);
    cr_expect(store_meta_get(s)->pinned);
    struct store_source source;
    struct fault fault;
    cr_assert_eq(store_source_get(s, &source, &fault), 0);
    cr_expect_str_eq(source.source, "in.csv");
    cr_expect_str_eq(source.kind, "file");
    cr_expect_str_eq(source.identity, "{\"head\":2}");
    cr_expect_eq(source.position, 300);
    cr_expect_eq(source.line, 32);
    fixture_close(s, true);
    fixture_check(path);
}

Test(open, a_clean_exit_beside_an_open_reader_says_so_and_loses_nothing)
{
    const char *path = fixture_path("held.db");
    struct store *s = fixture_open(path);
    fixture_pin(s);
    struct fixture_batch f;
    fixture_batch(&f, 1);
    fixture_commit(s, &f.b);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "select * from batches");
    struct fault fault = { 0 };
    cr_expect_eq(store_close(s, true, &fault), ERR_BUSY);
    cr_expect(strstr(fault.text, "belong together") != NULL);
    (void)sqlite3_close(sq);
    s = fixture_open(path);
    cr_expect_eq(store_meta_get(s)->last_batch, 1);
    fixture_close(s, true);
}

Test(open, a_foreign_database_is_never_touched)
{
    const char *path = fixture_path("foreign.db");
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "create table mine(a)");
    (void)sqlite3_close(sq);
    struct stat before;
    struct stat after;
    cr_assert_eq(stat(path, &before), 0);
    struct fault fault;
    for (int fresh = 0; fresh < 2; fresh++) {
        cr_expect_eq(fixture_open_error_at(path, fresh, &fault), ERR_CONTENT);
        cr_expect(strstr(fault.text, "another program") != NULL);
    }
    cr_assert_eq(stat(path, &after), 0);
    cr_expect_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    cr_expect_eq(after.st_ino, before.st_ino);
    cr_expect_eq(after.st_mode, before.st_mode);
    cr_expect_str_eq(fixture_query(path, "select name from sqlite_schema"),
                     "mine");
}

Test(open, a_text_file_is_content_and_stays)
{
    const char *path = fixture_path("notes.txt");
    write_file(path, "a,b\n1,2\n");
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_CONTENT);
    cr_expect_eq(err_exit_code(ERR_CONTENT), 65);
    cr_expect_eq(fixture_open_error_at(path, true, &fault), ERR_CONTENT);
    cr_expect(exists(path));
}

Test(open, an_empty_file_is_taken)
{
    const char *path = fixture_path("empty.db");
    write_file(path, "");
    fixture_close(fixture_open(path), true);
    fixture_check(path);
    fixture_make(path, 1, false);
    write_file(path, ""); /* but not beside a WAL */
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_CORRUPT);
    cr_expect_eq(fixture_open_error_at(path, true, &fault), 0, "%s",
                 fault.text);
}

Test(open, a_missing_folder_and_a_folder_say_what_to_do)
{
    struct fault fault;
    cr_expect_eq(
        fixture_open_error_at(fixture_path("no/such/x.db"), false, &fault),
        ERR_NOTFOUND);
    cr_expect(strstr(fault.text, "mkdir -p") != NULL, "%s", fault.text);
    cr_expect_eq(fixture_open_error_at(fixture_folder(), false, &fault),
                 ERR_PLACE);
    cr_expect(strstr(fault.text, "is a folder") != NULL, "%s", fault.text);
    cr_expect_eq(fixture_open_error_at("", false, &fault), ERR_USAGE);
    cr_expect_eq(fixture_open_error_at("folder/", false, &fault), ERR_USAGE);
    cr_expect_eq(fixture_open_error_at("/dev/null", false, &fault), ERR_PLACE);
}

Test(open, a_folder_without_permission_is_refused)
{
    const char *folder = fixture_path("closed");
    cr_assert_eq(mkdir(folder, 0555), 0);
    char path[600];
    (void)snprintf(path, sizeof path, "%s/x.db", folder);
    cr_assert_eq(chmod(fixture_folder(), 0755), 0);
    if (geteuid() == 0) {
        cr_assert_eq(seteuid(65534), 0);
    }
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_PERM);
    cr_expect_eq(err_exit_code(ERR_PERM), 74);
    if (getuid() == 0) {
        cr_assert_eq(seteuid(0), 0);
    }
}

Test(open, a_newer_format_is_refused_and_a_missing_one_is_damage)
{
    const char *path = fixture_path("newer.db");
    fixture_make(path, 1, true);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "pragma user_version=5");
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_VERSION);
    cr_expect(strstr(fault.text, "newer fyke") != NULL);
    (void)fixture_query_on(sq, "pragma user_version=0");
    cr_expect_eq(fixture_open_error_at(path, false, &fault), ERR_CORRUPT);
    (void)sqlite3_close(sq);
}

/* Takes back what the later formats added. */
static void make_format_1(const char *path)
{
    fixture_make(path, 2, true);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    static const char *const drop[] = {
        "drop view batches",
        "drop view anomalies",
        "drop view candidates",
        "drop view scores",
        "drop table opinion",
        "alter table batch drop column votes",
        "alter table answer drop column votes",
        "alter table answer drop column cluster",
        "alter table answer drop column core",
        "alter table score drop column cluster",
        "alter table score drop column core",
    };
    for (size_t i = 0; i < sizeof drop / sizeof drop[0]; i++)
        (void)fixture_query_on(sq, drop[i]);
    (void)fixture_query_on(sq, "alter table batch drop column worker_us");
    (void)fixture_query_on(sq, "alter table batch drop column total_us");
    (void)fixture_query_on(sq, "drop table model");
    (void)fixture_query_on(sq, "update meta set view_hash=1");
    (void)fixture_query_on(sq, "pragma user_version=1");
    (void)sqlite3_close(sq);
}

Test(open, a_file_of_format_1_is_brought_up_to_date_and_goes_on)
{
    const char *path = fixture_path("format1.db");
    make_format_1(path);
    fixture_check(path); /* read as it is */
    struct store *s = fixture_open(path);
    cr_expect_eq(store_meta_get(s)->last_batch, 2);
    struct fixture_batch f;
    fixture_batch(&f, 3);
    f.b.worker_us = 1900;
    fixture_commit(s, &f.b);
    fixture_close(s, true);
    cr_expect_eq(fixture_number(path, "pragma user_version"), 4);
    cr_expect_str_eq(
        fixture_query(path, "select batch,compute_ms,worker_ms,total_ms>2.45 "
                            "from batches order by batch"),
        "1|2.1|NULL|1\n2|2.1|NULL|1\n3|2.1|1.9|1");
    fixture_check(path);
}

Test(open, starting_over_keeps_the_old_file_whole)
{
    const char *path = fixture_path("fresh.db");
    fixture_make(path, 2, false); /* the batches are in its -wal */
    struct store *s = fixture_open_with(
        &(struct store_options){ .path = path, .mode = 0600, .fresh = true });
    cr_expect_eq(store_meta_get(s)->last_batch, 0);
    cr_expect_eq(store_meta_get(s)->epoch, 1);
    cr_expect_not(store_meta_get(s)->pinned);
    fixture_close(s, true);
    const char *old = fixture_path("fresh.db.old");
    cr_expect_eq(fixture_number(old, "select last_batch from meta"), 2);
    fixture_check(old);
    cr_expect_not(exists(fixture_path("fresh.db.old-wal")));
    /* and again over an .old that is there */
    s = fixture_open_with(
        &(struct store_options){ .path = path, .mode = 0600, .fresh = true });
    fixture_close(s, true);
    cr_expect_eq(fixture_number(old, "select last_batch from meta"), 0);
}

Test(open, starting_over_is_refused_while_a_reader_has_the_file_open)
{
    const char *path = fixture_path("inuse.db");
    fixture_make(path, 2, false);
    sqlite3 *sq = NULL;
    cr_assert_eq(sqlite3_open(path, &sq), SQLITE_OK);
    (void)fixture_query_on(sq, "select * from batches");
    struct fault fault;
    cr_expect_eq(fixture_open_error_at(path, true, &fault), ERR_BUSY);
    cr_expect(strstr(fault.text, "open in another program") != NULL);
    (void)sqlite3_close(sq);
    cr_expect_eq(fixture_open_error_at(path, false, &fault), 0);
    cr_expect_eq(fixture_number(path, "select last_batch from meta"), 2);
}

Test(open, a_half_made_file_of_a_crash_is_replaced)
{
    const char *path = fixture_path("half.db");
    write_file(fixture_path("half.db.new"), "SQLite format 3");
    write_file(fixture_path("half.db.new-journal"), "x");
    fixture_close(fixture_open(path), true);
    cr_expect_not(exists(fixture_path("half.db.new")));
    fixture_check(path);
}
