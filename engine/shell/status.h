/*
 * What `fyke status` shows: gathered in one struct, judged in one word,
 * written for people or as one JSON object. The README documents the JSON.
 *
 * Thread rule  pure, but for status_answer, which is the loop thread's.
 */
#ifndef FYKE_SHELL_STATUS_H
#define FYKE_SHELL_STATUS_H

#include "engine/core/coord.h"
#include "engine/shell/recent.h"
#include "engine/shell/votes.h"
#include "proto/base/buf.h"

struct engine;
struct control_asker;

/* The worse one comes first. */
enum status_health {
    STATUS_FULL = 1, /* the database cannot be written */
    STATUS_WAITING,  /* no worker is here */
    STATUS_DRAINING,
    STATUS_BEHIND,   /* does not keep up with its interval */
    STATUS_DIRTY,    /* over 1 % of the last records in quarantine */
    STATUS_STARTING, /* nothing is committed yet */
    STATUS_OK,
};
const char *status_health_name(enum status_health h); /* "ok", ... */

struct status_worker {
    const char *host;
    uint64_t pid, tasks;
    double busy_share; /* of the time since it joined */
    int64_t heard_us;  /* since its last heartbeat */
    uint32_t restarts; /* of a local one */
    bool computing;
};

struct status {
    /* who */
    const char *version, *input, *kind, *db, *host, *url;
    uint64_t pid;
    uint32_t epoch;
    int64_t elapsed_us;
    /* settings in force */
    int64_t interval_set_us; /* OPTION_INTERVAL_* or a duration */
    int64_t interval_us;     /* in force now; 0 when not cut by time */
    uint64_t max_rows, max_bytes;
    double severity;
    uint32_t votes_needed;
    bool keep_scores;
    const char *log_level;
    struct coord_tuning tuning;
    /* how it goes */
    uint64_t last_batch; /* committed, in the database */
    uint64_t batches, records, rows_scored, quarantined, flagged, near;
    struct votes_tally votes;
    double rate_1s, rate_10s; /* rows a second */
    int64_t lag_us;
    bool was_behind; /* lag over three intervals in the last ten seconds */
    struct recent_times times;
    struct coord_stats core;
    uint64_t held_bytes, held_peak_bytes; /* memory of what is in flight */
    uint64_t rss_bytes, rss_peak_bytes;   /* of the whole process */
    bool db_locked; /* it is full because another program holds the file */
    uint32_t restarts;
    uint32_t worker_count;
    const struct status_worker *worker;
    const struct recent *recent; /* its anomalies */
};

/* One word, and why, in a sentence without a full stop. */
enum status_health status_judge(const struct status *s, struct buf *reason);

/* For people: aligned, at most 100 columns. Errors: those of `out`. */
int status_text(const struct status *s, struct buf *out);
/* One object and a newline; valid JSON whatever the bytes of the texts. */
int status_json(const struct status *s, struct buf *out);

void status_answer(struct engine *e, const struct control_asker *asker);

#endif
