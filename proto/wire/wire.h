/*
 * The messages between coordinator and workers, as structs and as bytes.
 *
 * Bytes        msgpack. A message is an array [envelope map, body map]; keys
 *              are small integers; unknown keys are skipped within bounds, so
 *              that later versions may add fields. Column data travels as
 *              little-endian `bin` (see struct wire_block).
 * Decoding     by a bounded cursor decoder: no object tree, no allocation,
 *              depth, counts and lengths are checked against the bytes left.
 *              Texts and blocks of a decoded message point into the source
 *              bytes, which must outlive it and may be unaligned.
 * Encoding     by msgpack-c straight into a writer.
 * Does not     know a socket, a clock or what a detector computes.
 * Thread rule  pure functions.
 */
#ifndef FYKE_WIRE_WIRE_H
#define FYKE_WIRE_WIRE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define WIRE_MAGIC 0x46594b45u /* "FYKE" */
#define WIRE_VERSION 1u

#define WIRE_RUN_ID_BYTES 16
#define WIRE_TEXT_MAX 1024                 /* any text, in bytes */
#define WIRE_NUMBERS_MAX 32                /* numbers of one payload */
#define WIRE_BLOCKS_MAX 16                 /* blocks of one payload */
#define WIRE_HELD_MAX 16                   /* tasks in one heartbeat */
#define WIRE_PAIRS_MAX 32                  /* of one CONTROL */
#define WIRE_REPLY_TEXT_MAX (1u << 20)     /* of one CONTROL_REPLY */
#define WIRE_MESSAGE_BYTES_MAX (64u << 20) /* hard limit of one message */

enum wire_kind {
    /* requests, worker to coordinator */
    WIRE_HELLO = 1,
    WIRE_READY = 2,
    WIRE_RESULT = 3,
    WIRE_HEARTBEAT = 4,
    WIRE_NEED_MODEL = 5,
    WIRE_BYE = 6,
    /* requests of a client: a program that asks for a person */
    WIRE_CONTROL = 65,
    /* replies, coordinator to worker */
    WIRE_HELLO_REPLY = 32,
    WIRE_TASK = 33,
    WIRE_MODEL = 34,
    WIRE_HEARTBEAT_REPLY = 35,
    WIRE_HELLO_FIRST = 36,
    WIRE_REFUSED = 37,
    WIRE_BYE_REPLY = 38,
    WIRE_CONTROL_REPLY = 39,
    /* reserved */
    WIRE_CHALLENGE = 64,
    WIRE_CANCEL = 66,
};

struct wire_text {
    const char *text; /* not NUL-terminated; NULL when length is 0 */
    uint32_t length;
};

enum wire_type {
    WIRE_F32 = 1,
    WIRE_F64,
    WIRE_U8,
    WIRE_U16,
    WIRE_U32,
    WIRE_U64
};

uint32_t wire_type_bytes(uint32_t type); /* 0 for an unknown type */

/* A run of little-endian numbers; a matrix has cols > 1 and is column-major
 * and dense (stride == rows). bytes = rows * cols * wire_type_bytes(type). */
struct wire_block {
    uint32_t type; /* enum wire_type */
    uint32_t rows;
    uint32_t cols;
    const void *data; /* any alignment when decoded: copy, never cast */
};

size_t wire_block_bytes(const struct wire_block *b);

/* What a detector's two halves say to each other: a few numbers whose order
 * the detector's message file fixes, and blocks. */
struct wire_payload {
    uint32_t number_count;
    uint64_t number[WIRE_NUMBERS_MAX];
    uint32_t block_count;
    struct wire_block block[WIRE_BLOCKS_MAX];
};

/* Hash of a payload's meaning (numbers, types, shapes, bytes). */
uint64_t wire_payload_hash(const struct wire_payload *p);
/* Sum of the block bytes. */
uint64_t wire_payload_bytes(const struct wire_payload *p);
/* A copy whose blocks lie in `arena`. Errors: ERR_NOMEM. */
FYKE_MUST_USE int wire_payload_copy(const struct wire_payload *p,
                                    struct arena *arena,
                                    struct wire_payload *ret_p);

struct wire_envelope {
    uint32_t kind;                     /* enum wire_kind */
    uint8_t run_id[WIRE_RUN_ID_BYTES]; /* all 0 in a worker's first HELLO */
    uint32_t epoch;                    /* 0 in a worker's first HELLO */
    uint64_t worker_id; /* random, made by the worker process at its start */
    uint64_t task;      /* 0 where there is none */
    uint32_t attempt;
};

