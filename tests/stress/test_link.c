/* Server and client against each other, over real sockets. */
#include "tests/lib/tap.h"
#include "tests/stress/link_world.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static struct world w;

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

static int ask(uint32_t client, enum link_channel channel, uint32_t seed,
               size_t n)
{
    return link_client_send(w.client[client].client, channel,
                            world_message(seed, n));
}

/* The next request must hold (seed, n); its handle, 0 when it does not. */
static uint64_t hear(uint32_t seed, size_t n)
{
    struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
    uint64_t request = world_has(e, seed, n) ? e->request : 0;
    link_event_release(e);
    return request;
}

static int answer(uint64_t request, uint32_t seed, size_t n)
{
    return link_server_reply(w.server.server, request, world_message(seed, n));
}

/* The next reply of a client must hold (seed, n) and come on `channel`. */
static bool receive(uint32_t client, enum link_channel channel, uint32_t seed,
                    size_t n)
{
    struct link_event *e = world_next(&w, &w.client[client], LINK_REPLY);
    bool as_sent = world_has(e, seed, n) && e->channel == channel;
    link_event_release(e);
    return as_sent;
}

static bool round_trip(uint32_t client, uint32_t seed, size_t n)
{
    if (!tap_expect(ask(client, LINK_TASK, seed, n) == 0))
        return false;
    uint64_t request = hear(seed, n);
    return tap_expect(request != 0) &&
           tap_expect(answer(request, seed + 1, n) == 0) &&
           tap_expect(receive(client, LINK_TASK, seed + 1, n));
}

static void a_request_is_answered_over_ipc(void)
{
    struct stat st;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_skip(&w, &w.server, LINK_UP) == 0);
    tap_check(world_skip(&w, &w.client[0], LINK_UP) == 0);
    const size_t sizes[] = { 0, 1, 1000, 1u << 20 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        tap_check(round_trip(0, (uint32_t)i * 5, sizes[i]));
    tap_check(stat(w.url + strlen("ipc://"), &st) == 0);
    tap_check((st.st_mode & 0777) == 0600);
}

static void a_request_is_answered_over_tcp_on_a_port_of_the_systems(void)
{
    tap_check(world_listen(&w, "tcp://127.0.0.1:0"));
    tap_check(strncmp(w.url, "tcp://127.0.0.1:", 16) == 0);
    tap_check(atoi(w.url + 16) > 0);
    tap_check(world_dial(&w, 0));
    tap_check(round_trip(0, 1, 1000));
    tap_check(round_trip(0, 2, 1u << 20));
}

static void parked_requests_are_answered_in_any_order(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    uint64_t request[8];
    for (uint32_t i = 0; i < 8; i++) {
        tap_check(world_dial(&w, i));
        tap_check(ask(i, LINK_TASK, i, 100) == 0);
        request[i] = hear(i, 100);
        tap_check(request[i] != 0);
    }
    for (uint32_t i = 8; i-- > 0;) {
        tap_check(answer(request[i], 50 + i, 200) == 0);
        tap_check(receive(i, LINK_TASK, 50 + i, 200));
    }
}

static void heartbeats_pass_while_the_task_is_parked(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 10) == 0);
    uint64_t parked = hear(1, 10);
    for (uint32_t i = 0; i < 20; i++) {
        tap_check(ask(0, LINK_BEAT, i, 20) == 0);
        uint64_t beat = hear(i, 20);
        tap_check(beat != 0 && beat != parked);
        tap_check(answer(beat, i, 30) == 0);
        tap_check(receive(0, LINK_BEAT, i, 30));
    }
    tap_check(answer(parked, 2, 10) == 0);
    tap_check(receive(0, LINK_TASK, 2, 10));
}

