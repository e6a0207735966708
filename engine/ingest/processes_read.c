/*
 * Why this file exists: reading /proc cheaply, a handful of small files a
 * process, all relative to one open directory.
 *
 * /proc/PID/schedstat counts the first thread only, so the files of all
 * threads are summed up; with very many threads the coarser utime and stime
 * must do.
 */
#include "engine/ingest/processes_read.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PF_KTHREAD 0x00200000u
#define SCHED_THREADS_MAX 64u
#define TEXT_BYTES 2048u

/* Reads a small file as text. false if that is not possible. */
static bool text_read(int dir_fd, const char *path, char *text, size_t size)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return true;
}

/* The blank-separated fields behind the name; counted as in proc(5). */
static const char *field(const char *p, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to && p != NULL; i++) {
        p = strchr(p, ' ');
        p = p != NULL ? p + 1 : NULL;
    }
    return p;
}

bool process_parse_stat(const char *text, uint64_t page_bytes,
                        struct process_state *ret_state, bool *ret_kernel)
{
    const char *open = strchr(text, '(');
    const char *close = strrchr(text, ')');
    if (open == NULL || close == NULL || close < open || close[1] != ' ')
        return false;
    size_t n = (size_t)(close - open - 1);
    if (n >= sizeof ret_state->name)
        n = sizeof ret_state->name - 1;
    memcpy(ret_state->name, open + 1, n);
    ret_state->name[n] = '\0';
    char state = close[2];
    const char *flags = field(close + 2, 3, 9);
    const char *minflt = field(flags, 9, 10);
    const char *majflt = field(minflt, 10, 12);
    const char *utime = field(majflt, 12, 14);
    const char *stime = field(utime, 14, 15);
    const char *threads = field(stime, 15, 20);
    const char *start = field(threads, 20, 22);
    const char *rss = field(start, 22, 24);
    if (rss == NULL)
        return false;
    bool kernel = (strtoul(flags, NULL, 10) & PF_KTHREAD) != 0;
    *ret_kernel = kernel || state == 'Z' || state == 'X';
    ret_state->faults = strtoull(minflt, NULL, 10) + strtoull(majflt, NULL, 10);
    ret_state->cpu_ticks =
        strtoull(utime, NULL, 10) + strtoull(stime, NULL, 10);
    ret_state->threads = (uint32_t)strtoul(threads, NULL, 10);
    ret_state->start_ticks = strtoull(start, NULL, 10);
    ret_state->rss_bytes = strtoull(rss, NULL, 10) * page_bytes;
    return true;
}

static bool sched_add(int dir_fd, const char *path, struct process_state *s)
{
    char text[128];
    uint64_t run, wait, switches;
    if (!text_read(dir_fd, path, text, sizeof text) ||
        sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &run, &wait,
               &switches) != 3)
        return false;
    s->run_ns += run;
    s->switches += switches;
    return true;
}

static void sched_read(int dir_fd, struct process_state *s)
{
    bool ok = true;
    if (s->threads > SCHED_THREADS_MAX)
        return;
    if (s->threads <= 1) {
        ok = sched_add(dir_fd, "schedstat", s);
    } else {
        int fd = openat(dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *task = fd >= 0 ? fdopendir(fd) : NULL;
        struct dirent *e;
        ok = task != NULL;
        while (ok && (e = readdir(task)) != NULL) {
            char path[300];
            if (e->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/schedstat", e->d_name);
            (void)sched_add(fd, path, s); /* a thread may be gone by now */
        }
        if (task != NULL)
            closedir(task);
        else if (fd >= 0)
            close(fd);
    }
    /* Without scheduler statistics the kernel writes zeros. */
    if (ok && s->switches > 0)
        s->has |= PROCESS_SCHED;
}

static void io_read(int dir_fd, struct process_state *s)
{
    char text[512];
    if (text_read(dir_fd, "io", text, sizeof text) &&
        sscanf(text, "rchar: %" SCNu64 " wchar: %" SCNu64, &s->read_bytes,
               &s->write_bytes) == 2)
        s->has |= PROCESS_IO;
}

/* Newer kernels say the number of descriptors as the size of the directory;
 * with older ones it is counted. */
static void files_read(int dir_fd, struct process_state *s)
{
    struct stat st;
    if (fstatat(dir_fd, "fd", &st, 0) == 0 && st.st_size > 0) {
        s->open_files = (uint32_t)st.st_size;
        s->has |= PROCESS_FILES;
        return;
    }
    int fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return;
    }
    struct dirent *e;
    while ((e = readdir(dir)) != NULL)
        s->open_files += e->d_name[0] != '.';
    closedir(dir);
    s->has |= PROCESS_FILES;
}

enum process_kind process_read(int proc_fd, uint32_t pid,
                               struct process_state *ret_state)
{
    char path[16], text[TEXT_BYTES];
    snprintf(path, sizeof path, "%" PRIu32, pid);
    int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return PROCESS_GONE;
    *ret_state = (struct process_state){ .pid = pid };
    bool kernel = false;
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    enum process_kind kind = PROCESS_GONE;
    if (text_read(fd, "stat", text, sizeof text) &&
        process_parse_stat(text, page_bytes, ret_state, &kernel))
        kind = kernel ? PROCESS_KERNEL : PROCESS_USER;
    if (kind == PROCESS_USER) {
        sched_read(fd, ret_state);
        io_read(fd, ret_state);
        files_read(fd, ret_state);
    }
    close(fd);
    return kind;
}