struct wire_hello {
    uint32_t wire_version;
    uint32_t algorithm_version;
    uint64_t selftest_digest; /* of the numeric self-test */
    uint64_t pid;
    uint32_t slots; /* task slots; 0 = a client, that may say CONTROL */
    uint32_t cores;
    struct wire_text host;
    struct wire_text version; /* program version, for people */
    /* for later use, empty until used */
    struct wire_text token;
    struct wire_text challenge_reply;
    uint64_t crash_task; /* last crash: task, signal, rows */
    uint32_t crash_signal;
    uint32_t crash_row_first;
    uint32_t crash_row_count;
};

struct wire_hello_reply {
    uint32_t beat_ms;
    uint32_t lease_ms;
};

struct wire_task {
    uint64_t batch;
    struct wire_text detector;
    uint32_t phase;
    uint32_t part;
    uint64_t model_id;   /* model that the task needs, 0 = none */
    uint64_t model_hash; /* of that model's payload */
    struct wire_payload payload;
};

/* The batch, detector, phase and part say what the task was, so that a
 * coordinator can check them against its table. */
struct wire_result {
    uint64_t batch;
    struct wire_text detector;
    uint32_t phase;
    uint32_t part;
    int32_t status; /* 0, or the enum err that the worker's half returned */
    uint64_t compute_us;
    struct wire_payload payload; /* empty when status != 0 */
};

struct wire_held {
    uint64_t task;
    uint32_t attempt;
    uint64_t progress; /* any counter that moves while work is done */
};

struct wire_heartbeat {
    uint32_t held_count;
    struct wire_held held[WIRE_HELD_MAX];
};

struct wire_heartbeat_reply {
    uint32_t order; /* 0 = carry on, 1 = say HELLO again */
};

struct wire_need_model {
    uint64_t model_id;
};

struct wire_model {
    uint64_t model_id;
    uint64_t model_hash;
    struct wire_text detector;
    struct wire_payload payload;
};

struct wire_refused {
    int32_t code; /* enum err */
    struct wire_text reason;
};

struct wire_bye {
    struct wire_text reason;
};

enum wire_verb { WIRE_VERB_SET = 1, WIRE_VERB_STATUS = 2 };

struct wire_pair {
    struct wire_text name, value;
};

/* What a person wants of a coordinator. */
struct wire_control {
    uint32_t verb;               /* enum wire_verb */
    uint32_t json;               /* the reply is for programs */
    struct wire_text request_id; /* SET: asked again, answered as before */
    struct wire_text who;        /* "anna@host", for `events` */
    uint32_t pair_count;         /* SET: all of them or none */
    struct wire_pair pair[WIRE_PAIRS_MAX];
};

struct wire_control_reply {
    int32_t code;          /* 0 or an enum err */
    struct wire_text text; /* what to print, up to WIRE_REPLY_TEXT_MAX */
};

struct wire_message {
    struct wire_envelope envelope;
    union {
        struct wire_hello hello;
        struct wire_task task;
        struct wire_result result;
        struct wire_heartbeat heartbeat;
        struct wire_need_model need_model;
        struct wire_bye bye; /* WIRE_BYE and WIRE_BYE_REPLY */
        struct wire_hello_reply hello_reply;
        struct wire_model model;
        struct wire_heartbeat_reply heartbeat_reply;
        struct wire_refused refused;
        struct wire_control control;
        struct wire_control_reply control_reply;
        /* READY and HELLO_FIRST have no body */
    } body;
};

/* Where encoded bytes go. `write` returns 0 or a negative error, which ends
 * the encoding and is returned by wire_encode. */
struct wire_writer {
    int (*write)(void *context, const void *bytes, size_t n);
    void *context;
};

/* Encodes a whole message. Errors: ERR_LIMIT (text, count or message over its
 * maximum), ERR_INVALID (unknown kind), what the writer returned. */
FYKE_MUST_USE int wire_encode(const struct wire_message *m,
                              struct wire_writer writer);

/* Upper bound of the encoded size, to check limits before sending. */
uint64_t wire_encoded_bytes_max(const struct wire_message *m);

/* Decodes a whole message; `m` points into `bytes`. A valid message has the
 * magic, our version, a known kind, every needed field once and nothing
 * behind it. Errors: ERR_PROTO, ERR_VERSION (other wire version), ERR_LIMIT. */
FYKE_MUST_USE int wire_decode(const void *bytes, size_t n,
                              struct wire_message *ret_m);

#endif
