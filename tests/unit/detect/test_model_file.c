/* The model file: forests go there and back, and nothing wrong comes in. */
#include "engine/detect/model_file.h"
#include "tests/lib/seed.h"
#include "tests/unit/wire/forests.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct buf file;
static struct forest_parts f;
static struct model_file got;
static struct fault fault;

static const char *const names[] = { "one", "T\"wo\\", "dr\xC3\xA9i", "4",
                                     "f\x01ive" };

static void open_all(void)
{
    arena_init(&arena, (size_t)1 << 28);
    buf_init(&file, MODEL_FILE_BYTES_MAX);
}

static void close_all(void)
{
    arena_release(&arena);
    buf_release(&file);
}

TestSuite(model_file, .init = open_all, .fini = close_all);

static void write_file(const char *const *name)
{
    buf_reset(&file);
    cr_assert_eq(model_file_encode(&f.forest, name, "a \"test\"", &file), 0);
}

static int read_file(void)
{
    fault = (struct fault){ 0 };
    return model_file_decode(file.data, file.length, "x.model", &arena, &got,
                             &fault);
}

static void random_forest(struct rng *r, uint32_t round)
{
    forest_random(r, 1 + (uint32_t)rng_below(r, 8),
                  1 + (uint32_t)rng_below(r, 16), &f);
    if (round % 2 == 0)
        forest_extend(r, 1 + (uint32_t)rng_below(r, 3), &f);
    if (round % 3 == 0)
        forest_missing(r, &f);
}

static void expect_forest(void)
{
    const struct iforest_forest *a = &f.forest, *b = &got.forest;
    uint32_t n = a->node_count, wide = n * (a->extension + 1);
    cr_assert(a->trees == b->trees && a->subsample == b->subsample &&
              a->features == b->features && n == b->node_count &&
              a->extension == b->extension);
    cr_assert_arr_eq(a->tree_first, b->tree_first, (a->trees + 1) * 4);
    cr_assert_arr_eq(a->feature, b->feature, n * sizeof *a->feature);
    cr_assert_arr_eq(a->threshold, b->threshold, n * sizeof *a->threshold);
    cr_assert_arr_eq(a->right, b->right, n * sizeof *a->right);
    cr_assert_arr_eq(a->count, b->count, n * sizeof *a->count);
    cr_assert_eq(a->missing_right == NULL, b->missing_right == NULL);
    if (a->missing_right != NULL)
        cr_assert_arr_eq(a->missing_right, b->missing_right, n);
    cr_assert_eq(b->axis != NULL, a->extension > 0);
    if (a->extension > 0) {
        cr_assert_arr_eq(a->axis, b->axis, wide * sizeof *a->axis);
        cr_assert_arr_eq(a->weight, b->weight, wide * sizeof *a->weight);
    }
}

Test(model_file, a_forest_comes_back)
{
    struct rng r;
    uint64_t seed = seed_any();
    rng_init(&r, &seed, 1);
    for (uint32_t round = 0; round < 300; round++) {
        struct wire_payload p;
        struct iforest_forest again;
        arena_reset(&arena);
        random_forest(&r, round);
        write_file(round % 5 == 0 ? NULL : names);
        cr_assert_eq(read_file(), 0, "%s", fault.text);
        expect_forest();
        cr_assert_str_eq(got.made_by, "a \"test\"");
        cr_assert_eq(got.name == NULL, round % 5 == 0);
        for (uint32_t i = 0; got.name != NULL && i < 5; i++)
            cr_assert_str_eq(got.name[i], names[i]);
        cr_assert_eq(iforest_pack_forest(&got.forest, &arena, &p), 0);
        cr_assert_eq(iforest_unpack_forest(&p, &arena, &again), 0);
    }
}

Test(model_file, equal_forests_make_equal_files_named_by_their_hash)
{
    char hash[SHA256_TEXT_BYTES], first[SHA256_TEXT_BYTES];
    forest_by_hand(&f);
    write_file(NULL);
    cr_assert_eq(read_file(), 0, "%s", fault.text);
    sha256_text(file.data, file.length, hash);
    cr_assert_str_eq(got.hash, hash);
    memcpy(first, hash, sizeof first);
    write_file(NULL);
    cr_assert_eq(read_file(), 0);
    cr_assert_str_eq(got.hash, first);
    f.threshold[0] = 0.25f;
    write_file(NULL);
    cr_assert_eq(read_file(), 0);
    cr_assert_str_neq(got.hash, first);
}

