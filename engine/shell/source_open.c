/*
 * Which kind of input this is, and what its columns are.
 */
#include "engine/shell/engine_int.h"

#include "proto/host/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFER_BYTES ((size_t)16 << 20)

static int open_stdin(struct intake *in, struct fault *fault)
{
    struct stat st;
    if (fstat(STDIN_FILENO, &st) != 0)
        return fault_set(fault, ERR_IO,
                         "stdin is closed: give a file, or pipe "
                         "something in");
    (void)snprintf(in->label, sizeof in->label, "-");
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return fault_set(fault, ERR_IO, "stdin cannot be used");
    if (S_ISREG(st.st_mode)) {
        in->kind = SOURCE_FILE;
        in->kind_name = "stdin-file";
        return source_file_adopt(fd, "stdin", &in->file, fault);
    }
    in->kind = SOURCE_PIPE;
    in->kind_name = "pipe";
    in->file.fd = fd;
    return 0;
}

static int open_path(struct intake *in, const char *path, struct fault *fault)
{
    struct stat st;
    (void)snprintf(in->label, sizeof in->label, "%s", path);
    in->kind = SOURCE_FILE;
    in->kind_name = "file";
    if (stat(path, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))) {
        in->kind = SOURCE_PIPE;
        in->kind_name = "pipe";
        in->file.fd = open(path, O_RDONLY | O_CLOEXEC);
        return in->file.fd < 0
                   ? fault_set(fault, ERR_IO, "%s cannot be opened", path)
                   : 0;
    }
    return source_file_open(path, &in->file, fault);
}

/* Enough bytes for the inference, from the start of a file. */
static int infer_file(struct engine *e, struct fault *fault)
{
    struct intake *in = &e->intake;
    uint8_t *bytes = malloc(INFER_BYTES);
    if (bytes == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    size_t n = 0;
    int rc = source_file_read(&in->file, 0, bytes, INFER_BYTES, &n, fault);
    if (rc == 0)
        rc = schema_infer(&e->settings.schema, bytes, n, n < INFER_BYTES,
                          &e->schema, fault);
    free(bytes);
    return rc;
}

static size_t count_lines(const uint8_t *bytes, size_t n)
{
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* Waits for bytes, up to `wait_ms`, and appends what is there. */
static int read_some(struct intake *in, int wait_ms, size_t *ret_n,
                     bool *ret_end, struct fault *fault)
{
    struct pollfd p = { .fd = in->file.fd, .events = POLLIN };
    *ret_n = 0;
    int ready = poll(&p, 1, wait_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR))
        return 0;
    ssize_t n = read(in->file.fd, in->head + in->head_bytes,
                     INFER_BYTES - in->head_bytes);
    if (n < 0 && errno == EINTR)
        return 0;
    if (n < 0)
        return fault_set(fault, err_from_errno(errno), "%s cannot be read: %s",
                         in->label, strerror(errno));
    *ret_n = (size_t)n;
    *ret_end = n == 0;
    return 0;
}

/* The head of a pipe: the first records, or what came within the first
 * interval. It is kept and goes through the
 * intake before anything else. */
static int read_head(struct engine *e, bool *ret_end, struct fault *fault)
{
    struct intake *in = &e->intake;
    int64_t patience_us = e->interval_us > 0 ? e->interval_us : 1000000;
    int64_t until_us = INT64_MAX;
    size_t lines = 0;
    while (!*ret_end && in->head_bytes < INFER_BYTES &&
           lines <= SCHEMA_INFER_RECORDS) {
        (void)uv_run(&e->loop, UV_RUN_NOWAIT); /* a signal ends the wait */
        int64_t left_us = until_us - clock_monotonic_us();
        if (e->stage != STAGE_RUNNING || left_us <= 0)
            break;
        size_t n;
        int wait_ms = left_us < 200000 ? (int)(left_us / 1000) + 1 : 200;
        int rc = read_some(in, wait_ms, &n, ret_end, fault);
        if (rc != 0)
            return rc;
        if (until_us == INT64_MAX && n > 0)
            until_us = clock_monotonic_us() + patience_us;
        lines += count_lines(in->head + in->head_bytes, n);
        in->head_bytes += n;
    }
    return 0;
}

static int infer_pipe(struct engine *e, struct fault *fault)
{
    struct intake *in = &e->intake;
    bool end = false;
    in->head = malloc(INFER_BYTES);
    if (in->head == NULL)
        return fault_set(fault, ERR_NOMEM, "out of memory");
    for (;;) {
        int rc = read_head(e, &end, fault);
        if (rc != 0)
            return rc;
        bool stopped = e->stage != STAGE_RUNNING;
        if (stopped && in->head_bytes == 0)
            return ERR_CANCELED;
        bool all = end || stopped || in->head_bytes == INFER_BYTES;
        rc = schema_infer(&e->settings.schema, in->head, in->head_bytes, all,
                          &e->schema, fault);
        if (rc == 0)
            in->head_taken = (size_t)e->schema->data_start;
        if (rc != ERR_AGAIN)
            return rc;
        /* Not one whole record yet, a header perhaps: wait for more. */
    }
}

/* Flags of sampling mean nothing to a file: who gives one expects more. */
static int refuse_sampling(const struct engine *e, struct fault *fault)
{
    static const char *const names[] = { "every", "for", "include-self" };
    for (size_t i = 0; i < e->table_count; i++)
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            if (e->given[i] && strcmp(e->table[i].name, names[j]) == 0)
                return fault_set(fault, ERR_USAGE,
                                 "--%s is for host:processes; %s is read as it "
                                 "comes",
                                 names[j], e->intake.label);
    return 0;
}

static int open_bytes(struct engine *e, const char *input, struct fault *fault)
{
    int rc = strcmp(input, "-") == 0 ? open_stdin(&e->intake, fault)
                                     : open_path(&e->intake, input, fault);
    return rc == 0 ? refuse_sampling(e, fault) : rc;
}

int intake_open(struct engine *e, const char *input, struct fault *fault)
{
    struct intake *in = &e->intake;
    if (strncmp(input, "host:", 5) == 0) {
        if (strcmp(input, "host:processes") != 0)
            return fault_set(fault, ERR_USAGE,
                             "%s: there is host:processes (a file of that "
                             "name: ./%s)",
                             input, input);
        in->kind = SOURCE_PROCESSES;
        in->kind_name = "processes";
        (void)snprintf(in->label, sizeof in->label, "%s", input);
        return 0;
    }
    return open_bytes(e, input, fault);
}

/* "payments.csv: no numeric column ...": what is wrong, and where. */
static int name_input(const struct engine *e, int rc, struct fault *fault)
{
    if (rc != ERR_CONTENT || fault == NULL)
        return rc;
    struct fault inner = *fault;
    return fault_set(fault, rc, "%s: %s", e->intake.label, inner.text);
}

/* A pipe whose head shows too little may still continue a database that knows
 * its columns: the verdict waits until that is open. */
static int put_off(struct engine *e, int rc, const struct fault *fault)
{
    if (rc != ERR_CONTENT || e->settings.fresh || access(e->db, F_OK) != 0)
        return rc;
    e->infer_err = rc;
    e->infer_fault = *fault;
    return 0;
}

int intake_infer(struct engine *e, struct fault *fault)
{
    switch (e->intake.kind) {
    case SOURCE_FILE:
        return name_input(e, infer_file(e, fault), fault);
    case SOURCE_PIPE:
        return put_off(e, name_input(e, infer_pipe(e, fault), fault), fault);
    default:
        return processes_schema(&e->settings.schema, &e->schema, fault);
    }
}
