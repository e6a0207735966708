/*
 * What the files of this room share: the engine's state on the loop thread.
 *
 * Order of a turn: a callback (link, job, writer, timer) turns what happened
 * into an event and calls engine_step, which lets the core decide and carries
 * out the actions. Nothing that an action starts comes back before the step
 * has returned. A uv_prepare handle runs engine_turn once per loop iteration:
 * it pumps the intake and re-arms the core's timer.
 */
#ifndef FYKE_SHELL_ENGINE_INT_H
#define FYKE_SHELL_ENGINE_INT_H

#include "engine/core/coord.h"
#include "engine/detect/detect.h"
#include "engine/detect/verdict.h"
#include "engine/ingest/batch.h"
#include "engine/ingest/source.h"
#include "engine/learn/learn.h"
#include "engine/shell/bound.h"
#include "engine/shell/control.h"
#include "engine/shell/engine.h"
#include "engine/shell/flight.h"
#include "engine/shell/kept.h"
#include "engine/shell/pace_input.h"
#include "engine/shell/stages.h"
#include "engine/shell/status.h"
#include "engine/shell/supervise.h"
#include "engine/shell/tune.h"
#include "engine/shell/writer.h"
#include "proto/host/file.h"
#include "proto/link/link.h"

#include <uv.h>

#define ENGINE_SLOTS 32u          /* > COORD_DEPTH_MAX, a power of two */
#define ENGINE_SNAPSHOT_EVERY 64u /* batches between full learned states */
#define ENGINE_READ_BYTES BOUND_READ_BYTES
#define ENGINE_BLOCKS_MAX BOUND_BLOCKS_MAX /* read and not yet appended */

struct engine;
struct slot;

/* A piece of work in libuv's pool; `run` off the loop, `done` on it. */
struct job {
    uv_work_t work;
    struct engine *engine;
    struct slot *slot;
    uint32_t detector, phase_index;
    int (*run)(struct job *j);
    void (*done)(struct job *j);
    int err;
    bool busy;
    struct job *next; /* of job_here */
};

/* Everything of one batch between seal and release. */
struct slot {
    uint64_t batch; /* 0 = free */
    struct batch_input input;
    uint64_t state_batch;
    enum coord_reason reason;
    bool overrun;
    /* in force when it was cut: a change holds from the next batch on */
    int64_t interval_us;
    struct verdict_config judge;
    bool keep_scores;
    int64_t opened_ns, cut_ns; /* wall */
    int64_t opened_us;         /* monotonic */
    struct learn_view view;
    struct detect_run run[DETECT_MAX]; /* of the engine's detectors */
    struct verdict verdict;
    struct arena arena; /* verdict and texts of the commit */
    struct buf delta, snapshot, identity;
    bool pushed;         /* its delta is in the learned history */
    uint64_t held_bytes; /* counted in the engine's flight */
    struct store_batch commit;
    struct buf why, record; /* texts of the answer that is being stored */
    struct store_source source;
    struct store_range range;
    struct writer_command command;
    struct job seal, prepare[DETECT_MAX], merge;
    uint64_t run_bytes[DETECT_MAX]; /* held by the runs when last counted */
};

enum source_kind { SOURCE_FILE = 1, SOURCE_PIPE, SOURCE_PROCESSES };

struct parse_job {
    struct job job;
    struct block *block;
    bool parsed;
};

/* Bytes in, blocks in order, records appended. */
struct intake {
    enum source_kind kind;
    const char *kind_name; /* "file", "stdin-file", "pipe", "processes" */
    char label[4096];      /* as people named it */
    struct source_file file;
    struct framer *framer;
    struct processes *processes;
    uv_timer_t sample_timer;
    int64_t sample_end_us; /* 0 = until stopped */
    struct buf sample;
    uint8_t *buffer; /* ENGINE_READ_BYTES, where the framer has no room */
    uint8_t *bytes;  /* what was read last */
    uint8_t *head;   /* pipe: read for the inference, goes in first */
    size_t head_bytes, head_taken;
    uint64_t read_position;
    struct job read;
    size_t read_bytes;
    bool read_end;
    bool flushing; /* a drain: only what was read already, then the end */
    struct block *read_block;
    struct fault read_fault;
    bool end;                                  /* nothing follows */
    bool told_end;                             /* the core knows */
    struct parse_job parse[ENGINE_BLOCKS_MAX]; /* a ring, oldest first */
    uint32_t parse_first, parse_count;
    uint32_t consumed; /* records of the oldest block that were appended */
    struct pace_input pace;
    uv_timer_t pace_timer; /* wakes the loop when the next record is due */
    int64_t pace_told_us;  /* a gap until then was told */
    uint64_t gaps;         /* samples skipped under backpressure */
    uint64_t gaps_told;
    struct processes_sample last_sample;
};

