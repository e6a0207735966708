/* Who found what was flagged. */
#include "engine/shell/votes.h"

#include "engine/detect/verdict.h"

#include <criterion/criterion.h>

Test(votes, flagged_rows_are_counted_for_each_who_voted)
{
    struct detect_set set = { 2, { &detect_iforest, &detect_dbscan } };
    struct votes_tally t = votes_tally_of(&set);
    struct verdict_answer answer[4][2] = { { { .vote = true }, { 0 } },
                                           { { .vote = true },
                                             { .vote = true } },
                                           { { 0 }, { .vote = true } },
                                           { { .vote = true }, { 0 } } };
    struct verdict_row row[4] = {
        { .votes = 1, .flagged = true, .answer = answer[0] },
        { .votes = 2, .flagged = true, .answer = answer[1] },
        { .votes = 1, .flagged = true, .answer = answer[2] },
        { .votes = 1, .answer = answer[3] }, /* a near miss */
    };
    struct verdict v = { .detectors = 2, .kept = 4, .row = row };
    struct buf out;
    buf_init(&out, 100);
    votes_add(&t, &v);
    cr_assert_eq(votes_put(&t, &out), 0);
    cr_assert_str_eq(buf_text(&out), "2 by iforest, 2 by dbscan, 1 by both");
    buf_release(&out);
}
