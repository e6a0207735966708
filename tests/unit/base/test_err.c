/*
 * The one list of errors: names, phrases, exit codes, faults.
 */
#include "proto/base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(err, names_and_phrases_follow_the_list)
{
    cr_assert_str_eq(err_name(0), "OK");
    cr_assert_str_eq(err_name(ERR_NOMEM), "NOMEM");
    cr_assert_str_eq(err_name(ERR_UNREACHABLE), "UNREACHABLE");
    cr_assert_str_eq(err_name(1), "?");
    cr_assert_str_eq(err_name(-9999), "?");
    cr_assert_str_eq(err_text(ERR_FULL), "no space left");
    for (int e = -1; e >= ERR_CONFIG; e--) {
        cr_assert_str_neq(err_name(e), "?", "code %d", e);
        cr_assert_neq(err_text(e)[strlen(err_text(e)) - 1], '.');
    }
}

Test(err, exit_codes_are_those_of_the_command_line)
{
    static const struct {
        int err, code;
    } cases[] = {
        { 0, 0 },
        { ERR_USAGE, 2 },
        { ERR_INVALID, 2 },
        { ERR_RANGE, 2 },
        { ERR_CONTENT, 65 },
        { ERR_CORRUPT, 65 },
        { ERR_UNREACHABLE, 69 },
        { ERR_CONFIG, 78 },
        { ERR_NOTFOUND, 74 },
        { ERR_IO, 74 },
        { ERR_PERM, 74 },
        { ERR_FULL, 74 },
        { ERR_BUSY, 75 },
        { ERR_PLACE, 78 },
        { ERR_DIFFERENT, 1 },
        { ERR_NOMEM, 1 },
        { -12345, 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(err_exit_code(cases[i].err), cases[i].code, "%s",
                     err_name(cases[i].err));
}

Test(err, errno_values_are_translated)
{
    cr_assert_eq(err_from_errno(0), 0);
    cr_assert_eq(err_from_errno(ENOMEM), ERR_NOMEM);
    cr_assert_eq(err_from_errno(ENOENT), ERR_NOTFOUND);
    cr_assert_eq(err_from_errno(EACCES), ERR_PERM);
    cr_assert_eq(err_from_errno(EROFS), ERR_PERM);
    cr_assert_eq(err_from_errno(EEXIST), ERR_EXISTS);
    cr_assert_eq(err_from_errno(ENOSPC), ERR_FULL);
    cr_assert_eq(err_from_errno(EDQUOT), ERR_FULL);
    cr_assert_eq(err_from_errno(EAGAIN), ERR_AGAIN);
    cr_assert_eq(err_from_errno(ETIMEDOUT), ERR_TIMEOUT);
    cr_assert_eq(err_from_errno(ECONNREFUSED), ERR_UNREACHABLE);
    cr_assert_eq(err_from_errno(EPIPE), ERR_CLOSED);
    cr_assert_eq(err_from_errno(EIO), ERR_IO);
    for (int e = 1; e < 134; e++)
        cr_assert_lt(err_from_errno(e), 0, "errno %d", e);
}

Test(err, a_fault_keeps_code_and_text_and_returns_the_code)
{
    struct fault f = { 0 };
    cr_assert_eq(fault_set(&f, ERR_IO, "%s: line %d", "a.csv", 7), ERR_IO);
    cr_assert_eq(f.err, ERR_IO);
    cr_assert_str_eq(f.text, "a.csv: line 7");
    cr_assert_eq(fault_set(NULL, ERR_FULL, "%s", "nobody asks"), ERR_FULL);
}

Test(err, a_long_fault_is_cut_and_terminated)
{
    struct fault f;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    fault_set(&f, ERR_IO, "%s", text);
    cr_assert_eq(strlen(f.text), sizeof f.text - 1);
}
