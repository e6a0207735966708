/*
 * Paths, the lock, the first look at the file, creation, setting aside.
 */
#include "storage/place.h"

#include "proto/base/text.h"
#include "proto/host/clock.h"
#include "proto/host/file.h"
#include "storage/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 100
#define LOCK_TRIES 25 /* of 20 ms */

static int path_fault(const char *label, int errno_value, const char *doing,
                      struct fault *fault)
{
    return fault_set(fault, err_from_errno(errno_value), "%s: %s: %s", label,
                     doing, strerror(errno_value));
}

/* PATH + suffix, in a buffer of the caller. Paths are at most PATH_MAX. */
static const char *path_with(const char *path, const char *suffix,
                             char out[PATH_MAX + 16])
{
    (void)snprintf(out, PATH_MAX + 16, "%s%s", path, suffix);
    return out;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* FOLDER/NAME with the folder's links followed; the file need not exist. */
static int resolve_new(const char *path, char **ret_path, struct fault *fault)
{
    char *folder = folder_of(path);
    if (folder == NULL) {
        return fault_set(fault, ERR_NOMEM, "%s: out of memory", path);
    }
    char *real = realpath(folder, NULL);
    int err = 0;
    if (real == NULL) {
        err = err_from_errno(errno);
        (void)fault_set(fault, err,
                        "%s: the folder %s: %s. Make it first (mkdir -p %s), "
                        "or name another file with --db.",
                        path, folder, strerror(errno), folder);
    } else {
        *ret_path = NULL;
        if (asprintf(ret_path, "%s/%s", strcmp(real, "/") == 0 ? "" : real,
                     text_base_name(path)) < 0) {
            err = fault_set(fault, ERR_NOMEM, "%s: out of memory", path);
        }
    }
    free(real);
    free(folder);
    return err;
}

static int place_check(const struct db *d, struct fault *fault)
{
    struct stat st;
    if (strlen(d->path) > PATH_MAX - 16) {
        return fault_set(fault, ERR_PLACE, "%s: the path is too long",
                         d->label);
    }
    if (stat(d->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return fault_set(fault, ERR_PLACE,
                         S_ISDIR(st.st_mode)
                             ? "%s is a folder: name a file in it, such as "
                               "--db %s/fyke.db"
                             : "%s is not a file that can hold a database%.0s",
                         d->label, d->label);
    }
    const char *network = NULL;
    int err = file_is_network(d->path, &network);
    if (err != 0) {
        return fault_set(fault, err, "%s: %s", d->label, err_text(err));
    }
    if (network != NULL) {
        return fault_set(fault, ERR_PLACE,
                         "%s lies on a network file system (%s), where "
                         "SQLite's locks do not hold. Use a local path, such "
                         "as --db /var/tmp/fyke.db, and copy the file after a "
                         "clean exit.",
                         d->label, network);
    }
    return 0;
}

int place_resolve(struct db *d, const char *path, struct fault *fault)
{
    size_t n = strlen(path);
    if (n == 0 || path[n - 1] == '/') {
        return fault_set(fault, ERR_USAGE,
                         "'%s' names no file. Name one, such as --db fyke.db",
                         path);
    }
    d->label = strdup(path);
    if (d->label == NULL) {
        return fault_set(fault, ERR_NOMEM, "%s: out of memory", path);
    }
    d->path = realpath(path, NULL);
    if (d->path == NULL) {
        if (errno != ENOENT) {
            return path_fault(path, errno, "cannot open", fault);
        }
        int err = resolve_new(path, &d->path, fault);
        if (err != 0) {
            return err;
        }
    }
    return place_check(d, fault);
}

int place_lock(const struct db *d, const struct store_options *o, int *ret_fd,
               struct fault *fault)
{
    char path[PATH_MAX + 16];
    (void)path_with(d->path, ".lock", path);
    int fd = -1;
    int err = file_lock(path, o->mode, &fd);
    for (int i = 0; err == ERR_BUSY && o->waiting != NULL && i < LOCK_TRIES;
         i++) {
        if (o->waiting(o->waiting_context, NULL) != 0) {
            return fault_set(fault, ERR_CANCELED, "%s: stopped", d->label);
        }
        (void)nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
        err = file_lock(path, o->mode, &fd);
    }
    if (err == ERR_BUSY) {
        return fault_set(fault, ERR_BUSY,
                         "%s is held by another fyke. Wait for it to end or "
                         "stop it, or name another file with --db.",
                         d->label);
    }
    if (err != 0) {
        return fault_set(fault, err, "%s: cannot make %s.lock beside it: %s",
                         d->label, d->label, err_text(err));
    }
    *ret_fd = fd;
    return 0;
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static bool is_empty(const char *path, const char *suffix)
{
    char name[PATH_MAX + 16];
    struct stat st;
    return stat(path_with(path, suffix, name), &st) != 0 || st.st_size == 0;
}

/* The file's own header: https://sqlite.org/fileformat2.html, 1.3. */
static int examine_header(const struct db *d, const uint8_t *h, size_t n,
                          uint64_t size, struct fault *fault)
{
    if (size == 0) {
        return fault_set(fault, ERR_CORRUPT,
                         "%s is damaged: it is empty, but %s-wal is not. Keep "
                         "a copy of both, then restore a backup or start over "
                         "with --fresh.",
                         d->label, d->label);
    }
    if (n < HEADER_BYTES || memcmp(h, "SQLite format 3", 16) != 0) {
        return fault_set(fault, ERR_CONTENT,
                         "%s is not a database, and is left as it is. Name "
                         "another file with --db.",
                         d->label);
    }
    if (big_endian(h + 68) != DB_APPLICATION_ID) {
        return fault_set(fault, ERR_CONTENT,
                         "%s is a database of another program, and is left "
                         "as it is. Name another file with --db.",
                         d->label);
    }
    uint64_t page = (uint64_t)h[16] << 8 | h[17];
    page = page == 1 ? 65536 : page;
    /* A crash in a checkpoint leaves page 1 new and the rest in the WAL. */
    bool counted = memcmp(h + 24, h + 92, 4) == 0 &&
                   is_empty(d->path, "-wal") && is_empty(d->path, "-journal");
    if (page < 512 || (page & (page - 1)) != 0 ||
        (counted && size < page * big_endian(h + 28))) {
        return fault_set(fault, ERR_CORRUPT,
                         "%s is damaged: %llu bytes where its header says %llu "
                         "pages of %llu. Keep a copy, then restore a backup "
                         "or start over with --fresh.",
                         d->label, (unsigned long long)size,
                         (unsigned long long)big_endian(h + 28),
                         (unsigned long long)page);
    }
    return 0;
}

int place_examine(const struct db *d, enum place_kind *ret_kind,
                  struct fault *fault)
{
    int fd = open(d->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *ret_kind = PLACE_ABSENT;
        return 0;
    }
    if (fd < 0) {
        return path_fault(d->label, errno, "cannot open", fault);
    }
    uint8_t header[HEADER_BYTES];
    struct stat st;
    int err = 0;
    ssize_t n = pread(fd, header, sizeof header, 0);
    if (n < 0 || fstat(fd, &st) != 0) {
        err = path_fault(d->label, errno, "cannot read", fault);
    } else if (st.st_size == 0 && is_empty(d->path, "-wal")) {
        *ret_kind = PLACE_ABSENT;
    } else {
        *ret_kind = PLACE_OURS;
        err = examine_header(d, header, (size_t)n, (uint64_t)st.st_size, fault);
    }
    (void)close(fd);
    return err;
}

static void remove_with(const char *path, const char *suffix)
{
    char name[PATH_MAX + 16];
    (void)unlink(path_with(path, suffix, name));
}

static int sync_folder(const struct db *d, struct fault *fault)
{
    char *folder = folder_of(d->path);
    int fd =
        folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err =
        fd < 0 || fsync(fd) != 0
            ? path_fault(d->label, errno, "cannot write its folder", fault)
            : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    free(folder);
    return err;
}

/* Opened anew: SQLite's own descriptor is closed. */
static int sync_file(const struct db *d, const char *path, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int err = fd < 0 || fsync(fd) != 0
                  ? path_fault(d->label, errno, "cannot write it", fault)
                  : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

static int rename_into(const struct db *d, const char *from, const char *to,
                       struct fault *fault)
{
    if (rename(from, to) != 0) {
        return path_fault(d->label, errno, "cannot rename", fault);
    }
    return sync_folder(d, fault);
}

/* Nobody sees the file before it has its name: it is synced once, then. */
static int create_content(const struct db *d, struct fault *fault)
{
    char sql[224];
    (void)snprintf(sql, sizeof sql,
                   "pragma synchronous=off; pragma journal_mode=memory;"
                   "pragma page_size=%d; pragma auto_vacuum=incremental;"
                   "pragma application_id=%d; begin",
                   DB_PAGE_BYTES, DB_APPLICATION_ID);
    int err = db_exec(d, sql, fault);
    if (err == 0) {
        err = schema_migrate(d, 0, fault);
    }
    if (err == 0) {
        (void)snprintf(sql, sizeof sql,
                       "insert into meta values(1,randomblob(16),0,0,%lld,0)",
                       (long long)clock_wall_ns());
        err = db_exec(d, sql, fault);
    }
    if (err == 0) {
        err = schema_views(d, fault);
    }
    return err != 0 ? err : db_exec(d, "commit", fault);
}

/* Renamed into place whole: a crash leaves no half-made database. */
int place_create(const struct db *d, uint32_t mode, struct fault *fault)
{
    char path[PATH_MAX + 16];
    (void)path_with(d->path, ".new", path);
    remove_with(d->path, ".new");
    remove_with(d->path, ".new-journal");
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return path_fault(d->label, errno, "cannot make it", fault);
    }
    (void)fchmod(fd, mode); /* whatever the umask is */
    (void)close(fd);
    struct db made = { .label = d->label, .path = path };
    int err = db_open(&made, SQLITE_OPEN_READWRITE, fault);
    if (err == 0) {
        err = create_content(&made, fault);
    }
    db_close(&made);
    if (err == 0) {
        err = sync_file(d, path, fault);
    }
    if (err == 0) {
        err = rename_into(d, path, d->path, fault);
    }
    if (err != 0) {
        remove_with(d->path, ".new");
        remove_with(d->path, ".new-journal");
        return err;
    }
    remove_with(d->path, "-wal");
    remove_with(d->path, "-shm");
    (void)chmod(path_with(d->path, ".lock", path), mode);
    return 0;
}

/* Brings the WAL home. A damaged file is set aside as it is, WAL and all. */
static int settle(const struct db *d, bool *ret_damaged, struct fault *fault)
{
    struct db old = { .label = d->label, .path = d->path };
    struct fault why = { 0 };
    int64_t busy = 0;
    int err = db_open(&old, SQLITE_OPEN_READWRITE, &why);
    if (err == 0) {
        err = db_integer(&old, "pragma wal_checkpoint(truncate)", &busy, &why);
    }
    if (err == 0) {
        err = busy != 0 ? ERR_BUSY
                        : db_exec(&old, "pragma journal_mode=delete", &why);
    }
    db_close(&old);
    *ret_damaged = err == ERR_CORRUPT;
    if (err == ERR_BUSY) {
        return fault_set(fault, err,
                         "%s is open in another program (sqlite3?), so it "
                         "cannot be replaced. Close it there, or name another "
                         "file with --db.",
                         d->label);
    }
    return err == 0 || err == ERR_CORRUPT
               ? 0
               : fault_set(fault, err, "%s", why.text);
}

int place_set_aside(const struct db *d, struct fault *fault)
{
    bool damaged = false;
    int err = settle(d, &damaged, fault);
    if (err != 0) {
        return err;
    }
    char old[PATH_MAX + 16];
    char wal[PATH_MAX + 16];
    char old_wal[PATH_MAX + 16];
    (void)path_with(d->path, ".old", old);
    remove_with(d->path, ".old-wal");
    remove_with(d->path, ".old-shm");
    remove_with(d->path, ".old-journal");
    err = rename_into(d, d->path, old, fault);
    if (err == 0 && damaged) {
        (void)rename(path_with(d->path, "-wal", wal),
                     path_with(d->path, ".old-wal", old_wal));
    }
    remove_with(d->path, "-wal");
    remove_with(d->path, "-shm");
    return err;
}
