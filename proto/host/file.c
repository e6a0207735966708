/*
 * Reading, replacing, locking.
 */
#include "proto/host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_CHUNK ((size_t)64 * 1024)

/* A close that keeps the errno of what failed before it. */
static void file_close(int fd)
{
    int saved = errno;
    (void)close(fd);
    errno = saved;
}

/* Reads one chunk; 1 = there may be more, 0 = end of file. */
static int file_read_chunk(int fd, struct buf *out)
{
    char chunk[4096];
    size_t room = out->bytes_max - out->length;
    /* A full buffer is no error if the file ends here. */
    bool full = room == 0;
    if (!full) {
        int err = buf_reserve(out, room < READ_CHUNK ? room : READ_CHUNK);
        if (err != 0)
            return err;
        room = out->capacity - out->length;
    }
    ssize_t n = full ? read(fd, chunk, sizeof chunk)
                     : read(fd, out->data + out->length, room);
    if (n < 0)
        return errno == EINTR ? 1 : err_from_errno(errno);
    if (n == 0)
        return 0;
    if (full)
        return ERR_LIMIT;
    out->length += (size_t)n;
    out->data[out->length] = 0;
    return 1;
}

int file_read_all(const char *path, struct buf *out)
{
    if (out->err != 0)
        return out->err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    int err;
    do {
        err = file_read_chunk(fd, out);
    } while (err > 0);
    file_close(fd);
    return err;
}

static int file_write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_from_errno(errno);
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

int file_replace(const char *path, const void *bytes, size_t n, mode_t mode)
{
    char beside[PATH_MAX];
    int length = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof beside) {
        errno = ENAMETOOLONG;
        return ERR_INVALID;
    }
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    int err = file_write_all(fd, bytes, n);
    if (err == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        err = err_from_errno(errno);
    file_close(fd);
    if (err == 0 && rename(beside, path) != 0)
        err = err_from_errno(errno);
    if (err != 0) {
        int saved = errno;
        (void)unlink(beside);
        errno = saved;
    }
    return err;
}

int file_lock(const char *path, mode_t mode, int *ret_fd)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return err_from_errno(errno);
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0) {
        *ret_fd = fd;
        return 0;
    }
    int err = err_from_errno(errno);
    if (errno == EAGAIN || errno == EACCES)
        err = ERR_BUSY;
    else if (errno == EINVAL || errno == ENOLCK)
        err = ERR_UNSUPPORTED;
    file_close(fd);
    return err;
}

bool file_is_locked(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fd < 0)
        return false;
    bool locked =
        fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    file_close(fd);
    return locked;
}
