/*
 * Faults through SQLite's own door: a VFS over the real one whose nth write,
 * sync, truncate, open, delete or read fails once, as an operating system
 * would.
 */
#ifndef FYKE_TESTS_STORAGE_FAULT_VFS_H
#define FYKE_TESTS_STORAGE_FAULT_VFS_H

#include <stdbool.h>

enum fault_kind {
    FAULT_WRITE = 1,
    FAULT_SYNC = 2,
    FAULT_TRUNCATE = 4,
    FAULT_OPEN = 8,
    FAULT_DELETE = 16,
    FAULT_READ = 32,
    FAULT_ANY = 63,
};

/* Makes it the default VFS of this process. */
void fault_vfs_install(void);
/* The nth call (from 1) of these kinds fails with a SQLite code, once. */
void fault_vfs_arm(int kinds, long nth, int code);
/* No more faults; true if the armed one happened. */
bool fault_vfs_disarm(void);

#endif
