/*
 * What a database keeps of settings, on top of file, environment and flags:
 * the rules of a start (engine/shell/restore_settings.c), without one.
 */
#ifndef FYKE_TOOLS_CONFIG_STORED_H
#define FYKE_TOOLS_CONFIG_STORED_H

#include "tools/fyke/config_layers.h"

struct config_stored {
    struct arena arena; /* of the texts */
    /* By row: where a stored value comes from ("set by root at TIME, from
     * batch 12 on"), or what a start would do; NULL = nothing to say. */
    const char **remark;
};

/* Reads the database and puts stored values into `l`. Release it behind `l`,
 * whose fields borrow from it. Errors: those of reader_open, with a fault. */
FYKE_MUST_USE int config_stored_apply(struct config_stored *s, const char *db,
                                      struct config_layers *l,
                                      struct fault *fault);
void config_stored_release(struct config_stored *s);

#endif
