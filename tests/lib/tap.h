/*
 * Test cases for plain C programs, reported in TAP: for what cannot run in
 * Criterion (which does not start under ThreadSanitizer, and whose runner the
 * nn_* symbols of libnng take over). Header only, one program includes it in
 * one file.
 *
 *     static void two_and_two_are_four(void)
 *     {
 *         tap_check(2 + 2 == 4);
 *     }
 *
 *     int main(void)
 *     {
 *         tap_case("two and two are four", two_and_two_are_four);
 *         return tap_end();
 *     }
 */
#ifndef FYKE_TESTS_LIB_TAP_H
#define FYKE_TESTS_LIB_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct {
    unsigned cases;
    unsigned failed;
    bool case_failed;
    char detail[4096]; /* of the case that runs: TAP wants it behind its line */
} tap_state;

static inline bool tap_passes(bool passes, const char *expr, const char *file,
                              int line)
{
    if (!passes) {
        size_t used = strlen(tap_state.detail);
        snprintf(tap_state.detail + used, sizeof tap_state.detail - used,
                 "# %s:%d: not so: %s\n", file, line, expr);
        tap_state.case_failed = true;
    }
    return passes;
}

/* Ends the case (a void function) when `expr` is false. */
#define tap_check(expr)                                                        \
    do {                                                                       \
        if (!tap_passes((expr), #expr, __FILE__, __LINE__))                    \
            return;                                                            \
    } while (0)

/* Goes on after a failure; for helpers and loops. */
#define tap_expect(expr) tap_passes((expr), #expr, __FILE__, __LINE__)

static inline void tap_case(const char *sentence, void (*function)(void))
{
    tap_state.case_failed = false;
    tap_state.detail[0] = '\0';
    tap_state.cases++;
    function();
    if (tap_state.case_failed)
        tap_state.failed++;
    printf("%s %u - %s\n%s", tap_state.case_failed ? "not ok" : "ok",
           tap_state.cases, sentence, tap_state.detail);
    fflush(stdout);
}

/* Prints the plan; the exit code of main. */
static inline int tap_end(void)
{
    printf("1..%u\n", tap_state.cases);
    return tap_state.failed == 0 ? 0 : 1;
}

#endif
