/* Requests and replies between a server and clients that stay. */
#include "tests/lib/tap.h"
#include "tests/stress/link_world.h"

#include <stdlib.h>
#include <sys/stat.h>

static struct world w;

static void a_request_is_answered_over_ipc(void)
{
    struct stat st;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_skip(&w, &w.server, LINK_UP) == 0);
    tap_check(world_skip(&w, &w.client[0], LINK_UP) == 0);
    const size_t sizes[] = { 0, 1, 1000, 1u << 20 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        tap_check(world_round_trip(&w, 0, (uint32_t)i * 5, sizes[i]));
    tap_check(stat(w.url + strlen("ipc://"), &st) == 0);
    tap_check((st.st_mode & 0777) == 0600);
}

static void a_request_is_answered_over_tcp_on_a_port_of_the_systems(void)
{
    tap_check(world_listen(&w, "tcp://127.0.0.1:0"));
    tap_check(strncmp(w.url, "tcp://127.0.0.1:", 16) == 0);
    tap_check(atoi(w.url + 16) > 0);
    tap_check(world_dial(&w, 0));
    tap_check(world_round_trip(&w, 0, 1, 1000));
    tap_check(world_round_trip(&w, 0, 2, 1u << 20));
}

static void parked_requests_are_answered_in_any_order(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    uint64_t request[8];
    for (uint32_t i = 0; i < 8; i++) {
        tap_check(world_dial(&w, i));
        tap_check(world_ask(&w, i, LINK_TASK, i, 100) == 0);
        request[i] = world_hear(&w, i, 100);
        tap_check(request[i] != 0);
    }
    for (uint32_t i = 8; i-- > 0;) {
        tap_check(world_answer(&w, request[i], 50 + i, 200) == 0);
        tap_check(world_receive(&w, i, LINK_TASK, 50 + i, 200));
    }
}

static void heartbeats_pass_while_the_task_is_parked(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 10) == 0);
    uint64_t parked = world_hear(&w, 1, 10);
    for (uint32_t i = 0; i < 20; i++) {
        tap_check(world_ask(&w, 0, LINK_BEAT, i, 20) == 0);
        uint64_t beat = world_hear(&w, i, 20);
        tap_check(beat != 0 && beat != parked);
        tap_check(world_answer(&w, beat, i, 30) == 0);
        tap_check(world_receive(&w, 0, LINK_BEAT, i, 30));
    }
    tap_check(world_answer(&w, parked, 2, 10) == 0);
    tap_check(world_receive(&w, 0, LINK_TASK, 2, 10));
}

static void a_handle_answers_once(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 10) == 0);
    uint64_t request = world_hear(&w, 1, 10);
    tap_check(world_answer(&w, request + 1, 1, 10) == ERR_NOTFOUND);
    tap_check(world_answer(&w, 0, 1, 10) == ERR_NOTFOUND);
    tap_check(world_answer(&w, request, 1, 10) == 0);
    tap_check(world_answer(&w, request, 1, 10) == ERR_NOTFOUND);
    tap_check(world_receive(&w, 0, LINK_TASK, 1, 10));
    link_server_drop(w.server.server, request);
    tap_check(world_round_trip(&w, 0, 5, 10));
}

static void a_dropped_request_frees_its_context(void)
{
    w.options.contexts_free = w.options.contexts_max = 1;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    for (uint32_t i = 0; i < 10; i++) {
        tap_check(world_dial(&w, i));
        tap_check(world_ask(&w, i, LINK_TASK, i, 10) == 0);
        uint64_t request = world_hear(&w, i, 10);
        tap_check(request != 0);
        link_server_drop(w.server.server, request);
        tap_check(world_answer(&w, request, 1, 1) == ERR_NOTFOUND);
    }
}

static void contexts_grow_with_the_parked_ones_up_to_the_cap(void)
{
    w.options.contexts_free = 2;
    w.options.contexts_max = 6;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    uint64_t request[6];
    for (uint32_t i = 0; i < 6; i++) {
        tap_check(world_dial(&w, i));
        tap_check(world_ask(&w, i, LINK_TASK, i, 10) == 0);
        request[i] = world_hear(&w, i, 10);
        tap_check(request[i] != 0);
    }
    tap_check(world_dial(&w, 6));
    tap_check(world_ask(&w, 6, LINK_TASK, 6, 10) == 0);
    world_sleep_ms(50);
    tap_check(world_waiting(&w, &w.server, LINK_REQUEST) == 0);
    tap_check(world_answer(&w, request[3], 1, 10) == 0);
    tap_check(world_hear(&w, 6, 10) != 0);
}

static void a_message_over_the_limit_is_refused_before_it_is_sent(void)
{
    w.options.message_bytes_max = 5000;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 5001) == ERR_LIMIT);
    tap_check(world_round_trip(&w, 0, 1, 5000));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 10) == 0);
    uint64_t request = world_hear(&w, 1, 10);
    tap_check(world_answer(&w, request, 1, 5001) == ERR_LIMIT);
    tap_check(world_answer(&w, request, 1, 10) == ERR_NOTFOUND);
    link_client_cancel(w.client[0].client, LINK_TASK);
    tap_check(world_round_trip(&w, 0, 2, 5000));
}

static void a_peer_that_ignores_the_limit_loses_its_pipe(void)
{
    w.options.message_bytes_max = 5000;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    w.options.message_bytes_max = 50000;
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 10000) == 0);
    tap_check(world_skip(&w, &w.client[0], LINK_FAILED) == ERR_CLOSED);
    tap_check(world_waiting(&w, &w.server, LINK_REQUEST) == 0);
    tap_check(world_round_trip(&w, 0, 1, 4000));
}

static void a_channel_carries_one_request(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 1, 10) == 0);
    tap_check(world_ask(&w, 0, LINK_TASK, 2, 10) == ERR_BUSY);
    uint64_t request = world_hear(&w, 1, 10);
    tap_check(world_ask(&w, 0, LINK_TASK, 2, 10) == ERR_BUSY);
    tap_check(world_answer(&w, request, 3, 10) == 0);
    tap_check(world_receive(&w, 0, LINK_TASK, 3, 10));
    tap_check(world_round_trip(&w, 0, 4, 10));
}

static void a_hundred_clients_each_get_their_own_answers(void)
{
    const uint32_t rounds = 20;
    uint32_t sent[WORLD_CLIENTS_MAX] = { 0 };
    uint32_t open = WORLD_CLIENTS_MAX;
    tap_check(world_listen(&w, world_ipc_url(&w)));
    for (uint32_t i = 0; i < WORLD_CLIENTS_MAX; i++) {
        tap_check(world_dial(&w, i));
        tap_check(world_ask(&w, i, LINK_TASK, i, 100 + i) == 0);
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
            tap_check(
                world_receive(&w, i, LINK_TASK, i + 1000 * sent[i], 100 + i));
            if (++sent[i] == rounds)
                open--;
            else
                tap_check(world_ask(&w, i, LINK_TASK, i + 1000 * sent[i],
                                    100 + i) == 0);
        }
    }
    for (uint32_t i = 0; i < WORLD_CLIENTS_MAX; i++)
        tap_check(world_waiting(&w, &w.client[i], LINK_FAILED) == 0);
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
    CASE(a_hundred_clients_each_get_their_own_answers),
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
