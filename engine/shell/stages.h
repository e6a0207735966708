/*
 * Where the coordinator's CPU time goes: a sum per kind of work, taken once
 * per job from the clock of the thread that did it.
 *
 * Thread rule  any thread may add; the sums are atomic.
 */
#ifndef FYKE_SHELL_STAGES_H
#define FYKE_SHELL_STAGES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum work {
    WORK_READ,     /* bytes from the source */
    WORK_FRAME,    /* where records end */
    WORK_PARSE,    /* text to columns */
    WORK_ASSEMBLE, /* blocks to a batch, its content hash, its plan */
    WORK_PREPARE,  /* samples drawn, trees joined */
    WORK_MERGE,    /* results to verdicts, reasons and records */
    WORK_COMMIT,   /* SQLite */
    WORK_COUNT
};

struct stages {
    _Atomic int64_t ns[WORK_COUNT];
    int64_t process_ns; /* of the process when the counting began */
    int64_t loop_ns;    /* of the loop's thread, less its work of these kinds */
    pthread_t loop;
};

/* The calling thread is the loop's. */
void stages_init(struct stages *s);

/* Ends a piece of work of the calling thread that began at `begun_ns`, by
 * clock_thread_cpu_ns. Returns the time of its end: the next one's begin. */
int64_t stages_add(struct stages *s, enum work work, int64_t begun_ns);

/* `read_ms=1.2 frame_ms=...`. What none of the jobs used is loop_ms where the
 * loop's thread used it (tasks and results in and out of messages, what is to
 * be done next) and wire_ms elsewhere (nng's threads, handing over), so that
 * the sum is the process's CPU time. The calling thread is the loop's. */
void stages_print(const struct stages *s, char *out, size_t out_bytes);

#endif
