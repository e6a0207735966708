/*
 * Assertions that stay in release builds, for programmer errors only.
 * Operating errors (bad input, full disk, lost peer) never use them.
 */
#ifndef FYKE_BASE_CHECK_H
#define FYKE_BASE_CHECK_H

/* Prints "file:line: check failed: expr" to stderr and aborts. */
_Noreturn void check_failed(const char *expr, const char *file, int line);

#define check(expr)                                                            \
    (__builtin_expect(!!(expr), 1) ? (void)0                                   \
                                   : check_failed(#expr, __FILE__, __LINE__))

#endif