static void a_handle_answers_once(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 10) == 0);
    uint64_t request = hear(1, 10);
    tap_check(answer(request + 1, 1, 10) == ERR_NOTFOUND);
    tap_check(answer(0, 1, 10) == ERR_NOTFOUND);
    tap_check(answer(request, 1, 10) == 0);
    tap_check(answer(request, 1, 10) == ERR_NOTFOUND);
    tap_check(receive(0, LINK_TASK, 1, 10));
    link_server_drop(w.server.server, request);
    tap_check(round_trip(0, 5, 10));
}

static void a_dropped_request_frees_its_context(void)
{
    w.options.contexts_free = w.options.contexts_max = 1;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    for (uint32_t i = 0; i < 10; i++) {
        tap_check(world_dial(&w, i));
        tap_check(ask(i, LINK_TASK, i, 10) == 0);
        uint64_t request = hear(i, 10);
        tap_check(request != 0);
        tap_check(link_server_free_contexts(w.server.server) == 0);
        link_server_drop(w.server.server, request);
        tap_check(link_server_free_contexts(w.server.server) == 1);
        tap_check(answer(request, 1, 1) == ERR_NOTFOUND);
    }
}

static void contexts_grow_with_the_parked_ones_up_to_the_cap(void)
{
    w.options.contexts_free = 2;
    w.options.contexts_max = 6;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(link_server_free_contexts(w.server.server) == 2);
    uint64_t request[6];
    for (uint32_t i = 0; i < 6; i++) {
        tap_check(world_dial(&w, i));
        tap_check(ask(i, LINK_TASK, i, 10) == 0);
        request[i] = hear(i, 10);
        tap_check(link_server_free_contexts(w.server.server) ==
                  (i < 4 ? 2 : 5 - i));
    }
    tap_check(world_dial(&w, 6));
    tap_check(ask(6, LINK_TASK, 6, 10) == 0);
    sleep_ms(50);
    tap_check(world_waiting(&w, &w.server, LINK_REQUEST) == 0);
    tap_check(answer(request[3], 1, 10) == 0);
    tap_check(hear(6, 10) != 0);
}

static void a_message_over_the_limit_is_refused_before_it_is_sent(void)
{
    w.options.message_bytes_max = 5000;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 5001) == ERR_LIMIT);
    tap_check(round_trip(0, 1, 5000));
    tap_check(ask(0, LINK_TASK, 1, 10) == 0);
    uint64_t request = hear(1, 10);
    tap_check(answer(request, 1, 5001) == ERR_LIMIT);
    tap_check(answer(request, 1, 10) == ERR_NOTFOUND);
    link_client_cancel(w.client[0].client, LINK_TASK);
    tap_check(round_trip(0, 2, 5000));
}

static void a_peer_that_ignores_the_limit_loses_its_pipe(void)
{
    w.options.message_bytes_max = 5000;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    w.options.message_bytes_max = 50000;
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 10000) == 0);
    tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
    tap_check(world_waiting(&w, &w.server, LINK_REQUEST) == 0);
    tap_check(round_trip(0, 1, 4000));
}

static void a_channel_carries_one_request(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 10) == 0);
    tap_check(ask(0, LINK_TASK, 2, 10) == ERR_BUSY);
    uint64_t request = hear(1, 10);
    tap_check(ask(0, LINK_TASK, 2, 10) == ERR_BUSY);
    tap_check(answer(request, 3, 10) == 0);
    tap_check(receive(0, LINK_TASK, 3, 10));
    tap_check(round_trip(0, 4, 10));
}

static void a_request_waits_for_a_coordinator_longer_than_a_send_may_last(void)
{
    w.options.send_timeout_ms = 30;
    world_ipc_url(&w);
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 1000) == 0);
    for (uint32_t i = 0; i < 10; i++) {
        sleep_ms(20);
        tap_check(world_waiting(&w, &w.client[0], LINK_FAILED) == 0);
    }
    tap_check(world_listen(&w, world_ipc_url(&w)));
    uint64_t request = hear(1, 1000);
    tap_check(answer(request, 2, 10) == 0);
    tap_check(receive(0, LINK_TASK, 2, 10));
}

