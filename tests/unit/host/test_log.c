/*
 * Log lines as they leave the process.
 */
#include "proto/host/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A log into a pipe, and what comes out of it. */
struct tube {
    struct log log;
    int out;
    char text[65536];
    size_t bytes; /* of the last read */
};

static struct tube *tube_new(enum log_level level)
{
    int ends[2];
    struct tube *t = calloc(1, sizeof *t);
    cr_assert_eq(pipe(ends), 0);
    log_init(&t->log, level);
    cr_assert_eq(t->log.fd, STDERR_FILENO);
    t->log.fd = ends[1];
    t->out = ends[0];
    cr_assert_eq(fcntl(t->out, F_SETFL, O_NONBLOCK), 0);
    return t;
}

/* One read; a packet of the pipe is not kept apart, so read after each line. */
static const char *tube_read(struct tube *t)
{
    ssize_t n = read(t->out, t->text, sizeof t->text - 1);
    t->bytes = n > 0 ? (size_t)n : 0;
    t->text[t->bytes] = 0;
    return t->text;
}

static void tube_free(struct tube *t)
{
    close(t->log.fd);
    close(t->out);
    free(t);
}

Test(log, a_line_has_time_level_and_pairs)
{
    struct tube *t = tube_new(LOG_LEVEL_INFO);
    int y, mo, d, h, mi, s, ms, end = 0;
    log_line(&t->log, LOG_LEVEL_WARN, "batch_slow", "batch=%d ms=%d", 7, 31);
    const char *line = tube_read(t);
    cr_assert_eq(sscanf(line, "ts=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &y, &mo, &d,
                        &h, &mi, &s, &ms, &end),
                 7);
    cr_assert_geq(y, 2020);
    cr_assert_str_eq(line + end, "level=warn what=batch_slow batch=7 ms=31\n");
    tube_free(t);
}

Test(log, a_line_may_have_no_pairs)
{
    struct tube *t = tube_new(LOG_LEVEL_DEBUG);
    log_line(&t->log, LOG_LEVEL_DEBUG, "started", NULL);
    cr_assert_str_eq(strstr(tube_read(t), "level="),
                     "level=debug what=started\n");
    tube_free(t);
}

Test(log, lines_below_the_level_are_not_written)
{
    struct tube *t = tube_new(LOG_LEVEL_WARN);
    log_line(&t->log, LOG_LEVEL_INFO, "quiet", "a=%d", 1);
    log_line(&t->log, LOG_LEVEL_DEBUG, "quiet", "a=%d", 1);
    cr_assert_eq(strlen(tube_read(t)), 0);
    log_line(&t->log, LOG_LEVEL_WARN, "loud", "a=%d", 1);
    cr_assert_neq(strlen(tube_read(t)), 0);
    log_line(&t->log, LOG_LEVEL_ERROR, "loud", "a=%d", 1);
    cr_assert_neq(strlen(tube_read(t)), 0);
    tube_free(t);
}

Test(log, the_level_can_be_changed_meanwhile)
{
    struct tube *t = tube_new(LOG_LEVEL_WARN);
    log_set_level(&t->log, LOG_LEVEL_DEBUG);
    log_line(&t->log, LOG_LEVEL_DEBUG, "seen", NULL);
    cr_assert_not_null(strstr(tube_read(t), "what=seen"));
    log_set_level(&t->log, LOG_LEVEL_ERROR);
    log_line(&t->log, LOG_LEVEL_WARN, "unseen", NULL);
    cr_assert_eq(strlen(tube_read(t)), 0);
    tube_free(t);
}

Test(log, a_line_as_json_is_an_object_of_its_own)
{
    struct tube *t = tube_new(LOG_LEVEL_INFO);
    t->log.format = LOG_FORMAT_JSON;
    log_line(&t->log, LOG_LEVEL_WARN, "batch_slow", "batch=%d why=%s", 7,
             LOG_QUOTE("the \"disk\"\nwaits"));
    const char *line = tube_read(t);
    cr_assert_eq(strncmp(line, "{\"ts\":\"20", 9), 0, "%s", line);
    cr_assert_str_eq(strstr(line, "\"level\""),
                     "\"level\":\"warn\",\"what\":\"batch_slow\",\"batch\":7,"
                     "\"why\":\"the \\\"disk\\\"\\nwaits\"}\n");
    tube_free(t);
}

