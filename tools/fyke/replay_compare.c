/*
 * Stored answers beside computed ones, in row order.
 */
#include "tools/fyke/replay_compare.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_MAX 5u

struct comparing {
    const struct replay_pair *pair;
    struct buf *text;
    uint32_t next; /* kept row of the verdict */
    uint32_t shown, differ;
};

static double severity(uint64_t below, uint64_t of)
{
    return of == 0 ? 0 : 100.0 * (double)below / (double)of;
}

static void show_line(struct comparing *c, uint32_t record)
{
    struct record_view view = batch_record(c->pair->input, record);
    (void)buf_printf(c->text, "\n    row %u (line %" PRIu64 "): ", record,
                     view.line);
}

static bool may_show(struct comparing *c)
{
    c->differ++;
    return c->shown < SHOWN_MAX && c->shown++ < SHOWN_MAX;
}

static void show_computed(struct comparing *c, const struct verdict_row *row)
{
    const struct detect_run *run = &c->pair->run[row->decider];
    const struct verdict_answer *a = &row->answer[row->decider];
    (void)buf_printf(c->text, "%s score %.6f, severity %.4f, %u vote%s%s",
                     run->ops->name, run->ops->score(&run->result, row->row),
                     severity(a->below, a->of), row->votes,
                     row->votes == 1 ? "" : "s",
                     row->flagged ? ", flagged" : "");
}

static void show_stored(struct comparing *c, const struct store_answer *a)
{
    (void)buf_printf(c->text, "%s score %.6f, severity %.4f, %u vote%s%s",
                     a->detector, a->score, severity(a->below, a->of), a->votes,
                     a->votes == 1 ? "" : "s", a->flagged ? ", flagged" : "");
}

static uint32_t record_of(const struct comparing *c, uint32_t kept)
{
    return c->pair->input->row_record[c->pair->verdict->row[kept].row];
}

/* Kept now and not stored: every one before `record`. */
static void show_new_before(struct comparing *c, uint64_t record)
{
    const struct verdict *v = c->pair->verdict;
    while (c->next < v->kept && record_of(c, c->next) < record) {
        if (may_show(c)) {
            show_line(c, record_of(c, c->next));
            (void)buf_append_text(c->text, "not stored, now ");
            show_computed(c, &v->row[c->next]);
        }
        c->next++;
    }
}

static bool same_answer(const struct comparing *c,
                        const struct verdict_row *now,
                        const struct store_answer *a)
{
    const struct verdict_answer *said = &now->answer[now->decider];
    return strcmp(c->pair->run[now->decider].ops->name, a->detector) == 0 &&
           said->score == a->score_raw && said->below == a->below &&
           said->of == a->of && now->flagged == a->flagged &&
           now->votes == a->votes &&
           (!a->place.clustered ||
            (said->cluster == a->place.cluster && said->core == a->place.core));
}

static int each_answer(void *context, const struct store_answer *a)
{
    struct comparing *c = context;
    const struct verdict *v = c->pair->verdict;
    const struct verdict_row *now = NULL;
    show_new_before(c, a->row);
    if (c->next < v->kept && record_of(c, c->next) == a->row)
        now = &v->row[c->next++];
    bool equal = now != NULL && same_answer(c, now, a);
    if (equal || !may_show(c))
        return c->text->err;
    show_line(c, a->row);
    (void)buf_append_text(c->text, "stored ");
    show_stored(c, a);
    (void)buf_append_text(c->text, "; now ");
    if (now != NULL)
        show_computed(c, now);
    else
        (void)buf_append_text(c->text, "not kept");
    return c->text->err;
}

int replay_compare(struct reader *reader, const struct replay_pair *pair,
                   struct buf *text, struct fault *fault)
{
    struct comparing c = { .pair = pair, .text = text };
    (void)buf_printf(text, "%u rows scored, stored %u; %u flagged, stored %u",
                     pair->verdict->rows, pair->stored->rows_scored,
                     pair->verdict->flagged, pair->stored->rows_flagged);
    int err =
        reader_answers(reader, pair->stored->batch, each_answer, &c, fault);
    if (err != 0)
        return err;
    show_new_before(&c, UINT64_MAX);
    if (c.differ > c.shown)
        (void)buf_printf(text, "\n    and %u other kept rows",
                         c.differ - c.shown);
    if (c.differ == 0)
        (void)buf_append_text(text, "\n    every kept row is equal: a reason, "
                                    "what another detector says of it, a "
                                    "score that was not kept, or what was "
                                    "learned differs");
    return text->err;
}
