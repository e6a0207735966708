/*
 * Made, locked, removed; and those of killed owners, told by a lock that
 * nobody holds.
 */
#include "tools/fyke/advise_folder.h"

#include "proto/host/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX ".fyke-advise-"
#define RANDOM "XXXXXX"
#define DEAD_AFTER_S 60 /* younger ones may not have their lock yet */

/* All that a measurement makes in it. */
static const char *const file_names[] = {
    "measure.db",         "measure.db-wal",         "measure.db-shm",
    "measure.db-journal", "measure.db.lock",        "said",
    "measure.db.new",     "measure.db.new-journal",
};

static bool is_old(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
           st.st_uid == geteuid() && time(NULL) - st.st_mtime > DEAD_AFTER_S;
}

/* Only files of these names: with anything else in it the folder stays. */
static void empty(const char *folder)
{
    char path[ADVISE_FOLDER_BYTES + 32];
    for (size_t i = 0; i < sizeof file_names / sizeof *file_names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, file_names[i]);
        (void)unlink(path);
    }
}

static void bury(const char *path)
{
    char lock[ADVISE_FOLDER_BYTES + 32];
    int fd;
    (void)snprintf(lock, sizeof lock, "%s/lock", path);
    if (!is_old(path) || access(lock, F_OK) != 0 ||
        file_lock(lock, 0600, &fd) != 0)
        return;
    empty(path);
    (void)unlink(lock);
    (void)rmdir(path);
    (void)close(fd);
}

static void bury_all(const char *folder)
{
    char path[ADVISE_FOLDER_BYTES];
    const struct dirent *entry;
    DIR *dir = opendir(*folder != '\0' ? folder : ".");
    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
            strlen(entry->d_name) != strlen(PREFIX RANDOM))
            continue;
        int n = snprintf(path, sizeof path, "%s%s", folder, entry->d_name);
        if (n > 0 && (size_t)n < sizeof path)
            bury(path);
    }
    (void)closedir(dir);
}

int advise_folder_make(const char *db, struct advise_folder *f,
                       struct fault *fault)
{
    char lock[ADVISE_FOLDER_BYTES + 32];
    char beside[ADVISE_FOLDER_BYTES];
    const char *slash = strrchr(db, '/');
    (void)snprintf(beside, sizeof beside, "%.*s",
                   slash != NULL ? (int)(slash - db + 1) : 0, db);
    f->lock_fd = -1;
    int n = snprintf(f->path, sizeof f->path, "%s" PREFIX RANDOM, beside);
    if (n < 0 || (size_t)n >= sizeof f->path)
        return fault_set(fault, ERR_USAGE, "the path %.60s... is too long", db);
    bury_all(beside);
    if (mkdtemp(f->path) == NULL) {
        int err = err_from_errno(errno);
        return fault_set(fault, err,
                         "no database can be made in %s: %s; name another "
                         "place with --db FILE",
                         slash != NULL ? beside : "this folder",
                         strerror(errno));
    }
    /* Without a lock it works as well, and stays after a crash. */
    (void)snprintf(lock, sizeof lock, "%s/lock", f->path);
    if (file_lock(lock, 0600, &f->lock_fd) != 0) {
        (void)unlink(lock);
        f->lock_fd = -1;
    }
    return 0;
}

void advise_folder_remove(struct advise_folder *f)
{
    char lock[ADVISE_FOLDER_BYTES + 32];
    (void)snprintf(lock, sizeof lock, "%s/lock", f->path);
    empty(f->path);
    (void)unlink(lock);
    (void)rmdir(f->path);
    if (f->lock_fd >= 0)
        (void)close(f->lock_fd);
    f->lock_fd = -1;
}
