/*
 * Runs a worker process: libuv and the link around the worker core and the
 * compute halves.
 *
 * One loop thread owns the state; one computation at a time runs in the pool
 * with a progress counter and a stop flag; the heartbeat goes on meanwhile.
 */
#ifndef FYKE_WORKERS_SHELL_RUN_H
#define FYKE_WORKERS_SHELL_RUN_H

#include "proto/base/err.h"
#include "proto/host/log.h"

#include <stdbool.h>
#include <stdint.h>

struct worker_run_options {
    const char *join; /* ipc:///... or tcp://host:port */
    uint64_t message_bytes_max;
    /* A local worker: dies with this parent (PR_SET_PDEATHSIG, checked after
     * exec), exits when the link is lost for good. 0 = joined worker. */
    int64_t parent_pid;
    const char *version;
    struct log *log;
};

/* Blocks until BYE or a signal. Kernels run at the level that $FYKE_ISA names.
 * 0 after BYE or SIGTERM; else a fault (refused: ERR_VERSION, bad URL or
 * level: ERR_USAGE). */
FYKE_MUST_USE int worker_run(const struct worker_run_options *options,
                             struct fault *fault);

#endif
