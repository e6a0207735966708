/* The table of detectors. */
#include "engine/detect/detect.h"

#include <string.h>

const struct detect_ops *const detect_table[] = {
    &detect_iforest,
    NULL,
};

const struct detect_ops *detect_find(const char *name, size_t n)
{
    for (size_t i = 0; detect_table[i] != NULL; i++)
        if (strlen(detect_table[i]->name) == n &&
            memcmp(detect_table[i]->name, name, n) == 0)
            return detect_table[i];
    return NULL;
}
