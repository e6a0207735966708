/*
 * The life of a worker process: handles, signals, its parent, the link, and
 * the way out.
 *
 * Way out: stop the job, free the link (its threads then wake no more), close
 * the handles, and run the loop until the last callback has come.
 */
#include "workers/shell/shell.h"

#include "proto/base/check.h"
#include "proto/host/clock.h"
#include "proto/host/cores.h"
#include "proto/host/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#define BEAT_MS 1000
#define SILENCE_MS 5000
#define REDIAL_MS_MAX 2000
#define SEND_TIMEOUT_MS 10000
#define RETRY_MS_MIN 100
#define RETRY_MS_MIN_LOCAL 10 /* it listens in a moment */
#define RETRY_MS_MAX 1000
#define RETRY_MS_MAX_LOCAL 40
/* What a computation may hold beyond copies of its task. */
#define ARENA_EXTRA_BYTES ((size_t)512 << 20)

static int64_t shell_now_us(void)
{
    return (int64_t)(uv_hrtime() / 1000);
}

static void on_timer(uv_timer_t *timer)
{
    struct shell *s = timer->data;
    struct worker_event event = { .kind = WORKER_EV_TICK };
    if (s->kept != NULL)
        event.progress = atomic_load(&s->kept->progress);
    shell_step(s, &event);
}

static void shell_arm(struct shell *s)
{
    int64_t deadline_us = worker_next_deadline_us(s->core);
    if (s->leaving)
        return;
    if (deadline_us == INT64_MAX) {
        uv_timer_stop(&s->timer);
        return;
    }
    int64_t wait_us = deadline_us - shell_now_us();
    uint64_t wait_ms = wait_us <= 0 ? 0 : ((uint64_t)wait_us + 999) / 1000;
    uv_update_time(&s->loop);
    check(uv_timer_start(&s->timer, on_timer, wait_ms, 0) == 0);
}

void shell_step(struct shell *s, const struct worker_event *event)
{
    if (s->leaving)
        return;
    worker_step(s->core, shell_now_us(), event, &s->actions);
    for (uint32_t i = 0; i < s->actions.count && !s->leaving; i++)
        shell_act(s, &s->actions.item[i]);
    shell_arm(s);
}

/* Any thread. */
static void link_wake(void *context)
{
    struct shell *s = context;
    (void)uv_async_send(&s->wake);
}

static void shell_reply(struct shell *s, struct link_event *e)
{
    struct wire_message message;
    struct worker_event event = {
        .kind = WORKER_EV_REPLY,
        .channel =
            e->channel == LINK_BEAT ? WORKER_CHANNEL_BEAT : WORKER_CHANNEL_TASK,
        .message = &message,
    };
    event.err = wire_decode(e->bytes, e->byte_count, &message);
    if (event.err != 0) {
        event.kind = WORKER_EV_BAD_REPLY;
        event.message = NULL;
    }
    s->event = e;
    s->event_message = event.message;
    shell_step(s, &event);
    if (s->event != NULL) /* neither KEEP nor LOAD took it */
        link_event_release(s->event);
    s->event = NULL;
    s->event_message = NULL;
}

static void shell_link_event(struct shell *s, struct link_event *e)
{
    struct worker_event event = { .kind = WORKER_EV_FAILED, .err = e->err };
    switch (e->kind) {
    case LINK_REPLY:
        shell_reply(s, e);
        return;
    case LINK_UP:
        event.kind = WORKER_EV_UP;
        break;
    case LINK_DOWN:
        event.kind = WORKER_EV_DOWN;
        break;
    case LINK_FAILED:
        event.channel =
            e->channel == LINK_BEAT ? WORKER_CHANNEL_BEAT : WORKER_CHANNEL_TASK;
        break;
    case LINK_REQUEST: /* a client hears none */
        link_event_release(e);
        return;
    }
    link_event_release(e);
    shell_step(s, &event);
}

static void shell_tell_failed(struct shell *s)
{
    for (uint32_t i = 0; i < LINK_CHANNELS && !s->leaving; i++) {
        struct worker_event event = {
            .kind = WORKER_EV_FAILED,
            .channel =
                i == LINK_BEAT ? WORKER_CHANNEL_BEAT : WORKER_CHANNEL_TASK,
            .err = s->failed[i],
        };
        s->failed[i] = 0;
        if (event.err != 0)
            shell_step(s, &event);
    }
}

