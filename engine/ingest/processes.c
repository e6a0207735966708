/*
 * Why this file exists: a machine's processes as a stream of CSV lines, rates
 * made from two sightings of the same process.
 *
 * Left out: kernel threads and zombies (nothing to measure), fyke's own.
 * Memory is bounded: the states of the last sample only, at most
 * PROCESSES_MAX; a process beyond that has missing rates.
 */
#include "engine/ingest/processes_read.h"
#include "engine/ingest/source.h"
#include "proto/base/civil.h"
#include "proto/base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_MAX 65536u

/* The processes of one sample, found by (pid, start). */
struct sightings {
    struct process_state *state;
    uint32_t count, capacity;
    uint32_t *slot; /* index + 1, 0 = free; mask + 1 entries */
    uint32_t mask;
    int64_t monotonic_us;
};

struct processes {
    DIR *proc;
    bool include_self;
    uint32_t *self;
    uint32_t self_count;
    long ticks_per_second;
    struct sightings last, now;
};

int processes_new(const struct processes_options *options,
                  struct processes **ret_p, struct fault *fault)
{
    struct processes *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NOMEM;
    int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    p->proc = fd >= 0 ? fdopendir(fd) : NULL;
    if (p->proc == NULL) {
        int rc = fault_set(fault, ERR_IO,
                           "host:processes needs /proc, which cannot be read "
                           "here: %s",
                           strerror(errno));
        if (fd >= 0)
            close(fd);
        free(p);
        return rc;
    }
    p->include_self = options->include_self;
    p->ticks_per_second = sysconf(_SC_CLK_TCK);
    processes_self(p, options->self_pids, options->self_count);
    *ret_p = p;
    return 0;
}

static void sightings_release(struct sightings *s)
{
    free(s->state);
    free(s->slot);
}

void processes_free(struct processes *p)
{
    if (p == NULL)
        return;
    closedir(p->proc);
    sightings_release(&p->last);
    sightings_release(&p->now);
    free(p->self);
    free(p);
}

void processes_self(struct processes *p, const uint32_t *pids, uint32_t count)
{
    uint32_t *copy = malloc((count + (size_t)1) * sizeof *copy);
    if (copy == NULL)
        return; /* the old list stays: it leaves out too little, no more */
    if (count > 0)
        memcpy(copy, pids, count * sizeof *copy);
    free(p->self);
    p->self = copy;
    p->self_count = count;
}

static bool is_self(const struct processes *p, uint32_t pid)
{
    for (uint32_t i = 0; i < p->self_count; i++)
        if (p->self[i] == pid)
            return !p->include_self;
    return false;
}

/* Sightings. */

static uint32_t slot_of(const struct sightings *s, uint32_t pid,
                        uint64_t start_ticks)
{
    return (uint32_t)hash_u64(start_ticks * 0x100003u + pid) & s->mask;
}

static const struct process_state *find(const struct sightings *s, uint32_t pid,
                                        uint64_t start_ticks)
{
    if (s->count == 0)
        return NULL;
    uint32_t at = slot_of(s, pid, start_ticks);
    for (; s->slot[at] != 0; at = (at + 1) & s->mask) {
        const struct process_state *found = &s->state[s->slot[at] - 1];
        if (found->pid == pid && found->start_ticks == start_ticks)
            return found;
    }
    return NULL;
}

static int grow(struct sightings *s)
{
    uint32_t wanted = s->capacity == 0 ? 256 : 2 * s->capacity;
    struct process_state *state = realloc(s->state, wanted * sizeof *state);
    if (state == NULL)
        return ERR_NOMEM;
    s->state = state;
    s->capacity = wanted;
    return 0;
}

/* Makes the table of a finished sample. */
static int index_build(struct sightings *s)
{
    uint32_t size = s->mask + 1;
    if (s->slot == NULL || size < 2 * s->count) {
        size = 512;
        while (size < 2 * s->count)
            size *= 2;
        uint32_t *slot = realloc(s->slot, size * sizeof *slot);
        if (slot == NULL)
            return ERR_NOMEM;
        s->slot = slot;
        s->mask = size - 1;
    }
    memset(s->slot, 0, size * sizeof *s->slot);
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t at = slot_of(s, s->state[i].pid, s->state[i].start_ticks);
        while (s->slot[at] != 0)
            at = (at + 1) & s->mask;
        s->slot[at] = i + 1;
    }
    return 0;
}

/* Lines. */

static void append_name(struct buf *out, const char *name)
{
    if (strpbrk(name, ",\"\r\n") == NULL) {
        buf_append_text(out, name);
        return;
    }
    buf_append_char(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"')
            buf_append_char(out, '"');
        buf_append_char(out, *name);
    }
    buf_append_char(out, '"');
}

