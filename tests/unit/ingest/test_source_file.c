#include "engine/ingest/source.h"
#include "tests/lib/folder.h"
#include "tests/unit/ingest/support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void make_dir(void)
{
    strcpy(dir, "/tmp/fyke-test-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void remove_dir(void)
{
    cr_assert_eq(folder_remove(dir), 0);
}

TestSuite(source_file, .init = make_dir, .fini = remove_dir);

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static const char *write_file(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
    return path_of(name);
}

static const char *open_fails(const char *path, int err)
{
    static struct fault fault;
    struct source_file f;
    fault = (struct fault){ 0 };
    cr_expect_eq(source_file_open(path, &f, &fault), err, "%s", fault.text);
    cr_expect(strstr(fault.text, path) != NULL, "%s", fault.text);
    return fault.text;
}

Test(source_file, reads_anywhere_and_stops_at_the_end)
{
    struct source_file f;
    char bytes[16];
    size_t n;
    cr_assert_eq(source_file_open(write_file("a", "0123456789"), &f, NULL), 0);
    cr_expect_eq(f.size, 10);
    cr_assert_eq(source_file_read(&f, 3, bytes, 4, &n, NULL), 0);
    cr_expect_eq(n, 4);
    cr_expect_eq(memcmp(bytes, "3456", 4), 0);
    cr_assert_eq(source_file_read(&f, 8, bytes, 16, &n, NULL), 0);
    cr_expect_eq(n, 2);
    cr_assert_eq(source_file_read(&f, 100, bytes, 16, &n, NULL), 0);
    cr_expect_eq(n, 0);
    cr_expect(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
    source_file_close(&f);
    cr_expect_eq(f.fd, -1);
}

Test(source_file, what_cannot_be_read_says_why)
{
    cr_expect(
        strstr(open_fails(path_of("none"), ERR_NOTFOUND), "no such file"));
    cr_expect(strstr(open_fails(dir, ERR_IO), "cat "));
    cr_assert_eq(mkfifo(path_of("pipe"), 0600), 0);
    cr_expect(strstr(open_fails(path_of("pipe"), ERR_UNSUPPORTED), "pipe"));
    if (geteuid() != 0) {
        chmod(write_file("secret", "x"), 0);
        cr_expect(
            strstr(open_fails(path_of("secret"), ERR_PERM), "permission"));
    }
}

Test(source_file, an_open_descriptor_can_be_adopted)
{
    struct source_file f;
    struct fault fault;
    int fd = open(write_file("a", "abc"), O_RDONLY);
    cr_assert_eq(source_file_adopt(fd, "stdin", &f, &fault), 0);
    cr_expect_str_eq(f.path, "stdin");
    cr_expect_eq(f.size, 3);
    source_file_close(&f);
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_expect_eq(source_file_adopt(ends[0], "stdin", &f, &fault),
                 ERR_UNSUPPORTED);
}
