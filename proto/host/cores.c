/*
 * Cores: affinity, cgroup quotas, Slurm; the smallest counts.
 */
#include "proto/host/cores.h"

#include "proto/base/text.h"
#include "proto/host/file.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_MAX (1 << 16)
#define MEMBERSHIP_MAX ((size_t)1 << 16)

/* 0 when the system does not say. */
static unsigned cores_affinity(void)
{
    for (int cpus = 1024; cpus <= CPUS_MAX; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (set == NULL)
            return 0;
        size_t bytes = CPU_ALLOC_SIZE(cpus);
        CPU_ZERO_S(bytes, set);
        int failed = sched_getaffinity(0, bytes, set);
        int count = failed ? 0 : CPU_COUNT_S(bytes, set);
        CPU_FREE(set);
        if (!failed)
            return (unsigned)count;
    }
    return 0;
}

static unsigned cores_slurm(void)
{
    const char *text = getenv("SLURM_CPUS_PER_TASK");
    uint64_t count;
    if (text == NULL || text_parse_u64(text, &count) != 0)
        return 0;
    return count < UINT_MAX ? (unsigned)count : 0;
}

/* The smaller of two counts of which 0 means unknown. */
static unsigned cores_smaller(unsigned a, unsigned b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

/* Reads a small file below `directory` into `out` without its last newline. */
static bool cores_read(const char *directory, const char *name, char *out,
                       size_t out_bytes)
{
    char path[PATH_MAX];
    struct buf text;
    int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    buf_init(&text, out_bytes - 1);
    int err = file_read_all(path, &text);
    if (err == 0)
        (void)snprintf(out, out_bytes, "%.*s",
                       (int)strcspn(buf_text(&text), "\n"), buf_text(&text));
    buf_release(&text);
    return err == 0;
}

static unsigned cores_divide(const char *quota, const char *period)
{
    uint64_t q, p;
    if (text_parse_u64(quota, &q) != 0 || text_parse_u64(period, &p) != 0)
        return 0; /* "max" and "-1" are no limit */
    if (q == 0 || p == 0)
        return 0;
    uint64_t cores = q / p + (q % p != 0);
    return cores < UINT_MAX ? (unsigned)cores : 0;
}

/* The quota of one directory, of either version. */
static unsigned cores_quota_at(const char *directory)
{
    char text[64], period[64];
    if (cores_read(directory, "cpu.max", text, sizeof text)) {
        char *blank = strchr(text, ' ');
        if (blank == NULL)
            return 0;
        *blank = 0;
        return cores_divide(text, blank + 1);
    }
    if (cores_read(directory, "cpu.cfs_quota_us", text, sizeof text) &&
        cores_read(directory, "cpu.cfs_period_us", period, sizeof period))
        return cores_divide(text, period);
    return 0;
}

/* The smallest quota from `mount` + `path` up to `mount` itself. */
static unsigned cores_quota_walk(const char *mount, const char *path)
{
    char directory[PATH_MAX];
    unsigned least = 0;
    size_t mount_bytes = strlen(mount);
    int n = snprintf(directory, sizeof directory, "%s%s", mount, path);
    if (n < 0 || (size_t)n >= sizeof directory || strstr(path, "..") != NULL)
        (void)snprintf(directory, sizeof directory, "%s", mount);
    for (;;) {
        least = cores_smaller(least, cores_quota_at(directory));
        char *slash = strrchr(directory, '/');
        if (slash == NULL || (size_t)(slash - directory) < mount_bytes)
            return least;
        *slash = 0;
    }
}

static bool cores_has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; *p != 0; p += strcspn(p, ","), p += *p == ',')
        if (strncmp(p, word, n) == 0 && (p[n] == ',' || p[n] == 0))
            return true;
    return false;
}

/* One line of the membership: `hierarchy:controllers:path`. */
static unsigned cores_quota_line(char *line, const char *root)
{
    static const char *const mounts[] = { "cpu", "cpu,cpuacct", "cpuacct,cpu" };
    char mount[PATH_MAX];
    char *controllers = strchr(line, ':');
    char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (path == NULL)
        return 0;
    *controllers++ = 0;
    *path++ = 0;
    if (controllers[0] == 0) /* version 2 */
        return cores_quota_walk(root, path);
    unsigned least = 0;
    if (!cores_has_word(controllers, "cpu"))
        return 0;
    for (unsigned i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        int n = snprintf(mount, sizeof mount, "%s/%s", root, mounts[i]);
        if (n > 0 && (size_t)n < sizeof mount)
            least = cores_smaller(least, cores_quota_walk(mount, path));
    }
    return least;
}

unsigned host_cores_quota(const char *membership, const char *root)
{
    unsigned least = 0;
    char *copy = strdup(membership);
    if (copy == NULL)
        return 0;
    char *rest = copy, *line;
    while ((line = strsep(&rest, "\n")) != NULL)
        least = cores_smaller(least, cores_quota_line(line, root));
    free(copy);
    return least;
}

unsigned host_cores(void)
{
    struct buf membership;
    unsigned cores = cores_smaller(cores_affinity(), cores_slurm());
    buf_init(&membership, MEMBERSHIP_MAX);
    if (file_read_all("/proc/self/cgroup", &membership) == 0)
        cores = cores_smaller(
            cores, host_cores_quota(buf_text(&membership), "/sys/fs/cgroup"));
    buf_release(&membership);
    return cores > 0 ? cores : 1;
}

int host_isa(enum isa *ret_isa, struct fault *fault)
{
    const char *name = getenv("FYKE_ISA");
    *ret_isa = ISA_BEST;
    if (name == NULL || *name == '\0' ||
        isa_from_name(name, ret_isa, fault) == 0)
        return 0;
    fault->err = ERR_USAGE;
    return ERR_USAGE;
}
