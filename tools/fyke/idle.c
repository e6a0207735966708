/*
 * `--eps 0.5` without `--detector dbscan` is easily typed, and a forest's
 * answers are not those that were meant.
 */
#include "tools/fyke/idle.h"

#include "engine/detect/detect.h"

#include <string.h>

static bool looks(const struct settings *s, const char *detector)
{
    for (uint32_t i = 0; i < s->detector.count; i++)
        if (strcmp(s->detector.items[i], detector) == 0)
            return true;
    return false;
}

static void note(const char *flag, const char *detector, struct buf *out)
{
    (void)buf_printf(out,
                     "  note      --%s is for %s, which does not look here: "
                     "add --detector %s\n",
                     flag, detector, detector);
}

void idle_print(const struct settings *s, struct buf *out)
{
    const struct detect_config usual = detect_config_default();
    bool dbscan = looks(s, "dbscan");
    if (!dbscan && s->eps != usual.eps)
        note("eps", "dbscan", out);
    if (!dbscan && s->min_points != usual.min_points)
        note("min-points", "dbscan", out);
    if (!dbscan && strcmp(s->scale, "auto") != 0)
        note("scale", "dbscan", out);
    if (!looks(s, "iforest") && s->extension != usual.extension)
        note("extension", "iforest", out);
}
