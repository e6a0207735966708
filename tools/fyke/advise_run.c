/*
 * The child, what it is fed, and its end.
 *
 * Order: the head of the input goes in at once, so that the columns are
 * inferred from what fyke run would see; when the first batch is committed,
 * workers and database are there and the clock starts.
 */
#include "tools/fyke/advise_run.h"

#include "proto/host/clock.h"
#include "proto/host/file.h"
#include "tools/fyke/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)
#define CHUNK_BYTES ((size_t)128 << 10)
#define PATH_BYTES 4200
#define WORDS_MAX 96u
#define WARM_UP_US 30000000 /* and 5 times the time to measure */

struct run {
    const struct advise_bench *bench;
    const struct advise_spec *spec;
    char db[PATH_BYTES], err_path[PATH_BYTES];
    pid_t pid; /* 0 = it has ended */
    int status;
    int fd;        /* the pipe, nonblocking; -1 = closed */
    size_t cursor; /* next byte of the input */
    double sent;   /* bytes since the clock started */
    double due;
};

static void pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

/* ---------------------------------------------------------- the child */

static bool child_ended(struct run *r)
{
    if (r->pid == 0)
        return true;
    pid_t pid = waitpid(r->pid, &r->status, WNOHANG);
    if (pid == r->pid || (pid < 0 && errno != EINTR))
        r->pid = 0;
    return r->pid == 0;
}

struct words {
    char text[8][64];
    const char *word[WORDS_MAX];
    uint32_t count;
};

static void words_add(struct words *w, const char *word)
{
    if (w->count + 1 < WORDS_MAX)
        w->word[w->count++] = word;
}

/* The user's flags, and behind them those of the measurement, which win. */
static void words_fill(struct words *w, const struct run *r)
{
    const struct advise_spec *spec = r->spec;
    *w = (struct words){ .count = 0 };
    words_add(w, "fyke");
    words_add(w, "run");
    words_add(w, spec->live ? r->bench->input->label : "-");
    for (uint32_t i = 0; i < r->bench->flag_count[spec->live]; i++)
        words_add(w, r->bench->flag[spec->live][i]);
    words_add(w, "--db");
    words_add(w, r->db);
    words_add(w, "--quiet");
    words_add(w, "--log-format=text");
    (void)snprintf(w->text[0], sizeof w->text[0], "--interval=%lldus",
                   (long long)spec->interval_us);
    words_add(w, spec->interval_us > 0 ? w->text[0] : "--interval=off");
    (void)snprintf(w->text[1], sizeof w->text[1], "--max-rows=%llu",
                   (unsigned long long)spec->max_rows);
    if (spec->max_rows > 0)
        words_add(w, w->text[1]);
    if (spec->alone)
        words_add(w, "--pipeline=1");
}

/* Async-signal-safe calls only: between fork and exec. */
static void child_become(const struct run *r, int in, int err,
                         char *const *words)
{
    int none = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)setpgid(0, 0); /* Ctrl-C is for the parent */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)dup2(r->spec->live ? none : in, STDIN_FILENO);
    (void)dup2(none, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    (void)execv("/proc/self/exe", words);
    _exit(127);
}

