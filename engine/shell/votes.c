/* Counting votes for people. */
#include "engine/shell/votes.h"

#include "engine/detect/verdict.h"
#include "proto/base/text.h"

struct votes_tally votes_tally_of(const struct detect_set *set)
{
    struct votes_tally t = { .detectors = set->count };
    for (uint32_t d = 0; d < set->count; d++)
        t.name[d] = set->ops[d]->name;
    return t;
}

void votes_add(struct votes_tally *t, const struct verdict *v)
{
    for (uint32_t i = 0; i < v->kept; i++) {
        const struct verdict_row *row = &v->row[i];
        if (!row->flagged)
            continue;
        for (uint32_t d = 0; d < v->detectors; d++)
            t->rows[d] += row->answer[d].vote;
        t->all += row->votes == v->detectors;
    }
}

int votes_put(const struct votes_tally *t, struct buf *out)
{
    char number[32];
    for (uint32_t d = 0; d < t->detectors; d++)
        (void)buf_printf(out, "%s by %s, ",
                         text_count(t->rows[d], number, sizeof number),
                         t->name[d]);
    return buf_printf(out, "%s by %s",
                      text_count(t->all, number, sizeof number),
                      t->detectors == 2 ? "both" : "all");
}
