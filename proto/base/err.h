/*
 * Error codes: one enum for the whole program, and a fault for people.
 *
 * A function that can fail returns 0 or a negative `enum err`. Foreign codes
 * (nng, libuv, SQLite, errno) are translated once, in the room that owns the
 * library. A `struct fault` travels beside the code where a person will read
 * it: what failed, where, why, and what to do next, in one or two lines.
 *
 * Thread rule  pure functions; a fault belongs to its caller.
 */
#ifndef FYKE_BASE_ERR_H
#define FYKE_BASE_ERR_H

#define FYKE_MUST_USE __attribute__((warn_unused_result))
#define FYKE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define ERR_LIST(X)                                                            \
    X(NOMEM, -1, "out of memory")                                              \
    X(INVALID, -2, "invalid value")                                            \
    X(RANGE, -3, "value out of range")                                         \
    X(LIMIT, -4, "a configured limit was reached")                             \
    X(EOF, -5, "unexpected end of data")                                       \
    X(AGAIN, -6, "not now, try again")                                         \
    X(IO, -7, "input/output error")                                            \
    X(NOTFOUND, -8, "not found")                                               \
    X(PERM, -9, "permission denied")                                           \
    X(EXISTS, -10, "already exists")                                           \
    X(BUSY, -11, "in use by another process")                                  \
    X(CORRUPT, -12, "data is corrupt")                                         \
    X(FULL, -13, "no space left")                                              \
    X(TIMEOUT, -14, "timed out")                                               \
    X(CLOSED, -15, "closed")                                                   \
    X(PROTO, -16, "protocol violation")                                        \
    X(VERSION, -17, "version mismatch")                                        \
    X(UNSUPPORTED, -18, "not supported")                                       \
    X(CANCELED, -19, "canceled")                                               \
    X(UNKNOWN_OUTCOME, -20, "outcome unknown")                                 \
    X(CONTENT, -21, "content cannot be used")                                  \
    X(USAGE, -22, "usage error")                                               \
    X(PLACE, -23, "unsuitable place")                                          \
    X(DIFFERENT, -24, "results differ")                                        \
    X(UNREACHABLE, -25, "unreachable")                                         \
    X(CONFIG, -26, "the configuration cannot be used")

enum err {
    ERR_OK = 0,
#define ERR_ENUM(name, value, text) ERR_##name = value,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

/* Short upper-case name of a code ("NOMEM"), "OK" for 0, "?" for others. */
const char *err_name(int err);

/* One phrase for people, without a final full stop. */
const char *err_text(int err);

/* Process exit code for an error as CONTRACTS of the command line state:
 * 0 ok, 1 failure or difference, 2 usage, 65 content, 69 unreachable,
 * 74 missing or I/O, 75 held by another, 78 unsuitable place or
 * configuration file. */
int err_exit_code(int err);

/* Translates errno values (as positive ints) into enum err. */
int err_from_errno(int errno_value);

/* What a person reads about a failure. Zero-initialised = no fault. */
struct fault {
    int err;        /* enum err */
    char text[512]; /* one or two lines, no final newline */
};

/* Fills the fault (truncating over-long text) and returns `err`, so that
 * callers can write `return fault_set(f, ERR_IO, "...")`. `f` may be NULL. */
int fault_set(struct fault *f, int err, const char *format, ...)
    FYKE_PRINTF(3, 4);

#endif
