/*
 * Where a coordinator's private control socket lies: `fyke set` and
 * `fyke status` find it from the database's path alone.
 *
 * Place     $XDG_RUNTIME_DIR/fyke, /run/user/UID/fyke or /tmp/fyke-UID: a
 *           directory 0700 of this user's. Whatever else has that name (a
 *           link, another user's, open to others) is passed over.
 * Name      16 hexadecimal digits, a hash of the database's path with links
 *           followed, and ".sock". Paths are short enough for nng's ipc.
 * Stale     a socket that a killed coordinator left is taken over by the next
 *           one for that database.
 */
#ifndef FYKE_HOST_FILE_CONTROL_H
#define FYKE_HOST_FILE_CONTROL_H

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define FILE_CONTROL_PATH_MAX 99
#define FILE_CONTROL_PLACES_MAX 5

struct file_control_path {
    char text[FILE_CONTROL_PATH_MAX + 1];
};

/* The coordinator's path, in the first place that can be used; makes its
 * directory, not the socket. `db` exists.
 * Errors: ERR_NOTFOUND (no such database), ERR_PERM and others, with what is
 * wrong with the last place. */
FYKE_MUST_USE int file_control_make(const char *db,
                                    struct file_control_path *ret_path,
                                    struct fault *fault);

/* The sockets that are there for `db`, in the order to be tried: this user's
 * places, then those of the database's owner. One of them may be stale.
 * Errors: ERR_NOTFOUND (no such database) and others; none found is 0 with
 * *ret_count 0. */
FYKE_MUST_USE int
file_control_find(const char *db,
                  struct file_control_path ret_path[FILE_CONTROL_PLACES_MAX],
                  uint32_t *ret_count, struct fault *fault);

#endif
