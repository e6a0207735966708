/* From /proc/self/status: getrusage's maximum is inherited through exec. */
#include "proto/host/memory.h"

#include <stdio.h>
#include <string.h>

static uint64_t status_bytes(const char *name)
{
    char line[256];
    unsigned long long kib = 0;
    size_t n = strlen(name);
    FILE *f = fopen("/proc/self/status", "re");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, name, n) == 0 &&
            sscanf(line + n, ": %llu kB", &kib) == 1)
            break;
    (void)fclose(f);
    return 1024 * (uint64_t)kib;
}

uint64_t host_rss_bytes(void)
{
    return status_bytes("VmRSS");
}

uint64_t host_rss_peak_bytes(void)
{
    return status_bytes("VmHWM");
}
