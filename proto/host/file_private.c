/*
 * Private directories for sockets, and what is left of those whose owner was
 * killed: each holds a file `lock` that its owner keeps locked.
 */
#include "proto/host/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "fyke-"
#define RANDOM "XXXXXX"
#define LOCK_NAME "lock"
#define DEAD_AFTER_S 60  /* younger ones may not have their lock yet */
#define LOOKED_AT_MAX 64 /* per start: the next ones find the rest */
#define ENTRIES_MAX 20000

/* A folder that belongs to this user alone. */
static bool private_fits(const char *path)
{
    struct stat st;
    return path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
           st.st_uid == geteuid() && (st.st_mode & 0022) == 0;
}

/* "." and ".." are no entries. */
static const struct dirent *private_next(DIR *dir)
{
    const struct dirent *entry;
    do {
        entry = readdir(dir);
    } while (entry != NULL && (strcmp(entry->d_name, ".") == 0 ||
                               strcmp(entry->d_name, "..") == 0));
    return entry;
}

/* An old directory of this user with a lock and sockets, and nothing else:
 * what somebody else put there is never touched. */
static bool private_is_old(DIR *dir)
{
    struct stat st;
    bool has_lock = false;
    if (fstat(dirfd(dir), &st) != 0 || st.st_uid != geteuid() ||
        (st.st_mode & 07777) != 0700 ||
        time(NULL) - st.st_mtime <= DEAD_AFTER_S)
        return false;
    for (const struct dirent *entry; (entry = private_next(dir)) != NULL;) {
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return false;
        bool lock = strcmp(entry->d_name, LOCK_NAME) == 0 &&
                    S_ISREG(st.st_mode) && st.st_size == 0;
        if (!lock && !S_ISSOCK(st.st_mode))
            return false;
        has_lock = has_lock || lock;
    }
    return has_lock;
}

static void private_empty(DIR *dir)
{
    rewinddir(dir);
    for (const struct dirent *entry; (entry = private_next(dir)) != NULL;)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
}

/* Removes a directory whose owner is gone. */
static void private_bury(const char *path)
{
    char lock[FILE_PRIVATE_DIR_MAX + 16];
    int lock_fd;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    (void)snprintf(lock, sizeof lock, "%s/" LOCK_NAME, path);
    if (private_is_old(dir) && file_lock(lock, 0600, &lock_fd) == 0) {
        private_empty(dir);
        (void)rmdir(path);
        (void)close(lock_fd);
    }
    (void)closedir(dir);
}

static void private_bury_all(const char *folder)
{
    char path[FILE_PRIVATE_DIR_MAX + 1];
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    int entries = 0, looked_at = 0;
    if (dir == NULL)
        return;
    while (looked_at < LOOKED_AT_MAX && entries++ < ENTRIES_MAX &&
           (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
            strlen(entry->d_name) != strlen(PREFIX RANDOM))
            continue;
        looked_at++;
        int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (n > 0 && (size_t)n < sizeof path)
            private_bury(path);
    }
    (void)closedir(dir);
}

static int private_make_below(const char *folder,
                              struct file_private_dir *ret_dir)
{
    struct file_private_dir d = { .lock_fd = -1 };
    char lock[FILE_PRIVATE_DIR_MAX + 16];
    int n = snprintf(d.path, sizeof d.path, "%s/" PREFIX RANDOM, folder);
    if (n < 0 || (size_t)n >= sizeof d.path) {
        errno = ENAMETOOLONG;
        return ERR_INVALID;
    }
    if (mkdtemp(d.path) == NULL)
        return err_from_errno(errno);
    (void)snprintf(lock, sizeof lock, "%s/" LOCK_NAME, d.path);
    /* Without a lock it works as well, and stays after a crash. */
    if (file_lock(lock, 0600, &d.lock_fd) != 0) {
        (void)unlink(lock);
        d.lock_fd = -1;
    }
    private_bury_all(folder);
    *ret_dir = d;
    return 0;
}

int file_make_private_dir(struct file_private_dir *ret_dir)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *temporary = getenv("TMPDIR");
    if (runtime != NULL && private_fits(runtime) &&
        private_make_below(runtime, ret_dir) == 0)
        return 0;
    int err = private_make_below("/tmp", ret_dir);
    if (err != 0 && temporary != NULL && temporary[0] == '/' &&
        private_make_below(temporary, ret_dir) == 0)
        return 0;
    return err;
}

int file_remove_private_dir(struct file_private_dir *d)
{
    int err = 0;
    DIR *dir = opendir(d->path);
    if (dir != NULL) {
        private_empty(dir);
        (void)closedir(dir);
        if (rmdir(d->path) != 0)
            err = err_from_errno(errno);
    } else if (errno != ENOENT) {
        err = err_from_errno(errno);
    }
    if (d->lock_fd >= 0)
        (void)close(d->lock_fd);
    d->lock_fd = -1;
    return err;
}
