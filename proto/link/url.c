/* Which URLs we take, and which of them stay on this machine. */
#include "proto/link/url.h"
#include "proto/link/link.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define IPC_SCHEME "ipc://"
#define TCP_SCHEME "tcp://"
#define INPROC_SCHEME "inproc://"
#define IPC_PATH_BYTES_MAX 105 /* 105 work, 110 are refused */
#define PORT_MAX 65535

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *url_ipc_path(const char *url)
{
    return starts_with(url, IPC_SCHEME) ? url + strlen(IPC_SCHEME) : NULL;
}

bool url_tcp_split(const char *url, char ret_host[URL_HOST_BYTES_MAX + 1],
                   const char **ret_port)
{
    if (!starts_with(url, TCP_SCHEME))
        return false;
    const char *address = url + strlen(TCP_SCHEME);
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address)
        return false;
    size_t length = (size_t)(colon - address);
    if (address[0] == '[') {
        if (length < 3 || colon[-1] != ']')
            return false;
        address++;
        length -= 2;
    } else if (memchr(address, ':', length) != NULL) {
        return false;
    }
    if (length > URL_HOST_BYTES_MAX)
        return false;
    memcpy(ret_host, address, length);
    ret_host[length] = '\0';
    *ret_port = colon + 1;
    return true;
}

static bool port_is_usable(const char *port)
{
    size_t length = strlen(port);
    if (length == 0 || length > 5 || strspn(port, "0123456789") != length)
        return false;
    return strtol(port, NULL, 10) <= PORT_MAX;
}

bool link_url_is_local(const char *url)
{
    char host[URL_HOST_BYTES_MAX + 1];
    const char *port;
    struct in_addr v4;
    struct in6_addr v6;
    if (starts_with(url, IPC_SCHEME) || starts_with(url, INPROC_SCHEME))
        return true;
    if (!url_tcp_split(url, host, &port))
        return false;
    if (strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static int ipc_check(const char *url, struct fault *fault)
{
    size_t length = strlen(url + strlen(IPC_SCHEME));
    if (length == 0)
        return fault_set(fault, ERR_INVALID,
                         "'%s' has no path: write ipc:///PATH", url);
    if (length > IPC_PATH_BYTES_MAX)
        return fault_set(fault, ERR_INVALID,
                         "the path of '%s' has %zu bytes, a socket's may have "
                         "%d: choose a shorter directory",
                         url, length, IPC_PATH_BYTES_MAX);
    return 0;
}

static int tcp_check(const char *url, struct fault *fault)
{
    char host[URL_HOST_BYTES_MAX + 1];
    const char *port;
    if (!url_tcp_split(url, host, &port))
        return fault_set(fault, ERR_INVALID,
                         "'%s' is not tcp://HOST:PORT (an IPv6 host in "
                         "brackets: tcp://[::1]:7117)",
                         url);
    for (const char *c = host; *c != '\0'; c++)
        if (!isgraph((unsigned char)*c) || strchr("/?#@[]", *c) != NULL)
            return fault_set(fault, ERR_INVALID, "'%s' is not a host in '%s'",
                             host, url);
    if (!port_is_usable(port))
        return fault_set(fault, ERR_INVALID,
                         "'%s' is not a port in '%s': a number, 0 to %d", port,
                         url, PORT_MAX);
    return 0;
}

int link_url_check(const char *url, struct fault *fault)
{
    if (starts_with(url, IPC_SCHEME))
        return ipc_check(url, fault);
    if (starts_with(url, TCP_SCHEME))
        return tcp_check(url, fault);
    return fault_set(fault, ERR_INVALID,
                     "'%s' is not a URL of a coordinator: write "
                     "tcp://HOST:PORT or ipc:///PATH",
                     url);
}