static void on_wake(uv_async_t *async)
{
    struct shell *s = async->data;
    shell_tell_failed(s);
    struct link_event *list =
        s->link != NULL ? link_client_take(s->link) : NULL;
    uint32_t number = s->link_number;
    while (list != NULL) {
        struct link_event *e = list;
        list = e->next;
        if (s->leaving || s->link_number != number)
            link_event_release(e); /* of a link that is gone */
        else
            shell_link_event(s, e);
    }
}

static int shell_dial(struct shell *s, struct fault *fault)
{
    struct link_options options = {
        .message_bytes_max = s->options->message_bytes_max,
        .send_timeout_ms = SEND_TIMEOUT_MS,
        .wake = link_wake,
        .wake_context = s,
    };
    bool local = s->options->parent_pid != 0;
    s->link_number++;
    return link_client_new(
        &options, s->options->join, local ? RETRY_MS_MIN_LOCAL : RETRY_MS_MIN,
        local ? RETRY_MS_MAX_LOCAL : RETRY_MS_MAX, &s->link, fault);
}

static void shell_hang_up(struct shell *s)
{
    s->link_number++;
    memset(s->failed, 0, sizeof s->failed);
    if (s->link != NULL)
        link_client_free(s->link);
    s->link = NULL;
}

static void on_redial(uv_timer_t *timer)
{
    struct shell *s = timer->data;
    struct fault fault = { 0 };
    int err = shell_dial(s, &fault);
    if (err == 0)
        return;
    /* It worked before: no memory or descriptors now. Try again. */
    log_line(s->options->log, LOG_LEVEL_WARN, "dial_failed",
             "coordinator=%s error=%s retry_ms=%d", LOG_QUOTE(s->options->join),
             LOG_QUOTE(fault.text), REDIAL_MS_MAX);
    check(uv_timer_start(&s->redial, on_redial, REDIAL_MS_MAX, 0) == 0);
}

void shell_redial(struct shell *s, uint32_t delay_ms)
{
    shell_hang_up(s);
    uv_update_time(&s->loop);
    check(uv_timer_start(&s->redial, on_redial, delay_ms, 0) == 0);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct shell *s = handle->data;
    struct worker_event event = { .kind = WORKER_EV_STOP };
    (void)number;
    if (s->stops++ > 0) {
        shell_leave(s); /* asked twice: now; the task's lease will expire */
        return;
    }
    shell_step(s, &event);
}

void shell_leave(struct shell *s)
{
    if (s->leaving)
        return;
    s->leaving = true;
    shell_forget(s);
    shell_hang_up(s);
    uv_close((uv_handle_t *)&s->wake, NULL);
    uv_close((uv_handle_t *)&s->timer, NULL);
    uv_close((uv_handle_t *)&s->redial, NULL);
    uv_close((uv_handle_t *)&s->terminate, NULL);
    uv_close((uv_handle_t *)&s->interrupt, NULL);
}

static void shell_handles_init(struct shell *s)
{
    check(uv_loop_init(&s->loop) == 0);
    check(uv_async_init(&s->loop, &s->wake, on_wake) == 0);
    check(uv_timer_init(&s->loop, &s->timer) == 0);
    check(uv_timer_init(&s->loop, &s->redial) == 0);
    check(uv_signal_init(&s->loop, &s->terminate) == 0);
    check(uv_signal_init(&s->loop, &s->interrupt) == 0);
    s->wake.data = s;
    s->timer.data = s;
    s->redial.data = s;
    s->terminate.data = s;
    s->interrupt.data = s;
    check(uv_signal_start(&s->terminate, on_signal, SIGTERM) == 0);
    /* Ctrl-C reaches the whole terminal; a local worker finishes its task
     * and is told BYE by its coordinator. */
    if (s->options->parent_pid != 0)
        (void)signal(SIGINT, SIG_IGN);
    else
        check(uv_signal_start(&s->interrupt, on_signal, SIGINT) == 0);
}

