/* A change: all of its pairs by the table, or none. */
#include "engine/shell/change.h"

#include <criterion/criterion.h>
#include <string.h>

struct world {
    struct settings settings;
    struct change change;
    struct fault fault;
};

static struct world world_new(void)
{
    struct world w = { 0 };
    cr_assert_eq(option_defaults(settings_run, settings_run_count, &w.settings,
                                 &w.fault),
                 0);
    return w;
}

static struct wire_text text_of(const char *text, size_t n)
{
    return (struct wire_text){ text, (uint32_t)n };
}

/* "a=1 b=2" into a change of the world. */
static int make(struct world *w, const char *words)
{
    struct wire_pair pair[WIRE_PAIRS_MAX];
    uint32_t count = 0;
    for (const char *at = words; *at != '\0';) {
        size_t n = strcspn(at, " "), name = strcspn(at, "=");
        cr_assert_lt(name, n);
        pair[count++] =
            (struct wire_pair){ text_of(at, name),
                                text_of(at + name + 1, n - name - 1) };
        at += n + (at[n] == ' ');
    }
    w->fault = (struct fault){ 0 };
    return change_make(&w->change, settings_run, settings_run_count,
                       &w->settings, true, pair, count, &w->fault);
}

static const char *say(struct world *w, uint64_t first_batch, bool json)
{
    static char out[4096];
    struct buf text;
    buf_init(&text, sizeof out - 1);
    cr_assert_eq(change_say(&w->change, first_batch, json, &text), 0);
    memcpy(out, buf_text(&text), text.length + 1);
    buf_release(&text);
    return out;
}

Test(change, says_old_and_new_value_and_the_first_batch)
{
    struct world w = world_new();
    cr_assert_eq(make(&w, "interval=250ms max_rows=5000"), 0, "%s",
                 w.fault.text);
    cr_expect_str_eq(say(&w, 7, false),
                     "interval 1s -> 250ms, from batch 7 on\n"
                     "max_rows 100000 -> 5000, from batch 7 on\n");
    cr_expect_str_eq(
        say(&w, 7, true),
        "{\"first_batch\":7,\"settings\":["
        "{\"name\":\"interval\",\"old\":\"1s\",\"new\":\"250ms\","
        "\"changed\":true},"
        "{\"name\":\"max_rows\",\"old\":\"100000\",\"new\":\"5000\","
        "\"changed\":true}]}\n");
    cr_expect(w.change.cut);
    cr_expect_str_eq(w.change.settings.interval, "250ms");
    cr_expect_eq(w.change.settings.max_rows, 5000);
    cr_expect_eq(w.settings.max_rows, 100000, "what is in force stays");
    change_release(&w.change);
}

Test(change, what_is_so_already_is_no_change_however_it_is_spelt)
{
    struct world w = world_new();
    cr_assert_eq(make(&w, "interval=1000ms max_bytes=65536KiB keep_scores=no"),
                 0, "%s", w.fault.text);
    cr_expect_eq(w.change.changed, 0);
    cr_expect_not(w.change.cut);
    cr_expect_str_eq(say(&w, 0, false), "interval is 1s already\n"
                                        "max_bytes is 64MiB already\n"
                                        "keep_scores is false already\n");
    cr_expect_not_null(strstr(say(&w, 0, true), "\"first_batch\":null"));
    change_release(&w.change);
}

Test(change, only_settings_of_the_cut_close_the_open_batch)
{
    static const struct {
        const char *pairs;
        bool cut;
    } cases[] = {
        { "severity=99", false },      { "log_level=debug", false },
        { "keep_scores=yes", false },  { "pipeline=4", false },
        { "interval=asap", true },     { "interval_min=30ms", true },
        { "max-bytes=1MiB", true },    { "severity=98 max_rows=3", true },
        { "interval_step=1.2", true }, { "interval_target=0.3", true },
        { "interval_max=20s", true },  { "severity=97 interval=1s", false },
    };
    struct world w = world_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(make(&w, cases[i].pairs), 0, "%s: %s", cases[i].pairs,
                     w.fault.text);
        cr_expect_eq(w.change.cut, cases[i].cut, "%s", cases[i].pairs);
        change_release(&w.change);
    }
}

Test(change, the_fault_names_what_is_wrong_and_the_way_out)
{
    static const struct {
        const char *pairs, *says;
    } cases[] = {
        { "max_rows=0", "max_rows=0 is out of range: 1..10000000" },
        { "interval=250", "interval=250ms" },
        { "interval=0.5ms", "1ms..1h" },
        { "interval=soon", "asap" },
        { "intervall=1s", "did you mean interval?" },
        { "maxrows=1", "did you mean max_rows?" },
        { "trees=50", "trees cannot be changed while the engine runs" },
        { "colour=red", "what can be changed is keep_scores" },
        { "severity=101", "50..99.9999" },
        { "log_level=loud", "log_level=loud" },
        { "interval=1s interval=2s", "interval is given twice" },
        { "max_rows=5 max-rows=6", "max_rows is given twice" },
        { "interval_min=9s interval_max=1s", "interval_min=9s" },
        { "max_rows=5 pipeline=17", "pipeline=17 is out of range: 1..16" },
        { "", "say what to set" },
    };
    struct world w = world_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(make(&w, cases[i].pairs), ERR_USAGE, "%s", cases[i].pairs);
        cr_expect_not_null(strstr(w.fault.text, cases[i].says), "%s: %s",
                           cases[i].pairs, w.fault.text);
    }
}

Test(change, bytes_that_are_no_text_are_refused)
{
    struct world w = world_new();
    struct wire_pair pair = { text_of("interval", 8), text_of("1s\0x", 4) };
    cr_expect_eq(change_make(&w.change, settings_run, settings_run_count,
                             &w.settings, true, &pair, 1, &w.fault),
                 ERR_USAGE);
    pair = (struct wire_pair){ text_of(NULL, 0), text_of(NULL, 0) };
    cr_expect_eq(change_make(&w.change, settings_run, settings_run_count,
                             &w.settings, true, &pair, 1, &w.fault),
                 ERR_USAGE);
}

Test(change, the_settings_of_a_change_borrow_from_it_alone)
{
    struct world w = world_new();
    cr_assert_eq(make(&w, "interval=250ms"), 0);
    struct change first = w.change;
    w.settings = first.settings;
    cr_assert_eq(make(&w, "max_rows=9"), 0);
    change_release(&first);
    cr_expect_str_eq(w.change.settings.interval, "250ms");
    change_release(&w.change);
}