enum engine_stage {
    STAGE_RUNNING = 1,
    STAGE_DRAINING, /* a signal came */
    STAGE_LEAVING,  /* all is committed: workers say BYE */
    STAGE_CLOSING,  /* handles are being closed */
};

/* Empty intervals: a run of them, or several within ten seconds. */
struct silence {
    int64_t from_ns, to_ns;
    uint64_t count;
};

struct engine {
    uv_loop_t loop;
    struct settings settings; /* in force (flags, then what was stored) */
    int64_t interval_us;      /* as set: OPTION_INTERVAL_* or a duration */
    char **kept_text; /* by row: texts that the settings borrow, or NULL */
    const struct option *table;
    size_t table_count;
    const bool *given;
    const struct engine_binary *binary;
    struct log *log;
    const struct engine_observer *observer;
    struct fault *fault;
    int failed; /* first fatal error, 0 if none */
    enum engine_stage stage;
    bool ran; /* the loop was entered: before, nothing was begun */
    bool drained, forced;
    bool live;             /* the input is no file */
    bool severity_changed; /* while it ran */
    bool stepping;
    int64_t leave_us; /* when STAGE_LEAVING began */

    char db[4096];
    struct store *store;
    struct store_meta meta; /* of this opening */
    struct writer *writer;
    struct schema *schema;
    const char **feature_name;
    struct detect_config detect;
    struct detect_set detectors;
    char detector_names[64]; /* "iforest,dbscan" */
    double eps_told;         /* remark_eps, last; 0 = never */
    struct verdict_config verdict;
    struct kept kept; /* mode frozen: the model that scores every batch */
    bool model_names; /* the features were named by it */
    struct learn_history *history;

    struct coord *coord;
    struct coord_actions actions;
    struct job *here_first, **here_end; /* ended, `done` is to follow */
    const struct wire_message *message; /* of the step under way */
    struct slot slot[ENGINE_SLOTS];
    struct batch_input open;
    int64_t open_ns, open_us; /* first record appended: wall, monotonic */
    int64_t last_cut_ns;
    struct silence silence; /* seen and not yet written down */
    int64_t silence_told_us;
    uint64_t large_task; /* whose result was the last too large for a message */
    uint32_t large_results;
    int commit_err; /* of the last commit */
    int infer_err;  /* a pipe's head showed too little; the pinned schema may do
                     */
    struct fault infer_fault;
    struct restoring *restoring; /* settings of this start, not yet stored */
    char source_name[4096]; /* in the file; a moved input keeps its first */
    uint64_t committed_position, committed_line;
    struct intake intake;

    struct file_private_dir private_dir; /* of the ipc socket, or "" */
    char url[256];
    struct link_server *server;
    uv_async_t link_async;
    struct control control;
    struct tune tune;
    struct supervise *supervise;

    uv_prepare_t prepare;
    uv_timer_t core_timer, progress_timer, drain_timer;
    uv_signal_t sigint, sigterm;

    int64_t started_us;
    struct stages stages;
    struct flight flight;
    struct engine_progress progress;
    struct labels labels;
    struct recent recent;
    uint64_t best_below, best_of, best_line;
    uint32_t workers_most; /* at once, for the summary */
    uint32_t events_pending, ticks;
};

/* start.c: everything that must be there before the loop runs */
FYKE_MUST_USE int start_all(struct engine *e, const char *input,
                            struct fault *fault);

/* loop.c */
void engine_step(struct engine *e, const struct coord_event *event);
void engine_turn(struct engine *e);
/* Remembers the first fatal error and ends the run. */
void engine_fail(struct engine *e, int err, const char *format, ...)
    FYKE_PRINTF(3, 4);
