/*
 * A server and clients in one owner thread, for the tests of proto/link: one
 * semaphore wakes it, events wait in a list until a case asks for their kind.
 */
#ifndef FYKE_TESTS_STRESS_LINK_WORLD_H
#define FYKE_TESTS_STRESS_LINK_WORLD_H

#include "proto/link/link.h"

#include <semaphore.h>

#define WORLD_CLIENTS_MAX 100
#define WORLD_MESSAGE_BYTES_MAX (8u << 20)

/* One end of a link with its events that no one has asked for yet. */
struct end {
    struct link_server *server; /* one of the two */
    struct link_client *client;
    struct link_event *events;
};

struct world {
    sem_t woken;
    struct link_options options;
    char dir[64];
    char url[128]; /* of the server, as bound */
    struct end server;
    struct end client[WORLD_CLIENTS_MAX];
};

/* A world without ends, with a private folder and usual options. */
void world_init(struct world *w);
/* Frees the ends and removes the folder. */
void world_release(struct world *w);
/* For a process that ends without world_release. */
void world_remove_dir(struct world *w);

/* Ends; false after a failure, which is printed. */
bool world_listen(struct world *w, const char *url);
bool world_dial(struct world *w, uint32_t client);
/* "ipc://DIR/link", the usual place. */
const char *world_ipc_url(struct world *w);

void world_close_server(struct world *w, int64_t flush_ms);
void world_close_client(struct world *w, uint32_t client);

/* Waits for the next event of a kind at an end; others stay for later. */
struct link_event *world_next(struct world *w, struct end *e,
                              enum link_event_kind kind);
/* Takes what is there now; the number of events of a kind that wait. */
uint32_t world_waiting(struct world *w, struct end *e,
                       enum link_event_kind kind);
/* As world_next and released at once; its err. */
int world_skip(struct world *w, struct end *e, enum link_event_kind kind);

/* `n` bytes made from `seed`, as a message; and whether an event has them. */
struct link_message *world_message(uint32_t seed, size_t n);
bool world_has(const struct link_event *e, uint32_t seed, size_t n);

/* Sends (seed, n) from a client; what link_client_send returned. */
int world_ask(struct world *w, uint32_t client, enum link_channel channel,
              uint32_t seed, size_t n);
/* Waits for a request; its handle, 0 when it does not hold (seed, n). */
uint64_t world_hear(struct world *w, uint32_t seed, size_t n);
/* Replies (seed, n); what link_server_reply returned. */
int world_answer(struct world *w, uint64_t request, uint32_t seed, size_t n);
/* Waits for a client's reply; whether it holds (seed, n) and came on
 * `channel`. */
bool world_receive(struct world *w, uint32_t client, enum link_channel channel,
                   uint32_t seed, size_t n);
/* All four on the task channel, with (seed + 1, n) as the reply. */
bool world_round_trip(struct world *w, uint32_t client, uint32_t seed,
                      size_t n);

void world_sleep_ms(long ms);

#endif
