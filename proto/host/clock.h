/*
 * The clocks of a process, for shells and tools. Cores get the time as
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

/* Nanoseconds of CPU that the calling thread, or all threads of the process,
 * have used so far. For where the time goes. */
int64_t clock_thread_cpu_ns(void);
int64_t clock_process_cpu_ns(void);

#endif
