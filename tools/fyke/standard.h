/*
 * The descriptors that a process starts with and may open. A caller may have
 * closed the standard ones (`>&-`): a file that is opened later would take
 * their place, and libuv refuses to go on.
 */
#ifndef FYKE_FYKE_STANDARD_H
#define FYKE_FYKE_STANDARD_H

#include "proto/base/err.h"

#include <stdint.h>

/* Puts /dev/null where one is closed, standard input so that it cannot be
 * read. The first thing a process does. */
void standard_fill(void);

/* Can standard input be read? Errors: ERR_IO with a fault for people. */
FYKE_MUST_USE int standard_input_check(struct fault *fault);

/* As many descriptors as the system allows: a worker and a reader each take
 * some, and nothing here uses select(), for which the soft limit is low. */
void standard_raise_limit(void);

/* Are there enough descriptors for an engine with so many local workers, or
 * for a worker (0)? With too few of them a connection is never accepted, which
 * looks like waiting. Errors: ERR_LIMIT with a fault for people. */
FYKE_MUST_USE int standard_limit_check(uint64_t workers, struct fault *fault);

#endif
