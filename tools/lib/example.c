/* Fits a forest, scores and explains the strangest row, then clusters. */
#include <fyke_detect.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS 1000u
#define COLS 2u

int main(void)
{
    static float x[ROWS * COLS];
    static double score[ROWS], why[COLS];
    static int32_t cluster[ROWS];
    for (unsigned i = 0; i < ROWS * COLS; i++) /* two clouds, and one row */
        x[i] = (i % 2 ? 0.0f : 9.0f) + (float)(i * 7919 % 1009) / 1009;
    x[500] = 99; /* row 500, column 0 */
    struct fyke_matrix rows = { x, ROWS, COLS, ROWS }, one = rows;
    struct fyke_forest_options fit;
    struct fyke_dbscan_options near;
    const struct fyke_forest *forest = NULL;
    fyke_forest_defaults(&fit);
    fyke_dbscan_defaults(&near);
    near.eps = 0.5;
    size_t bytes = fyke_forest_bytes(&fit, ROWS, COLS);
    size_t room = fyke_dbscan_workspace(&near, ROWS, COLS); /* the largest */
    void *memory = malloc(bytes), *work = malloc(room);
    int err = fyke_forest_fit(&fit, &rows, memory, bytes, work, room, &forest);
    if (err == 0)
        err = fyke_forest_score(forest, &rows, score, work, room);
    one.data = x + 500;
    one.rows = 1;
    if (err == 0)
        err = fyke_forest_explain(forest, &one, why, NULL, work, room);
    if (err == 0)
        err = fyke_dbscan(&near, &rows, cluster, NULL, NULL, work, room);
    printf("%s: %.6f against %.6f, because of %.0f and %.0f; clusters %d %d\n",
           fyke_error_text(err), score[500], score[1], why[0], why[1],
           cluster[1], cluster[500]);
    return err == 0 ? 0 : 1;
}
