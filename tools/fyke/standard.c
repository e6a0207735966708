/*
 * Closed standard descriptors, and how many may be open.
 */
#include "tools/fyke/standard.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <unistd.h>

/* Sockets, threads' pipes, the database with its log, the input. */
#define LIMIT_BASE 48u

/* open gives the lowest number that is free: from 0 up, it is the one. */
void standard_fill(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDWR) != fd)
            _exit(err_exit_code(ERR_IO)); /* a system without /dev/null */
    }
}

int standard_input_check(struct fault *fault)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) != O_WRONLY)
        return ERR_OK;
    return fault_set(fault, ERR_IO,
                     "stdin is closed: give a file, or pipe something in");
}

void standard_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int standard_limit_check(uint64_t workers, struct fault *fault)
{
    struct rlimit limit;
    uint64_t need = LIMIT_BASE + 2 * workers;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
        return ERR_OK;
    return fault_set(fault, ERR_LIMIT,
                     "at most %" PRIu64 " files may be open here and %" PRIu64
                     " are needed: raise the hard limit of open files (ulimit "
                     "-Hn %" PRIu64 " as root, LimitNOFILE= in a systemd "
                     "unit)%s",
                     (uint64_t)limit.rlim_cur, need, need,
                     workers > 1 ? ", or give fewer --workers" : "");
}
