/* The table of detectors, and the configuration that runs and replays share.
 */
#include "engine/detect/detect.h"

#include <string.h>

#define PART_BYTES (1u << 20)

const struct detect_ops *const detect_table[] = {
    &detect_iforest,
    &detect_dbscan,
    NULL,
};

struct detect_config detect_config_default(void)
{
    return (struct detect_config){
        .seed = 1,
        .trees = 200,
        .subsample = 256,
        .fit_rows = 1024,
        .min_points = 10,
        .context_rows = 1024,
        .part_bytes = PART_BYTES,
        .message_bytes_max = WIRE_MESSAGE_BYTES_MAX,
    };
}

const struct detect_ops *detect_find(const char *name, size_t n)
{
    for (size_t i = 0; detect_table[i] != NULL; i++)
        if (strlen(detect_table[i]->name) == n &&
            memcmp(detect_table[i]->name, name, n) == 0)
            return detect_table[i];
    return NULL;
}
