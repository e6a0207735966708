/* The table of detectors, and what they are as a whole. */
#include "workers/detect/compute.h"

#include "proto/base/hash.h"

#include <string.h>

int compute_advance(const struct compute_context *context, uint64_t work)
{
    if (context->progress != NULL)
        atomic_fetch_add_explicit(context->progress, work,
                                  memory_order_relaxed);
    if (context->stop != NULL &&
        atomic_load_explicit(context->stop, memory_order_relaxed) != 0)
        return ERR_CANCELED;
    return 0;
}

void compute_begin(const struct compute_context *context,
                   enum compute_work work)
{
    if (context->begin != NULL)
        context->begin(context->watcher, work);
}

const struct compute_ops *const compute_table[] = {
    &compute_iforest,
    &compute_dbscan,
    NULL,
};

const struct compute_ops *compute_find(const char *name, size_t n)
{
    for (size_t i = 0; compute_table[i] != NULL; i++)
        if (strlen(compute_table[i]->name) == n &&
            memcmp(compute_table[i]->name, name, n) == 0)
            return compute_table[i];
    return NULL;
}

uint64_t compute_selftest_digest(void)
{
    uint64_t digest = 0;
    for (size_t i = 0; compute_table[i] != NULL; i++) {
        const struct compute_ops *ops = compute_table[i];
        digest = hash_fold(digest, hash_bytes(0, ops->name, strlen(ops->name)));
        digest = hash_fold(digest, ops->algorithm);
        digest = hash_fold(digest, ops->selftest());
    }
    return digest;
}

uint32_t compute_algorithm_version(void)
{
    uint32_t version = 0;
    for (size_t i = 0; compute_table[i] != NULL; i++)
        version += compute_table[i]->algorithm;
    return version;
}
