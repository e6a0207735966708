/*
 * fyke's two detectors as a C library: isolation forest and DBSCAN over the
 * caller's memory.
 *
 * Answers   those of the fyke program, bit for bit, on every CPU: equal
 *           values, options and seeds give equal results, whatever the
 *           instruction-set level, the cut into calls or the threads. Forests
 *           are those of `fyke score` and of the first batch of `fyke run`.
 * Memory    the caller's alone. Every call that needs working memory takes a
 *           workspace, and a function tells beforehand how many bytes always
 *           suffice. Workspaces may have any alignment, hold nothing between
 *           calls and may be used again. Nothing is allocated, nothing is
 *           kept but what the caller holds.
 * Threads   no state of its own: calls with different outputs and workspaces
 *           may run side by side, also on one forest, which no call changes.
 * Errors    0 (FYKE_OK) or a negative enum fyke_error; outputs are then
 *           undefined. A broken promise of this page that the library notices
 *           (not bad data, which is an error) ends the program with a line on
 *           standard error.
 * Versions  FYKE_DETECT_VERSION is raised when something here changes its
 *           meaning or its layout; structs of options begin with their size
 *           and may grow at their end.
 * Language  C99 and C++11.
 */
#ifndef FYKE_DETECT_H
#define FYKE_DETECT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FYKE_DETECT_VERSION 1

#if defined(__GNUC__)
#define FYKE_API __attribute__((visibility("default")))
#else
#define FYKE_API
#endif

/* FYKE_DETECT_VERSION of the library that is linked. */
FYKE_API uint32_t fyke_detect_version(void);
/* The program's version that it was built with: "0.1.0". */
FYKE_API const char *fyke_detect_version_text(void);

enum fyke_error {
    FYKE_OK = 0,
    FYKE_ERROR_WORKSPACE = -1,   /* memory or workspace is too small */
    FYKE_ERROR_OPTION = -2,      /* an option or a shape is out of range */
    FYKE_ERROR_VALUE = -3,       /* a value that the function does not take */
    FYKE_ERROR_UNSUPPORTED = -4, /* this CPU or this version lacks it */
};

/* One phrase, in English; for any number. */
FYKE_API const char *fyke_error_text(int error);

/* Numbers in columns: the value of (row, col) is data[col * stride + row].
 * stride >= rows. Borrowed for the call. */
struct fyke_matrix {
    const float *data;
    uint32_t rows;
    uint32_t cols;
    size_t stride; /* floats from one column to the next */
};

/* Copies rows x cols numbers that stand row by row into columns:
 * columns[col * rows + row]. The two may not overlap. */
FYKE_API void fyke_columns(const float *row_major, uint32_t rows, uint32_t cols,
                           float *columns);

/* Which inner loops run: they differ in speed and in no bit of the answer. */
enum fyke_isa {
    FYKE_ISA_BEST = 0, /* the highest that this CPU has */
    FYKE_ISA_C = 1,
    FYKE_ISA_AVX2 = 2,
    FYKE_ISA_AVX512 = 3,
};

/* ---- Isolation forest (Liu, Ting, Zhou 2008) ----
 *
 * Values    finite, or NaN = missing: a missing one is never part of a split
 *           and follows the child that holds more of the sample.
 * Score     2^(-mean path length / c(psi)) in (0, 1]; 0.5 is ordinary, the
 *           higher the stranger. It is minus scikit-learn's score_samples,
 *           within 2e-6 for the same trees.
 */

#define FYKE_FOREST_TREES_MAX 2000u
#define FYKE_FOREST_SUBSAMPLE_MAX 4096u
#define FYKE_FOREST_COLS_MAX 1024u

struct fyke_forest_options {
    size_t size;        /* sizeof(struct fyke_forest_options) */
    uint64_t seed;      /* 1 */
    uint32_t trees;     /* 1..FYKE_FOREST_TREES_MAX */
    uint32_t subsample; /* rows a tree is grown on: 2..the maximum; fewer when
                         * there are fewer rows */
    uint32_t extension; /* 0: a split looks at one column, N: at N + 1 of them
                         * (Hariri 2019); below the number of columns */
    uint32_t isa;       /* enum fyke_isa, of later calls */
};

/* Fills in the size and the defaults of the fyke program. */
FYKE_API void fyke_forest_defaults(struct fyke_forest_options *options);

/* A fitted forest: it lies in the memory that fyke_forest_fit was given, and
 * ends with it. It may not be moved. */
struct fyke_forest;

/* Bytes for a forest, and of the workspace of fitting it; 0 for options or a
 * shape out of range. */
FYKE_API size_t fyke_forest_bytes(const struct fyke_forest_options *options,
                                  uint32_t rows, uint32_t cols);
