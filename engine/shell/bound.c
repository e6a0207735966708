#include "engine/shell/bound.h"

#include "engine/detect/dbscan_plan.h"
#include "engine/detect/verdict.h"
#include "engine/ingest/block.h"
#include "engine/learn/learn.h"
#include "engine/shell/detecting.h"
#include "proto/wire/dbscan.h"
#include "proto/wire/iforest_delta.h"
#include "storage/store.h"

#define MIB ((uint64_t)1 << 20)
#define CAP_BYTES (128 * MIB)
#define CAP_ROWS UINT64_C(2000000)
#define BLOCK_CELLS_BYTES MIB
#define BLOCK_RECORDS_MIN 64u
/* Measured, with room: programs and libraries, threads, nng, the core's
 * tables, SQLite without its pages. */
#define COORDINATOR_BASE_BYTES (24 * MIB)
#define WORKER_BASE_BYTES (14 * MIB)
#define FORM_NODE_BYTES 24u /* of a tree as it is scored */
#define MODELS_KEPT 4u      /* by a worker: WORKER_MODELS_MAX */
#define ARENA_SLACK_BYTES (16 * MIB)
#define COPIES_MAX 2u /* of a task that is sent: speculation */
/* The heap: freed memory between pieces that are in use. */
#define HEAP_SHARE 8u

/* DBSCAN, a point: on the coordinator the scaled columns, the answer and the
 * parts that came back; at a worker the index and its own copy of the columns.
 * A part may have every other point of the batch in its halo. */
#define POINT_ANSWER_BYTES 96u
#define POINT_INDEX_BYTES 128u
#define POINT_RESULT_BYTES UINT64_C(24)
#define POINT_HALO_BYTES 40u

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t bound_cap_bytes(const struct settings *s)
{
    return min_u64((s->pipeline + 1) * s->max_bytes,
                   max_u64(CAP_BYTES, 2 * s->max_bytes));
}

uint64_t bound_cap_rows(const struct settings *s)
{
    return min_u64((s->pipeline + 1) * s->max_rows,
                   max_u64(CAP_ROWS, 2 * s->max_rows));
}

/* A record's extents in its block, and its row: index, time, key, columns. */
static uint64_t block_row_bytes(uint32_t features)
{
    return 17 + 4 + 8 + 4 + 4 * (uint64_t)features;
}

uint32_t bound_block_records(uint32_t features)
{
    uint64_t records = BLOCK_CELLS_BYTES / block_row_bytes(features);
    records = max_u64(records, BLOCK_RECORDS_MIN);
    return (uint32_t)min_u64(records, BOUND_BLOCK_RECORDS_MAX);
}

/* An arena doubles what it holds, by 16 MiB at most. */
static uint64_t arena_bytes(uint64_t used)
{
    return used + min_u64(used, ARENA_SLACK_BYTES) + UINT64_C(64) * 1024;
}

static uint64_t tree_nodes(const struct settings *s)
{
    return s->trees * (2 * s->subsample - 1);
}

/* The detectors that are set; the first one where that is not valid. */
static struct detect_set detectors_of(const struct settings *s)
{
    struct detect_set set = { 1, { detect_table[0] } };
    if (detecting_set(s, &set, NULL) != 0)
        set = (struct detect_set){ 1, { detect_table[0] } };
    return set;
}

static uint64_t recent_rows(const struct settings *s)
{
    struct detect_config c = detecting_config(s);
    struct detect_set set = detectors_of(s);
    return detect_set_recent_rows(&set, &c);
}

/* Points of a batch in the hands of DBSCAN; 0 when it is not used. */
static uint64_t cluster_points(const struct settings *s)
{
    struct detect_set set = detectors_of(s);
    for (uint32_t i = 0; i < set.count; i++)
        if (set.ops[i] == &detect_dbscan)
            return s->max_rows + detecting_config(s).context_rows;
    return 0;
}

