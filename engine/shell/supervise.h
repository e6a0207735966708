/*
 * Local worker processes: started, watched, restarted with backoff, ended.
 *
 * They sit in a process group of their own (Ctrl-C does not reach them), die
 * with this process (their PR_SET_PDEATHSIG), and inherit only stderr.
 */
#ifndef FYKE_SHELL_SUPERVISE_H
#define FYKE_SHELL_SUPERVISE_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define SUPERVISE_WORKERS_MAX 256u

struct supervise_options {
    const char *executable;
    const char *url;
    const char *log_level, *log_format;
    uint32_t count;
    /* On the loop thread: a worker ended though nobody asked it to. */
    void (*crashed)(void *context, int pid, int exit_code, int signal_number);
    /* On the loop thread, after supervise_end: the last worker has ended. */
    void (*gone)(void *context);
    void *context;
};

struct supervise;

/* Starts `count` workers. Errors: ERR_NOTFOUND etc. from the first spawn. */
FYKE_MUST_USE int supervise_new(uv_loop_t *loop,
                                const struct supervise_options *options,
                                struct supervise **ret_s, struct fault *fault);
/* Pids alive now; returns how many. */
uint32_t supervise_pids(const struct supervise *s, uint32_t *out, uint32_t max);
uint32_t supervise_restarts(const struct supervise *s);
/* How often the worker that has this pid now was started again; 0 when there
 * is none. */
uint32_t supervise_restarts_of(const struct supervise *s, uint64_t pid);
/* No more restarts; `signal_number` (0 = none) goes to each worker. */
void supervise_end(struct supervise *s, int signal_number);
bool supervise_all_gone(const struct supervise *s);
/* Closes the handles that are left; free after the loop has run. */
void supervise_close(struct supervise *s);
void supervise_free(struct supervise *s);

#endif
