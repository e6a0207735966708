#include "tests/stress/link_world.h"

#include "proto/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void wake(void *context)
{
    sem_post(context);
}

void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    sem_init(&w->woken, 0, 0);
    w->options = (struct link_options){
        .message_bytes_max = WORLD_MESSAGE_BYTES_MAX,
        .send_timeout_ms = 5000,
        .contexts_free = 4,
        .contexts_max = 256,
        .wake = wake,
        .wake_context = &w->woken,
    };
    snprintf(w->dir, sizeof w->dir, "/tmp/fyke-link-XXXXXX");
    check(mkdtemp(w->dir) != NULL);
}

static void events_release(struct end *e)
{
    for (struct link_event *at = e->events, *next; at != NULL; at = next) {
        next = at->next;
        link_event_release(at);
    }
    e->events = NULL;
}

void world_close_server(struct world *w, int64_t flush_ms)
{
    link_server_free(w->server.server, flush_ms);
    events_release(&w->server);
    w->server.server = NULL;
}

void world_close_client(struct world *w, uint32_t client)
{
    link_client_free(w->client[client].client);
    events_release(&w->client[client]);
    w->client[client].client = NULL;
}

void world_release(struct world *w)
{
    for (uint32_t i = 0; i < WORLD_CLIENTS_MAX; i++)
        world_close_client(w, i);
    world_close_server(w, 0);
    world_remove_dir(w);
    sem_destroy(&w->woken);
}

void world_remove_dir(struct world *w)
{
    unlink(world_ipc_url(w) + strlen("ipc://"));
    rmdir(w->dir);
}

const char *world_ipc_url(struct world *w)
{
    snprintf(w->url, sizeof w->url, "ipc://%s/link", w->dir);
    return w->url;
}

bool world_listen(struct world *w, const char *url)
{
    struct fault fault = { 0 };
    int err = link_server_new(&w->options, url, &w->server.server, &fault);
    if (err != 0) {
        printf("# %s\n", fault.text);
        return false;
    }
    snprintf(w->url, sizeof w->url, "%s", link_server_url(w->server.server));
    return true;
}

bool world_dial(struct world *w, uint32_t client)
{
    struct fault fault = { 0 };
    int err = link_client_new(&w->options, w->url, 10, 100,
                              &w->client[client].client, &fault);
    if (err != 0)
        printf("# %s\n", fault.text);
    return err == 0;
}

static void end_pump(struct end *e)
{
    struct link_event **last = &e->events;
    while (*last != NULL)
        last = &(*last)->next;
    if (e->server != NULL)
        *last = link_server_take(e->server);
    else if (e->client != NULL)
        *last = link_client_take(e->client);
}

static void world_pump(struct world *w)
{
    end_pump(&w->server);
    for (uint32_t i = 0; i < WORLD_CLIENTS_MAX; i++)
        if (w->client[i].client != NULL)
            end_pump(&w->client[i]);
}

static struct link_event *end_find(struct end *e, enum link_event_kind kind)
{
    for (struct link_event **at = &e->events; *at; at = &(*at)->next) {
        struct link_event *found = *at;
        if (found->kind != kind)
            continue;
        *at = found->next;
        found->next = NULL;
        return found;
    }
    return NULL;
}

struct link_event *world_next(struct world *w, struct end *e,
                              enum link_event_kind kind)
{
    for (;;) {
        struct link_event *found = end_find(e, kind);
        if (found != NULL)
            return found;
        world_pump(w);
        found = end_find(e, kind);
        if (found != NULL)
            return found;
        sem_wait(&w->woken);
    }
}

uint32_t world_waiting(struct world *w, struct end *e,
                       enum link_event_kind kind)
{
    uint32_t count = 0;
    world_pump(w);
    for (struct link_event *at = e->events; at != NULL; at = at->next)
        count += at->kind == kind;
    return count;
}

int world_skip(struct world *w, struct end *e, enum link_event_kind kind)
{
    struct link_event *found = world_next(w, e, kind);
    int err = found->err;
    link_event_release(found);
    return err;
}

static uint8_t byte_at(uint32_t seed, size_t i)
{
    return (uint8_t)(seed * 31 + i * 7 + (i >> 8));
}

struct link_message *world_message(uint32_t seed, size_t n)
{
    struct link_message *m;
    uint8_t *bytes = malloc(n + 1);
    check(bytes != NULL && link_message_new(&m) == 0);
    for (size_t i = 0; i < n; i++)
        bytes[i] = byte_at(seed, i);
    /* in pieces, as an encoder does */
    for (size_t at = 0; at < n;) {
        size_t piece = n - at < 1000 ? n - at : 1000;
        check(link_message_append(m, bytes + at, piece) == 0);
        at += piece;
    }
    check(link_message_bytes(m) == n);
    free(bytes);
    return m;
}

bool world_has(const struct link_event *e, uint32_t seed, size_t n)
{
    const uint8_t *bytes = e->bytes;
    if (e->byte_count != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != byte_at(seed, i))
            return false;
    return true;
}

int world_ask(struct world *w, uint32_t client, enum link_channel channel,
              uint32_t seed, size_t n)
{
    return link_client_send(w->client[client].client, channel,
                            world_message(seed, n));
}

uint64_t world_hear(struct world *w, uint32_t seed, size_t n)
{
    struct link_event *e = world_next(w, &w->server, LINK_REQUEST);
    uint64_t request = world_has(e, seed, n) ? e->request : 0;
    link_event_release(e);
    return request;
}

int world_answer(struct world *w, uint64_t request, uint32_t seed, size_t n)
{
    return link_server_reply(w->server.server, request, world_message(seed, n));
}

bool world_receive(struct world *w, uint32_t client, enum link_channel channel,
                   uint32_t seed, size_t n)
{
    struct link_event *e = world_next(w, &w->client[client], LINK_REPLY);
    bool as_sent = world_has(e, seed, n) && e->channel == channel;
    link_event_release(e);
    return as_sent;
}

bool world_round_trip(struct world *w, uint32_t client, uint32_t seed, size_t n)
{
    if (world_ask(w, client, LINK_TASK, seed, n) != 0)
        return false;
    uint64_t request = world_hear(w, seed, n);
    return request != 0 && world_answer(w, request, seed + 1, n) == 0 &&
           world_receive(w, client, LINK_TASK, seed + 1, n);
}

void world_sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}
