/*
 * The parts of a URL, for this room's files.
 */
#ifndef FYKE_LINK_URL_H
#define FYKE_LINK_URL_H

#include <stdbool.h>

#define URL_HOST_BYTES_MAX 255

/* What follows ipc://, NULL for another scheme. */
const char *url_ipc_path(const char *url);

/* Host (an IPv6 one without its brackets) and port of tcp://host:port; false
 * for another scheme or form. The port points into the URL. */
bool url_tcp_split(const char *url, char ret_host[URL_HOST_BYTES_MAX + 1],
                   const char **ret_port);

#endif
