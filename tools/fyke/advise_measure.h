/*
 * The order of the measurements of fyke advise, and their progress on
 * standard error.
 */
#ifndef FYKE_TOOLS_ADVISE_MEASURE_H
#define FYKE_TOOLS_ADVISE_MEASURE_H

#include "tools/fyke/advise_report.h"

struct advise_plan {
    struct advise_bench bench;
    double rate;        /* --rate, 0 = not given */
    int64_t measure_us; /* one measurement */
    bool silent;        /* no progress */
};

/* Fills the report. Errors as advise_run. */
FYKE_MUST_USE int advise_measure(const struct advise_plan *plan,
                                 struct advise_report *report,
                                 struct fault *fault);

#endif
