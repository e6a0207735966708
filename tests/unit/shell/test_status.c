/* The status: health in one word, text that fits, JSON that is valid. */
#include "engine/shell/status.h"

#include "proto/base/option.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct recent recent;
static const struct status_worker worker[] = {
    { "anna", 4712, 12001, 0.714, 300000, 1, true },
    { "a host with a name that is much too long to stand in a column", 4713, 7,
      1, 0, 0, false },
};

static struct status ordinary(void)
{
    return (struct status){
        .version = "1.2.3",
        .input = "payments.csv",
        .kind = "file",
        .db = "payments.fyke.db",
        .host = "anna",
        .url = "tcp://127.0.0.1:7117",
        .pid = 4711,
        .epoch = 3,
        .elapsed_us = 751234567,
        .interval_set_us = 250000,
        .interval_us = 250000,
        .max_rows = 100000,
        .max_bytes = 64u << 20,
        .severity = 99.9,
        .log_level = "info",
        .tuning = { .cut = COORD_CUT_INTERVAL,
                    .interval_us = 250000,
                    .depth = 2,
                    .cap_bytes = 256u << 20,
                    .cap_rows = 2000000 },
        .last_batch = 3041,
        .batches = 41,
        .records = 1000,
        .rows_scored = 990,
        .quarantined = 10,
        .flagged = 3,
        .rate_1s = 50012.4,
        .rate_10s = 49998,
        .lag_us = 210000,
        .times = { .count = 41,
                   .total_p50_us = 12100,
                   .total_p99_us = 30200,
                   .total_max_us = 44000,
                   .commit_p50_us = 1100,
                   .commit_p99_us = 4200,
                   .records = 1000,
                   .quarantined = 10 },
        .worker_count = 2,
        .worker = worker,
        .recent = &recent,
    };
}

static const char *render(const struct status *s, bool json)
{
    static char out[65536];
    struct buf text;
    buf_init(&text, sizeof out - 1);
    cr_assert_eq(json ? status_json(s, &text) : status_text(s, &text), 0);
    memcpy(out, buf_text(&text), text.length + 1);
    buf_release(&text);
    return out;
}

static const char *health(const struct status *s)
{
    struct buf reason;
    buf_init(&reason, 1024);
    enum status_health h = status_judge(s, &reason);
    cr_expect_gt(reason.length, 0, "a reason is given");
    buf_release(&reason);
    return status_health_name(h);
}

Test(status, health_is_the_worst_that_is_so)
{
    struct status s = ordinary();
    cr_expect_str_eq(health(&s), "ok");
    s.batches = 0;
    cr_expect_str_eq(health(&s), "starting");
    s.times.quarantined = 11;
    cr_expect_str_eq(health(&s), "dirty");
    s.was_behind = true;
    cr_expect_str_eq(health(&s), "behind");
    s.was_behind = false;
    s.times.overruns = 1;
    cr_expect_str_eq(health(&s), "behind");
    s.worker_count = 0;
    cr_expect_str_eq(health(&s), "waiting");
    s.elapsed_us = 1000;
    cr_expect_str_eq(health(&s), "starting", "nobody has come yet");
    s.core.ended = true;
    cr_expect_str_eq(health(&s), "draining");
    s.core.disk_full = true;
    cr_expect_str_eq(health(&s), "full");
}

static size_t width_of(const char *line, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)line[i] & 0xc0) != 0x80;
    return width;
}

Test(status, every_line_of_the_text_fits_and_moves_no_cursor)
{
    struct status s = ordinary();
    struct recent_anomaly a = { .time_ns = 1, .severity = 99.9951 };
    memset(a.key, 'k', sizeof a.key - 1);
    memset(a.why, 'w', sizeof a.why - 1);
    recent_anomaly_add(&recent, &a);
    strcpy(a.key, "\x1b[31m\xff\xc3\xa4");
    strcpy(a.why, "line\nbreak");
    recent_anomaly_add(&recent, &a);
    const char *text = render(&s, false);
    cr_expect_null(strchr(text, 0x1b));
    cr_expect_null(strchr(text, 0xff));
    cr_expect_not_null(strstr(text, "?[31m?\xc3\xa4"), "%s", text);
    cr_expect_not_null(strstr(text, "line?break"), "%s", text);
    for (const char *at = text; *at != '\0';) {
        size_t n = strcspn(at, "\n");
        cr_expect_leq(width_of(at, n), 100, "%.*s", (int)n, at);
        cr_expect(n == 0 || at[n - 1] != ' ', "%.*s|", (int)n, at);
        at += n + 1;
    }
}

