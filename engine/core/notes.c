/*
 * The step's output: actions, the notes among them, and their names.
 */
#include "engine/core/state.h"

#include "proto/base/check.h"

struct coord_action *action_add(struct coord *c, enum coord_action_kind kind)
{
    check(c->actions->count < COORD_ACTIONS_MAX);
    struct coord_action *a = &c->actions->item[c->actions->count++];
    *a = (struct coord_action){ .kind = kind };
    return a;
}

struct coord_action *action_reply(struct coord *c, enum coord_action_kind kind,
                                  uint64_t request)
{
    struct coord_action *a = action_add(c, kind);
    a->request = request;
    return a;
}

void action_refuse(struct coord *c, uint64_t request, uint64_t worker_id,
                   int err, const char *text)
{
    struct coord_action *a = action_reply(c, COORD_ACT_REPLY_REFUSED, request);
    a->worker_id = worker_id;
    a->err = err;
    a->text = text;
    a = note_add(c, COORD_NOTE_WORKER_REFUSED);
    a->worker_id = worker_id;
    a->err = err;
    a->text = text;
}

struct coord_action *note_add(struct coord *c, enum coord_note note)
{
    struct coord_action *a = action_add(c, COORD_ACT_NOTE);
    a->note = note;
    return a;
}

const char *coord_reason_name(enum coord_reason r)
{
    switch (r) {
    case COORD_REASON_INTERVAL:
        return "interval";
    case COORD_REASON_ROWS:
        return "rows";
    case COORD_REASON_BYTES:
        return "bytes";
    case COORD_REASON_END:
        return "end";
    case COORD_REASON_DRAIN:
        return "drain";
    case COORD_REASON_SET:
        return "set";
    case COORD_REASON_ASAP:
        return "asap";
    }
    return "?";
}

const char *coord_note_name(enum coord_note n)
{
    static const char *const name[] = {
        [COORD_NOTE_WORKER_JOINED] = "worker_joined",
        [COORD_NOTE_WORKER_LEFT] = "worker_left",
        [COORD_NOTE_WORKER_LOST] = "worker_lost",
        [COORD_NOTE_WORKER_REFUSED] = "worker_refused",
        [COORD_NOTE_LEASE_EXPIRED] = "lease_expired",
        [COORD_NOTE_SPECULATED] = "speculated",
        [COORD_NOTE_TASK_LOST_OFTEN] = "task_lost_often",
        [COORD_NOTE_TASK_FAILED] = "task_failed",
        [COORD_NOTE_RESULT_INVALID] = "result_invalid",
        [COORD_NOTE_RESULT_DIFFERS] = "result_differs",
        [COORD_NOTE_DISK_FULL] = "disk_full",
        [COORD_NOTE_DISK_OK] = "disk_ok",
        [COORD_NOTE_NO_WORKER] = "no_worker",
        [COORD_NOTE_OVERRUN] = "overrun",
        [COORD_NOTE_INTERVAL] = "interval",
    };
    bool known = n >= COORD_NOTE_WORKER_JOINED && n <= COORD_NOTE_INTERVAL;
    return known ? name[n] : "?";
}