/* The rate of a counter; a field stays empty when there is none. */
static void append_rate(struct buf *out, bool known, uint64_t before,
                        uint64_t now, double seconds)
{
    if (known && now >= before)
        buf_printf(out, ",%.1f", (double)(now - before) / seconds);
    else
        buf_append_char(out, ',');
}

/* Share of one core. The sum over threads loses those that ended, so it
 * counts only while their number stands. */
static void append_cpu(const struct processes *p, struct buf *out,
                       const struct process_state *a,
                       const struct process_state *b, double seconds)
{
    double share = -1;
    if (a == NULL) {
        buf_append_char(out, ',');
        return;
    }
    if ((a->has & b->has & PROCESS_SCHED) && a->threads == b->threads &&
        b->run_ns >= a->run_ns)
        share = (double)(b->run_ns - a->run_ns) * 1e-9 / seconds;
    else if (b->cpu_ticks >= a->cpu_ticks)
        share = (double)(b->cpu_ticks - a->cpu_ticks) /
                (double)p->ticks_per_second / seconds;
    if (share >= 0)
        buf_printf(out, ",%.4f", share);
    else
        buf_append_char(out, ',');
}

static void append_line(const struct processes *p, const char *time,
                        const struct process_state *a,
                        const struct process_state *b, double seconds,
                        struct buf *out)
{
    const struct process_state none = { 0 };
    const struct process_state *old = a != NULL ? a : &none;
    uint32_t has = a != NULL ? a->has & b->has : 0;
    buf_printf(out, "%sZ,", time);
    append_name(out, b->name);
    buf_printf(out, ",%" PRIu32, b->pid);
    append_cpu(p, out, a, b, seconds);
    buf_printf(out, ",%" PRIu64, b->rss_bytes);
    if (a != NULL)
        buf_printf(out, ",%.1f",
                   ((double)b->rss_bytes - (double)a->rss_bytes) / seconds);
    else
        buf_append_char(out, ',');
    buf_printf(out, ",%" PRIu32, b->threads);
    append_rate(out, has & PROCESS_IO, old->read_bytes, b->read_bytes, seconds);
    append_rate(out, has & PROCESS_IO, old->write_bytes, b->write_bytes,
                seconds);
    append_rate(out, has & PROCESS_SCHED, old->switches, b->switches, seconds);
    append_rate(out, a != NULL, old->faults, b->faults, seconds);
    if (b->has & PROCESS_FILES)
        buf_printf(out, ",%" PRIu32 "\n", b->open_files);
    else
        buf_append_text(out, ",\n");
}

static bool pid_parse(const char *name, uint32_t *ret_pid)
{
    char *end;
    if (name[0] < '1' || name[0] > '9')
        return false;
    unsigned long pid = strtoul(name, &end, 10);
    *ret_pid = (uint32_t)pid;
    return *end == '\0' && pid <= UINT32_MAX;
}

/* Looks at one process and writes its line. */
static int sample_one(struct processes *p, uint32_t pid, const char *time,
                      double seconds, struct buf *out,
                      struct processes_sample *sample)
{
    struct process_state state;
    enum process_kind kind = process_read(dirfd(p->proc), pid, &state);
    sample->unreadable += kind == PROCESS_GONE;
    if (kind != PROCESS_USER)
        return 0;
    const struct process_state *before =
        seconds > 0 ? find(&p->last, pid, state.start_ticks) : NULL;
    append_line(p, time, before, &state, seconds, out);
    sample->rows++;
    if (p->now.count == PROCESSES_MAX)
        return 0;
    if (p->now.count == p->now.capacity && grow(&p->now) < 0)
        return ERR_NOMEM;
    p->now.state[p->now.count++] = state;
    return 0;
}

int processes_sample(struct processes *p, int64_t wall_ns, int64_t monotonic_us,
                     struct buf *out, struct processes_sample *ret_sample)
{
    struct processes_sample sample = { 0 };
    char time[32];
    struct dirent *e;
    double seconds = p->last.count > 0
                         ? (double)(monotonic_us - p->last.monotonic_us) * 1e-6
                         : 0;
    civil_format_ms(wall_ns, time, sizeof time);
    rewinddir(p->proc);
    p->now.count = 0;
    p->now.monotonic_us = monotonic_us;
    while ((e = readdir(p->proc)) != NULL) {
        uint32_t pid;
        if (!pid_parse(e->d_name, &pid))
            continue;
        if (is_self(p, pid)) {
            sample.left_out++;
            continue;
        }
        int rc = sample_one(p, pid, time, seconds, out, &sample);
        if (rc < 0)
            return rc;
    }
    int rc = index_build(&p->now);
    if (rc < 0)
        return rc;
    struct sightings last = p->last;
    p->last = p->now;
    p->now = last;
    *ret_sample = sample;
    return out->err;
}
