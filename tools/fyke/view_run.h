/*
 * What a person sees of a running coordinator: a header, one live line on a
 * terminal, remarks, and the summary with the strangest rows.
 *
 * Talk goes to standard error, the table of what was found to standard
 * output. Nothing here changes what the engine does.
 */
#ifndef FYKE_TOOLS_VIEW_RUN_H
#define FYKE_TOOLS_VIEW_RUN_H

#include "engine/shell/engine.h"

struct view_run {
    const struct settings *settings;
    bool quiet;
    bool silent; /* nothing to standard error: quiet, or it holds JSON lines */
    bool terminal; /* standard error is one: a live line may be drawn */
    bool colour;
    bool logged; /* remarks are in the log on the same standard error */
    bool line_shown;
    char *header; /* not printed yet, or NULL; owned */
    /* of engine_started, copied */
    bool was_started;
    char input[512];
    char kind[24];
    char db[4096];
    bool has_time, has_key;
    uint64_t first_batch;
    uint64_t position;
};

/* `logged`: the log writes every remark to standard error already. */
void view_run_init(struct view_run *v, const struct settings *settings,
                   bool logged);
/* The observer that draws into `v`. */
struct engine_observer view_run_observer(struct view_run *v);
/* Prints the header, once. */
void view_run_header(struct view_run *v);
void view_run_release(struct view_run *v);
/* Removes the live line, so that something else may be printed. */
void view_run_clear(struct view_run *v);
/* view_summary.c */
bool view_is_processes(const char *kind);
/* Summary and table. Returns the exit code. */
int view_run_end(struct view_run *v, const struct engine_summary *summary);

/* view_found.c: what the run put into its database. */
struct view_found {
    const char *db;
    uint64_t first_batch; /* of this run */
    bool processes;       /* incidents instead of rows */
    bool has_time, has_key;
    uint64_t flagged;
};
/* Prints the strangest rows (or incidents) to standard output and how to see
 * the others. Returns the exit code. */
int view_found_print(const struct view_found *f);
/* "2 incidents" of this run and others; 0 when it cannot be read. */
uint64_t view_found_incidents(const struct view_found *f);
/* "9 not a number (from line 17), ..." of this run's quarantine. */
int view_found_quarantine(const struct view_found *f, struct buf *out);
/* All rows that the database has read. */
uint64_t view_found_rows(const char *db);

#endif
