#include "engine/ingest/source.h"
#include "tests/unit/ingest/support.h"

#include <unistd.h>

static char path[64];

static void make_path(void)
{
    strcpy(path, "/tmp/fyke-test-XXXXXX");
    close(mkstemp(path));
}

static void remove_path(void)
{
    unlink(path);
}

TestSuite(source_identity, .init = make_path, .fini = remove_path);

static void write_text(const char *text)
{
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}

static char *identify(uint64_t position)
{
    struct source_file f;
    struct buf identity;
    size_t n;
    buf_init(&identity, 4096);
    cr_assert_eq(source_file_open(path, &f, NULL), 0);
    cr_assert_eq(source_file_identify(&f, position, &identity, NULL), 0);
    source_file_close(&f);
    cr_assert_lt(identity.length, 512);
    return (char *)buf_take(&identity, &n);
}

static int verify(const char *identity, uint64_t position, bool open_end,
                  const char *word)
{
    struct source_file f;
    struct fault fault = { 0 };
    cr_assert_eq(source_file_open(path, &f, NULL), 0);
    int rc = source_file_verify(&f, identity, position, open_end, &fault);
    source_file_close(&f);
    cr_expect(strstr(fault.text, word) != NULL, "%s", fault.text);
    return rc;
}

/* A text longer than what is hashed. */
static char *long_text(char head, char middle, char tail)
{
    char *text = malloc(20001);
    memset(text, 'x', 20000);
    text[20000] = '\0';
    text[10] = head;
    text[8000] = middle;
    text[14990] = tail;
    return text;
}

Test(source_identity, a_file_that_grew_is_the_same_file)
{
    write_text("a,b\n1,2\n");
    char *identity = identify(8);
    cr_expect_eq(verify(identity, 8, false, ""), 0);
    write_text("a,b\n1,2\n3,4\n");
    cr_expect_eq(verify(identity, 8, false, ""), 0);
    free(identity);
}

Test(source_identity, position_0_of_an_empty_file_is_fine)
{
    write_text("");
    char *identity = identify(0);
    write_text("now it has begun\n");
    cr_expect_eq(verify(identity, 0, false, ""), 0);
    free(identity);
}

Test(source_identity, other_content_is_another_file)
{
    char *text = long_text('h', 'm', 't');
    write_text(text);
    char *identity = identify(15000);
    free(text);
    text = long_text('H', 'm', 't');
    write_text(text);
    cr_expect_eq(verify(identity, 15000, false, "first"), ERR_DIFFERENT);
    free(text);
    text = long_text('h', 'm', 'T');
    write_text(text);
    cr_expect_eq(verify(identity, 15000, false, "before byte 15000"),
                 ERR_DIFFERENT);
    text[14000] = '\0';
    write_text(text);
    cr_expect_eq(verify(identity, 15000, false, "shorter"), ERR_DIFFERENT);
    free(text);
    free(identity);
}

Test(source_identity, a_last_record_without_newline_must_not_have_grown)
{
    write_text("a\n1");
    char *identity = identify(3);
    cr_expect_eq(verify(identity, 3, true, ""), 0);
    write_text("a\n12\n");
    cr_expect_eq(verify(identity, 3, true, "grown"), ERR_DIFFERENT);
    cr_expect_eq(verify(identity, 3, false, ""), 0);
    free(identity);
}

Test(source_identity, a_damaged_identity_is_refused)
{
    write_text("a\n1\n");
    char *identity = identify(4);
    cr_expect_eq(verify(identity, 2, false, "damaged"), ERR_CORRUPT);
    cr_expect_eq(verify("{}", 4, false, "damaged"), ERR_CORRUPT);
    free(identity);
}

Test(source_identity, a_file_shorter_than_its_position_has_no_identity)
{
    struct source_file f;
    struct fault fault = { 0 };
    struct buf identity;
    write_text("short");
    buf_init(&identity, 4096);
    cr_assert_eq(source_file_open(path, &f, NULL), 0);
    cr_expect_eq(source_file_identify(&f, 100, &identity, &fault), ERR_IO);
    source_file_close(&f);
}