static int child_start(struct run *r, struct fault *fault)
{
    struct words w;
    int ends[2], err_fd;
    words_fill(&w, r);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fault_set(fault, err_from_errno(errno), "no pipe: %s",
                         strerror(errno));
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
    err_fd = open(r->err_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    r->pid = err_fd < 0 ? -1 : fork();
    if (r->pid == 0)
        child_become(r, ends[0], err_fd, (char *const *)(uintptr_t)w.word);
    int saved = errno;
    (void)close(ends[0]);
    if (err_fd >= 0)
        (void)close(err_fd);
    r->fd = ends[1];
    if (r->pid > 0)
        return 0;
    r->pid = 0;
    return fault_set(fault, err_from_errno(saved),
                     "fyke run cannot be started: %s", strerror(saved));
}

static void feed_end(struct run *r)
{
    if (r->fd >= 0)
        (void)close(r->fd);
    r->fd = -1;
}

/* Waits for its end; a signal to us ends it at once. */
static void child_finish(struct run *r)
{
    bool told = false;
    feed_end(r);
    if (r->spec->live && r->pid > 0)
        (void)kill(r->pid, SIGTERM);
    while (!child_ended(r)) {
        if (r->bench->stopped() && !told) {
            told = true;
            (void)kill(r->pid, SIGTERM);
            (void)kill(r->pid, SIGTERM); /* the second one: no drain */
        }
        pause_ms(5);
    }
}

/* Not one batch: its workers may end again and again. It is asked for
 * nothing any more; its workers share its group. */
static int child_give_up(const struct run *r, int64_t limit_us,
                         struct fault *fault)
{
    (void)kill(-r->pid, SIGKILL);
    return fault_set(fault, ERR_TIMEOUT,
                     "a measuring fyke run has finished no batch in %d s: see "
                     "what fyke run itself says, or give it --workers 1",
                     (int)(limit_us / 1000000));
}

/* An error with this exit code. */
static int err_of_exit(int code)
{
    for (int err = ERR_NOMEM; err >= ERR_UNREACHABLE; err--)
        if (err_exit_code(err) == code)
            return err;
    return ERR_IO;
}

/* 0, or what fyke run said, without its "fyke: ". */
static int child_judge(const struct run *r, struct fault *fault)
{
    struct buf text;
    if (r->bench->stopped())
        return fault_set(fault, ERR_CANCELED, "stopped");
    if (WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0)
        return 0;
    int err =
        WIFEXITED(r->status) ? err_of_exit(WEXITSTATUS(r->status)) : ERR_CLOSED;
    buf_init(&text, sizeof fault->text);
    (void)!file_read_all(r->err_path, &text);
    const char *said = buf_text(&text);
    const char *own = strstr(said, "fyke: ");
    if (own != NULL)
        (void)fault_set(fault, err, "%.*s", (int)strcspn(own + 6, "\n"),
                        own + 6);
    else
        (void)fault_set(fault, err,
                        "a measuring fyke run ended (status %d) without a "
                        "word: %s",
                        r->status, said);
    buf_release(&text);
    return err;
}

/* ----------------------------------------------------------- the feed */

/* The next bytes, at most up to the end of the input, where it begins anew
 * behind its header. */
static size_t feed_write(struct run *r, size_t n)
{
    const struct advise_input *in = r->bench->input;
    size_t left = in->count - r->cursor;
    ssize_t done = write(r->fd, in->bytes + r->cursor, n < left ? n : left);
    if (done <= 0)
        return 0;
    r->cursor += (size_t)done;
    if (r->cursor == in->count)
        r->cursor = in->data_start;
    return (size_t)done;
}

static void wait_writable(const struct run *r)
{
    struct pollfd p = { .fd = r->fd, .events = POLLOUT };
    (void)poll(&p, 1, 20);
}

static bool goes_on(struct run *r)
{
    return !r->bench->stopped() && !child_ended(r);
}

static int waiting_bytes(const struct run *r)
{
    int n = 0;
    return ioctl(r->fd, FIONREAD, &n) == 0 ? n : 0;
}

/* The head, or as many rows as fill a batch by count; then until the first
 * commit. A batch by count may need a few rows more: lines are not of equal
 * length. */
static int warm_up(struct run *r, struct fault *fault)
{
    int64_t limit_us = WARM_UP_US + 5 * r->spec->time_us;
    int64_t end_us = clock_monotonic_us() + limit_us;
    const struct advise_input *in = r->bench->input;
    double want = (double)in->head_end;
    double batch = (double)r->spec->max_rows * advise_input_record_bytes(in);
    want = batch > want ? batch : want;
    double done = 0;
    while (!r->spec->live && done < want && goes_on(r) &&
           clock_monotonic_us() < end_us) {
        double left = want - done;
        size_t n = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
        size_t written = feed_write(r, n > 0 ? n : 1);
        done += (double)written;
        if (written == 0)
            wait_writable(r);
    }
    while (goes_on(r) && advise_seen_commits(r->db) == 0) {
        if (clock_monotonic_us() >= end_us)
            return child_give_up(r, limit_us, fault);
        if (!r->spec->live && waiting_bytes(r) == 0 && r->spec->max_rows > 0)
            (void)feed_write(r, CHUNK_BYTES / 32);
        pause_ms(10);
    }
    return 0;
}

/* How many bytes may go now: whole lines up to what is due. */
static size_t feed_room(const struct run *r)
{
    const struct advise_input *in = r->bench->input;
    if (r->spec->rows_per_s <= 0)
        return CHUNK_BYTES;
    double room = r->due - r->sent;
    size_t left = in->count - r->cursor;
    if (room < 1)
        return 0;
    size_t n = room < CHUNK_BYTES ? (size_t)room : CHUNK_BYTES;
    n = n < left ? n : left;
    const uint8_t *end = memrchr(in->bytes + r->cursor, '\n', n);
    if (end == NULL)
        return n == CHUNK_BYTES ? n : 0; /* a very long line, or wait */
    return (size_t)(end - in->bytes) + 1 - r->cursor;
}

static void feed(struct run *r)
{
    double byte_rate =
        r->spec->rows_per_s * advise_input_record_bytes(r->bench->input);
    int64_t start_us = clock_monotonic_us(), passed_us = 0;
    while (passed_us < r->spec->time_us && goes_on(r)) {
        r->due = byte_rate * (double)passed_us / 1e6;
        size_t n = r->spec->live ? 0 : feed_room(r);
        size_t written = n > 0 ? feed_write(r, n) : 0;
        r->sent += (double)written;
        if (n == 0)
            pause_ms(1);
        else if (written == 0)
            wait_writable(r);
        passed_us = clock_monotonic_us() - start_us;
    }
}

/* ------------------------------------------------------------ one run */

static void remove_files(const struct run *r)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-journal",
                                        ".lock" };
    char path[PATH_BYTES + 16];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)snprintf(path, sizeof path, "%s%s", r->db, ends[i]);
        (void)unlink(path);
    }
    (void)unlink(r->err_path);
}