Test(log, a_long_json_line_stays_within_the_limit)
{
    struct tube *t = tube_new(LOG_LEVEL_INFO);
    char value[9000];
    t->log.format = LOG_FORMAT_JSON;
    for (size_t n = 0; n < sizeof value - 1; n++)
        value[n] = n % 3 == 0 ? ' ' : '"'; /* words that need escapes */
    for (size_t n = 1500; n < 4200; n += 7) {
        value[n] = '\0';
        log_line(&t->log, LOG_LEVEL_INFO, "long", "%s", value);
        value[n] = 'x';
        const char *line = tube_read(t);
        size_t length = strlen(line);
        cr_assert_leq(length, LOG_LINE_MAX);
        cr_assert_str_eq(line + length - 2, "}\n");
    }
    tube_free(t);
}

Test(log, a_line_stays_one_line)
{
    struct tube *t = tube_new(LOG_LEVEL_INFO);
    log_line(&t->log, LOG_LEVEL_INFO, "odd", "a=%s", "x\ny\rz\x7f\x01");
    cr_assert_str_eq(strstr(tube_read(t), "what="), "what=odd a=x y z  \n");
    tube_free(t);
}

Test(log, a_long_line_is_cut_within_the_limit_and_says_so)
{
    struct tube *t = tube_new(LOG_LEVEL_INFO);
    char value[9000];
    for (size_t n = 3950; n < 4150; n++) {
        memset(value, 'v', n);
        value[n] = 0;
        log_line(&t->log, LOG_LEVEL_INFO, "long", "a=\"%s\" b=1", value);
        const char *line = tube_read(t);
        size_t length = strlen(line);
        cr_assert_leq(length, LOG_LINE_MAX);
        cr_assert_eq(line[length - 1], '\n');
        bool whole = strstr(line, "\" b=1\n") != NULL;
        bool cut = strstr(line, "\" cut=true\n") != NULL ||
                   strstr(line, "\" b cut=true\n") != NULL ||
                   strstr(line, "\" b= cut=true\n") != NULL ||
                   strstr(line, "\"  cut=true\n") != NULL;
        cr_assert_neq(whole, cut, "%zu: ...%s", n, line + length - 30);
    }
    tube_free(t);
}

Test(log, a_cut_never_leaves_a_quote_open)
{
    struct tube *t = tube_new(LOG_LEVEL_INFO);
    static const char tail[] =
        "\\\"\\\"\\\"\\\\\\\\\xc3\xa4\xc3\xa4\xc3\xa4"
        "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
        "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";
    char value[9000];
    for (size_t n = 3990; n < 4030; n++) {
        memset(value, 'v', n);
        memcpy(value + n, tail, sizeof tail);
        log_line(&t->log, LOG_LEVEL_INFO, "long", "a=\"%s\"", value);
        const char *p = strstr(tube_read(t), "a=\"") + 3;
        while (*p != '"') {
            cr_assert_neq(*p, 0);
            p += *p == '\\' ? 2 : 1;
        }
        cr_assert_str_eq(p, "\" cut=true\n");
    }
    tube_free(t);
}

/* 4 processes, 200 lines of 3000 bytes each into one pipe of 64 KiB. */
Test(log, lines_of_several_processes_never_mix)
{
    enum { WRITERS = 4, LINES = 200, LENGTH = 3000 };
    struct tube *t = tube_new(LOG_LEVEL_INFO);
    cr_assert_eq(fcntl(t->out, F_SETFL, 0), 0);
    for (int w = 0; w < WRITERS; w++) {
        if (fork() != 0)
            continue;
        char value[LENGTH + 1];
        memset(value, 'a' + w, LENGTH);
        value[LENGTH] = 0;
        for (int i = 0; i < LINES; i++)
            log_line(&t->log, LOG_LEVEL_INFO, "line", "v=%s", value);
        _exit(0);
    }
    close(t->log.fd);
    FILE *in = fdopen(t->out, "r");
    char line[LOG_LINE_MAX + 2];
    int count = 0;
    while (fgets(line, sizeof line, in) != NULL) {
        cr_assert_eq(strncmp(line, "ts=", 3), 0);
        const char *v = strstr(line, " v=");
        cr_assert_not_null(v);
        v += 3;
        char one[2] = { *v, 0 };
        cr_assert_eq(strspn(v, one), LENGTH);
        cr_assert_str_eq(v + LENGTH, "\n");
        count++;
    }
    cr_assert_eq(count, WRITERS * LINES);
    for (int w = 0; w < WRITERS; w++)
        wait(NULL);
    fclose(in);
    free(t);
}

