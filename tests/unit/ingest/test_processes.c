#include "engine/ingest/source.h"
#include "tests/unit/ingest/support.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct schema *schema_fixed(void)
{
    const struct schema_options none = { 0 };
    struct schema *s;
    struct fault fault;
    cr_assert_eq(processes_schema(&none, &s, &fault), 0, "%s", fault.text);
    return s;
}

static uint32_t feature_named(const struct schema *s, const char *name)
{
    for (uint32_t i = 0; i < s->feature_count; i++)
        if (strcmp(s->column[s->feature[i]].name, name) == 0)
            return i;
    cr_assert_fail("no feature %s", name);
    return 0;
}

static struct processes *open_processes(bool include_self)
{
    uint32_t self = (uint32_t)getpid();
    const struct processes_options o = { .include_self = include_self,
                                         .self_pids = &self,
                                         .self_count = 1 };
    struct processes *p;
    cr_assert_eq(processes_new(&o, &p, NULL), 0);
    return p;
}

static struct block *sample(struct processes *p, const struct schema *s,
                            int64_t monotonic_us,
                            struct processes_sample *ret_sample)
{
    struct buf out;
    buf_init(&out, 1u << 26);
    cr_assert_eq(processes_sample(p, 1577836800123000000 + monotonic_us * 1000,
                                  monotonic_us, &out, ret_sample),
                 0);
    struct block *b = parse(s, buf_text(&out));
    buf_release(&out);
    return b;
}

/* The row of a key that starts with `prefix` and ends with the pid. */
static uint32_t row_of(const struct block *b, const char *key)
{
    const char *keys = buf_text(&b->key_text);
    for (uint32_t i = 0; i < b->rows; i++) {
        size_t n = b->key_offset[i + 1] - b->key_offset[i];
        if (strlen(key) == n && memcmp(keys + b->key_offset[i], key, n) == 0)
            return i;
    }
    return UINT32_MAX;
}

Test(processes, the_schema_is_fixed_and_can_be_asked_for_less)
{
    struct schema *s = schema_fixed();
    cr_expect_eq(s->column_count, 12);
    cr_expect_eq(s->feature_count, 9);
    cr_expect_eq(s->key_count, 2);
    cr_expect_eq(s->time_kind, TIME_ISO);
    cr_expect_not(s->header);
    cr_expect_eq(s->data_start, 0);
    schema_free(s);
    const char *ignore[] = { "rss" }, *wrong[] = { "cpuu" };
    struct schema_options o = { .ignore = { .items = ignore, .count = 1 } };
    struct fault fault;
    cr_assert_eq(processes_schema(&o, &s, &fault), 0);
    cr_expect_eq(s->feature_count, 8);
    schema_free(s);
    o.ignore.items = wrong;
    cr_expect_eq(processes_schema(&o, &s, &fault), ERR_USAGE);
    cr_expect(strstr(fault.text, "cpu?"), "%s", fault.text);
}

Test(processes, every_line_is_a_row_and_self_is_left_out)
{
    struct schema *s = schema_fixed();
    struct processes_sample got;
    struct processes *p = open_processes(false);
    struct block *b = sample(p, s, 1000000, &got);
    char self[32];
    snprintf(self, sizeof self, "/%d", getpid());
    cr_expect_eq(b->rows, b->records);
    cr_expect_eq(b->rows, got.rows);
    cr_expect_eq(got.left_out, 1);
    cr_expect_null(strstr(buf_text(&b->key_text), self));
    cr_expect_eq(b->time_ns[0], 1577836801123000000);
    block_unref(b);
    processes_free(p);
    schema_free(s);
}

/* A child with a hostile name that works hard; first no rates, then rates. */
Test(processes, a_busy_process_shows_its_work)
{
    int ends[2];
    char key[64], byte;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, "a b),\"c\n(d");
        cr_assert_eq(write(ends[1], "x", 1), 1);
        volatile uint64_t n = 0;
        for (;;)
            n++;
    }
    cr_assert_eq(read(ends[0], &byte, 1), 1);
    snprintf(key, sizeof key, "a b),\"c\n(d/%d", child);
    struct schema *s = schema_fixed();
    struct processes_sample got;
    struct processes *p = open_processes(true);
    struct block *b = sample(p, s, 1000000, &got);
    uint32_t cpu = feature_named(s, "cpu"), rss = feature_named(s, "rss");
    uint32_t row = row_of(b, key);
    cr_expect_eq(got.left_out, 0);
    cr_assert_neq(row, UINT32_MAX);
    cr_expect(value(b, row, cpu) != value(b, row, cpu), "no rate yet");
    cr_expect_gt(value(b, row, rss), 0);
    block_unref(b);

    /* Told that a tenth of a second went by, whatever did: work was done. */
    float share = 0;
    for (int64_t i = 1; i <= 100 && !(share > 0); i++) {
        usleep(20000);
        b = sample(p, s, 1000000 + i * 100000, &got);
        row = row_of(b, key);
        cr_assert_neq(row, UINT32_MAX);
        share = value(b, row, cpu);
        block_unref(b);
    }
    cr_expect_gt(share, 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    b = sample(p, s, 90000000, &got);
    cr_expect_eq(row_of(b, key), UINT32_MAX);
    block_unref(b);
    processes_free(p);
    schema_free(s);
}

Test(processes, who_is_left_out_can_change)
{
    struct schema *s = schema_fixed();
    struct processes_sample got;
    struct processes *p = open_processes(false);
    const uint32_t two[] = { (uint32_t)getpid(), (uint32_t)getppid() };
    processes_self(p, two, 2);
    struct block *b = sample(p, s, 1000000, &got);
    cr_expect_eq(got.left_out, 2);
    block_unref(b);
    processes_free(p);
    schema_free(s);
}