static void a_client_finds_a_restarted_server(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    for (uint32_t i = 0; i < 5; i++) {
        tap_check(round_trip(0, i, 100));
        tap_check(ask(0, LINK_TASK, 9, 100) == 0);
        tap_check(hear(9, 100) != 0);
        world_close_server(&w, 0);
        tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
        tap_check(world_skip(&w, &w.client[0], LINK_DOWN) == 0);
        tap_check(world_listen(&w, world_ipc_url(&w)));
    }
    tap_check(round_trip(0, 7, 100));
}

static void a_request_is_never_sent_twice(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 100) == 0);
    tap_check(hear(1, 100) != 0);
    world_close_server(&w, 0);
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
    tap_check(ask(0, LINK_BEAT, 2, 100) == 0);
    tap_check(hear(2, 100) != 0);
    sleep_ms(50);
    tap_check(world_waiting(&w, &w.server, LINK_REQUEST) == 0);
}

static void a_closed_pipe_fails_what_was_under_way_on_it(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 10) == 0);
    tap_check(ask(0, LINK_BEAT, 1, 10) == 0);
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
    tap_check(answer(request, 1, 10) == 0); /* to no one; frees the context */
    tap_check(round_trip(0, 2, 10));
}

static void a_cancelled_request_gets_no_answer_and_the_next_one_its_own(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(ask(0, LINK_TASK, 1, 10) == 0);
    uint64_t first = hear(1, 10);
    link_client_cancel(w.client[0].client, LINK_TASK);
    tap_check(ask(0, LINK_TASK, 2, 10) == 0);
    uint64_t second = hear(2, 10);
    tap_check(answer(first, 11, 10) == 0);
    tap_check(answer(second, 12, 10) == 0);
    tap_check(receive(0, LINK_TASK, 12, 10));
    tap_check(world_waiting(&w, &w.client[0], LINK_FAILED) == 0);
}

