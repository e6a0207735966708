/*
 * A change of settings while the engine runs, carried out: one at a time,
 * committed before it is used and before the answer.
 *
 *   asked -> found? (the same request before) -> checked as a whole -> HOLD
 *   -> HELD: its first batch -> stored with its events, one transaction
 *   -> TUNE, the shell's own copies -> answered -> the next one
 *
 * Again        a request_id that is asked again gets the first answer, also
 *              while that one is under way and after a restart.
 * Bounded      TUNE_WAITING_MAX wait; more are refused as busy. Where the open
 * batch cannot be closed for five seconds the change is refused as well. Thread
 * rule  the loop thread's.
 */
#ifndef FYKE_SHELL_TUNE_H
#define FYKE_SHELL_TUNE_H

#include "engine/core/coord.h"
#include "engine/shell/change.h"
#include "engine/shell/control.h"
#include "engine/shell/writer.h"

#define TUNE_WAITING_MAX 16u
#define TUNE_ASKERS_MAX 4u /* of one request_id */

/* One SET, from its arrival to its answer. */
struct tune_job {
    struct tune_job *next;
    struct control_asker asker[TUNE_ASKERS_MAX];
    uint32_t asker_count;
    struct arena arena;     /* of the texts below */
    const char *request_id; /* NULL = none */
    const char *who;
    struct wire_pair pair[WIRE_PAIRS_MAX];
    uint32_t pair_count;
};

struct tune {
    struct tune_job *first; /* waiting, oldest first */
    uint32_t waiting;
    struct tune_job *now; /* under way, NULL = none */
    /* of the one under way */
    bool holding; /* the core waits for TUNE, or will */
    struct change change;
    uint64_t first_batch;
    struct store_setting setting[WIRE_PAIRS_MAX];
    struct store_event event[WIRE_PAIRS_MAX];
    struct store_change store;
    struct buf found_text;
    struct store_changed found[WIRE_PAIRS_MAX];
    struct writer_command command;
    uv_timer_t timer; /* until HELD; then until the next try to store */
    uint32_t tries;
    struct change applied; /* whose texts the settings in force borrow */
};

void tune_ask(struct engine *e, const struct control_asker *asker,
              const struct wire_control *ask);
/* COORD_ACT_HELD */
void tune_held(struct engine *e, const struct coord_action *a);
/* The engine ends: whoever waits is told. After the writer has stopped. */
void tune_close(struct engine *e);
/* Frees what the settings borrow. */
void tune_release(struct engine *e);

#endif
