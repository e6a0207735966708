/*
 * Opening and closing the writer.
 *
 * Order at opening: path, lock, first look, (aside), (create), connection,
 * WAL, one transaction that migrates, refreshes the views, proves that the
 * file is in order and takes the next epoch.
 */
#include "storage/place.h"
#include "storage/schema.h"
#include "storage/store_impl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int on_wal(void *context, sqlite3 *sq, const char *name, int pages)
{
    (void)sq;
    (void)name;
    ((struct store *)context)->wal_pages = pages;
    return SQLITE_OK;
}

static int open_place(struct store *s, struct fault *fault)
{
    const struct store_options *o = &s->options;
    int err = place_resolve(&s->db, o->path, fault);
    if (err == 0) {
        err = place_lock(&s->db, o, &s->lock_fd, fault);
    }
    enum place_kind kind = PLACE_ABSENT;
    if (err == 0) {
        err = place_examine(&s->db, &kind, fault);
    }
    /* Ours, but cut short: that is no reason not to start over. */
    if (err == ERR_CORRUPT && o->fresh) {
        kind = PLACE_OURS;
        err = 0;
    }
    if (err == 0 && kind == PLACE_OURS && o->fresh) {
        err = place_set_aside(&s->db, fault);
        kind = PLACE_ABSENT;
    }
    if (err == 0 && kind == PLACE_ABSENT) {
        err = place_create(&s->db, o->mode, fault);
    }
    return err;
}

static int open_connection(struct store *s, struct fault *fault)
{
    int err = db_open(&s->db, SQLITE_OPEN_READWRITE, fault);
    if (err != 0) {
        return err;
    }
    store_wait_start(s);
    (void)sqlite3_wal_hook(s->db.sq, on_wal, s); /* no automatic checkpoint */
    int tries = 0; /* SQLite does not wait to change the journal's mode */
    do {
        err = db_exec(&s->db,
                      "pragma journal_mode=wal; pragma synchronous=full;"
                      "pragma journal_size_limit=67108864; pragma mmap_size=0;"
                      "pragma temp_store=memory; pragma cache_size=-8192",
                      fault);
    } while (err == ERR_BUSY && store_wait(s, tries++));
    return err;
}

static int open_version(struct store *s, struct fault *fault)
{
    int64_t version = 0;
    int err = db_integer(&s->db, "pragma user_version", &version, fault);
    if (err != 0) {
        return err;
    }
    if (version > DB_VERSION) {
        return fault_set(fault, ERR_VERSION,
                         "%s was written by a newer fyke (format %lld; this "
                         "one knows up to %d). Use that fyke, or --fresh to "
                         "start over.",
                         s->db.label, (long long)version, DB_VERSION);
    }
    if (version < 1) {
        return fault_set(fault, ERR_CORRUPT,
                         "%s is damaged: it has no format version",
                         s->db.label);
    }
    return version == DB_VERSION ? 0
                                 : schema_migrate(&s->db, (int)version, fault);
}

/* meta and batch are written together; if they differ, something else was. */
static int open_order(struct store *s, struct fault *fault)
{
    int64_t last = 0;
    int err = db_integer(&s->db, "select max(batch) from batch", &last, fault);
    if (err == ERR_NOTFOUND) {
        err = 0;
    }
    if (err == 0 && (uint64_t)last != s->meta.last_batch) {
        return fault_set(fault, ERR_CORRUPT,
                         "%s is damaged: its last batch is %lld where %llu "
                         "was committed. Keep a copy, then restore a backup "
                         "or start over with --fresh.",
                         s->db.label, (long long)last,
                         (unsigned long long)s->meta.last_batch);
    }
    return err;
}

/* A change that was to hold from a batch which a crash took with it holds
 * from the next one on: what the file says of a batch is what it is cut by. */
static int open_changes(struct store *s, struct fault *fault)
{
    int err = db_exec(&s->db,
                      "update setting set from_batch=(select last_batch+1 "
                      "from meta) where from_batch>(select last_batch+1 "
                      "from meta)",
                      fault);
    if (err != 0) {
        return err;
    }
    return db_exec(&s->db,
                   "update event set first_batch=(select last_batch+1 "
                   "from meta) where first_batch>(select last_batch+1 "
                   "from meta)",
                   fault);
}

