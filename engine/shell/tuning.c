/*
 * One struct into another; what the rows of the table cannot say of each
 * other is checked here.
 */
#include "engine/shell/tuning.h"

#include "engine/shell/bound.h"
#include "proto/base/text.h"

#include <math.h>

#define AUTO_START_US 1000000

static struct coord_share share_of(const struct settings *s, bool on)
{
    return (struct coord_share){
        .on = on,
        .target_ppm = (uint32_t)lround(s->interval_target * 1e6),
        .step_ppm = (uint32_t)lround(s->interval_step * 1e6),
        .min_us = s->interval_min_us,
        .max_us = s->interval_max_us,
    };
}

static int check_limits(const struct settings *s, struct fault *fault)
{
    char low[32], high[32];
    if (s->interval_min_us <= s->interval_max_us)
        return 0;
    return fault_set(fault, ERR_USAGE,
                     "interval_min=%s is more than interval_max=%s: the "
                     "shortest interval must not be above the longest",
                     text_duration(s->interval_min_us, low, sizeof low),
                     text_duration(s->interval_max_us, high, sizeof high));
}

int tuning_make(const struct settings *settings, bool live, int64_t auto_us,
                struct coord_tuning *ret_tuning, struct fault *fault)
{
    int64_t us = 0;
    int rc = settings_interval(settings, live, &us, fault);
    if (rc == 0)
        rc = check_limits(settings, fault);
    if (rc != 0)
        return rc;
    bool on = us == OPTION_INTERVAL_AUTO;
    if (on)
        us = auto_us > 0 ? auto_us : AUTO_START_US;
    struct coord_tuning t = {
        .cut = us == OPTION_INTERVAL_OFF    ? COORD_CUT_COUNT
               : us == OPTION_INTERVAL_ASAP ? COORD_CUT_ASAP
                                            : COORD_CUT_INTERVAL,
        .interval_us = us > 0 ? us : 0,
        .share = share_of(settings, on),
        .max_rows = (uint32_t)settings->max_rows,
        .max_bytes = settings->max_bytes,
        .depth = (uint32_t)settings->pipeline,
        .cap_bytes = bound_cap_bytes(settings),
        .cap_rows = bound_cap_rows(settings),
    };
    if (coord_tuning_check(&t) != 0)
        return fault_set(fault, ERR_USAGE,
                         "these settings do not go together; fyke config "
                         "--origin shows all of them");
    *ret_tuning = t;
    return 0;
}
