/*
 * Threads wait for a piece of work to be set up, take its indices one by one
 * from a counter, and the last to finish wakes the caller.
 */
#include "tools/fyke/pool.h"

#include "proto/base/check.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct pool_thread {
    struct pool *pool;
    uint32_t number;
    pthread_t handle;
};

struct pool {
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t begun, ended;
    uint32_t threads, started;
    struct pool_thread *thread; /* 1 .. threads - 1 */
    uint64_t round;             /* +1 with each piece of work */
    uint32_t busy;              /* threads that have not ended the round */
    bool stop;
    /* the work */
    int (*run)(void *context, uint32_t index, uint32_t thread);
    void *context;
    uint32_t next, count;
    uint32_t failed_at;
    int err;
};

/* Takes and does pieces until there are none. Called with the lock held. */
static void pool_work(struct pool *p, uint32_t thread)
{
    while (p->err == 0 && p->next < p->count) {
        uint32_t index = p->next++;
        (void)pthread_mutex_unlock(&p->lock);
        int err = p->run(p->context, index, thread);
        (void)pthread_mutex_lock(&p->lock);
        if (err != 0 && (p->err == 0 || index < p->failed_at)) {
            p->err = err;
            p->failed_at = index;
        }
    }
}

static void *pool_thread_main(void *argument)
{
    struct pool_thread *t = argument;
    struct pool *p = t->pool;
    uint64_t seen = 0;
    (void)pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->round == seen && !p->stop)
            (void)pthread_cond_wait(&p->begun, &p->lock);
        if (p->stop)
            break;
        seen = p->round;
        pool_work(p, t->number);
        if (--p->busy == 0)
            (void)pthread_cond_signal(&p->ended);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

static int pool_start(struct pool *p, struct fault *fault)
{
    for (; p->started + 1 < p->threads; p->started++) {
        struct pool_thread *t = &p->thread[p->started];
        *t = (struct pool_thread){ .pool = p, .number = p->started + 1 };
        int rc = pthread_create(&t->handle, NULL, pool_thread_main, t);
        if (rc != 0)
            return fault_set(fault, err_from_errno(rc),
                             "thread %u of %u cannot be started: %s",
                             p->started + 2, p->threads, strerror(rc));
    }
    return ERR_OK;
}

int pool_new(uint32_t threads, struct pool **ret_p, struct fault *fault)
{
    check(threads >= 1 && threads <= POOL_THREADS_LIMIT);
    struct pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->begun, NULL);
    (void)pthread_cond_init(&p->ended, NULL);
    p->threads = threads;
    p->thread = calloc(threads, sizeof *p->thread);
    int err = p->thread == NULL ? fault_set(fault, ERR_NOMEM, "out of memory")
                                : pool_start(p, fault);
    if (err != 0) {
        pool_free(p);
        return err;
    }
    *ret_p = p;
    return ERR_OK;
}

void pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->stop = true;
    (void)pthread_cond_broadcast(&p->begun);
    (void)pthread_mutex_unlock(&p->lock);
    for (uint32_t i = 0; i < p->started; i++)
        (void)pthread_join(p->thread[i].handle, NULL);
    (void)pthread_cond_destroy(&p->begun);
    (void)pthread_cond_destroy(&p->ended);
    (void)pthread_mutex_destroy(&p->lock);
    free(p->thread);
    free(p);
}

uint32_t pool_threads(const struct pool *p)
{
    return p != NULL ? p->threads : 1;
}

static int run_alone(uint32_t count,
                     int (*run)(void *context, uint32_t index, uint32_t thread),
                     void *context)
{
    for (uint32_t i = 0; i < count; i++) {
        int err = run(context, i, 0);
        if (err != 0)
            return err;
    }
    return ERR_OK;
}

int pool_run(struct pool *p, uint32_t count,
             int (*run)(void *context, uint32_t index, uint32_t thread),
             void *context)
{
    if (p == NULL || p->threads == 1 || count <= 1)
        return run_alone(count, run, context);
    (void)pthread_mutex_lock(&p->lock);
    p->run = run;
    p->context = context;
    p->next = 0;
    p->count = count;
    p->err = 0;
    p->busy = p->started;
    p->round++;
    (void)pthread_cond_broadcast(&p->begun);
    pool_work(p, 0);
    while (p->busy > 0)
        (void)pthread_cond_wait(&p->ended, &p->lock);
    int err = p->err;
    (void)pthread_mutex_unlock(&p->lock);
    return err;
}
