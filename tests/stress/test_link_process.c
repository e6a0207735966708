/*
 * Links between processes: peers that are killed, and ends that are freed in
 * the middle of large messages. The program starts itself with the name of a
 * role; nng's threads do not survive a fork without exec.
 */
#include "proto/base/check.h"
#include "tests/lib/tap.h"
#include "tests/stress/link_world.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE_BYTES (4u << 20)

extern char **environ;

static struct world w;

static pid_t start(const char *role, const char *url)
{
    pid_t pid;
    char name[] = "test-link-process", its_role[32], its_url[128];
    char *const arguments[] = { name, its_role, its_url, NULL };
    snprintf(its_role, sizeof its_role, "%s", role);
    snprintf(its_url, sizeof its_url, "%s", url);
    check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ) ==
          0);
    return pid;
}

static void kill_and_wait(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static bool ends_well(pid_t pid)
{
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int ask(uint32_t client, enum link_channel channel, size_t n)
{
    return link_client_send(w.client[client].client, channel,
                            world_message(1, n));
}

/* Answers the next request with `n` bytes. */
static bool serve_one(size_t n)
{
    struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
    int err =
        link_server_reply(w.server.server, e->request, world_message(2, n));
    link_event_release(e);
    return err == 0;
}

/* Role: answers the first request, keeps the others. */
static int serve(const char *url)
{
    world_init(&w);
    if (!world_listen(&w, url) || !serve_one(10))
        return 1;
    for (;;)
        world_skip(&w, &w.server, LINK_REQUEST);
}

/* Role: asks and waits for ever. */
static int ask_and_wait(const char *url)
{
    world_init(&w);
    snprintf(w.url, sizeof w.url, "%s", url);
    if (!world_dial(&w, 0) || ask(0, LINK_TASK, 10) != 0)
        return 1;
    world_skip(&w, &w.client[0], LINK_REPLY);
    return 1;
}

/* Role: asks once and ends with the reply. */
static int ask_once(const char *url)
{
    world_init(&w);
    snprintf(w.url, sizeof w.url, "%s", url);
    if (!world_dial(&w, 0) || ask(0, LINK_TASK, 10) != 0)
        return 1;
    while (world_waiting(&w, &w.client[0], LINK_REPLY) == 0) {
        if (world_waiting(&w, &w.client[0], LINK_FAILED) > 0)
            return 1;
        sem_wait(&w.woken);
    }
    bool as_sent = world_receive(&w, 0, LINK_TASK, 2, LARGE_BYTES);
    world_release(&w);
    return as_sent ? 0 : 1;
}

/* Role: frees a server while large replies go out. */
static int end_server(const char *url)
{
    (void)url;
    world_init(&w);
    if (!world_listen(&w, world_ipc_url(&w)))
        return 1;
    for (uint32_t i = 0; i < 4; i++)
        if (!world_dial(&w, i) || ask(i, LINK_TASK, 10) != 0 ||
            ask(i, LINK_BEAT, 10) != 0)
            return 1;
    for (uint32_t i = 0; i < 8; i++)
        if (!serve_one(LARGE_BYTES))
            return 1;
    world_close_server(&w, 0);
    world_remove_dir(&w);
    return 0;
}

/* Role: frees clients while they wait for a pipe, send, and receive. */
static int end_clients(const char *url)
{
    (void)url;
    world_init(&w);
    world_ipc_url(&w);
    for (uint32_t i = 0; i < 4; i++)
        if (!world_dial(&w, i) || ask(i, LINK_TASK, LARGE_BYTES) != 0)
            return 1;
    world_close_client(&w, 0);
    if (!world_listen(&w, world_ipc_url(&w)))
        return 1;
    for (uint32_t i = 1; i < 4; i++) {
        if (ask(i, LINK_BEAT, LARGE_BYTES) != 0 || !serve_one(LARGE_BYTES))
            return 1;
        world_close_client(&w, i);
    }
    world_remove_dir(&w);
    return 0;
}

static void a_killed_coordinator_fails_the_request(void)
{
    const char *url = world_ipc_url(&w);
    for (uint32_t i = 0; i < 5; i++) {
        pid_t pid = start("serve", url);
        if (i == 0)
            tap_check(world_dial(&w, 0));
        tap_check(ask(0, LINK_TASK, 10) == 0);
        tap_check(world_skip(&w, &w.client[0], LINK_REPLY) == 0);
        tap_check(ask(0, LINK_TASK, 10) == 0);
        tap_check(ask(0, LINK_BEAT, 10) == 0);
        kill_and_wait(pid);
        tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
        tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
        tap_check(world_skip(&w, &w.client[0], LINK_DOWN) == 0);
    }
}

static void a_killed_worker_is_a_lost_pipe(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    for (uint32_t i = 0; i < 5; i++) {
        pid_t pid = start("ask", w.url);
        struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
        uint64_t request = e->request;
        uint32_t pipe = e->pipe;
        link_event_release(e);
        kill_and_wait(pid);
        e = world_next(&w, &w.server, LINK_DOWN);
        bool same_pipe = e->pipe == pipe;
        link_event_release(e);
        tap_check(same_pipe);
        /* "sent": a success proves nothing */
        tap_check(link_server_reply(w.server.server, request,
                                    world_message(1, 10)) == 0);
    }
}

static void a_stopped_worker_makes_no_event(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    pid_t pid = start("ask", w.url);
    struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
    uint32_t pipe = e->pipe;
    link_event_release(e);
    kill(pid, SIGSTOP);
    usleep(50000);
    tap_expect(world_waiting(&w, &w.server, LINK_DOWN) == 0);
    link_server_close_pipe(w.server.server, pipe);
    tap_expect(world_skip(&w, &w.server, LINK_DOWN) == 0);
    kill_and_wait(pid);
}

static void the_last_reply_arrives_though_the_server_ends(void)
{
    const int64_t long_ms = 600000; /* ends as soon as the worker has gone */
    for (uint32_t i = 0; i < 10; i++) {
        tap_check(world_listen(&w, world_ipc_url(&w)));
        pid_t pid = start("ask-once", w.url);
        tap_check(serve_one(LARGE_BYTES));
        world_close_server(&w, long_ms);
        tap_check(ends_well(pid));
    }
}

static void a_server_may_be_freed_in_the_middle_of_large_replies(void)
{
    for (uint32_t i = 0; i < 2; i++)
        tap_expect(ends_well(start("end-server", "")));
}

static void clients_may_be_freed_in_the_middle_of_large_messages(void)
{
    for (uint32_t i = 0; i < 2; i++)
        tap_expect(ends_well(start("end-clients", "")));
}

static const struct {
    const char *name;
    int (*run)(const char *url);
} roles[] = {
    { "serve", serve },
    { "ask", ask_and_wait },
    { "ask-once", ask_once },
    { "end-server", end_server },
    { "end-clients", end_clients },
};

static void case_run(const char *sentence, void (*function)(void))
{
    world_init(&w);
    tap_case(sentence, function);
    world_release(&w);
}
#define CASE(name) case_run(#name, name)

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(argv[1], roles[i].name) == 0)
            return roles[i].run(argv[2]);
    CASE(a_killed_coordinator_fails_the_request);
    CASE(a_killed_worker_is_a_lost_pipe);
    CASE(a_stopped_worker_makes_no_event);
    CASE(the_last_reply_arrives_though_the_server_ends);
    CASE(a_server_may_be_freed_in_the_middle_of_large_replies);
    CASE(clients_may_be_freed_in_the_middle_of_large_messages);
    return tap_end();
}
