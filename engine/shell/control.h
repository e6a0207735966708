/*
 * Clients: programs that ask for a person (`fyke set`, `fyke status`), on the
 * workers' socket and on a private one that is found from the database's path.
 * They never reach the core.
 *
 * Thread rule  the loop thread's.
 */
#ifndef FYKE_SHELL_CONTROL_H
#define FYKE_SHELL_CONTROL_H

#include "proto/host/file_control.h"
#include "proto/link/link.h"
#include "proto/wire/wire.h"

#include <stdbool.h>
#include <uv.h>

#define CONTROL_CLIENTS_MAX 64u
#define CONTROL_OWNER_PLACES 16u /* for the private socket's alone */

struct engine;

/* Who waits for an answer. */
struct control_asker {
    struct link_server *server;
    uint64_t request;
    bool json;
};

struct control_client {
    struct link_server *server;
    uint32_t pipe;
    int64_t heard_us;
};

struct control {
    struct link_server *server; /* the private socket; NULL = there is none */
    uv_async_t async;
    struct file_control_path path;
    struct control_client client[CONTROL_CLIENTS_MAX]; /* said HELLO */
    uint32_t client_count;
};

/* Opens the private socket; without it the run goes on, with a warning. */
void control_open(struct engine *e);
/* Frees the socket and removes its file. */
void control_close(struct engine *e);

/* Deals with a request of a client: true. False: it is a worker's, for the
 * core. `m` is NULL when the bytes did not decode, for which `err` says why. */
bool control_take(struct engine *e, struct link_server *server,
                  const struct link_event *l, const struct wire_message *m,
                  int err);
void control_pipe_lost(struct engine *e, struct link_server *server,
                       uint32_t pipe);

/* `code` 0 or an enum err; the text is for people, or JSON. */
void control_answer(struct engine *e, const struct control_asker *asker,
                    int code, const char *text);

#endif