Test(log, errno_survives_and_a_closed_descriptor_is_ignored)
{
    struct log l;
    log_init(&l, LOG_LEVEL_INFO);
    l.fd = -1;
    errno = EXDEV;
    log_line(&l, LOG_LEVEL_ERROR, "nobody", "a=%d", 1);
    cr_assert_eq(errno, EXDEV);
}

Test(log, values_are_quoted_when_needed)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        { "plain", "plain" },
        { "a/b-c_d.e:1,2", "a/b-c_d.e:1,2" },
        { "", "\"\"" },
        { NULL, "\"\"" },
        { "two words", "\"two words\"" },
        { "a=b", "\"a=b\"" },
        { "say \"x\"", "\"say \\\"x\\\"\"" },
        { "back\\slash", "\"back\\\\slash\"" },
        { "1\n2\r3\t4", "\"1\\n2\\r3\\t4\"" },
        { "\x01\x7f", "\"\\x01\\x7f\"" },
        { "\xc3\xa4", "\"\xc3\xa4\"" },
        { "\xff\xc3", "\"\\xff\\xc3\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(LOG_QUOTE(cases[i].value), cases[i].want);
}

Test(log, a_quoted_value_is_cut_to_its_room)
{
    char out[10];
    cr_assert_str_eq(log_quote("123456789", out, sizeof out), "123456789");
    cr_assert_str_eq(log_quote("1234567890", out, sizeof out), "\"1234...\"");
    cr_assert_str_eq(log_quote("12 4567", out, sizeof out), "\"12 4567\"");
    cr_assert_str_eq(log_quote("12 45678", out, sizeof out), "\"12 4...\"");
    cr_assert_str_eq(log_quote("\n\n\n\n\n", out, sizeof out), "\"\\n\\n...\"");
    cr_assert_str_eq(log_quote("12\xc3\xa4\xc3\xa4\xc3\xa4", out, sizeof out),
                     "\"12\xc3\xa4...\"");
    for (size_t room = 8; room < 40; room++) {
        char *exact = malloc(room);
        log_quote("\x01 \xe2\x82\xac\xe2\x82\xac \"quoted\" \xff and on", exact,
                  room);
        size_t n = strlen(exact);
        cr_assert_lt(n, room);
        cr_assert_eq(exact[n - 1], '"');
        free(exact);
    }
}

Test(log, levels_have_names)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    enum log_level level = LOG_LEVEL_DEBUG;
    for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++) {
        cr_assert_eq(log_level_parse(names[i], &level), 0);
        cr_assert_eq((int)level, i);
    }
    cr_assert_eq(log_level_parse("WARNING", &level), 0);
    cr_assert_eq(level, LOG_LEVEL_WARN);
    cr_assert_eq(log_level_parse("loud", &level), ERR_INVALID);
    cr_assert_eq(level, LOG_LEVEL_WARN);
}

Test(log, formats_have_names)
{
    enum log_format format = LOG_FORMAT_TEXT;
    cr_assert_eq(log_format_parse("JSON", &format), 0);
    cr_assert_eq(format, LOG_FORMAT_JSON);
    cr_assert_eq(log_format_parse("text", &format), 0);
    cr_assert_eq(format, LOG_FORMAT_TEXT);
    cr_assert_eq(log_format_parse("xml", &format), ERR_INVALID);
    cr_assert_eq(format, LOG_FORMAT_TEXT);
}
