/*
 * Where the file lies: may it lie there, is it ours, who holds it, and the
 * file operations around it (create, set aside). No SQL about content.
 *
 * A raw open and close of a database drops the POSIX locks that SQLite holds
 * on it in this process; what does so here runs only under FILE.lock and
 * before the writer's connection exists.
 */
#ifndef FYKE_STORAGE_PLACE_H
#define FYKE_STORAGE_PLACE_H

#include "storage/db.h"
#include "storage/store.h"

enum place_kind { PLACE_ABSENT, PLACE_OURS };

/* Fills d->label and d->path (symbolic links followed, so that one file has
 * one lock). Errors: ERR_USAGE (no file's name), ERR_NOTFOUND (no such
 * folder), ERR_PERM, ERR_PLACE (a directory, or a network file system). */
FYKE_MUST_USE int place_resolve(struct db *d, const char *path,
                                struct fault *fault);
/* FILE.lock. ERR_BUSY when another process holds it; with `waiting`, still
 * after half a second: `fyke set` without a coordinator holds it for less. */
FYKE_MUST_USE int place_lock(const struct db *d, const struct store_options *o,
                             int *ret_fd, struct fault *fault);
/* ERR_CONTENT: not a database, or another program's. ERR_CORRUPT: shorter
 * than its own header says. An empty file counts as absent. */
FYKE_MUST_USE int place_examine(const struct db *d, enum place_kind *ret_kind,
                                struct fault *fault);
/* Makes an empty database under another name and renames it into place. */
FYKE_MUST_USE int place_create(const struct db *d, uint32_t mode,
                               struct fault *fault);
/* Renames the database to PATH.old, checkpointed into one file. */
FYKE_MUST_USE int place_set_aside(const struct db *d, struct fault *fault);

#endif
