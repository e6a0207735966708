/*
 * A thread with a queue: commands in, finished commands out through uv_async.
 */
#include "engine/shell/writer.h"

#include "proto/host/clock.h"

#include <stdlib.h>

struct writer {
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t wake;
    uv_async_t async; /* tells the loop that `done` is not empty */
    struct store *store;
    struct stages *stages;
    /* under the mutex */
    struct writer_command *todo, **todo_end;
    struct writer_command *done, **done_end;
    bool stopping;
};

static int writer_carry_out(struct store *store, struct writer_command *c)
{
    switch (c->kind) {
    case WRITER_COMMIT:
        return store_commit(store, c->batch, &c->fault);
    case WRITER_EVENTS:
        return store_events_put(store, c->event, c->count, &c->fault);
    case WRITER_SILENCE:
        return store_silence_put(store, c->from_ns, c->to_ns, c->silences,
                                 &c->fault);
    case WRITER_WORKERS:
        return store_workers_put(store, c->worker, c->count, &c->fault);
    case WRITER_CHANGE:
        return store_change_put(store, c->change, &c->fault);
    case WRITER_FIND:
        return store_request_find(store, c->request_id, c->found_text, c->found,
                                  c->count, &c->count, &c->fault);
    }
    return ERR_INVALID;
}

static void writer_main(void *argument)
{
    struct writer *w = argument;
    uv_mutex_lock(&w->mutex);
    for (;;) {
        while (w->todo == NULL && !w->stopping)
            uv_cond_wait(&w->wake, &w->mutex);
        struct writer_command *c = w->todo;
        if (c == NULL)
            break;
        w->todo = c->next;
        if (w->todo == NULL)
            w->todo_end = &w->todo;
        uv_mutex_unlock(&w->mutex);
        int64_t start_us = clock_monotonic_us();
        int64_t begun_ns = clock_thread_cpu_ns();
        c->err = writer_carry_out(w->store, c);
        c->took_us = clock_monotonic_us() - start_us;
        bool committed = c->kind == WRITER_COMMIT && c->err == 0;
        uv_mutex_lock(&w->mutex);
        c->next = NULL;
        *w->done_end = c; /* from here on it is its sender's */
        w->done_end = &c->next;
        (void)uv_async_send(&w->async);
        bool idle = w->todo == NULL;
        uv_mutex_unlock(&w->mutex);
        if (committed)
            store_tidy(w->store, idle);
        (void)stages_add(w->stages, WORK_COMMIT, begun_ns);
        uv_mutex_lock(&w->mutex);
    }
    uv_mutex_unlock(&w->mutex);
}

static void writer_deliver(uv_async_t *async)
{
    struct writer *w = async->data;
    uv_mutex_lock(&w->mutex);
    struct writer_command *c = w->done;
    w->done = NULL;
    w->done_end = &w->done;
    uv_mutex_unlock(&w->mutex);
    while (c != NULL) {
        struct writer_command *next = c->next;
        c->done(c);
        c = next;
    }
}

int writer_new(uv_loop_t *loop, struct store *store, struct stages *stages,
               struct writer **ret_w)
{
    struct writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERR_NOMEM;
    w->store = store;
    w->stages = stages;
    w->todo_end = &w->todo;
    w->done_end = &w->done;
    w->async.data = w;
    int rc = uv_mutex_init(&w->mutex);
    if (rc != 0)
        goto fail;
    rc = uv_cond_init(&w->wake);
    if (rc != 0)
        goto fail_mutex;
    rc = uv_async_init(loop, &w->async, writer_deliver);
    if (rc != 0)
        goto fail_cond;
    rc = uv_thread_create(&w->thread, writer_main, w);
    if (rc != 0) {
        uv_close((uv_handle_t *)&w->async, (uv_close_cb)free);
        uv_cond_destroy(&w->wake);
        uv_mutex_destroy(&w->mutex);
        return err_from_errno(-rc);
    }
    *ret_w = w;
    return 0;

fail_cond:
    uv_cond_destroy(&w->wake);
fail_mutex:
    uv_mutex_destroy(&w->mutex);
fail:
    free(w);
    return err_from_errno(-rc);
}

void writer_post(struct writer *w, struct writer_command *c)
{
    c->next = NULL;
    uv_mutex_lock(&w->mutex);
    *w->todo_end = c;
    w->todo_end = &c->next;
    uv_cond_signal(&w->wake);
    uv_mutex_unlock(&w->mutex);
}

void writer_stop(struct writer *w)
{
    uv_mutex_lock(&w->mutex);
    w->stopping = true;
    uv_cond_signal(&w->wake);
    uv_mutex_unlock(&w->mutex);
    (void)uv_thread_join(&w->thread);
    writer_deliver(&w->async);
    uv_close((uv_handle_t *)&w->async, NULL);
}

void writer_free(struct writer *w)
{
    uv_cond_destroy(&w->wake);
    uv_mutex_destroy(&w->mutex);
    free(w);
}