static void shell_hello_fill(struct shell *s)
{
    size_t n = sizeof s->host;
    if (uv_os_gethostname(s->host, &n) != 0)
        s->host[0] = '\0';
    s->hello = (struct wire_hello){
        .wire_version = WIRE_VERSION,
        .algorithm_version = compute_algorithm_version(),
        .selftest_digest = compute_selftest_digest(),
        .pid = (uint64_t)getpid(),
        .slots = 1,
        .cores = host_cores(),
        .host = { s->host, (uint32_t)strlen(s->host) },
        .version = { s->options->version,
                     (uint32_t)strlen(s->options->version) },
    };
}

static int worker_id_draw(uint64_t *ret_id, struct fault *fault)
{
    uint64_t id = 0;
    while (id == 0) {
        ssize_t n = getrandom(&id, sizeof id, 0);
        if (n != (ssize_t)sizeof id && errno != EINTR)
            return fault_set(fault, ERR_IO, "no random number: %s",
                             strerror(errno));
    }
    *ret_id = id;
    return ERR_OK;
}

/* Dies with the coordinator; one that died before this call is noticed by
 * the parent's id. */
static int parent_watch(int64_t parent_pid, struct fault *fault)
{
    if (parent_pid == 0)
        return ERR_OK;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return fault_set(fault, err_from_errno(errno),
                         "cannot be tied to the coordinator: %s",
                         strerror(errno));
    if ((int64_t)getppid() != parent_pid)
        return fault_set(fault, ERR_CLOSED,
                         "the coordinator (pid %lld) is gone",
                         (long long)parent_pid);
    return ERR_OK;
}

static int shell_core_init(struct shell *s, struct fault *fault)
{
    struct worker_config config = {
        .beat_ms = BEAT_MS,
        .silence_ms = SILENCE_MS,
        .redial_ms_max = REDIAL_MS_MAX,
        .leave_when_lost = s->options->parent_pid != 0,
    };
    int err = worker_id_draw(&config.worker_id, fault);
    if (err != 0)
        return err;
    err = worker_new(&config, shell_now_us(), &s->core);
    if (err != 0)
        return fault_set(fault, err, "the worker cannot start: %s",
                         err_text(err));
    return ERR_OK;
}

/* Where the CPU time went since the process was ready; what no computation
 * used (the loop, nng's threads) is the wire's. */
static void shell_log_stages(const struct shell *s, int64_t begun_ns)
{
    double wire_ms = (double)(clock_process_cpu_ns() - begun_ns) / 1e6;
    double fit_ms = (double)s->work_ns[COMPUTE_FIT] / 1e6;
    double score_ms = (double)s->work_ns[COMPUTE_SCORE] / 1e6;
    wire_ms -= fit_ms + score_ms;
    log_line(s->options->log, LOG_LEVEL_INFO, "stages",
             "pid=%d fit_ms=%.1f score_ms=%.1f wire_ms=%.1f", (int)getpid(),
             fit_ms, score_ms, wire_ms > 0 ? wire_ms : 0.0);
    log_line(s->options->log, LOG_LEVEL_INFO, "memory",
             "pid=%d rss_peak_bytes=%" PRIu64, (int)getpid(),
             host_rss_peak_bytes());
}

static void shell_run_loop(struct shell *s)
{
    int64_t begun_ns = clock_process_cpu_ns();
    shell_arm(s);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    shell_log_stages(s, begun_ns);
    shell_models_free(s);
    arena_release(&s->arena);
    check(uv_loop_close(&s->loop) == 0);
}

int worker_run(const struct worker_run_options *options, struct fault *fault)
{
    int err = parent_watch(options->parent_pid, fault);
    enum isa isa = ISA_BEST;
    if (err == 0)
        err = host_isa(&isa, fault);
    if (err == 0)
        err = link_url_check(options->join, fault);
    if (err != 0)
        return err;
    struct shell *s = calloc(1, sizeof *s);
    if (s == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    s->options = options;
    s->isa = isa;
    (void)signal(SIGPIPE, SIG_IGN);
    arena_init(&s->arena,
               4 * (size_t)options->message_bytes_max + ARENA_EXTRA_BYTES);
    shell_hello_fill(s);
    err = shell_core_init(s, fault);
    if (err == 0) {
        shell_handles_init(s);
        err = shell_dial(s, fault);
        if (err != 0)
            shell_leave(s);
        shell_run_loop(s);
        if (err == 0 && s->exit_err != 0)
            err = fault_set(fault, s->exit_err, "%s", s->exit_text);
    }
    worker_free(s->core);
    free(s);
    return err;
}
