/*
 * Files for shells and tools. Every descriptor is close-on-exec.
 *
 * Errors    enum err translated from errno, which still holds the cause.
 */
#ifndef FYKE_HOST_FILE_H
#define FYKE_HOST_FILE_H

#include "proto/base/buf.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Appends a whole file (also one of /proc, whose size is 0) to `out`, whose
 * maximum is the limit. Errors: ERR_NOTFOUND, ERR_PERM, ERR_INVALID (a
 * directory), ERR_LIMIT, ERR_IO. After an error `out` holds what was read. */
FYKE_MUST_USE int file_read_all(const char *path, struct buf *out);

/* Replaces a file so that a reader sees the old or the new content, never a
 * part: writes beside it, syncs, renames. */
FYKE_MUST_USE int file_replace(const char *path, const void *bytes, size_t n,
                               mode_t mode);

/* Opens (made with `mode` if missing) and locks a file for this process, by
 * an open-file-description lock that dies with the descriptor.
 * Ownership: the caller closes `*ret_fd` to unlock.
 * Errors: ERR_BUSY (held by another), ERR_PERM, ERR_NOTFOUND (no such
 * folder), ERR_UNSUPPORTED (a file system without locks). */
FYKE_MUST_USE int file_lock(const char *path, mode_t mode, int *ret_fd);
/* Does anybody hold that lock now? Takes and makes nothing; false also when
 * that cannot be told. */
bool file_is_locked(const char *path);

#define FILE_PRIVATE_DIR_MAX 80

struct file_private_dir {
    char path[FILE_PRIVATE_DIR_MAX + 1];
    int lock_fd; /* of the file `lock` in it: the owner lives; -1 = none */
};

/* Makes a directory that only this user can enter (0700), with a short path
 * of at most FILE_PRIVATE_DIR_MAX bytes for sockets in it: below
 * $XDG_RUNTIME_DIR when that is ours, else /tmp, else $TMPDIR. Beside it,
 * directories are removed that this made for a process that was killed. */
FYKE_MUST_USE int file_make_private_dir(struct file_private_dir *ret_dir);

/* Removes the files in such a directory and then it. Missing is no error. */
int file_remove_private_dir(struct file_private_dir *d);

/*
 * Whether `path` (or the folder it would be made in) lies on a file system
 * that other machines may share, where SQLite's locks and shared memory
 * cannot be relied on. `*ret_name` is its name for people ("nfs"), NULL for a
 * local one.
 *
 * FUSE hides what is behind it, so that only types known to be local pass
 * (fuseblk, fuse-overlayfs, ntfs-3g, virtiofs, ...); sshfs and every unknown
 * type count as shared. An overlay whose upper layer is shared goes unseen.
 */
FYKE_MUST_USE int file_is_network(const char *path, const char **ret_name);

/* The same decision from what statfs and /proc/self/mountinfo say: the magic
 * number and, for FUSE, the type ("fuse.sshfs", NULL = unknown). */
const char *file_network_name(unsigned long magic, const char *mount_type);

/* The type of the mount with device `major:minor` in a text of mountinfo;
 * false when it is not there. */
bool file_mount_type(const char *mountinfo, const char *device, char *ret_type,
                     size_t type_bytes);

#endif
