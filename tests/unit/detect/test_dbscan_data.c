/*
 * Public cluster sets with the labels that scikit-learn gave them: core rows
 * and labels are the same, whole and in 2 to 16 parts, except for rows marked
 * ambiguous (border rows that several clusters touch). Where there is no such
 * data (FYKE_DATA, or a folder shared/data beside the checkout) it is skipped.
 */
#include "dbscan_support.h"
#include "engine/detect/dbscan.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLS_MAX 8u
#define FIELDS_MAX 32u

static struct arena arena;

static const char *data_folder(void)
{
    const char *given = getenv("FYKE_DATA");
    return given != NULL ? given : TEST_DATA_BESIDE;
}

static FILE *data_open(const char *folder, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s%s.csv", data_folder(), folder,
                   name);
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s: %s", path, strerror(errno));
    return f;
}

/* The fields of the next line, in `line`. Returns how many, 0 at the end. */
static uint32_t fields_next(FILE *f, char *line, size_t bytes, char **ret_field)
{
    uint32_t count = 0;
    if (fgets(line, (int)bytes, f) == NULL)
        return 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at != NULL && count < FIELDS_MAX;)
        ret_field[count++] = strsep(&at, ",");
    return count;
}

/* Every column but the label. */
static struct matrix points_read(const char *set, uint32_t rows)
{
    char line[4096], *field[FIELDS_MAX];
    FILE *f = data_open("cluster/", set);
    uint32_t cols = fields_next(f, line, sizeof line, field);
    if (strcmp(field[cols - 1], "label") == 0)
        cols--;
    cr_assert_leq(cols, COLS_MAX);
    float *x = arena_alloc(&arena, (size_t)rows * cols, sizeof *x);
    for (uint32_t i = 0; i < rows; i++) {
        cr_assert_geq(fields_next(f, line, sizeof line, field), cols);
        for (uint32_t j = 0; j < cols; j++)
            x[(size_t)j * rows + i] = strtof(field[j], NULL);
    }
    cr_assert_eq(fields_next(f, line, sizeof line, field), 0, "%s", set);
    fclose(f);
    return (struct matrix){ x, rows, cols, rows };
}

struct reference {
    const char *set;
    uint32_t rows, ambiguous;
    uint8_t *core, *is_ambiguous;
    int32_t *label;
};

/* row,core,label,ambiguous */
static void reference_read(struct reference *r)
{
    char line[4096], *field[FIELDS_MAX];
    FILE *f = data_open("reference/dbscan/", r->set);
    r->core = arena_alloc(&arena, r->rows, 1);
    r->is_ambiguous = arena_alloc(&arena, r->rows, 1);
    r->label = arena_alloc(&arena, r->rows, sizeof *r->label);
    r->ambiguous = 0;
    cr_assert_eq(fields_next(f, line, sizeof line, field), 4);
    for (uint32_t i = 0; i < r->rows; i++) {
        cr_assert_eq(fields_next(f, line, sizeof line, field), 4);
        cr_assert_eq((uint32_t)strtoul(field[0], NULL, 10), i);
        r->core[i] = (uint8_t)atoi(field[1]);
        r->label[i] = atoi(field[2]);
        r->is_ambiguous[i] = (uint8_t)atoi(field[3]);
        r->ambiguous += r->is_ambiguous[i];
    }
    fclose(f);
}

/* Returns how many ambiguous rows have another label. */
static uint32_t expect_reference(const struct reference *ref,
                                 const struct detect_result *r)
{
    uint32_t others = 0;
    for (uint32_t i = 0; i < ref->rows; i++) {
        cr_assert_eq(r->core[i], ref->core[i], "%s, row %u", ref->set, i);
        if (ref->is_ambiguous[i] == 0)
            cr_assert_eq(r->cluster[i], ref->label[i], "%s, row %u", ref->set,
                         i);
        others += r->cluster[i] != ref->label[i];
    }
    return others;
}

static void expect_set(struct reference *ref, double eps, uint32_t min_points)
{
    struct detect_config c = dbscan_support_config(eps, min_points);
    struct matrix points = points_read(ref->set, ref->rows);
    struct detect_batch batch = { 1, points, { .cols = points.cols } };
    struct detect_result whole, split;
    reference_read(ref);
    struct detect_state *a = dbscan_support_run(&c, &batch, &whole);
    uint32_t others = expect_reference(ref, &whole);
    for (uint32_t parts = 2; parts <= 16; parts++) {
        struct detect_state *b =
            dbscan_support_run_split(&c, &batch, parts, &split);
        (void)expect_reference(ref, &split);
        dbscan_support_expect_equal(a, &whole, b, &split);
        detect_dbscan.close(b);
    }
    detect_dbscan.close(a);
    fprintf(stderr,
            "# %s: %u rows, eps %g, %u points: as scikit-learn has them, "
            "whole and in 2..16 parts; of %u ambiguous rows %u differ\n",
            ref->set, ref->rows, eps, min_points, ref->ambiguous, others);
}

Test(dbscan_data, cluster_sets_have_the_labels_that_scikit_learn_gives_them)
{
    char line[4096], set[256], *field[FIELDS_MAX];
    uint32_t sets = 0;
    if (access(data_folder(), R_OK) != 0) {
        fprintf(stderr, "# SKIPPED: no data in %s: set FYKE_DATA\n",
                data_folder());
        cr_skip_test("no data in %s: set FYKE_DATA", data_folder());
    }
    FILE *f = data_open("reference/", "dbscan_summary");
    cr_assert_geq(fields_next(f, line, sizeof line, field), 6);
    cr_assert_str_eq(field[1], "set");
    cr_assert_str_eq(field[4], "eps");
    cr_assert_str_eq(field[5], "min_samples");
    while (fields_next(f, line, sizeof line, field) >= 6) {
        arena_init(&arena, SIZE_MAX);
        (void)snprintf(set, sizeof set, "%s", field[1]);
        struct reference ref = { .set = set,
                                 .rows =
                                     (uint32_t)strtoul(field[2], NULL, 10) };
        expect_set(&ref, strtod(field[4], NULL),
                   (uint32_t)strtoul(field[5], NULL, 10));
        arena_release(&arena);
        sets++;
    }
    fclose(f);
    cr_assert_gt(sets, 0);
}