/* The forest as it is now, written and read. */
static void expect_refused(const char *part)
{
    write_file(NULL);
    int err = read_file();
    cr_expect(err < 0, "%s was accepted", part);
    cr_expect(strstr(fault.text, part) != NULL, "'%s' lacks '%s'", fault.text,
              part);
    cr_expect(strncmp(fault.text, "x.model", 7) == 0, "%s", fault.text);
    forest_by_hand(&f);
}

Test(model_file, a_wrong_node_is_refused_by_its_place)
{
    const uint8_t missing[] = { 2, 0, 0, 0 }, missing_leaf[] = { 0, 1, 0, 0 };
    forest_by_hand(&f); /* a split with two leaves, and a leaf */
    f.feature[0] = 3;
    expect_refused("tree 0, node 0: feature 3: the model has 3");
    f.threshold[0] = NAN;
    expect_refused("tree 0, node 0: its threshold is nan");
    f.threshold[0] = -INFINITY;
    expect_refused("its threshold is -inf");
    f.right[0] = 1;
    expect_refused("its right child is node 1");
    f.right[0] = 3;
    expect_refused("its right child is node 3");
    f.count[1] = 2;
    expect_refused("node 0: it holds 4 rows, its children 2 and 3");
    f.threshold[1] = 1.0f;
    expect_refused("node 1: threshold, right and missing_right of a leaf");
    f.feature[1] = 0;
    expect_refused("tree 0, node 1: its right child is node 0");
    f.feature[0] = IFOREST_LEAF;
    f.right[0] = 0;
    f.threshold[0] = 0.0f;
    expect_refused("tree 0, node 0: a leaf where 3 nodes should be");
    f.count[3] = 0;
    expect_refused("tree 1, node 0: a leaf of 0 rows");
    f.count[3] = 5;
    expect_refused("tree 1, node 0: it holds 5 rows, more than the subsample");
    f.forest.missing_right = missing;
    expect_refused("node 0: missing_right is 2");
    f.forest.missing_right = missing_leaf;
    expect_refused("node 1: threshold, right and missing_right of a leaf");
    f.tree_first[1] = 4;
    expect_refused("tree 1 begins at node 4 and the next one at 4");
    f.tree_first[0] = 1;
    expect_refused("tree_first goes from 1 to 4");
    f.tree_first[2] = 3;
    expect_refused("tree_first goes from 0 to 3");
}

Test(model_file, a_wrong_plane_is_refused)
{
    struct rng r;
    rng_init(&r, &(uint64_t){ 1 }, 1);
    forest_by_hand(&f);
    forest_extend(&r, 1, &f);
    f.weight[1] = INFINITY;
    expect_refused("tree 0, node 0: axis ");
    forest_extend(&r, 1, &f);
    f.axis[1] = 3;
    expect_refused("tree 0, node 0: axis 3");
    forest_extend(&r, 1, &f);
    f.axis[0] = f.axis[0] == 0;
    expect_refused("its first axis is");
    forest_extend(&r, 1, &f);
    f.weight[2] = 1.0f;
    expect_refused("node 1: axes and weights of a leaf are 0");
}

Test(model_file, limits_are_those_of_scoring)
{
    forest_by_hand(&f);
    f.forest.subsample = IFOREST_PSI_MAX + 1;
    expect_refused("subsample is 1048577");
    forest_chain(64, &f);
    write_file(NULL);
    cr_expect_eq(read_file(), 0, "%s", fault.text);
    forest_chain(65, &f);
    write_file(NULL);
    cr_expect_eq(read_file(), ERR_LIMIT);
    cr_expect(strstr(fault.text, "deeper than 64 levels") != NULL, "%s",
              fault.text);
}

/* `from` in the header becomes `to`, of any length. */
static void change_header(const char *from, const char *to)
{
    struct buf changed;
    write_file(names);
    char *at = memmem(file.data, file.length, from, strlen(from));
    cr_assert_not_null(at, "%s", from);
    size_t before = (size_t)(at - (char *)file.data);
    buf_init(&changed, MODEL_FILE_BYTES_MAX);
    (void)buf_append(&changed, file.data, before);
    (void)buf_append_text(&changed, to);
    (void)buf_append(&changed, at + strlen(from),
                     file.length - before - strlen(from));
    cr_assert_eq(changed.err, 0);
    buf_release(&file);
    file = changed;
}

