/*
 * Closed standard descriptors.
 */
#include "tools/fyke/standard.h"

#include <fcntl.h>
#include <unistd.h>

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
