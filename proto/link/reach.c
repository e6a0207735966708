/*
 * A connection by hand: connect, exchange nng's eight bytes of greeting (what
 * protocol each side speaks), close.
 *
 * The greeting is not for politeness: when a connection is gone before nng
 * 1.5 has greeted it, its ipc listener takes the broken pipe for its own end
 * and accepts nobody any more.
 */
#include "proto/link/reach.h"

#include "proto/link/mailbox.h"
#include "proto/link/url.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GREETING_BYTES 8

static const uint8_t greeting_req[GREETING_BYTES] = "\0SP\0\0\x30\0";
static const uint8_t greeting_rep[GREETING_BYTES] = "\0SP\0\0\x31\0";

/* 0, or errno. */
static int descriptor_wait(int fd, short events, int64_t deadline_ms)
{
    struct pollfd p = { .fd = fd, .events = events };
    int ready;
    do {
        int64_t left_ms = deadline_ms - mailbox_now_ms();
        if (left_ms > INT32_MAX)
            left_ms = INT32_MAX;
        ready = poll(&p, 1, left_ms < 0 ? 0 : (int)left_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return errno;
    return ready == 0 ? ETIMEDOUT : 0;
}

static int connection_open(int fd, const struct sockaddr *address,
                           socklen_t bytes, int64_t deadline_ms)
{
    int error = 0;
    socklen_t error_bytes = sizeof error;
    if (connect(fd, address, bytes) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return errno;
    int failed = descriptor_wait(fd, POLLOUT, deadline_ms);
    if (failed == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) != 0)
        failed = errno;
    return failed != 0 ? failed : error;
}

/* EPROTO when what answers is no coordinator. */
static int connection_greet(int fd, int64_t deadline_ms)
{
    uint8_t theirs[GREETING_BYTES];
    size_t at = 0;
    if (send(fd, greeting_req, GREETING_BYTES, MSG_NOSIGNAL) != GREETING_BYTES)
        return errno;
    while (at < GREETING_BYTES) {
        int error = descriptor_wait(fd, POLLIN, deadline_ms);
        if (error != 0)
            return error;
        ssize_t n = recv(fd, theirs + at, GREETING_BYTES - at, 0);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return errno;
        if (n == 0)
            return EPROTO;
        at += n > 0 ? (size_t)n : 0;
    }
    return memcmp(theirs, greeting_rep, GREETING_BYTES) == 0 ? 0 : EPROTO;
}

static int reach_address(const struct sockaddr *address, socklen_t bytes,
                         int64_t deadline_ms)
{
    int fd = socket(address->sa_family,
                    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int error = connection_open(fd, address, bytes, deadline_ms);
    if (error == 0)
        error = connection_greet(fd, deadline_ms);
    (void)close(fd);
    return error;
}

static int reach_ipc(const char *path, int64_t deadline_ms)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return reach_address((struct sockaddr *)&address, sizeof address,
                         deadline_ms);
}

static int reach_tcp(const struct addrinfo *list, int64_t deadline_ms)
{
    int error = EHOSTUNREACH;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        error = reach_address(a->ai_addr, a->ai_addrlen, deadline_ms);
        if (error == 0)
            break;
    }
    return error;
}

static int reach_fault(const char *url, int error, struct fault *fault)
{
    switch (error) {
    case 0:
        return 0;
    case EACCES:
    case EPERM:
        return fault_set(fault, ERR_PERM, "%s: %s", url, strerror(error));
    case EPROTO:
        return fault_set(fault, ERR_PROTO,
                         "%s answers, but not as a coordinator of fyke does",
                         url);
    case ETIMEDOUT:
        return fault_set(fault, ERR_UNREACHABLE,
                         "no coordinator answered at %s in time", url);
    default:
        return fault_set(fault, ERR_UNREACHABLE, "no coordinator at %s: %s",
                         url, strerror(error));
    }
}

int reach_check(const char *url, int64_t deadline_ms, struct fault *fault)
{
    const char *path = url_ipc_path(url);
    if (path != NULL)
        return reach_fault(url, reach_ipc(path, deadline_ms), fault);
    char host[URL_HOST_BYTES_MAX + 1];
    const char *port;
    struct addrinfo *list = NULL;
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    if (!url_tcp_split(url, host, &port))
        return fault_set(fault, ERR_INVALID, "'%s' is no URL", url);
    int code = getaddrinfo(host, port, &hints, &list);
    if (code != 0)
        return fault_set(fault, ERR_UNREACHABLE, "no coordinator at %s: %s",
                         url, gai_strerror(code));
    int error = reach_tcp(list, deadline_ms);
    freeaddrinfo(list);
    return reach_fault(url, error, fault);
}
