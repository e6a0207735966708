/*
 * Starting and watching local workers with libuv's process handles.
 */
#include "engine/shell/supervise.h"

#include "proto/host/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKOFF_MS_MIN 100u
#define BACKOFF_MS_MAX 5000u
#define STEADY_US 10000000 /* alive this long: the backoff starts over */

struct local {
    struct supervise *owner;
    uv_process_t process;
    uv_timer_t timer; /* restart after the backoff */
    bool alive;
    uint32_t backoff_ms, restarts;
    int64_t started_us;
};

struct supervise {
    uv_loop_t *loop;
    struct supervise_options options;
    bool ending, closing;
    uint32_t restarts;
    struct local local[SUPERVISE_WORKERS_MAX];
};

static int local_start(struct local *l);

static void local_restart(uv_timer_t *timer)
{
    struct local *l = timer->data;
    if (l->owner->ending)
        return;
    l->owner->restarts++;
    l->restarts++;
    if (local_start(l) != 0)
        (void)uv_timer_start(&l->timer, local_restart, l->backoff_ms, 0);
}

static void local_closed(uv_handle_t *handle)
{
    struct local *l = handle->data;
    struct supervise *s = l->owner;
    if (s->ending) {
        if (!s->closing && supervise_all_gone(s))
            s->options.gone(s->options.context);
        return;
    }
    int64_t lived_us = clock_monotonic_us() - l->started_us;
    if (lived_us > STEADY_US)
        l->backoff_ms = BACKOFF_MS_MIN;
    (void)uv_timer_start(&l->timer, local_restart, l->backoff_ms, 0);
    l->backoff_ms *= 2;
    if (l->backoff_ms > BACKOFF_MS_MAX)
        l->backoff_ms = BACKOFF_MS_MAX;
}

static void local_exited(uv_process_t *process, int64_t exit_code,
                         int signal_no)
{
    struct local *l = process->data;
    struct supervise *s = l->owner;
    l->alive = false;
    if (!s->ending)
        s->options.crashed(s->options.context, process->pid, (int)exit_code,
                           signal_no);
    uv_close((uv_handle_t *)process, local_closed);
}

enum { WORDS = 10 };

/* uv_spawn takes the arguments as writable texts. */
struct worker_command {
    char text[WORDS][256];
    char *argv[WORDS + 1];
};

static void worker_command_fill(struct worker_command *w,
                                const struct supervise_options *o)
{
    char parent[24];
    (void)snprintf(parent, sizeof parent, "%d", (int)getpid());
    const char *const words[WORDS] = {
        "fyke", "worker",      "--join",     o->url,         "--parent",
        parent, "--log-level", o->log_level, "--log-format", o->log_format,
    };
    w->argv[WORDS] = NULL;
    for (int i = 0; i < WORDS; i++) {
        (void)snprintf(w->text[i], sizeof w->text[i], "%s", words[i]);
        w->argv[i] = w->text[i];
    }
}

static int local_start(struct local *l)
{
    struct supervise *s = l->owner;
    struct worker_command w;
    worker_command_fill(&w, &s->options);
    uv_stdio_container_t stdio[3] = {
        { .flags = UV_IGNORE },
        { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
    };
    uv_process_options_t o = {
        .exit_cb = local_exited,
        .file = s->options.executable,
        .args = w.argv,
        .flags = UV_PROCESS_DETACHED, /* a session and group of its own */
        .stdio = stdio,
        .stdio_count = 3,
    };
    l->process.data = l;
    l->started_us = clock_monotonic_us();
    int rc = uv_spawn(s->loop, &l->process, &o);
    if (rc != 0)
        return err_from_errno(-rc);
    l->alive = true;
    return 0;
}

int supervise_new(uv_loop_t *loop, const struct supervise_options *options,
                  struct supervise **ret_s, struct fault *fault)
{
    struct supervise *s = calloc(1, sizeof *s);
    if (s == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    s->loop = loop;
    s->options = *options;
    if (s->options.count > SUPERVISE_WORKERS_MAX)
        s->options.count = SUPERVISE_WORKERS_MAX;
    for (uint32_t i = 0; i < s->options.count; i++) {
        struct local *l = &s->local[i];
        l->owner = s;
        l->backoff_ms = BACKOFF_MS_MIN;
        l->timer.data = l;
        (void)uv_timer_init(loop, &l->timer);
    }
    *ret_s = s;
    for (uint32_t i = 0; i < s->options.count; i++) {
        int rc = local_start(&s->local[i]);
        if (rc != 0)
            return fault_set(fault, rc, "cannot start a worker (%s): %s",
                             options->executable,
                             rc == ERR_LIMIT ? "too many open files; raise the "
                                               "limit of open files (ulimit "
                                               "-n)"
                                             : err_text(rc));
    }
    return 0;
}

uint32_t supervise_pids(const struct supervise *s, uint32_t *out, uint32_t max)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->options.count && n < max; i++)
        if (s->local[i].alive)
            out[n++] = (uint32_t)s->local[i].process.pid;
    return n;
}

uint32_t supervise_restarts(const struct supervise *s)
{
    return s->restarts;
}

uint32_t supervise_restarts_of(const struct supervise *s, uint64_t pid)
{
    for (uint32_t i = 0; i < s->options.count; i++)
        if (s->local[i].alive && (uint64_t)s->local[i].process.pid == pid)
            return s->local[i].restarts;
    return 0;
}

void supervise_end(struct supervise *s, int signal_number)
{
    s->ending = true;
    for (uint32_t i = 0; i < s->options.count; i++) {
        (void)uv_timer_stop(&s->local[i].timer);
        if (s->local[i].alive && signal_number != 0)
            (void)uv_process_kill(&s->local[i].process, signal_number);
    }
}

bool supervise_all_gone(const struct supervise *s)
{
    for (uint32_t i = 0; i < s->options.count; i++)
        if (s->local[i].alive)
            return false;
    return true;
}

void supervise_close(struct supervise *s)
{
    s->ending = s->closing = true;
    for (uint32_t i = 0; i < s->options.count; i++) {
        struct local *l = &s->local[i];
        if (l->alive && !uv_is_closing((uv_handle_t *)&l->process))
            uv_close((uv_handle_t *)&l->process, local_closed);
        uv_close((uv_handle_t *)&l->timer, NULL);
    }
}

void supervise_free(struct supervise *s)
{
    free(s);
}
