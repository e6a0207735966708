/*
 * A worker process against a coordinator of a few lines: joining, computing,
 * models, losing the link, stopping, refusal. The program starts itself as
 * the worker; nng's threads do not survive a fork without exec.
 */
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/wire/iforest.h"
#include "tests/lib/tap.h"
#include "tests/stress/link_world.h"
#include "workers/core/worker.h"
#include "workers/detect/compute.h"
#include "workers/shell/run.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS 500u
#define COLS 4u
#define BIG_ROWS 60000u
#define DETECTOR                                                               \
    {                                                                          \
        IFOREST_NAME, sizeof IFOREST_NAME - 1                                  \
    }

extern char **environ;

static struct world w;
static char url[256];
static float rows[COLS * BIG_ROWS];
static struct arena arena;
/* The last request. */
static struct link_event *event;
static struct wire_message message;
static uint32_t epoch;
static pid_t started; /* the last process, 0 when it was waited for */

/* ------------------------------------------------------------- the worker */

static int role_worker(const char *join, const char *parent)
{
    struct log log;
    struct fault fault = { 0 };
    struct worker_run_options options = {
        .join = join,
        .message_bytes_max = WORLD_MESSAGE_BYTES_MAX,
        .parent_pid = atoll(parent),
        .version = "test",
        .log = &log,
    };
    log_init(&log, LOG_LEVEL_ERROR);
    int err = worker_run(&options, &fault);
    return err == 0 ? 0 : 100 - err; /* tells errors apart */
}

static pid_t start_as(const char *role, const char *parent)
{
    pid_t pid;
    char name[] = "test-worker-shell", its_role[32], its_url[256], its[32];
    char *const arguments[] = { name, its_role, its_url, its, NULL };
    snprintf(its_role, sizeof its_role, "%s", role);
    snprintf(its_url, sizeof its_url, "%s", url);
    snprintf(its, sizeof its, "%s", parent);
    check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ) ==
          0);
    started = pid;
    return pid;
}

static pid_t start(void)
{
    return start_as("worker", "0");
}

