/*
 * The two clocks of a process, for shells and tools. Cores get the time as
 * data and never include this.
 */
#ifndef FYKE_HOST_CLOCK_H
#define FYKE_HOST_CLOCK_H

#include <stdint.h>

/* Microseconds since some moment before the start; never falls. For leases,
 * intervals and timeouts. */
int64_t clock_monotonic_us(void);

/* Nanoseconds since 1970 UTC as the machine believes; may jump. For people. */
int64_t clock_wall_ns(void);

#endif