static void cancelling_at_any_moment_is_safe(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    for (uint32_t i = 0; i < 500; i++) {
        tap_check(ask(0, LINK_TASK, i, 1000) == 0);
        if (i % 3 == 1)
            world_waiting(&w, &w.client[0], LINK_REPLY);
        if (i % 3 == 2) {
            struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
            tap_expect(answer(e->request, i, 2000) == 0);
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
    tap_check(ask(0, LINK_TASK, 7, 77) == 0);
    for (;;) {
        struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
        bool last = world_has(e, 7, 77);
        tap_expect(answer(e->request, 8, 88) == 0);
        link_event_release(e);
        if (last)
            break;
    }
    tap_check(receive(0, LINK_TASK, 8, 88));
}

static void a_hundred_clients_each_get_their_own_answers(void)
{
    const uint32_t rounds = 20;
    uint32_t sent[WORLD_CLIENTS_MAX] = { 0 };
    uint32_t open = WORLD_CLIENTS_MAX;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    for (uint32_t i = 0; i < WORLD_CLIENTS_MAX; i++) {
        tap_check(world_dial(&w, i));
        tap_check(ask(i, LINK_TASK, i, 100 + i) == 0);
    }
    while (open > 0) {
        while (world_waiting(&w, &w.server, LINK_REQUEST) > 0) {
            struct link_event *e = world_next(&w, &w.server, LINK_REQUEST);
            struct link_message *m;
            tap_check(link_message_new(&m) == 0);
            tap_check(link_message_append(m, e->bytes, e->byte_count) == 0);
            tap_check(link_server_reply(w.server.server, e->request, m) == 0);
            link_event_release(e);
        }
        for (uint32_t i = 0; i < WORLD_CLIENTS_MAX; i++) {
            if (world_waiting(&w, &w.client[i], LINK_REPLY) == 0)
                continue;
            tap_check(receive(i, LINK_TASK, i + 1000 * sent[i], 100 + i));
            if (++sent[i] == rounds)
                open--;
            else
                tap_check(ask(i, LINK_TASK, i + 1000 * sent[i], 100 + i) == 0);
        }
    }
    for (uint32_t i = 0; i < WORLD_CLIENTS_MAX; i++)
        tap_check(world_waiting(&w, &w.client[i], LINK_FAILED) == 0);
}

static void a_server_ends_with_requests_that_no_one_took(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    for (uint32_t i = 0; i < 8; i++) {
        tap_check(world_dial(&w, i));
        tap_check(ask(i, LINK_TASK, i, 1000) == 0);
    }
    sleep_ms(50);
    world_close_server(&w, 0);
}

static void the_last_reply_arrives_though_the_server_ends(void)
{
    for (uint32_t i = 0; i < 20; i++) {
        tap_check(world_listen(&w, world_ipc_url(&w)));
        tap_check(world_dial(&w, 0));
        tap_check(ask(0, LINK_TASK, i, 10) == 0);
        uint64_t request = hear(i, 10);
        tap_check(answer(request, i, 1000) == 0);
        world_close_server(&w, 50);
        tap_check(receive(0, LINK_TASK, i, 1000));
        world_close_client(&w, 0);
    }
}

static void options_and_addresses_that_cannot_work_are_refused(void)
{
    struct link_server *s;
    struct link_client *c;
    struct link_options o = w.options;
    struct fault f = { 0 };
    const char *url = world_ipc_url(&w);
    o.message_bytes_max = 0;
    tap_check(link_server_new(&o, url, &s, &f) == ERR_INVALID);
    tap_check(link_client_new(&o, url, 1, 2, &c, &f) == ERR_INVALID);
    o = w.options;
    o.send_timeout_ms = 0;
    tap_check(link_server_new(&o, url, &s, &f) == ERR_INVALID);
    o = w.options;
    o.contexts_max = 1;
    tap_check(link_server_new(&o, url, &s, &f) == ERR_INVALID);
    tap_check(link_server_new(&w.options, "http://x", &s, &f) == ERR_INVALID);
    tap_check(link_client_new(&w.options, "x", 1, 2, &c, &f) == ERR_INVALID);
    int err =
        link_server_new(&w.options, "ipc:///nonexistent/folder/s", &s, &f);
    tap_check(err < 0 && strstr(f.text, "/nonexistent/folder") != NULL);
    tap_check(world_listen(&w, "tcp://127.0.0.1:0"));
    tap_check(link_server_new(&w.options, w.url, &s, &f) == ERR_EXISTS);
    tap_check(strstr(f.text, "in use") != NULL);
}

static const struct {
    const char *sentence;
    void (*function)(void);
} cases[] = {
#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
    CASE(a_request_is_answered_over_ipc),
    CASE(a_request_is_answered_over_tcp_on_a_port_of_the_systems),
    CASE(parked_requests_are_answered_in_any_order),
    CASE(heartbeats_pass_while_the_task_is_parked),
    CASE(a_handle_answers_once),
    CASE(a_dropped_request_frees_its_context),
    CASE(contexts_grow_with_the_parked_ones_up_to_the_cap),
    CASE(a_message_over_the_limit_is_refused_before_it_is_sent),
    CASE(a_peer_that_ignores_the_limit_loses_its_pipe),
    CASE(a_channel_carries_one_request),
    CASE(a_request_waits_for_a_coordinator_longer_than_a_send_may_last),
    CASE(a_client_finds_a_restarted_server),
    CASE(a_request_is_never_sent_twice),
    CASE(a_closed_pipe_fails_what_was_under_way_on_it),
    CASE(a_cancelled_request_gets_no_answer_and_the_next_one_its_own),
    CASE(cancelling_at_any_moment_is_safe),
    CASE(a_hundred_clients_each_get_their_own_answers),
    CASE(a_server_ends_with_requests_that_no_one_took),
    CASE(the_last_reply_arrives_though_the_server_ends),
    CASE(options_and_addresses_that_cannot_work_are_refused),
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
