/*
 * Preloaded into a coordinator by the chaos test: ends the process with
 * SIGKILL exactly at a named moment of a batch's life, through interfaces that
 * are there anyway (the debug log line of the moment, SQLite's COMMIT).
 *
 *   FYKE_KILL_AT=sealed|planned|merged|commit   before the Kth such log line
 *   FYKE_KILL_AT=before_commit|after_commit     around the Kth COMMIT of a
 * batch FYKE_KILL_COUNT=K                           1 = the first
 *   FYKE_KILL_NOTE=PATH                         the moment's name is appended
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sqlite3;
struct sqlite3_stmt;

ssize_t write(int fd, const void *bytes, size_t n);
int sqlite3_step(struct sqlite3_stmt *stmt);
const char *sqlite3_sql(struct sqlite3_stmt *stmt);
int sqlite3_exec(struct sqlite3 *db, const char *sql, void *row, void *context,
                 char **error);

static atomic_int seen;
static atomic_bool batch_open; /* a batch's UPDATE meta ran: COMMIT is its */

static void note_and_die(const char *moment)
{
    const char *path = getenv("FYKE_KILL_NOTE");
    if (path != NULL) {
        int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0) {
            (void)!dprintf(fd, "%s\n", moment);
            (void)close(fd);
        }
    }
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

static void reached(const char *moment)
{
    const char *at = getenv("FYKE_KILL_AT");
    const char *count = getenv("FYKE_KILL_COUNT");
    if (at == NULL || strcmp(at, moment) != 0)
        return;
    if (atomic_fetch_add(&seen, 1) + 1 == (count != NULL ? atoi(count) : 1))
        note_and_die(moment);
}

static void look_at_line(const char *bytes, size_t n)
{
    static const char *const moments[] = { "sealed", "planned", "merged",
                                           "commit" };
    static const char before[] = "state=";
    const char *state = memmem(bytes, n, before, sizeof before - 1);
    if (state == NULL)
        return;
    state += sizeof before - 1;
    size_t left = n - (size_t)(state - bytes);
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        size_t length = strlen(moments[i]);
        if (left > length && memcmp(state, moments[i], length) == 0 &&
            (state[length] == '\n' || state[length] == ' '))
            reached(moments[i]);
    }
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    static ssize_t (*next)(int, const void *, size_t);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "write");
    if (fd == STDERR_FILENO)
        look_at_line(bytes, n);
    return next(fd, bytes, n);
}

static bool is_commit(const char *sql)
{
    return sql != NULL && strncasecmp(sql, "COMMIT", 6) == 0;
}

static bool is_batch_check(const char *sql)
{
    return sql != NULL && strstr(sql, "last_batch") != NULL &&
           strncasecmp(sql, "UPDATE", 6) == 0;
}

int sqlite3_step(struct sqlite3_stmt *stmt)
{
    static int (*next)(struct sqlite3_stmt *);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "sqlite3_step");
    const char *sql = sqlite3_sql(stmt);
    bool commit = is_commit(sql) && atomic_load(&batch_open);
    if (is_batch_check(sql))
        atomic_store(&batch_open, true);
    if (commit)
        reached("before_commit");
    int rc = next(stmt);
    if (commit) {
        atomic_store(&batch_open, false);
        reached("after_commit");
    }
    return rc;
}

int sqlite3_exec(struct sqlite3 *db, const char *sql, void *row, void *context,
                 char **error)
{
    static int (*next)(struct sqlite3 *, const char *, void *, void *, char **);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "sqlite3_exec");
    bool commit = is_commit(sql) && atomic_load(&batch_open);
    if (commit)
        reached("before_commit");
    int rc = next(db, sql, row, context, error);
    if (commit) {
        atomic_store(&batch_open, false);
        reached("after_commit");
    }
    return rc;
}
