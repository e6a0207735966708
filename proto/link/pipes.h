/*
 * The pipes of a server and when each was last replied to. A reply's "sent"
 * only means that nng has it; before a server closes it must give the peers a
 * moment to read, and a pipe that is gone needs none.
 */
#ifndef FYKE_LINK_PIPES_H
#define FYKE_LINK_PIPES_H

#include <stdbool.h>
#include <stdint.h>

struct pipe_entry {
    uint32_t pipe;
    bool is_up;         /* false: a reply was sent before its MAIL_UP came */
    int64_t replied_ms; /* monotonic, 0 = never */
};

struct pipes {
    struct pipe_entry *entry;
    uint32_t count;
    uint32_t capacity;
};

void pipes_release(struct pipes *p);

/* Without memory the pipe is not remembered: only the last flush misses it. */
void pipes_add(struct pipes *p, uint32_t pipe);
void pipes_remove(struct pipes *p, uint32_t pipe);
void pipes_replied(struct pipes *p, uint32_t pipe, int64_t now_ms);

/* The latest time that any pipe was replied to, 0 = none was. */
int64_t pipes_replied_last(const struct pipes *p);

#endif
