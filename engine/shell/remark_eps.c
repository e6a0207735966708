/*
 * What distance DBSCAN found to be near: people are told of the first batch,
 * the log of each, and `events` whenever it has doubled or halved.
 */
#include "engine/detect/dbscan.h"
#include "engine/shell/engine_int.h"

#include "proto/wire/dbscan.h"

#include <inttypes.h>
#include <stdio.h>

#define TEXT_BYTES 256u

/* In the form of a run's first lines. */
static void eps_show(struct engine *e, const char *why)
{
    char line[TEXT_BYTES + 16];
    (void)snprintf(line, sizeof line, "dbscan    %s", why);
    if (e->observer->learned != NULL)
        e->observer->learned(e->observer->context, line);
}

static void eps_say(struct engine *e, uint64_t batch,
                    const struct detect_result *r)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    if (dbscan_why_eps(r, &text) == 0) {
        bool first = e->eps_told == 0.0;
        double told = e->eps_told, eps = r->eps->eps;
        bool moved = eps > 2.0 * told || eps < told / 2.0;
        engine_remark(e, LOG_LEVEL_INFO, moved ? "eps" : NULL,
                      "batch %" PRIu64 ": dbscan: %s", batch, buf_text(&text));
        if (first)
            eps_show(e, buf_text(&text));
        if (moved)
            e->eps_told = eps;
    }
    buf_release(&text);
}

void remark_eps(struct engine *e, const struct slot *s)
{
    for (uint32_t d = 0; d < e->detectors.count; d++) {
        const struct detect_result *r = &s->run[d].result;
        if (r->eps != NULL && r->eps->why != DBSCAN_EPS_GIVEN &&
            r->eps->why != DBSCAN_EPS_FEW)
            eps_say(e, s->batch, r);
    }
}