static int open_epoch(struct store *s, struct fault *fault)
{
    int err = db_exec(&s->db, "begin immediate", fault);
    if (err != 0) {
        return err;
    }
    err = open_version(s, fault);
    if (err == 0) {
        err = schema_views(&s->db, fault);
    }
    if (err == 0) {
        err = db_exec(&s->db, "update meta set epoch=epoch+1", fault);
    }
    if (err == 0) {
        err = open_changes(s, fault);
    }
    if (err == 0) {
        err = meta_load(&s->db, &s->meta, fault);
    }
    if (err == 0) {
        err = open_order(s, fault);
    }
    if (err == 0) {
        err = store_prepare(s, fault);
    }
    if (err == 0) {
        err = retain_load(s, fault);
    }
    /* On failure the connection is closed, which rolls back. */
    return err != 0 ? err : db_exec(&s->db, "commit", fault);
}

static void store_free(struct store *s)
{
    store_finalize(s);
    db_release(&s->db);
    buf_release(&s->texts);
    if (s->lock_fd >= 0) {
        (void)close(s->lock_fd);
    }
    free(s);
}

/* What is missing from a file of ours is damage, not bad usage. */
static int as_damage(const struct store *s, int err, struct fault *fault)
{
    if (err != ERR_INVALID && err != ERR_NOTFOUND) {
        return err;
    }
    char why[256];
    (void)sqlite3_snprintf(sizeof why, why, "%s",
                           s->db.sq == NULL ? "" : sqlite3_errmsg(s->db.sq));
    return fault_set(fault, ERR_CORRUPT,
                     "%s is damaged (%s). Keep a copy, then restore a backup "
                     "or start over with --fresh.",
                     s->db.label, why);
}

int store_open(const struct store_options *options, struct store **ret_s,
               struct fault *fault)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return fault_set(fault, ERR_NOMEM, "%s: out of memory", options->path);
    }
    s->options = *options;
    s->lock_fd = -1;
    s->commit_us = -1;
    s->wal_restart_at = WAL_RESTART_PAGES;
    buf_init(&s->texts, DB_TEXT_MAX);
    int err = open_place(s, fault);
    if (err == 0) {
        err = open_connection(s, fault);
        err = err == 0 ? open_epoch(s, fault) : err;
        err = err == 0 ? 0 : as_damage(s, err, fault);
    }
    if (err != 0) {
        err = store_wait_result(s, err, fault);
        store_free(s);
        return err;
    }
    s->options.path = s->db.label;
    *ret_s = s;
    return 0;
}

/* One plain file: the WAL brought home and gone. */
static int close_clean(struct store *s, struct fault *fault)
{
    int err = store_begin_ours(s, fault);
    if (err == 0) {
        err = store_end(s, store_commit_us(s, fault), fault);
    }
    store_finalize(s);
    int64_t busy = 0;
    if (err == 0) {
        err =
            db_integer(&s->db, "pragma wal_checkpoint(truncate)", &busy, fault);
    }
    if (err == 0) {
        err = busy != 0 ? ERR_BUSY
                        : db_exec(&s->db, "pragma journal_mode=delete", fault);
    }
    if (err == ERR_BUSY) {
        return fault_set(fault, ERR_BUSY,
                         "%s is open in another program, so %s-wal stays "
                         "beside it; both belong together until that program "
                         "ends",
                         s->db.label, s->db.label);
    }
    return err;
}

int store_close(struct store *s, bool clean, struct fault *fault)
{
    if (s == NULL) {
        return 0;
    }
    int err = s->broken;
    if (!s->gave_up) {
        store_started(s);
    }
    if (clean && err == 0) {
        err = close_clean(s, fault);
    } else if (clean) {
        (void)fault_set(fault, err,
                        "%s was left as it is after an input/output error",
                        s->db.label);
    }
    store_free(s);
    return err;
}
