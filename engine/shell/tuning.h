/*
 * Settings as the core takes them: when batches are cut, how many are under
 * way, how much may be in flight.
 *
 * Thread rule  pure functions.
 */
#ifndef FYKE_SHELL_TUNING_H
#define FYKE_SHELL_TUNING_H

#include "engine/core/coord.h"
#include "engine/shell/settings.h"

/* `live`: not a file read as it is, which says what an interval that is not set
 * means. `auto_us`: where interval=auto begins; 0 = at one second. Values that
 * do not go together are ERR_USAGE with a fault. */
FYKE_MUST_USE int tuning_make(const struct settings *settings, bool live,
                              int64_t auto_us, struct coord_tuning *ret_tuning,
                              struct fault *fault);

#endif
