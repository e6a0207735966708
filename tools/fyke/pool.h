/*
 * A few threads that share the numbered pieces of a piece of work. What a
 * piece computes may not depend on which thread does it or when.
 */
#ifndef FYKE_TOOLS_POOL_H
#define FYKE_TOOLS_POOL_H

#include "proto/base/err.h"

#include <stdint.h>

#define POOL_THREADS_LIMIT 256u

struct pool;

/* `threads` in all, the caller of pool_run among them; 1 starts none. Errors:
 * ERR_NOMEM, or of pthread_create with a fault. */
FYKE_MUST_USE int pool_new(uint32_t threads, struct pool **ret_p,
                           struct fault *fault);
void pool_free(struct pool *p);

/* 1 for NULL. */
uint32_t pool_threads(const struct pool *p);

/* Calls `run` for every index below `count` and returns when all are done;
 * `thread` < pool_threads says who calls. Behind an error no further piece is
 * begun; of several errors it returns that of the lowest index. With p = NULL
 * the caller does it all. */
FYKE_MUST_USE int pool_run(struct pool *p, uint32_t count,
                           int (*run)(void *context, uint32_t index,
                                      uint32_t thread),
                           void *context);

#endif
