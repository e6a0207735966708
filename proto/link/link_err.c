#include "proto/link/link_err.h"

#include "proto/base/err.h"

#include <nng/nng.h>
#include <stddef.h>

static const struct {
    int nng_code;
    int err;
} codes[] = {
    { 0, 0 },
    { NNG_ENOMEM, ERR_NOMEM },
    { NNG_EINVAL, ERR_INVALID },
    { NNG_EADDRINVAL, ERR_INVALID },
    { NNG_EBUSY, ERR_BUSY },
    { NNG_ETIMEDOUT, ERR_TIMEOUT },
    { NNG_EAGAIN, ERR_AGAIN },
    { NNG_ECLOSED, ERR_CLOSED },
    { NNG_ECONNRESET, ERR_CLOSED },
    { NNG_ECONNABORTED, ERR_CLOSED },
    { NNG_ECONNSHUT, ERR_CLOSED },
    /* a receive on a context whose request went away with its pipe */
    { NNG_ESTATE, ERR_CLOSED },
    { NNG_ECANCELED, ERR_CANCELED },
    { NNG_ECONNREFUSED, ERR_UNREACHABLE },
    { NNG_EUNREACHABLE, ERR_UNREACHABLE },
    { NNG_EPERM, ERR_PERM },
    { NNG_ENOENT, ERR_NOTFOUND },
    { NNG_EEXIST, ERR_EXISTS },
    { NNG_EADDRINUSE, ERR_EXISTS },
    { NNG_ENOTSUP, ERR_UNSUPPORTED },
    { NNG_EPROTO, ERR_PROTO },
    { NNG_EMSGSIZE, ERR_LIMIT },
    { NNG_ENOFILES, ERR_LIMIT },
    { NNG_ENOSPC, ERR_FULL },
};

int err_from_nng(int nng_code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].nng_code == nng_code)
            return codes[i].err;
    if (nng_code & NNG_ESYSERR)
        return err_from_errno(nng_code & ~NNG_ESYSERR);
    return ERR_IO;
}
