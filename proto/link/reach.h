/*
 * Does a coordinator listen there? nng dials again and again in the background
 * and does not say; a connection by hand does, at once.
 */
#ifndef FYKE_LINK_REACH_H
#define FYKE_LINK_REACH_H

#include "proto/base/err.h"

#include <stdint.h>

/* Connects to a URL that passed link_url_check, greets, and closes again.
 * Errors, with a fault: ERR_UNREACHABLE (refused, no such host or socket, no
 * answer until the monotonic `deadline_ms`), ERR_PERM, ERR_PROTO (nng's REP
 * does not answer there). */
FYKE_MUST_USE int reach_check(const char *url, int64_t deadline_ms,
                              struct fault *fault);

#endif
