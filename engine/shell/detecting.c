/* One struct into another. */
#include "engine/shell/detecting.h"

struct detect_config detecting_config(const struct settings *s)
{
    struct detect_config c = detect_config_default();
    c.seed = s->seed;
    c.trees = (uint32_t)s->trees;
    c.subsample = (uint32_t)s->subsample;
    c.fit_rows = (uint32_t)s->fit_rows;
    return c;
}