static double behind_ms(const struct run *r)
{
    double byte_rate =
        r->spec->rows_per_s * advise_input_record_bytes(r->bench->input);
    if (r->spec->live || byte_rate <= 0)
        return 0;
    double behind = r->due - r->sent + waiting_bytes(r);
    return behind > 0 ? 1e3 * behind / byte_rate : 0;
}

int advise_run(const struct advise_bench *bench, const struct advise_spec *spec,
               struct advise_seen *ret_seen, struct fault *fault)
{
    struct run r = { .bench = bench, .spec = spec, .fd = -1 };
    struct advise_seen seen = { 0 };
    (void)snprintf(r.db, sizeof r.db, "%s/measure.db", bench->folder);
    (void)snprintf(r.err_path, sizeof r.err_path, "%s/said", bench->folder);
    int err = child_start(&r, fault);
    if (err != 0) {
        feed_end(&r);
        return err;
    }
    err = warm_up(&r, fault);
    int64_t from_ns = clock_wall_ns();
    if (err == 0)
        feed(&r);
    seen.trial.interval_us = spec->interval_us;
    seen.trial.behind_ms = behind_ms(&r);
    child_finish(&r);
    if (err == 0)
        err = child_judge(&r, fault);
    if (err == 0)
        err = advise_seen_read(r.db, (double)from_ns / 1e9, &seen, fault);
    remove_files(&r);
    if (err == 0)
        *ret_seen = seen;
    return err;
}
