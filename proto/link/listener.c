#include "proto/link/listener.h"

#include <string.h>

static bool is_ipc(const char *url)
{
    return strncmp(url, "ipc:", 4) == 0;
}

static int listener_open(struct listener *l, const char *url)
{
    int code = nng_listener_create(&l->handle, l->socket, url);
    if (code != 0)
        return code;
    if (is_ipc(url))
        code = nng_listener_set_int(l->handle, NNG_OPT_IPC_PERMISSIONS, 0600);
    if (code == 0)
        code = nng_listener_start(l->handle, 0);
    if (code != 0)
        (void)nng_listener_close(l->handle);
    l->listens = code == 0;
    l->failures = 0;
    return code;
}

int listener_start(struct listener *l, nng_socket socket, const char *url)
{
    l->socket = socket;
    int code = listener_open(l, url);
    if (code == 0)
        code = nng_listener_get_string(l->handle, NNG_OPT_URL, &l->url);
    return code;
}

static nng_stat *stat_child(nng_stat *parent, const char *name)
{
    nng_stat *at = nng_stat_child(parent);
    while (at != NULL && strcmp(nng_stat_name(at), name) != 0)
        at = nng_stat_next(at);
    return at;
}

/* Connections that failed before they were one. nng 1.5 counts every end of an
 * accept under `other`, the good ones also under `accept`. */
static uint64_t failures_in(nng_stat *all, int id)
{
    for (nng_stat *at = nng_stat_child(all); at; at = nng_stat_next(at)) {
        if (strcmp(nng_stat_name(at), "listener") != 0)
            continue;
        nng_stat *its_id = stat_child(at, "id");
        nng_stat *other = stat_child(at, "other");
        nng_stat *good = stat_child(at, "accept");
        if (its_id == NULL || other == NULL || good == NULL ||
            nng_stat_value(its_id) != (uint64_t)id)
            continue;
        return nng_stat_value(other) > nng_stat_value(good)
                   ? nng_stat_value(other) - nng_stat_value(good)
                   : 0;
    }
    return 0;
}

static int listener_again(struct listener *l, bool *ret_anew)
{
    int code = listener_open(l, l->url);
    *ret_anew = code == 0;
    return code;
}

int listener_check(struct listener *l, bool *ret_anew)
{
    nng_stat *all;
    *ret_anew = false;
    if (l->url == NULL || !is_ipc(l->url))
        return 0;
    if (!l->listens)
        return listener_again(l, ret_anew);
    if (nng_stats_get(&all) != 0)
        return 0; /* without statistics there is nothing to see */
    uint64_t failures = failures_in(all, nng_listener_id(l->handle));
    nng_stats_free(all);
    /* The two counts do not move at once: what is seen twice is so. */
    bool is_so = failures != 0 && failures == l->failures;
    l->failures = failures;
    if (!is_so)
        return 0;
    (void)nng_listener_close(l->handle);
    l->listens = false;
    return listener_again(l, ret_anew);
}

void listener_release(struct listener *l)
{
    if (l->url != NULL)
        nng_strfree(l->url);
    l->url = NULL;
}
