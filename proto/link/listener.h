/*
 * Where a server listens, and that it goes on doing so.
 *
 * nng 1.5 (ipc) takes a connection that is gone before it was greeted for its
 * own end: the listener accepts nobody any more and says nothing. It is seen
 * by the listener's count of failures, and cured by listening anew, which
 * costs the connections that came through the old one.
 *
 * Thread rule  the owner thread only.
 */
#ifndef FYKE_LINK_LISTENER_H
#define FYKE_LINK_LISTENER_H

#include <nng/nng.h>

#include <stdbool.h>
#include <stdint.h>

struct listener {
    nng_socket socket;
    nng_listener handle;
    bool listens;
    char *url;         /* as bound: with the real port */
    uint64_t failures; /* when it was last looked at; 0 = none */
};

/* Listens. Zero-initialised before. Returns an nng code. */
int listener_start(struct listener *l, nng_socket socket, const char *url);

/* Listens anew when it must, which *ret_anew tells. Returns an nng code. */
int listener_check(struct listener *l, bool *ret_anew);

/* Forgets the URL; the socket's close ends the listening. */
void listener_release(struct listener *l);

#endif
