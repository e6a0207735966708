/* Ends that come, go, fail and change their mind. */
#include "tests/lib/tap.h"
#include "tests/stress/link_world.h"

#include <sys/resource.h>

static struct world w;

static void a_request_waits_for_a_coordinator_longer_than_a_send_may_last(void)
{
    w.options.send_timeout_ms = 30;
    world_ipc_url(&w);
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 1000) == 0);
    for (uint32_t i = 0; i < 10; i++) {
        world_sleep_ms(20);
        tap_check(world_waiting(&w, &w.client[0], LINK_FAILED) == 0);
    }
    tap_check(world_listen(&w, world_ipc_url(&w)));
    uint64_t request = world_hear(&w, 1, 1000);
    tap_check(world_answer(&w, request, 2, 10) == 0);
    tap_check(world_receive(&w, 0, LINK_TASK, 2, 10));
}

static void a_client_finds_a_restarted_server(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    for (uint32_t i = 0; i < 5; i++) {
        tap_check(world_round_trip(&w, 0, i, 100));
        tap_check(world_ask(&w, 0, LINK_TASK, 9, 100) == 0);
        tap_check(world_hear(&w, 9, 100) != 0);
        world_close_server(&w, 0);
        tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
        tap_check(world_skip(&w, &w.client[0], LINK_DOWN) == 0);
        tap_check(world_listen(&w, world_ipc_url(&w)));
    }
    tap_check(world_round_trip(&w, 0, 7, 100));
}

static void a_request_is_never_sent_twice(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 100) == 0);
    tap_check(world_hear(&w, 1, 100) != 0);
    world_close_server(&w, 0);
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
    tap_check(world_ask(&w, 0, LINK_BEAT, 2, 100) == 0);
    tap_check(world_hear(&w, 2, 100) != 0);
    world_sleep_ms(50);
    tap_check(world_waiting(&w, &w.server, LINK_REQUEST) == 0);
}

static void a_closed_pipe_fails_what_was_under_way_on_it(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 10) == 0);
    tap_check(world_ask(&w, 0, LINK_BEAT, 1, 10) == 0);
    struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
    uint32_t pipe = e->pipe;
    link_event_release(e);
    e = world_next(&w, &w.server, LINK_REQUEST);
    tap_check(e->pipe == pipe && pipe != 0);
    uint64_t request = e->request;
    link_event_release(e);
    link_server_close_pipe(w.server.server, pipe);
    tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
    tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
    tap_check(world_skip(&w, &w.server, LINK_DOWN) == 0);
    tap_check(world_answer(&w, request, 1, 10) ==
              0); /* to no one; frees the context */
    tap_check(world_round_trip(&w, 0, 2, 10));
}

static void a_cancelled_request_gets_no_answer_and_the_next_one_its_own(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 10) == 0);
    uint64_t first = world_hear(&w, 1, 10);
    link_client_cancel(w.client[0].client, LINK_TASK);
    tap_check(world_ask(&w, 0, LINK_TASK, 2, 10) == 0);
    uint64_t second = world_hear(&w, 2, 10);
    tap_check(world_answer(&w, first, 11, 10) == 0);
    tap_check(world_answer(&w, second, 12, 10) == 0);
    tap_check(world_receive(&w, 0, LINK_TASK, 12, 10));
    tap_check(world_waiting(&w, &w.client[0], LINK_FAILED) == 0);
}

static void cancelling_at_any_moment_is_safe(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    for (uint32_t i = 0; i < 500; i++) {
        tap_check(world_ask(&w, 0, LINK_TASK, i, 1000) == 0);
        if (i % 3 == 1)
            world_waiting(&w, &w.client[0], LINK_REPLY);
        if (i % 3 == 2) {
            struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
            tap_expect(world_answer(&w, e->request, i, 2000) == 0);
            link_event_release(e);
        }
        link_client_cancel(w.client[0].client, LINK_TASK);
        while (world_waiting(&w, &w.server, LINK_REQUEST) > 0) {
            struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
            link_server_drop(w.server.server, e->request);
            link_event_release(e);
        }
        while (world_waiting(&w, &w.client[0], LINK_REPLY) > 0)
            world_skip(&w, &w.client[0], LINK_REPLY);
    }
    tap_check(world_ask(&w, 0, LINK_TASK, 7, 77) == 0);
    for (;;) {
        struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
        bool last = world_has(e, 7, 77);
        tap_expect(world_answer(&w, e->request, 8, 88) == 0);
        link_event_release(e);
        if (last)
            break;
    }
    tap_check(world_receive(&w, 0, LINK_TASK, 8, 88));
}

static void a_server_ends_with_requests_that_no_one_took(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    for (uint32_t i = 0; i < 8; i++) {
        tap_check(world_dial(&w, i));
        tap_check(world_ask(&w, i, LINK_TASK, i, 1000) == 0);
    }
    world_sleep_ms(50);
    world_close_server(&w, 0);
}

static void a_server_without_descriptors_names_their_limit(void)
{
    struct rlimit was, none;
    struct fault fault = { 0 };
    tap_check(getrlimit(RLIMIT_NOFILE, &was) == 0);
    none = (struct rlimit){ .rlim_cur = 3, .rlim_max = was.rlim_max };
    tap_check(setrlimit(RLIMIT_NOFILE, &none) == 0);
    int err = link_server_new(&w.options, world_ipc_url(&w), &w.server.server,
                              &fault);
    tap_check(setrlimit(RLIMIT_NOFILE, &was) == 0);
    tap_check(err == ERR_LIMIT);
    tap_check(strstr(fault.text, "ulimit -n") != NULL);
    tap_check(world_listen(&w, world_ipc_url(&w)));
}

static const struct {
    const char *sentence;
    void (*function)(void);
} cases[] = {
#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
    CASE(a_request_waits_for_a_coordinator_longer_than_a_send_may_last),
    CASE(a_client_finds_a_restarted_server),
    CASE(a_request_is_never_sent_twice),
    CASE(a_closed_pipe_fails_what_was_under_way_on_it),
    CASE(a_cancelled_request_gets_no_answer_and_the_next_one_its_own),
    CASE(cancelling_at_any_moment_is_safe),
    CASE(a_server_ends_with_requests_that_no_one_took),
    CASE(a_server_without_descriptors_names_their_limit),
};

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        tap_case(cases[i].sentence, cases[i].function);
        world_release(&w);
    }
    return tap_end();
}
