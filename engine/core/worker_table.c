/*
 * Who is there. A worker is known by the id that it made at its start; the
 * pipe that it last said HELLO on is only a hint, kept so that a lost pipe
 * costs milliseconds and not a lease.
 *
 * The list of heard workers, with everyone who speaks moved to the end, is
 * ordered by how long they have been silent.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

struct peer *peer_by_id(struct coord *c, uint64_t id)
{
    uint32_t index = map_find(&c->peer_by_id, id);
    return index == MAP_NONE ? NULL : &c->peer[index];
}

struct peer *peer_by_pipe(struct coord *c, uint32_t pipe)
{
    uint32_t index = map_find(&c->peer_by_pipe, pipe);
    return index == MAP_NONE ? NULL : &c->peer[index];
}

/* In a full table the one that lost its pipe longest ago makes room. */
static bool peer_evict(struct coord *c)
{
    for (struct list *i = c->heard.next; i != &c->heard; i = i->next) {
        struct peer *p = list_owner(i, struct peer, heard_link);
        if (p->pipe == 0) {
            peer_remove(c, p);
            return true;
        }
    }
    return false;
}

struct peer *peer_add(struct coord *c, uint64_t id)
{
    if (list_is_empty(&c->free) && !peer_evict(c)) {
        return NULL;
    }
    struct list *first = c->free.next;
    list_remove(first);
    struct peer *p = list_owner(first, struct peer, idle_link);
    *p = (struct peer){ .used = true,
                        .id = id,
                        .joined_us = c->alive_us,
                        .heard_us = c->alive_us };
    list_init(&p->idle_link);
    list_init(&p->heard_link);
    list_init(&p->lease.link);
    list_append(&c->heard, &p->heard_link);
    map_add(&c->peer_by_id, id, (uint32_t)(p - c->peer));
    c->peers++;
    return p;
}

static void peer_clear_pipe(struct coord *c, struct peer *p)
{
    if (p->pipe != 0) {
        map_remove(&c->peer_by_pipe, p->pipe);
        c->peers_connected--;
        p->pipe = 0;
    }
}

void peer_set_pipe(struct coord *c, struct peer *p, uint32_t pipe)
{
    check(pipe != 0);
    if (p->pipe == pipe) {
        return;
    }
    uint32_t other = map_find(&c->peer_by_pipe, pipe);
    if (other != MAP_NONE) {
        peer_lose_pipe(c, &c->peer[other]);
    }
    peer_clear_pipe(c, p);
    p->pipe = pipe;
    map_add(&c->peer_by_pipe, pipe, (uint32_t)(p - c->peer));
    c->peers_connected++;
}

void peer_lose_pipe(struct coord *c, struct peer *p)
{
    peer_drop_parked(c, p);
    /* First valid result wins, so waiting for the lease would only cost time.
     */
    lease_lose(c, p, true);
    peer_clear_pipe(c, p);
}

void peer_remove(struct coord *c, struct peer *p)
{
    peer_drop_parked(c, p);
    lease_lose(c, p, true);
    peer_clear_pipe(c, p);
    list_remove(&p->heard_link);
    map_remove(&c->peer_by_id, p->id);
    p->used = false;
    list_append(&c->free, &p->idle_link);
    c->peers--;
}

void peer_heard(struct coord *c, struct peer *p)
{
    p->heard_us = c->alive_us;
    list_remove(&p->heard_link);
    list_append(&c->heard, &p->heard_link);
}

void peer_park(struct coord *c, struct peer *p, uint64_t request)
{
    peer_drop_parked(c, p);
    p->parked = true;
    p->request = request;
    p->idle_beats = 0;
    list_append(&c->idle, &p->idle_link);
    c->peers_parked++;
}

void peer_unpark(struct coord *c, struct peer *p)
{
    p->parked = false;
    list_remove(&p->idle_link);
    c->peers_parked--;
}

void peer_drop_parked(struct coord *c, struct peer *p)
{
    if (p->parked) {
        action_reply(c, COORD_ACT_DROP_REQUEST, p->request);
        peer_unpark(c, p);
    }
}

void peer_drop_silent(struct coord *c)
{
    for (;;) {
        struct list *first = list_first(&c->heard);
        if (first == NULL) {
            return;
        }
        struct peer *p = list_owner(first, struct peer, heard_link);
        if (c->alive_us - p->heard_us < ms_to_us(c->config.silence_ms)) {
            return;
        }
        note_add(c, COORD_NOTE_WORKER_LOST)->worker_id = p->id;
        if (p->pipe != 0) {
            action_add(c, COORD_ACT_CLOSE_PIPE)->pipe = p->pipe;
        }
        peer_remove(c, p);
    }
}

void peer_note_lonely(struct coord *c)
{
    if (c->peers_connected > 0) {
        c->lonely_noted = false;
    }
    bool lonely =
        c->peers_connected == 0 && c->tasks_ready + c->tasks_delayed > 0;
    if (!lonely) {
        c->lonely_us = -1;
        return;
    }
    if (c->lonely_us < 0) {
        c->lonely_us = c->now_us;
    }
    if (!c->lonely_noted && c->now_us - c->lonely_us >= NO_WORKER_US) {
        c->lonely_noted = true;
        note_add(c, COORD_NOTE_NO_WORKER)->batch = c->committed_batch + 1;
    }
}

int64_t peer_busy_us(const struct coord *c, const struct peer *p)
{
    int64_t now_out_us =
        p->lease.task != 0 ? c->alive_us - p->lease.given_alive_us : 0;
    return p->busy_us + now_out_us;
}