/* Rows of the largest task that scores. */
static uint64_t part_rows(const struct settings *s, uint32_t features)
{
    struct detect_config c = detecting_config(s);
    struct plan_shape shape = { .rows = UINT32_MAX / 2, .cols = features };
    struct plan plan = { 0 };
    shape.rows = (uint32_t)max_u64(s->max_rows, 1u << 20);
    if (detect_table[0]->plan(&c, &shape, &plan) != 0 || plan.phase_count == 0)
        return s->max_rows;
    return plan.phase[plan.phase_count - 1].units_per_task;
}

/* The whole forest, in memory and on the wire. */
static uint64_t forest_bytes(const struct settings *s)
{
    struct detect_config c = detecting_config(s);
    return iforest_memory_bytes_max(c.trees, c.subsample, c.extension);
}

static uint64_t forest_wire_bytes(const struct settings *s)
{
    struct detect_config c = detecting_config(s);
    return iforest_wire_bytes_max(c.trees, c.subsample, c.extension);
}

/* What the fit of a batch needs: indices, drawn rows, part forests, joined,
 * packed. */
static uint64_t fit_bytes(const struct settings *s, uint32_t features)
{
    uint64_t drawn =
        min_u64(s->trees * s->subsample, s->max_rows + s->fit_rows);
    return 4 * s->trees * s->subsample + drawn * (4 * features + 16) +
           2 * forest_bytes(s) + forest_wire_bytes(s);
}

/* Trees laid out for explaining, in the place of a task; those of a frozen
 * model may be larger than those that are grown. */
static uint64_t reason_bytes(const struct settings *s)
{
    uint64_t nodes = s->model != NULL && *s->model != '\0'
                         ? IFOREST_DELTA_NODES_MAX
                         : min_u64(tree_nodes(s), IFOREST_DELTA_NODES_MAX);
    return (nodes + IFOREST_DELTA_LANES) * sizeof(struct iforest_delta_node);
}

static uint64_t view_bytes(const struct settings *s, uint32_t features)
{
    return UINT64_C(4) * LEARN_BINS * detectors_of(s).count +
           4 * recent_rows(s) * features;
}

/* Texts of the blocks: the cap is looked at before each read; a block whose
 * first records are committed stays whole. */
static uint64_t text_bytes(const struct settings *s)
{
    uint64_t read = BOUND_READ_BYTES + s->record_bytes_max;
    uint64_t text = bound_cap_bytes(s) + 2 * read;
    text += text / 16; /* room behind a block's text */
    return s->schema.key.count > 0 ? 2 * text : text;
}

/* Every row kept, with an answer of each detector; a level per row; counts,
 * sums and levels per bin. */
static uint64_t verdict_bytes(const struct settings *s)
{
    uint64_t detectors = detectors_of(s).count;
    uint64_t row =
        sizeof(struct verdict_row) + 12 +
        detectors * sizeof(struct verdict_answer) +
        (s->keep_scores ? detectors * sizeof(struct store_score) : 0);
    return arena_bytes(s->max_rows * row +
                       UINT64_C(28) * LEARN_BINS * detectors);
}

/* What the parts of a batch that is split come to: each point in every halo,
 * and the sample's nearest distances. */
static uint64_t halo_bytes(const struct settings *s)
{
    struct detect_config c = detecting_config(s);
    uint64_t points = cluster_points(s);
    uint64_t parts = dbscan_parts(&c, (uint32_t)points);
    uint64_t lists = DBSCAN_SAMPLE_MAX * s->min_points * sizeof(double);
    return parts > 1 ? parts * (points * POINT_HALO_BYTES + lists) : 0;
}

/* What DBSCAN holds of a batch, and the task that it sends. */
static uint64_t clusters_bytes(const struct settings *s, uint32_t features)
{
    uint64_t points = cluster_points(s);
    return points == 0 ? 0
                       : arena_bytes(points * (8 * (uint64_t)features +
                                               POINT_ANSWER_BYTES)) +
                             arena_bytes(points * 4 * features) +
                             arena_bytes(halo_bytes(s));
}

