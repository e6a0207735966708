/*
 * What memory this process takes.
 */
#ifndef FYKE_HOST_MEMORY_H
#define FYKE_HOST_MEMORY_H

#include <stdint.h>

/* Resident now, and the most so far (VmRSS, VmHWM); 0 where /proc is not
 * there. */
uint64_t host_rss_bytes(void);
uint64_t host_rss_peak_bytes(void);

#endif
