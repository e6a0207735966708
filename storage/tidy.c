/*
 * Pages from the WAL home into the file, when nobody waits for it; and the
 * WAL's space back when the disk is full.
 */
#include "storage/store_impl.h"

#include <sys/statvfs.h>

#define WAL_PASSIVE_PAGES 2000 /* 16 MiB: move what no reader holds */
#define WAL_BUSY_PAGES 4000    /* the same while commits wait */
#define WAL_LOW_PAGES 32
#define WAL_RESTART_MS 200

/* Is the WAL a large part of what is left on the disk? Moved home, its space
 * is used again. */
static bool disk_is_low(const struct store *s)
{
    struct statvfs v;
    return s->wal_pages >= WAL_LOW_PAGES && statvfs(s->db.path, &v) == 0 &&
           (uint64_t)v.f_bavail * v.f_frsize <
               4ull * (uint64_t)s->wal_pages * DB_PAGE_BYTES;
}

void store_give_back(struct store *s)
{
    (void)sqlite3_busy_timeout(s->db.sq, WAL_RESTART_MS);
    int rc = sqlite3_wal_checkpoint_v2(s->db.sq, NULL,
                                       SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(s->db.sq, STORE_BUSY_MS);
    if (db_err(rc) == ERR_IO) {
        s->broken = ERR_IO;
    }
}

/* Moves pages from the WAL into the file; only this connection ever does.
 * The commit stands whatever happens here: a failure is tried again, but an
 * I/O error ends the use of this connection. */
void store_tidy(struct store *s, bool idle)
{
    int enough = idle ? WAL_PASSIVE_PAGES : WAL_BUSY_PAGES;
    if (s->broken != 0 || (s->wal_pages < enough && !disk_is_low(s))) {
        return;
    }
    int rc = SQLITE_OK;
    if (s->wal_pages < s->wal_restart_at) {
        rc = sqlite3_wal_checkpoint_v2(s->db.sq, NULL,
                                       SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    } else {
        (void)sqlite3_busy_timeout(s->db.sq, WAL_RESTART_MS);
        rc = sqlite3_wal_checkpoint_v2(s->db.sq, NULL,
                                       SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        (void)sqlite3_busy_timeout(s->db.sq, STORE_BUSY_MS);
        s->wal_restart_at = rc == SQLITE_OK
                                ? WAL_RESTART_PAGES
                                : s->wal_pages + WAL_RESTART_PAGES / 4;
    }
    if (db_err(rc) == ERR_IO) {
        s->broken = ERR_IO;
    }
}
