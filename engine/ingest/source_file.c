/*
 * Why this file exists: regular files as a source, with messages for every
 * way in which one cannot be read.
 */
#include "engine/ingest/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int not_regular(const char *label, mode_t mode, struct fault *fault)
{
    if (S_ISDIR(mode))
        return fault_set(fault, ERR_IO,
                         "%s is a directory; to read all files in it: "
                         "cat %s/* | fyke run -",
                         label, label);
    if (S_ISFIFO(mode) || S_ISCHR(mode) || S_ISSOCK(mode))
        return fault_set(fault, ERR_UNSUPPORTED,
                         "%s is not a regular file; read it through a pipe: "
                         "cat %s | fyke run -",
                         label, label);
    return fault_set(fault, ERR_UNSUPPORTED, "%s is not a regular file", label);
}

int source_file_adopt(int fd, const char *label, struct source_file *ret_f,
                      struct fault *fault)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fault_set(fault, ERR_IO, "%s: %s", label, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return not_regular(label, st.st_mode, fault);
    ret_f->fd = fd;
    ret_f->size = (uint64_t)st.st_size;
    snprintf(ret_f->path, sizeof ret_f->path, "%s", label);
    return 0;
}

int source_file_open(const char *path, struct source_file *ret_f,
                     struct fault *fault)
{
    if (strlen(path) >= sizeof ret_f->path)
        return fault_set(fault, ERR_USAGE, "%.60s...: this path is too long",
                         path);
    /* Without O_NONBLOCK opening a named pipe would wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        int err = err_from_errno(errno);
        if (err == ERR_NOTFOUND)
            return fault_set(fault, err, "%s: there is no such file", path);
        if (err == ERR_PERM)
            return fault_set(fault, err,
                             "%s: no permission to read it (ls -l %s)", path,
                             path);
        return fault_set(fault, err, "%s: %s", path, strerror(errno));
    }
    int rc = source_file_adopt(fd, path, ret_f, fault);
    if (rc < 0)
        close(fd);
    return rc;
}

void source_file_close(struct source_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

int source_file_read(const struct source_file *f, uint64_t position,
                     void *bytes, size_t n, size_t *ret_n, struct fault *fault)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(f->fd, (char *)bytes + done, n - done,
                            (off_t)(position + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_set(fault, ERR_IO, "%s: reading at byte %llu: %s",
                             f->path, (unsigned long long)position + done,
                             strerror(errno));
        if (got == 0)
            break;
        done += (size_t)got;
    }
    *ret_n = done;
    return 0;
}
