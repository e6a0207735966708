/*
 * A change between two batches: HOLD closes the open batch where it must,
 * HELD names the first batch after it, and nothing is sealed until TUNE. So a
 * change can be on disk before the first batch that it holds for is cut.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

#define ROWS_MAX 10000000u
#define BYTES_MAX (UINT64_C(4) << 30)
#define INTERVAL_MAX_US (INT64_C(1) << 40)
#define PPM UINT32_C(1000000)

static bool share_is_valid(const struct coord_share *s)
{
    return s->target_ppm > 0 && s->target_ppm <= PPM && s->step_ppm > PPM &&
           s->min_us > 0 && s->min_us <= s->max_us &&
           s->max_us <= INTERVAL_MAX_US;
}

int coord_tuning_check(const struct coord_tuning *t)
{
    bool sizes = t->max_rows >= 1 && t->max_rows <= ROWS_MAX &&
                 t->max_bytes >= 1 && t->max_bytes <= BYTES_MAX &&
                 t->depth >= 1 && t->depth <= COORD_DEPTH_MAX &&
                 t->cap_bytes / 2 >= t->max_bytes &&
                 t->cap_rows / 2 >= t->max_rows;
    bool times = t->cut != COORD_CUT_INTERVAL ||
                 (t->interval_us > 0 && t->interval_us <= INTERVAL_MAX_US &&
                  (!t->share.on || share_is_valid(&t->share)));
    return sizes && times ? 0 : ERR_INVALID;
}

void coord_tuning_get(const struct coord *c, struct coord_tuning *ret_tuning)
{
    *ret_tuning = c->config.tuning;
    if (ret_tuning->cut == COORD_CUT_INTERVAL && c->open.records > 0) {
        ret_tuning->interval_us = c->open.interval_us;
    }
}

bool tune_is_closed(const struct coord *c)
{
    return c->hold != HOLD_NONE && c->hold_cut;
}

void tune_hold(struct coord *c, const struct coord_event *event)
{
    check(c->hold == HOLD_NONE);
    c->hold = HOLD_ASKED;
    c->hold_cut = event->cut;
}

void tune_hold_try(struct coord *c)
{
    if (c->hold == HOLD_ASKED && (!c->hold_cut || c->open.records == 0)) {
        c->hold = HOLD_HELD;
        action_add(c, COORD_ACT_HELD)->batch = c->sealed_batch + 1;
    }
}

void tune_change(struct coord *c, const struct coord_event *event)
{
    check(c->hold != HOLD_NONE);
    check(event->tuning == NULL || c->hold == HOLD_HELD);
    c->hold = HOLD_NONE;
    if (event->tuning != NULL) {
        check(coord_tuning_check(event->tuning) == 0);
        bool was_on = auto_is_on(c);
        c->config.tuning = *event->tuning;
        auto_set(c, was_on);
        if (was_on && auto_is_on(c)) {
            cut_keep(c);
        } else {
            cut_retime(c);
        }
    }
}
