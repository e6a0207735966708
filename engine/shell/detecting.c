/* One struct into another. */
#include "engine/shell/detecting.h"

#include "proto/base/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum detect_scale detecting_scale(const char *name)
{
    static const char *const names[] = {
        [DETECT_SCALE_AUTO] = "auto",
        [DETECT_SCALE_NONE] = "none",
        [DETECT_SCALE_STANDARD] = "standard",
        [DETECT_SCALE_ROBUST] = "robust",
    };
    for (uint32_t i = 0; i < sizeof names / sizeof *names && name != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return (enum detect_scale)i;
    return DETECT_SCALE_AUTO;
}

struct detect_config detecting_config(const struct settings *s)
{
    struct detect_config c = detect_config_default();
    c.seed = s->seed;
    c.trees = (uint32_t)s->trees;
    c.subsample = (uint32_t)s->subsample;
    c.extension = (uint32_t)s->extension;
    c.fit_rows = (uint32_t)s->fit_rows;
    c.eps = s->eps;
    c.min_points = (uint32_t)s->min_points;
    c.context_rows = (uint32_t)s->context_rows;
    c.scale = detecting_scale(s->scale);
    c.batch_rows = (uint32_t)s->max_rows;
    return c;
}

int detecting_set(const struct settings *s, struct detect_set *ret_set,
                  struct fault *fault)
{
    struct detect_set set;
    uint32_t votes;
    int rc = detect_set_of(s->detector.items, s->detector.count, &set, fault);
    if (rc == 0)
        rc = detect_set_votes(&set, s->votes, &votes, fault);
    if (rc == 0)
        *ret_set = set;
    return rc;
}

void detecting_names(const struct detect_set *set, char *ret_text, size_t n)
{
    struct buf text;
    buf_init(&text, n);
    int rc = detect_set_put(set, &text);
    check(rc == 0);
    (void)snprintf(ret_text, n, "%s", buf_text(&text));
    buf_release(&text);
}

struct verdict_config detecting_verdict(const struct settings *s,
                                        const struct detect_set *set)
{
    struct detect_config c = detecting_config(s);
    uint32_t votes = 1;
    int rc = detect_set_votes(set, s->votes, &votes, NULL);
    check(rc == 0);
    return verdict_config_of((uint32_t)lround(s->severity * 1e4), votes,
                             detect_set_recent_rows(set, &c));
}
