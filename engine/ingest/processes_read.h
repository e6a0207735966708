/*
 * What one process looks like in /proc right now.
 *
 * What may not be read is absent: its flag in `has` is unset.
 */
#ifndef FYKE_INGEST_PROCESSES_READ_H
#define FYKE_INGEST_PROCESSES_READ_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum process_has {
    PROCESS_SCHED = 1, /* run_ns, switches */
    PROCESS_IO = 2,    /* read_bytes, write_bytes */
    PROCESS_FILES = 4, /* open_files */
};

struct process_state {
    uint32_t pid;
    uint64_t start_ticks; /* since boot: pids come again, pairs do not */
    char name[64];        /* as the kernel has it, NUL-terminated */
    uint32_t has;
    uint64_t cpu_ticks; /* user and system time of all threads */
    uint64_t run_ns;    /* the same from schedstat */
    uint64_t switches;  /* times put on a core, of all threads */
    uint64_t faults;
    uint64_t rss_bytes;
    uint64_t read_bytes, write_bytes; /* through system calls */
    uint32_t threads;
    uint32_t open_files;
};

enum process_kind { PROCESS_USER, PROCESS_KERNEL, PROCESS_GONE };

/* Reads one process below the open directory `proc_fd`. PROCESS_KERNEL: a
 * kernel thread or a zombie, which has nothing to measure. */
enum process_kind process_read(int proc_fd, uint32_t pid,
                               struct process_state *ret_state);

/* Parses the text of /proc/PID/stat. false if it is not one. */
bool process_parse_stat(const char *text, uint64_t page_bytes,
                        struct process_state *ret_state, bool *ret_kernel);

#endif