/* The batches between seal and commit, beside their blocks. */
static uint64_t sealed_bytes(const struct settings *s, uint32_t features)
{
    uint64_t rows = s->max_rows;
    uint64_t label = s->schema.label != NULL;
    uint64_t columns = rows * (4 + 8 + label + 4 * (uint64_t)features);
    uint64_t task = part_rows(s, features) * 4 * features;
    uint64_t detect = arena_bytes(8 * rows + fit_bytes(s, features)) +
                      arena_bytes(max_u64(task, reason_bytes(s)));
    uint64_t batch = columns + detect + clusters_bytes(s, features) +
                     verdict_bytes(s) + 3 * view_bytes(s, features);
    return s->pipeline * batch;
}

/* Tasks on their way out: every part of every batch, twice at most, and a
 * model for each worker that holds one. */
static uint64_t message_bytes(const struct settings *s, uint32_t features,
                              uint32_t workers)
{
    uint64_t part = part_rows(s, features);
    uint64_t tasks = COPIES_MAX * s->pipeline * (s->max_rows / part + 1);
    uint64_t holders = workers > 0 ? min_u64(workers, tasks) : tasks;
    uint64_t task = max_u64(4 * part * features + 4 * s->fit_rows * features,
                            fit_bytes(s, features));
    task = max_u64(task, 4 * cluster_points(s) * features);
    return holders * max_u64(task, forest_wire_bytes(s));
}

/* A worker's largest task of DBSCAN. */
static uint64_t cluster_task_bytes(const struct settings *s, uint32_t features)
{
    uint64_t points = cluster_points(s);
    return points * (8 * (uint64_t)features + 2 * POINT_RESULT_BYTES) +
           arena_bytes(points * (8 * (uint64_t)features + POINT_INDEX_BYTES));
}

static uint64_t worker_bytes(const struct settings *s, uint32_t features)
{
    uint64_t part = part_rows(s, features);
    uint64_t task =
        max_u64(4 * (part + s->fit_rows) * features, fit_bytes(s, features));
    uint64_t result = 4 * part + forest_wire_bytes(s);
    uint64_t form = arena_bytes(tree_nodes(s) * FORM_NODE_BYTES);
    uint64_t arena =
        arena_bytes(forest_bytes(s) + result + form / 2 + 12 * s->subsample);
    return max_u64(2 * task + 2 * result + arena,
                   cluster_task_bytes(s, features)) +
           (MODELS_KEPT + 1) * form;
}

void bound_of(const struct settings *s, uint32_t features, uint32_t workers,
              struct bound *ret_b)
{
    uint64_t row = block_row_bytes(features) + (s->schema.label != NULL);
    uint64_t ahead =
        (UINT64_C(2) + BOUND_BLOCKS_MAX) * bound_block_records(features);
    uint64_t flight = text_bytes(s) + (bound_cap_rows(s) + ahead) * row +
                      sealed_bytes(s, features) +
                      message_bytes(s, features, workers);
    /* a full state, its copy, and the snapshot of it */
    uint64_t learned = UINT64_C(4) * (LEARN_SEGMENTS + 2) * LEARN_BINS *
                           detectors_of(s).count +
                       (s->pipeline + 2) * view_bytes(s, features);
    uint64_t fixed = COORDINATOR_BASE_BYTES + BOUND_CACHE_BYTES + 3 * learned +
                     2 * (BOUND_READ_BYTES + s->record_bytes_max);
    ret_b->flight_bytes = flight;
    ret_b->coordinator_bytes = fixed + flight + flight / HEAP_SHARE;
    ret_b->worker_bytes =
        WORKER_BASE_BYTES + worker_bytes(s, features) * 9 / HEAP_SHARE;
}
