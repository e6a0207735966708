/* The keys of every message. Change the wire here, and only here. */
#include "proto/wire/fields.h"

#define TYPE_OF(s, member)                                                     \
    _Generic(((struct s *)0)->member, uint32_t                                 \
             : FIELD_U32, uint64_t                                             \
             : FIELD_U64, int32_t                                              \
             : FIELD_I32, uint8_t *                                            \
             : FIELD_RUN_ID, struct wire_text                                  \
             : FIELD_TEXT)
#define NEEDED(key, s, member)                                                 \
    {                                                                          \
        key, TYPE_OF(s, member), FIELD_NEEDED, offsetof(struct s, member)      \
    }
#define OPTIONAL(key, s, member)                                               \
    {                                                                          \
        key, TYPE_OF(s, member), FIELD_OPTIONAL, offsetof(struct s, member)    \
    }
/* The payload's two lists, under two keys of the body itself. */
#define PAYLOAD(key, s)                                                        \
    { key, FIELD_NUMBERS, FIELD_NEEDED, offsetof(struct s, payload) },         \
    {                                                                          \
        key + 1, FIELD_BLOCKS, FIELD_NEEDED, offsetof(struct s, payload)       \
    }
#define TABLE(list)                                                            \
    {                                                                          \
        list, sizeof list / sizeof list[0]                                     \
    }

static const struct field envelope[] = {
    NEEDED(2, wire_envelope, kind),  NEEDED(3, wire_envelope, run_id),
    NEEDED(4, wire_envelope, epoch), NEEDED(5, wire_envelope, worker_id),
    NEEDED(6, wire_envelope, task),  NEEDED(7, wire_envelope, attempt),
};

static const struct field hello[] = {
    NEEDED(0, wire_hello, wire_version),
    NEEDED(1, wire_hello, algorithm_version),
    NEEDED(2, wire_hello, selftest_digest),
    NEEDED(3, wire_hello, pid),
    NEEDED(4, wire_hello, slots),
    NEEDED(5, wire_hello, cores),
    NEEDED(6, wire_hello, host),
    NEEDED(7, wire_hello, version),
    OPTIONAL(8, wire_hello, token),
    OPTIONAL(9, wire_hello, challenge_reply),
    OPTIONAL(10, wire_hello, crash_task),
    OPTIONAL(11, wire_hello, crash_signal),
    OPTIONAL(12, wire_hello, crash_row_first),
    OPTIONAL(13, wire_hello, crash_row_count),
};

static const struct field result[] = {
    NEEDED(0, wire_result, batch),  NEEDED(1, wire_result, detector),
    NEEDED(2, wire_result, phase),  NEEDED(3, wire_result, part),
    NEEDED(4, wire_result, status), NEEDED(5, wire_result, compute_us),
    PAYLOAD(6, wire_result),
};

static const struct field heartbeat[] = {
    { 0, FIELD_HELD, FIELD_NEEDED, 0 },
};

static const struct field need_model[] = {
    NEEDED(0, wire_need_model, model_id),
};

static const struct field bye[] = { NEEDED(0, wire_bye, reason) };

static const struct field control[] = {
    NEEDED(0, wire_control, verb),       NEEDED(1, wire_control, json),
    NEEDED(2, wire_control, request_id), NEEDED(3, wire_control, who),
    { 4, FIELD_PAIRS, FIELD_NEEDED, 0 },
};

static const struct field control_reply[] = {
    NEEDED(0, wire_control_reply, code),
    { 1, FIELD_LONG_TEXT, FIELD_NEEDED,
      offsetof(struct wire_control_reply, text) },
};

static const struct field hello_reply[] = {
    NEEDED(0, wire_hello_reply, beat_ms),
    NEEDED(1, wire_hello_reply, lease_ms),
};

static const struct field task[] = {
    NEEDED(0, wire_task, batch),    NEEDED(1, wire_task, detector),
    NEEDED(2, wire_task, phase),    NEEDED(3, wire_task, part),
    NEEDED(4, wire_task, model_id), NEEDED(5, wire_task, model_hash),
    PAYLOAD(6, wire_task),
};

static const struct field model[] = {
    NEEDED(0, wire_model, model_id),
    NEEDED(1, wire_model, model_hash),
    NEEDED(2, wire_model, detector),
    PAYLOAD(3, wire_model),
};

static const struct field heartbeat_reply[] = {
    NEEDED(0, wire_heartbeat_reply, order),
};

static const struct field refused[] = {
    NEEDED(0, wire_refused, code),
    NEEDED(1, wire_refused, reason),
};

const struct field_table field_envelope = TABLE(envelope);

bool field_body(uint32_t kind, struct field_table *ret_t)
{
    static const struct {
        uint32_t kind;
        struct field_table table;
    } body[] = {
        { WIRE_HELLO, TABLE(hello) },
        { WIRE_READY, { NULL, 0 } },
        { WIRE_RESULT, TABLE(result) },
        { WIRE_HEARTBEAT, TABLE(heartbeat) },
        { WIRE_NEED_MODEL, TABLE(need_model) },
        { WIRE_BYE, TABLE(bye) },
        { WIRE_HELLO_REPLY, TABLE(hello_reply) },
        { WIRE_TASK, TABLE(task) },
        { WIRE_MODEL, TABLE(model) },
        { WIRE_HEARTBEAT_REPLY, TABLE(heartbeat_reply) },
        { WIRE_HELLO_FIRST, { NULL, 0 } },
        { WIRE_REFUSED, TABLE(refused) },
        { WIRE_BYE_REPLY, TABLE(bye) },
        { WIRE_CONTROL, TABLE(control) },
        { WIRE_CONTROL_REPLY, TABLE(control_reply) },
    };
    for (size_t i = 0; i < sizeof body / sizeof body[0]; i++) {
        if (body[i].kind == kind) {
            *ret_t = body[i].table;
            return true;
        }
    }
    return false;
}
