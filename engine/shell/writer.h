/*
 * The writer thread: the only one that touches the store after the start.
 *
 * The loop thread posts commands with borrowed data; the thread carries them
 * out in order; each comes back through `done` on the loop thread.
 */
#ifndef FYKE_SHELL_WRITER_H
#define FYKE_SHELL_WRITER_H

#include "engine/shell/stages.h"
#include "storage/store.h"

#include <uv.h>

enum writer_kind {
    WRITER_COMMIT = 1,
    WRITER_EVENTS,
    WRITER_SILENCE,
    WRITER_WORKERS,
    WRITER_CHANGE,
    WRITER_FIND, /* what an earlier change said */
};

/* Lives with its sender until `done` was called. */
struct writer_command {
    enum writer_kind kind;
    const struct store_batch *batch;   /* WRITER_COMMIT */
    const struct store_event *event;   /* WRITER_EVENTS */
    const struct store_worker *worker; /* WRITER_WORKERS */
    const struct store_change *change; /* WRITER_CHANGE */
    const char *request_id;            /* WRITER_FIND */
    struct buf *found_text;
    struct store_changed *found; /* room for `count`; then there are so many */
    uint32_t count;
    int64_t from_ns, to_ns; /* WRITER_SILENCE */
    uint64_t silences;
    void (*done)(struct writer_command *c);
    void *context;
    /* results */
    int err;
    struct fault fault;
    int64_t took_us;
    struct writer_command *next;
};

struct writer;

/* Starts the thread. `store` stays the caller's; nobody else may use it until
 * writer_free returned. `stages` counts what it uses. */
FYKE_MUST_USE int writer_new(uv_loop_t *loop, struct store *store,
                             struct stages *stages, struct writer **ret_w);
void writer_post(struct writer *w, struct writer_command *c);
/* Finishes what was posted, joins the thread, closes the handle. Commands
 * that are done by now still get their `done` call from the loop. */
void writer_stop(struct writer *w);
/* Frees after the loop has run the handle's close callback. */
void writer_free(struct writer *w);

#endif
