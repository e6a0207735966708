/*
 * Names, phrases and exit codes of enum err, made from the one list.
 */
#include "proto/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const char *err_name(int err)
{
    switch (err) {
    case ERR_OK:
        return "OK";
#define ERR_CASE(name, value, text)                                            \
    case ERR_##name:                                                           \
        return #name;
        ERR_LIST(ERR_CASE)
#undef ERR_CASE
    default:
        return "?";
    }
}

const char *err_text(int err)
{
    switch (err) {
    case ERR_OK:
        return "ok";
#define ERR_CASE(name, value, text)                                            \
    case ERR_##name:                                                           \
        return text;
        ERR_LIST(ERR_CASE)
#undef ERR_CASE
    default:
        return "unknown error";
    }
}

int err_exit_code(int err)
{
    switch (err) {
    case ERR_OK:
        return 0;
    case ERR_USAGE:
    case ERR_INVALID:
    case ERR_RANGE:
        return 2;
    case ERR_CONTENT:
    case ERR_CORRUPT:
        return 65;
    case ERR_UNREACHABLE:
        return 69;
    case ERR_NOTFOUND:
    case ERR_IO:
    case ERR_PERM:
    case ERR_FULL:
    case ERR_UNKNOWN_OUTCOME:
        return 74;
    case ERR_BUSY:
        return 75;
    case ERR_PLACE:
    case ERR_CONFIG:
        return 78;
    default:
        return 1;
    }
}

/* What the system's resources and files answer. */
static int err_from_errno_file(int errno_value)
{
    switch (errno_value) {
    case ENOMEM:
        return ERR_NOMEM;
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
    case ENXIO:
    case ENODEV:
        return ERR_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_PERM;
    case EEXIST:
    case ENOTEMPTY:
        return ERR_EXISTS;
    case EBUSY:
    case ETXTBSY:
    case EADDRINUSE:
        return ERR_BUSY;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case EMFILE:
    case ENFILE:
    case EFBIG:
        return ERR_LIMIT;
    default:
        return ERR_IO;
    }
}

int err_from_errno(int errno_value)
{
    switch (errno_value) {
    case 0:
        return ERR_OK;
    case EAGAIN:
    case EINTR:
        return ERR_AGAIN;
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR:
    case ELOOP:
        return ERR_INVALID;
    case ERANGE:
    case EDOM:
    case EOVERFLOW:
        return ERR_RANGE;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case EBADF:
        return ERR_CLOSED;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
        return ERR_UNREACHABLE;
    case EPROTO:
        return ERR_PROTO;
    case ENOSYS:
    case ENOTSUP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
        return ERR_UNSUPPORTED;
    case ECANCELED:
        return ERR_CANCELED;
    default:
        return err_from_errno_file(errno_value);
    }
}

int fault_set(struct fault *f, int err, const char *format, ...)
{
    if (f == NULL)
        return err;
    f->err = err;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    return err;
}
