#include "engine/shell/stages.h"

#include "proto/host/clock.h"

#include <stdio.h>

void stages_init(struct stages *s)
{
    for (uint32_t i = 0; i < WORK_COUNT; i++)
        atomic_init(&s->ns[i], 0);
    s->loop = pthread_self();
    s->loop_ns = clock_thread_cpu_ns();
    s->process_ns = clock_process_cpu_ns();
}

int64_t stages_add(struct stages *s, enum work work, int64_t begun_ns)
{
    int64_t now_ns = clock_thread_cpu_ns();
    atomic_fetch_add_explicit(&s->ns[work], now_ns - begun_ns,
                              memory_order_relaxed);
    if (pthread_equal(pthread_self(), s->loop))
        s->loop_ns += now_ns - begun_ns;
    return now_ns;
}

void stages_print(const struct stages *s, char *out, size_t out_bytes)
{
    double ms[WORK_COUNT] = { 0 };
    double loop_ms = (double)(clock_thread_cpu_ns() - s->loop_ns) / 1e6;
    double wire_ms = (double)(clock_process_cpu_ns() - s->process_ns) / 1e6;
    wire_ms -= loop_ms;
    for (uint32_t i = 0; i < WORK_COUNT; i++) {
        ms[i] =
            (double)atomic_load_explicit(&s->ns[i], memory_order_relaxed) / 1e6;
        wire_ms -= ms[i];
    }
    (void)snprintf(out, out_bytes,
                   "read_ms=%.1f frame_ms=%.1f parse_ms=%.1f assemble_ms=%.1f "
                   "prepare_ms=%.1f loop_ms=%.1f wire_ms=%.1f merge_ms=%.1f "
                   "commit_ms=%.1f",
                   ms[WORK_READ], ms[WORK_FRAME], ms[WORK_PARSE],
                   ms[WORK_ASSEMBLE], ms[WORK_PREPARE], loop_ms,
                   wire_ms > 0 ? wire_ms : 0.0, ms[WORK_MERGE],
                   ms[WORK_COMMIT]);
}
