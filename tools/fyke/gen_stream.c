/*
 * The loop that writes what was generated, and keeps its pace.
 */
#include "tools/fyke/gen_stream.h"

#include "proto/host/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)256 << 10)
#define BYTES_MAX ((size_t)4 << 20)

static volatile sig_atomic_t stop_asked; /* set by a signal */

static void ask_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

/* The first signal is heard, the second one ends the process. */
static void hear_signals(void)
{
    struct sigaction action = { .sa_flags = (int)SA_RESETHAND };
    action.sa_handler = ask_stop;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* 0, ERR_CLOSED when nobody reads any more, or an error with a fault. */
static int write_all(int fd, const char *name, struct buf *b,
                     struct fault *fault)
{
    size_t done = 0;
    while (done < b->length) {
        ssize_t n = write(fd, b->data + done, b->length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EPIPE)
            return ERR_CLOSED;
        if (n < 0)
            return fault_set(fault, err_from_errno(errno),
                             "%s cannot be written: %s", name, strerror(errno));
        done += (size_t)n;
    }
    buf_reset(b);
    return 0;
}

static int flush(const struct gen_stream *s, struct buf *out,
                 struct buf *labels, struct fault *fault)
{
    int rc = write_all(s->out_fd, s->out_name, out, fault);
    if (rc == 0 && s->labels_fd >= 0)
        rc = write_all(s->labels_fd, s->labels_name, labels, fault);
    return rc;
}

/* Records that should be out by now: number k is due at k / rate. */
static uint64_t count_due(const struct gen_stream *s, int64_t start_us)
{
    if (s->rate == 0)
        return UINT64_MAX;
    double since_s = (double)(clock_monotonic_us() - start_us) / 1e6;
    return 1 + (uint64_t)(since_s * s->rate);
}

/* Until the next record is due, but no shorter than a timer can. A signal
 * ends it. */
static void sleep_until_due(const struct gen_stream *s, int64_t start_us)
{
    uint64_t written = gen_written(s->gen);
    double due_us = (double)written / s->rate * 1e6;
    double wait_us = due_us - (double)(clock_monotonic_us() - start_us);
    if (wait_us < 500)
        wait_us = 500;
    struct timespec t = { .tv_sec = (time_t)(wait_us / 1e6) };
    t.tv_nsec = (long)((wait_us - (double)t.tv_sec * 1e6) * 1e3);
    (void)nanosleep(&t, NULL);
}

static int run(const struct gen_stream *s, struct buf *out, struct buf *labels,
               struct fault *fault)
{
    int64_t start_us = clock_monotonic_us();
    int more = 1;
    int rc = gen_header(s->gen, out, labels);
    while (rc == 0 && more > 0 && !stop_asked) {
        uint64_t due = count_due(s, start_us);
        while (more > 0 && gen_written(s->gen) < due &&
               out->length < CHUNK_BYTES)
            more = gen_next(s->gen, out, labels);
        rc = more < 0 ? more : flush(s, out, labels, fault);
        if (rc == 0 && more > 0 && gen_written(s->gen) >= due)
            sleep_until_due(s, start_us);
    }
    return rc == 0 ? flush(s, out, labels, fault) : rc;
}

int gen_stream_run(const struct gen_stream *s, struct fault *fault)
{
    struct buf out, labels;
    buf_init(&out, BYTES_MAX);
    buf_init(&labels, BYTES_MAX);
    hear_signals();
    int rc = run(s, &out, &labels, fault);
    buf_release(&out);
    buf_release(&labels);
    if (rc == ERR_CLOSED)
        return 0;
    if (rc == ERR_NOMEM || rc == ERR_LIMIT)
        return fault_set(fault, rc, "%s", err_text(rc));
    return rc;
}
