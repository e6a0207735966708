/* Sets of one point each. */
#include "workers/detect/dbscan/unite.h"

int unite_init(struct unite *u, uint32_t count, struct arena *arena)
{
    u->count = count;
    u->parent = arena_alloc(arena, count, sizeof *u->parent);
    if (u->parent == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        u->parent[i] = i;
    return 0;
}