Test(model_file, a_wrong_header_is_refused_with_the_reason)
{
    static const struct {
        const char *from, *to, *part;
    } wrong[] = {
        { "{", "[", "does not begin with a line of JSON" },
        { "\"version\"", "version", "a string was expected" },
        { "fyke-model", "pickle", "\"format\": \"fyke-model\"" },
        { "\"version\": 1", "\"version\": 2", "version 2, this fyke reads" },
        { "\"kind\": \"iforest\"", "\"kind\": \"dbscan\"", "kind 'dbscan'" },
        { "\"trees\": 2", "\"trees\": 0", "trees is 0" },
        { "\"trees\": 2", "\"trees\": 2001", "trees is 2001, 1 to 2000" },
        { "\"trees\": 2", "\"trees\": -1", "a whole number was expected" },
        { "\"trees\": 2", "\"trees\": 2.5", "a whole number was expected" },
        { "\"trees\": 2", "\"trees\": 99999999999999999999", "2^53" },
        { "\"features\": 5", "\"features\": 1025", "features is 1025" },
        { "\"features\": 5", "\"features\": 6", "5 names for 6 features" },
        { "\"nodes\": ", "\"nodes\": 9", "numbers where the header calls" },
        { "\"extension\": 0", "\"extension\": 1", "no array axis" },
        { "\"4\"", "\"ONE\"", "two features have the name" },
        { "\"4\"", "4", "a string was expected" },
        { "\"4\"", "\"\\ud800\"", "half a character" },
        { "\"4\"", "\"\\u0000\"", "a NUL character" },
        { "\"4\"", "\"\xff\"", "no UTF-8" },
        { "\"<f4\"", "\"<f8\"", "threshold is of type <f8, not <f4" },
        { "\"offset\": 0", "\"offset\": 9007199254740992", "is cut short" },
        { "\"feature\":", "\"features\":", "has no array feature" },
        { "\"right\":", "\"feature\":", "an array is there twice" },
        { "\"sha256\": \"", "\"sha256\": \"0", "is damaged" },
        { "\"arrays\": {", "\"arrays\": [{", "an object was expected" },
    };
    struct rng r;
    rng_init(&r, &(uint64_t){ 3 }, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        forest_random(&r, 2, 9, &f);
        change_header(wrong[i].from, wrong[i].to);
        cr_expect(read_file() < 0, "%s was accepted", wrong[i].to);
        cr_expect(strstr(fault.text, wrong[i].part) != NULL, "%s: %s",
                  wrong[i].to, fault.text);
    }
}

/* A header as another program may write it. The arrays begin where "data"
 * says; what is between is not looked at. */
Test(model_file, unknown_members_and_other_ways_to_write_are_taken)
{
    struct rng r;
    rng_init(&r, &(uint64_t){ 4 }, 1);
    forest_random(&r, 2, 9, &f);
    write_file(names);
    char *data = memmem(file.data, file.length, "\"data\": ", 8);
    unsigned long begins = strtoul(data + 8, NULL, 10);
    change_header("\"names\": [\"one\"", "\"new\": [{\"a\": [1, -2e5, null, "
                                         "\"x\"]}, true], \"names\": "
                                         "[ \"\\u006fne\"");
    /* What came in shortens the padding, the arrays stay where they were. */
    uint8_t *end = memchr(file.data, '\n', file.length);
    size_t header = (size_t)(end - file.data), moved = header + 1 - begins;
    memmove(end - moved, end, file.length - header);
    file.length -= moved;
    cr_assert_eq(read_file(), 0, "%s", fault.text);
    expect_forest();
    cr_assert_str_eq(got.name[0], "one");
}

Test(model_file, no_part_of_a_file_is_taken_for_the_whole)
{
    struct rng r;
    rng_init(&r, &(uint64_t){ 5 }, 1);
    forest_random(&r, 3, 9, &f);
    write_file(names);
    size_t whole = file.length;
    for (size_t n = 0; n < whole; n++) {
        arena_reset(&arena);
        file.length = n;
        cr_assert(read_file() < 0, "%zu of %zu bytes", n, whole);
    }
}

/* A flipped bit in the arrays is found; in the header it may be one of a
 * name, and then the forest is still one. */
Test(model_file, a_flipped_bit_is_harmless)
{
    struct rng r;
    uint64_t seed = seed_any();
    rng_init(&r, &seed, 1);
    for (uint32_t round = 0; round < 3000; round++) {
        struct wire_payload p;
        struct iforest_forest again;
        arena_reset(&arena);
        if (round % 100 == 0)
            random_forest(&r, round / 100);
        write_file(names);
        size_t at = rng_below(&r, file.length);
        const uint8_t *end = memchr(file.data, '\n', file.length);
        bool in_data = file.data + at > end;
        file.data[at] ^= (uint8_t)(1u << rng_below(&r, 8));
        int err = read_file();
        cr_assert(err < 0 || !in_data, "byte %zu", at);
        if (err != 0)
            continue;
        cr_assert_eq(iforest_pack_forest(&got.forest, &arena, &p), 0);
        cr_assert_eq(iforest_unpack_forest(&p, &arena, &again), 0);
    }
}