void job_start(struct engine *e, struct job *j);
/* For work that takes no longer than handing it to another thread and back:
 * done at once, and `done` follows when the step under way has returned. */
void job_here(struct engine *e, struct job *j);
struct slot *engine_slot(struct engine *e, uint64_t batch);

/* remark.c: one line for people, for the log and, with `event`, for `events` */
void engine_remark(struct engine *e, enum log_level level, const char *event,
                   const char *format, ...) FYKE_PRINTF(4, 5);
void remark_note(struct engine *e, const struct coord_action *a);
/* remark_eps.c: of a batch that was committed */
void remark_eps(struct engine *e, const struct slot *s);

/* slot.c: what happens to a sealed batch */
void slot_seal(struct engine *e, const struct coord_action *a);
void slot_prepare(struct engine *e, const struct coord_action *a);
void slot_merge(struct engine *e, const struct coord_action *a);
void slot_commit(struct engine *e, const struct coord_action *a);
void slot_release(struct slot *s);
/* Counts the slot's memory anew; not while it is assembled or merged. */
void slot_count(struct slot *s);

/* result.c: verdicts to what the store keeps; a part of the merge job */
FYKE_MUST_USE int result_build(struct engine *e, struct slot *s);

/* source_open.c */
FYKE_MUST_USE int intake_open(struct engine *e, const char *input,
                              struct fault *fault);
FYKE_MUST_USE int intake_infer(struct engine *e, struct fault *fault);

/* intake.c */
FYKE_MUST_USE int intake_start(struct engine *e, struct fault *fault);
void intake_pump(struct engine *e);
void intake_drain(struct engine *e);
void intake_close(struct engine *e);
/* Whole records read but not appended, when a pipe is left in a hurry. */
uint64_t intake_records_waiting(const struct engine *e);

/* intake_pace.c */
/* --pace: its form, and whether this input can be paced; asked again once the
 * columns are known. */
FYKE_MUST_USE int intake_pace(struct engine *e, struct fault *fault);
/* How many of the next `left` records, those of the oldest block, may be
 * appended by now. None: the loop is woken when one is due. */
uint32_t intake_count_due(struct engine *e, const struct block *b,
                          uint32_t left);
/* Since when the oldest record that is due waits; `now_us` if none does. */
int64_t intake_due_us(const struct engine *e, int64_t now_us);

/* serve.c: requests in, replies out */
void serve_link(uv_async_t *async);
/* About once a second: do the sockets still accept? */
void serve_check(struct engine *e);
void serve_control(uv_async_t *async); /* the private socket */
/* Fills the envelope and sends; on error the request is still there. */
FYKE_MUST_USE int serve_send(struct engine *e, struct link_server *server,
                             uint64_t request, struct wire_message *m);
void serve_reply(struct engine *e, const struct coord_action *a);
void serve_accept(struct engine *e, const struct coord_action *a);

/* restore_settings.c */
FYKE_MUST_USE int restore_settings(struct engine *e, struct fault *fault);
/* Notes that a setting of its own kind is now `new_text`. */
FYKE_MUST_USE int restore_note(struct engine *e, const char *name,
                               const char *old_text, const char *new_text,
                               struct fault *fault);
/* Writes down what restore_settings found changed, once nothing refuses. */
FYKE_MUST_USE int restore_settings_store(struct engine *e, struct fault *fault);
void restore_release(struct engine *e);

/* restore.c: what the database knows at the start */
FYKE_MUST_USE int restore_source(struct engine *e, struct fault *fault);
/* Also says the state and the interval of the last batch, 0 = none. */
FYKE_MUST_USE int restore_learned(struct engine *e, uint64_t *ret_state_batch,
                                  int64_t *ret_interval_us,
                                  struct fault *fault);

/* progress.c */
void progress_tick(uv_timer_t *timer);
void progress_update(struct engine *e);
/* `commit_us`: how long the writer took for it. */
void progress_committed(struct engine *e, const struct slot *s,
                        int64_t commit_us);
/* The first record after a cut: intervals that were empty are remembered. */
void progress_sound(struct engine *e);
/* Writes down what waits: silences, gaps, workers. */
void progress_flush(struct engine *e);

#endif
