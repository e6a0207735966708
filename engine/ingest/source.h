/*
 * Where bytes come from: regular files (with identity across restarts) and
 * this machine's processes as CSV text. Blocking reads: for jobs and tools.
 */
#ifndef FYKE_INGEST_SOURCE_H
#define FYKE_INGEST_SOURCE_H

#include "engine/ingest/schema.h"

/* A regular file opened for reading. */
struct source_file {
    int fd;
    uint64_t size; /* at open or last refresh */
    char path[4096];
};

/* Errors with faults for people: missing, no permission, a directory (with
 * the `cat` line to use), not a regular file. */
FYKE_MUST_USE int source_file_open(const char *path, struct source_file *ret_f,
                                   struct fault *fault);
/* Takes an already open descriptor (redirected stdin). */
FYKE_MUST_USE int source_file_adopt(int fd, const char *label,
                                    struct source_file *ret_f,
                                    struct fault *fault);
void source_file_close(struct source_file *f);
/* pread loop; *ret_n < n only at the end of the file. */
FYKE_MUST_USE int source_file_read(const struct source_file *f,
                                   uint64_t position, void *bytes, size_t n,
                                   size_t *ret_n, struct fault *fault);

/* Identity of a file read up to `position`: hash of its head with the length
 * hashed, hash of the bytes before `position`, device and inode (hints).
 * `identity` is JSON text of under 512 bytes. */
FYKE_MUST_USE int source_file_identify(const struct source_file *f,
                                       uint64_t position, struct buf *identity,
                                       struct fault *fault);
/* 0 if this file is the one identified; ERR_DIFFERENT with a fault that says
 * how (head differs, shorter than position, bytes before position differ, or
 * with `open_end` the last record without newline has grown since). */
FYKE_MUST_USE int source_file_verify(const struct source_file *f,
                                     const char *identity, uint64_t position,
                                     bool open_end, struct fault *fault);

/* Processes of this machine, a CSV line per process and sample. */
struct processes;
struct processes_options {
    bool include_self;
    const uint32_t *self_pids; /* pids that are fyke's own */
    uint32_t self_count;
    int64_t every_us;
};
struct processes_sample {
    uint32_t rows;
    uint32_t left_out;   /* fyke's own */
    uint32_t unreadable; /* processes gone or not readable at all */
};

FYKE_MUST_USE int processes_new(const struct processes_options *options,
                                struct processes **ret_p, struct fault *fault);
/* Changes who is left out (workers restart with new pids). */
void processes_self(struct processes *p, const uint32_t *pids, uint32_t count);
/* Appends the CSV lines of one sample. Rates are over the time since the
 * process was last seen; its first sighting gives missing rates. `wall_ns`
 * stamps the rows, `monotonic_us` measures. */
FYKE_MUST_USE int processes_sample(struct processes *p, int64_t wall_ns,
                                   int64_t monotonic_us, struct buf *out,
                                   struct processes_sample *ret_sample);
void processes_free(struct processes *p);
/* The fixed schema of these lines (no header line in the stream). */
FYKE_MUST_USE int processes_schema(const struct schema_options *options,
                                   struct schema **ret_s, struct fault *fault);

#endif