FYKE_API size_t fyke_forest_fit_workspace(
    const struct fyke_forest_options *options, uint32_t rows, uint32_t cols);

/* Fits a forest on `rows` (at least one). Reads every value once to see that
 * none is infinite. Errors: FYKE_ERROR_OPTION, FYKE_ERROR_VALUE (an infinite
 * one), FYKE_ERROR_WORKSPACE, FYKE_ERROR_UNSUPPORTED (the isa). */
FYKE_API int fyke_forest_fit(const struct fyke_forest_options *options,
                             const struct fyke_matrix *rows, void *memory,
                             size_t memory_bytes, void *workspace,
                             size_t workspace_bytes,
                             const struct fyke_forest **ret_forest);

/* Workspace of scoring and of explaining, for any number of rows. */
FYKE_API size_t fyke_forest_workspace(const struct fyke_forest *forest);

/* The score of each row: rows->rows doubles. `rows` has the columns that the
 * forest was fitted on. Errors: FYKE_ERROR_OPTION (other columns),
 * FYKE_ERROR_WORKSPACE. */
FYKE_API int fyke_forest_score(const struct fyke_forest *forest,
                               const struct fyke_matrix *rows,
                               double *ret_score, void *workspace,
                               size_t workspace_bytes);

/* Why: what each feature did to the rows' paths, summed over the trees, in
 * path lengths. Above 0 it made the row stranger, below 0 more ordinary.
 *
 * Shapes    ret_contribution has rows->rows x cols doubles in columns:
 *           [col * rows->rows + row]. ret_expected is one double for all rows:
 *           trees x c(psi). It may be NULL.
 * Additive  exactly: expected - sum of a row's contributions = the row's path
 *           sum, and the score is 2^(-path sum / expected).
 * Extended  a split over several columns counts for them in equal shares.
 * Errors    as fyke_forest_score.
 */
FYKE_API int fyke_forest_explain(const struct fyke_forest *forest,
                                 const struct fyke_matrix *rows,
                                 double *ret_contribution, double *ret_expected,
                                 void *workspace, size_t workspace_bytes);

/* What is usual, to say high or low: per column the median (a value that
 * occurs; the lower of the middle two) and a robust spread in units of a
 * normal distribution's standard deviation (0 = constant). NaN for a column
 * without a value. Workspace: fyke_usual_workspace(rows). Errors:
 * FYKE_ERROR_WORKSPACE. */
FYKE_API size_t fyke_usual_workspace(uint32_t rows);
FYKE_API int fyke_usual(const struct fyke_matrix *rows, float *ret_usual,
                        float *ret_spread, void *workspace,
                        size_t workspace_bytes);

/* ---- DBSCAN (Ester, Kriegel, Sander, Xu 1996) ----
 *
 * Exact: two rows are neighbours when the sum over the columns, in order, of
 * their squared differences is <= eps * eps, computed in double from the
 * float32 values. A row is its own neighbour and a core point with at least
 * min_points of them. Clusters are numbered from 0 in the order of their
 * smallest core row, a border point is in the one with the smallest number,
 * noise is -1: scikit-learn's labels, element for element.
 */

#define FYKE_DBSCAN_COLS_MAX 64u
#define FYKE_DBSCAN_NOISE (-1)

struct fyke_dbscan_options {
    size_t size;         /* sizeof(struct fyke_dbscan_options) */
    double eps;          /* > 0, in the columns' units */
    uint32_t min_points; /* 1.. */
    uint32_t isa;        /* enum fyke_isa */
};

/* Fills in the size, min_points 10 and eps 0, which is to be set. */
FYKE_API void fyke_dbscan_defaults(struct fyke_dbscan_options *options);

/* Bytes of a workspace that suffices where a border point touches few
 * clusters, as in any data that clusters are looked for in; 0 for options or a
 * shape out of range. */
FYKE_API size_t fyke_dbscan_workspace(const struct fyke_dbscan_options *options,
                                      uint32_t rows, uint32_t cols);

/* The cluster of each row; in ret_core (may be NULL) 1 for core points; in
 * ret_distance (may be NULL) how strange noise is: the distance to the nearest
 * core point in eps, INFINITY when there is none, 0 for rows of a cluster. All
 * values are finite. Errors: FYKE_ERROR_OPTION, FYKE_ERROR_VALUE (NaN or
 * infinite), FYKE_ERROR_WORKSPACE (more is needed: try twice as much),
 * FYKE_ERROR_UNSUPPORTED (the isa). */
FYKE_API int fyke_dbscan(const struct fyke_dbscan_options *options,
                         const struct fyke_matrix *rows, int32_t *ret_cluster,
                         uint8_t *ret_core, double *ret_distance,
                         void *workspace, size_t workspace_bytes);

#ifdef __cplusplus
}
#endif

#endif