Test(status, the_text_says_how_the_interval_is_set)
{
    struct status s = ordinary();
    cr_expect_not_null(strstr(render(&s, false), "interval   250ms;"));
    s.interval_set_us = OPTION_INTERVAL_AUTO;
    s.tuning.share =
        (struct coord_share){ true, 500000, 1500000, 20000, 10000000 };
    cr_expect_not_null(strstr(render(&s, false),
                              "auto: 250ms now, 20ms to 10s, batches take 50 % "
                              "of it"),
                       "%s", render(&s, false));
    cr_expect_not_null(strstr(render(&s, true), "\"interval_mode\":\"auto\""));
    s.interval_set_us = OPTION_INTERVAL_OFF;
    s.interval_us = 0;
    cr_expect_not_null(strstr(render(&s, false), "off: cut by count"));
    cr_expect_not_null(strstr(render(&s, true), "\"interval_ms\":null"));
    s.interval_set_us = OPTION_INTERVAL_ASAP;
    cr_expect_not_null(strstr(render(&s, false), "asap"));
}

/* A JSON value at `p`: what follows it, or NULL where it is not one. */
static const char *json_value(const char *p, unsigned depth);

static const char *json_string(const char *p)
{
    if (*p++ != '"')
        return NULL;
    for (; *p != '"'; p++) {
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p != '\\')
            continue;
        p++;
        if (*p == 'u')
            for (int i = 0; i < 4; i++)
                if (strchr("0123456789abcdef", *++p) == NULL || *p == '\0')
                    return NULL;
        if (*p == '\0' ||
            (*p != 'u' && strchr("\"\\/bfnrt0123456789abcdef", *p) == NULL))
            return NULL;
    }
    return p + 1;
}

static const char *json_list(const char *p, char end, bool names,
                             unsigned depth)
{
    if (*++p == end)
        return p + 1;
    for (;; p++) {
        if (names && ((p = json_string(p)) == NULL || *p++ != ':'))
            return NULL;
        p = json_value(p, depth + 1);
        if (p == NULL || (*p != ',' && *p != end))
            return NULL;
        if (*p == end)
            return p + 1;
    }
}

static const char *json_value(const char *p, unsigned depth)
{
    static const char *const words[] = { "true", "false", "null" };
    if (depth > 8)
        return NULL;
    if (*p == '"')
        return json_string(p);
    if (*p == '{' || *p == '[')
        return json_list(p, *p == '{' ? '}' : ']', *p == '{', depth);
    for (int i = 0; i < 3; i++)
        if (strncmp(p, words[i], strlen(words[i])) == 0)
            return p + strlen(words[i]);
    size_t n = strspn(p, "-+.eE0123456789");
    return n > 0 ? p + n : NULL;
}

Test(status, the_json_is_one_valid_object_whatever_the_bytes)
{
    struct status s = ordinary();
    for (int c = 1; c < 256; c++) {
        struct recent_anomaly a = { .severity = 99.95 };
        (void)snprintf(a.key, sizeof a.key, "%c\"%c", c, c);
        (void)snprintf(a.why, sizeof a.why, "\\%c", c);
        recent_anomaly_add(&recent, &a);
        const char *text = render(&s, true);
        const char *end = json_value(text, 0);
        cr_assert_not_null(end, "byte %d: %s", c, text);
        cr_assert_str_eq(end, "\n");
        cr_assert_null(strchr(text, 0xff), "no UTF-8");
    }
    s.worker_count = 0;
    s.recent = &(struct recent){ 0 };
    cr_expect_not_null(strstr(render(&s, true), "\"workers\":[]"));
    cr_expect_str_eq(json_value(render(&s, true), 0), "\n");
}

Test(status, the_json_has_the_documented_names)
{
    static const char *const names[] = {
        "health",        "reason",    "interval_ms",
        "interval_mode", "p50_ms",    "p99_ms",
        "commit_p50_ms", "overruns",  "last_1s_rows_per_s",
        "lag_ms",        "in_flight", "bytes_max",
        "busy_share",    "heard_ms",  "restarts",
        "quarantined",   "anomalies", "last_batch",
    };
    struct status s = ordinary();
    const char *text = render(&s, true);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char quoted[64];
        (void)snprintf(quoted, sizeof quoted, "\"%s\":", names[i]);
        cr_expect_not_null(strstr(text, quoted), "%s", quoted);
    }
}

Test(status, several_detectors_say_who_found_what)
{
    struct status s = ordinary();
    cr_expect_null(strstr(render(&s, false), "votes"));
    s.votes = (struct votes_tally){ .detectors = 2,
                                    .name = { "iforest", "dbscan" },
                                    .rows = { 2, 1500 },
                                    .all = 1 };
    s.votes_needed = 1;
    cr_expect_not_null(strstr(render(&s, false),
                              "2 by iforest, 1 500 by dbscan, 1 by both; "
                              "1 of 2 votes flag a row\n"));
    const char *json = render(&s, true);
    cr_expect_not_null(strstr(json, "\"votes_needed\":1,"));
    cr_expect_not_null(strstr(json, "\"detectors\":[{\"name\":\"iforest\","
                                    "\"flagged\":2},{\"name\":\"dbscan\","
                                    "\"flagged\":1500}],"));
}