/* Its exit code, 1000 + the signal that killed it. */
static int ended(pid_t pid)
{
    int status = 0;
    check(waitpid(pid, &status, 0) == pid);
    started = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* -------------------------------------------------------- the coordinator */

static void listen_at(const char *at)
{
    struct fault fault = { 0 };
    check(link_server_new(&w.options, at, &w.server.server, &fault) == 0);
    snprintf(url, sizeof url, "%s", link_server_url(w.server.server));
}

static void reply(struct wire_message *m)
{
    struct link_message *out;
    m->envelope.epoch = epoch;
    check(link_message_new(&out) == 0);
    struct wire_writer writer = { link_message_append, out };
    check(wire_encode(m, writer) == 0);
    (void)link_server_reply(w.server.server, event->request, out);
}

static void reply_kind(uint32_t kind)
{
    struct wire_message m = { .envelope.kind = kind };
    reply(&m);
}

static void reply_hello(void)
{
    struct wire_message m = { .envelope.kind = WIRE_HELLO_REPLY };
    m.body.hello_reply = (struct wire_hello_reply){ 20, 5000 };
    reply(&m);
}

static void hear_any(void)
{
    if (event != NULL)
        link_event_release(event);
    event = world_next(&w, &w.server, LINK_REQUEST);
    check(wire_decode(event->bytes, event->byte_count, &message) == 0);
    if (message.envelope.kind == WIRE_HEARTBEAT)
        reply_kind(WIRE_HEARTBEAT_REPLY);
}

/* The next request that is no heartbeat; those are answered on the way. */
static uint32_t hear(void)
{
    do
        hear_any();
    while (message.envelope.kind == WIRE_HEARTBEAT);
    return message.envelope.kind;
}

/* Until a heartbeat says that the worker has the task. */
static void hear_it_holds(uint64_t task)
{
    const struct wire_heartbeat *beat = &message.body.heartbeat;
    do
        hear_any();
    while (message.envelope.kind != WIRE_HEARTBEAT || beat->held_count != 1 ||
           beat->held[0].task != task);
}

static bool join(void)
{
    if (!tap_expect(hear() == WIRE_HELLO) ||
        !tap_expect(message.body.hello.selftest_digest ==
                    compute_selftest_digest()))
        return false;
    reply_hello();
    return tap_expect(hear() == WIRE_READY);
}

static struct wire_message task_new(uint32_t phase, uint64_t id)
{
    struct wire_message m = {
        .envelope = { .kind = WIRE_TASK, .task = id, .attempt = 1 }
    };
    m.body.task = (struct wire_task){
        .batch = 3, .detector = DETECTOR, .phase = phase, .part = 2
    };
    return m;
}

/* One of BIG_ROWS is to outlast some heartbeats on any CPU: planes have no
 * vector kernel. */
static struct wire_message task_fit_score(uint64_t id, uint32_t count,
                                          uint32_t trees)
{
    struct wire_message m = task_new(IFOREST_FIT_SCORE, id);
    struct iforest_fit_score_task t = {
        .seed = id,
        .batch = 3,
        .trees = trees,
        .psi = 256,
        .rows = { rows, count, COLS, count },
        .recent = { rows, 0, COLS, 0 },
        .extension = count == BIG_ROWS,
    };
    check(iforest_pack_fit_score(&t, &arena, &m.body.task.payload) == 0);
    return m;
}

static struct wire_payload computed(const struct wire_task *task,
                                    const struct compute_model *model)
{
    struct compute_context context = { .arena = &arena };
    struct wire_payload payload;
    check(compute_iforest.run(task, model, &context, &payload) == 0);
    return payload;
}

static uint64_t expected(const struct wire_message *task,
                         const struct compute_model *model)
{
    struct wire_payload want = computed(&task->body.task, model);
    return wire_payload_hash(&want);
}

/* The request is the RESULT of a task with this payload. */
static bool result_has(uint64_t task, uint64_t payload_hash)
{
    const struct wire_result *r = &message.body.result;
    return tap_expect(message.envelope.kind == WIRE_RESULT) &&
           tap_expect(message.envelope.task == task) &&
           tap_expect(r->status == 0 && r->batch == 3 && r->part == 2) &&
           tap_expect(wire_payload_hash(&r->payload) == payload_hash);
}

/* As this process computes it; for small tasks: the worker waits. */
static bool result_is(const struct wire_message *task,
                      const struct compute_model *model)
{
    return result_has(task->envelope.task, expected(task, model));
}

static bool bye(pid_t pid)
{
    reply_kind(WIRE_BYE_REPLY);
    return tap_expect(ended(pid) == 0);
}

/* ------------------------------------------------------------------ cases */

static void a_task_is_computed_and_bye_ends_the_worker(void)
{
    pid_t pid = start();
    tap_check(join());
    for (uint64_t id = 1; id <= 3; id++) {
        struct wire_message task = task_fit_score(id, ROWS, 20);
        reply(&task);
        tap_check(hear() == WIRE_RESULT);
        tap_check(result_is(&task, NULL));
    }
    tap_check(bye(pid));
}

static void a_task_that_is_malformed_fails_and_the_next_is_computed(void)
{
    pid_t pid = start();
    struct wire_message bad = task_new(IFOREST_FIT_SCORE, 1);
    struct wire_message task = task_fit_score(2, ROWS, 20);
    tap_check(join());
    reply(&bad);
    tap_check(hear() == WIRE_RESULT);
    tap_check(message.body.result.status != 0);
    bad.body.task.detector = (struct wire_text){ "no-such", 7 };
    reply(&bad);
    tap_check(hear() == WIRE_RESULT);
    tap_check(message.body.result.status == ERR_UNSUPPORTED);
    reply(&task);
    tap_check(hear() == WIRE_RESULT);
    tap_check(result_is(&task, NULL));
    tap_check(bye(pid));
}

/* A forest of two trees over the first rows. */
static struct wire_payload forest(uint64_t seed)
{
    static uint32_t index[2 * 64];
    struct wire_message fit = task_new(IFOREST_FIT, 1);
    for (uint32_t i = 0; i < 128; i++)
        index[i] = i % 64;
    struct iforest_fit_task t = { .seed = seed,
                                  .batch = 3,
                                  .tree_count = 2,
                                  .psi = 64,
                                  .rows = { rows, 64, COLS, 64 },
                                  .index = index };
    check(iforest_pack_fit(&t, &arena, &fit.body.task.payload) == 0);
    return computed(&fit.body.task, NULL);
}

static struct wire_message task_score(uint64_t id, uint64_t model,
                                      const struct wire_payload *p)
{
    struct wire_message m = task_new(IFOREST_SCORE, id);
    struct iforest_score_task t = { { rows, ROWS, COLS, ROWS } };
    check(iforest_pack_score(&t, &arena, &m.body.task.payload) == 0);
    m.body.task.model_id = model;
    m.body.task.model_hash = wire_payload_hash(p);
    return m;
}

static void reply_model(uint64_t id, const struct wire_payload *p)
{
    struct wire_message m = { .envelope.kind = WIRE_MODEL };
    m.body.model = (struct wire_model){ .model_id = id,
                                        .model_hash = wire_payload_hash(p),
                                        .detector = DETECTOR,
                                        .payload = *p };
    reply(&m);
}

static bool score_twice(uint64_t id)
{
    struct wire_payload p = forest(id);
    struct wire_message task = task_score(id, id, &p);
    struct compute_model *model;
    check(compute_iforest.model_new(&p, &model) == 0);
    uint64_t want = expected(&task, model);
    compute_iforest.model_free(model);
    reply(&task);
    if (!tap_expect(hear() == WIRE_NEED_MODEL))
        return false;
    reply_model(id, &p);
    if (!tap_expect(hear() == WIRE_RESULT) || !result_has(id, want))
        return false;
    task.envelope.task = 100 + id;
    reply(&task);
    return tap_expect(hear() == WIRE_RESULT) && result_has(100 + id, want);
}

static void a_model_is_asked_for_once_and_kept(void)
{
    pid_t pid = start();
    tap_check(join());
    /* More models than the cache holds. */
    for (uint64_t id = 1; id <= 2 * WORKER_MODELS_MAX; id++)
        tap_check(score_twice(id));
    tap_check(bye(pid));
}

static void a_lost_coordinator_is_dialled_again_and_its_task_forgotten(void)
{
    char at[256];
    pid_t pid = start();
    tap_check(join());
    struct wire_message big = task_fit_score(1, BIG_ROWS, 500);
    reply(&big);
    hear_it_holds(1);
    snprintf(at, sizeof at, "%s", url);
    world_close_server(&w, 100);
    if (event != NULL)
        link_event_release(event);
    event = NULL;
    epoch++;
    listen_at(at);
    tap_check(join()); /* READY, not the old RESULT */
    struct wire_message task = task_fit_score(2, ROWS, 20);
    reply(&task);
    tap_check(hear() == WIRE_RESULT);
    tap_check(result_is(&task, NULL));
    tap_check(bye(pid));
}

static void a_stopped_worker_hands_its_task_in_first(void)
{
    struct wire_message big = task_fit_score(1, BIG_ROWS, 200);
    uint64_t want = expected(&big, NULL);
    pid_t pid = start();
    tap_check(join());
    reply(&big);
    hear_it_holds(1);
    check(kill(pid, SIGTERM) == 0);
    tap_check(hear() == WIRE_RESULT);
    tap_check(result_has(1, want));
    /* The coordinator has no other task: the request stays parked. */
    tap_check(hear() == WIRE_BYE);
    tap_check(bye(pid));
}

static void a_second_signal_ends_a_worker_at_once(void)
{
    pid_t pid = start();
    tap_check(join());
    struct wire_message big = task_fit_score(1, BIG_ROWS, 2000);
    reply(&big);
    hear_it_holds(1);
    check(kill(pid, SIGTERM) == 0);
    /* Signals that wait together are one. */
    while (kill(pid, 0) == 0 && waitpid(pid, NULL, WNOHANG) == 0) {
        (void)kill(pid, SIGTERM);
        (void)poll(NULL, 0, 20);
    }
    started = 0;
    while (world_waiting(&w, &w.server, LINK_REQUEST) > 0) {
        hear_any();
        tap_check(message.envelope.kind == WIRE_HEARTBEAT); /* no RESULT */
    }
}

static void a_refused_worker_leaves_with_the_reason(void)
{
    pid_t pid = start();
    struct wire_message m = { .envelope.kind = WIRE_REFUSED };
    m.body.refused = (struct wire_refused){ ERR_VERSION, { "too old", 7 } };
    tap_check(hear() == WIRE_HELLO);
    reply(&m);
    tap_check(ended(pid) == 100 - ERR_VERSION);
}

static void a_local_worker_leaves_a_parent_that_is_not_its_own(void)
{
    tap_check(ended(start_as("worker", "1")) == 100 - ERR_CLOSED);
}

/* Starts a local worker and waits to be killed. */
static _Noreturn void role_parent(void)
{
    char own[32];
    snprintf(own, sizeof own, "%d", (int)getpid());
    (void)start_as("worker", own);
    for (;;)
        (void)pause();
}

static void a_local_worker_dies_with_its_parent(void)
{
    pid_t parent = start_as("parent", "0");
    tap_check(join());
    /* Still there: its next heartbeat comes. */
    tap_check(message.envelope.kind == WIRE_READY);
    check(kill(parent, SIGKILL) == 0);
    tap_check(ended(parent) == 1000 + SIGKILL);
    /* The kernel closes its end of the pipe. */
    struct link_event *down = world_next(&w, &w.server, LINK_DOWN);
    tap_check(down != NULL);
    link_event_release(down);
}

static void with_a_coordinator(const char *sentence, void (*function)(void))
{
    char at[256];
    arena_init(&arena, (size_t)1 << 30);
    world_init(&w);
    snprintf(at, sizeof at, "ipc://%s/link", w.dir);
    epoch = 7;
    listen_at(at);
    tap_case(sentence, function);
    if (started != 0) { /* of a case that failed */
        (void)kill(started, SIGKILL);
        (void)ended(started);
    }
    if (event != NULL)
        link_event_release(event);
    event = NULL;
    world_release(&w);
    arena_release(&arena);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "worker") == 0)
        return role_worker(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "parent") == 0) {
        snprintf(url, sizeof url, "%s", argv[2]);
        role_parent();
    }
    for (uint32_t i = 0; i < COLS * BIG_ROWS; i++)
        rows[i] = (float)((i * 2654435761u) >> 8);
    with_a_coordinator("a task is computed and bye ends the worker",
                       a_task_is_computed_and_bye_ends_the_worker);
    with_a_coordinator(
        "a task that is malformed fails and the next is computed",
        a_task_that_is_malformed_fails_and_the_next_is_computed);
    with_a_coordinator("a model is asked for once and kept",
                       a_model_is_asked_for_once_and_kept);
    with_a_coordinator(
        "a lost coordinator is dialled again and its task forgotten",
        a_lost_coordinator_is_dialled_again_and_its_task_forgotten);
    with_a_coordinator("a stopped worker hands its task in first",
                       a_stopped_worker_hands_its_task_in_first);
    with_a_coordinator("a second signal ends a worker at once",
                       a_second_signal_ends_a_worker_at_once);
    with_a_coordinator("a refused worker leaves with the reason",
                       a_refused_worker_leaves_with_the_reason);
    with_a_coordinator("a local worker leaves a parent that is not its own",
                       a_local_worker_leaves_a_parent_that_is_not_its_own);
    with_a_coordinator("a local worker dies with its parent",
                       a_local_worker_dies_with_its_parent);
    return tap_end();
}
