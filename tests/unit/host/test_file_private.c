/*
 * Private directories, and those whose owner was killed.
 */
#include "proto/host/file.h"
#include "tests/lib/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* $XDG_RUNTIME_DIR of each case. */
static char dir[64];

static void make_dir(void)
{
    strcpy(dir, "/tmp/fyke-private-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    setenv("XDG_RUNTIME_DIR", dir, 1);
}

static void drop_dir(void)
{
    cr_assert_eq(folder_remove(dir), 0);
}

TestSuite(file_private, .init = make_dir, .fini = drop_dir);

static const char *in_dir(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void assert_private(const char *path)
{
    struct stat st;
    cr_assert_leq(strlen(path), FILE_PRIVATE_DIR_MAX);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0700);
    cr_assert_eq(st.st_uid, geteuid());
}

Test(file_private, a_private_dir_is_ours_alone_and_short)
{
    struct file_private_dir a, b;
    umask(0);
    cr_assert_eq(file_make_private_dir(&a), 0);
    cr_assert_eq(file_make_private_dir(&b), 0);
    assert_private(a.path);
    cr_assert_eq(strncmp(a.path, dir, strlen(dir)), 0);
    cr_assert_str_neq(a.path, b.path);
    cr_assert_eq(file_remove_private_dir(&a), 0);
    cr_assert_eq(file_remove_private_dir(&b), 0);
    cr_assert_eq(file_remove_private_dir(&b), 0, "missing is no error");
}

Test(file_private, an_unfit_runtime_dir_is_passed_over)
{
    struct file_private_dir d;
    char deep[300];
    snprintf(deep, sizeof deep, "%s/%080d", dir, 7);
    cr_assert_eq(mkdir(deep, 0700), 0);
    cr_assert_eq(mkdir(in_dir("open"), 0700), 0);
    cr_assert_eq(chmod(in_dir("open"), 0777), 0);
    const char *unfit[] = { "relative", "/does/not/exist", "", "/etc/passwd",
                            deep,       in_dir("open") };
    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
        setenv("XDG_RUNTIME_DIR", unfit[i], 1);
        cr_assert_eq(file_make_private_dir(&d), 0);
        cr_assert_eq(strncmp(d.path, "/tmp/fyke-", 10), 0, "%s", d.path);
        assert_private(d.path);
        cr_assert_eq(file_remove_private_dir(&d), 0);
    }
    cr_assert_eq(rmdir(deep), 0);
    cr_assert_eq(rmdir(in_dir("open")), 0);
}

Test(file_private, removing_a_private_dir_takes_its_files_along)
{
    struct file_private_dir d;
    char name[200];
    cr_assert_eq(file_make_private_dir(&d), 0);
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "%s/socket%d", d.path, i);
        cr_assert_eq(file_replace(name, "x", 1, 0600), 0);
    }
    cr_assert_eq(file_remove_private_dir(&d), 0);
    cr_assert_neq(access(d.path, F_OK), 0);
}

static void add_socket(const char *folder, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%.70s/%.20s", folder,
             name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void make_old(const char *path, long seconds)
{
    struct timespec t[2] = { { .tv_nsec = UTIME_OMIT } };
    t[1].tv_sec = time(NULL) - seconds;
    cr_assert_eq(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* Makes one in a process that is then killed. */
static void leave_one(struct file_private_dir *ret_dir, long age_s)
{
    int told[2];
    cr_assert_eq(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        struct file_private_dir d;
        if (file_make_private_dir(&d) == 0 &&
            write(told[1], &d, sizeof d) == sizeof d)
            pause();
        _exit(1);
    }
    cr_assert_eq(read(told[0], ret_dir, sizeof *ret_dir), sizeof *ret_dir);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    add_socket(ret_dir->path, "fyke");
    make_old(ret_dir->path, age_s);
}

/* Makes and removes one, which looks around. */
static void look_around(void)
{
    struct file_private_dir d;
    cr_assert_eq(file_make_private_dir(&d), 0);
    cr_assert_eq(file_remove_private_dir(&d), 0);
}

static bool is_there(const struct file_private_dir *d)
{
    return access(d->path, F_OK) == 0;
}

Test(file_private, what_a_killed_process_left_is_removed_by_the_next)
{
    struct file_private_dir killed, other;
    leave_one(&killed, 61);
    leave_one(&other, 86400);
    cr_assert(is_there(&other));
    look_around();
    cr_assert_not(is_there(&killed));
    cr_assert_not(is_there(&other));
}

Test(file_private, one_that_lives_or_is_young_or_holds_more_stays)
{
    struct file_private_dir alive, young, more, open, unlocked;
    cr_assert_eq(file_make_private_dir(&alive), 0);
    add_socket(alive.path, "fyke");
    make_old(alive.path, 86400);
    leave_one(&more, 0);
    snprintf(more.path + strlen(more.path), 8, "/notes");
    cr_assert_eq(file_replace(more.path, "x", 1, 0600), 0);
    *strrchr(more.path, '/') = '\0';
    make_old(more.path, 86400);
    leave_one(&open, 0);
    cr_assert_eq(chmod(open.path, 0755), 0);
    make_old(open.path, 86400);
    leave_one(&unlocked, 0);
    snprintf(unlocked.path + strlen(unlocked.path), 8, "/lock");
    cr_assert_eq(unlink(unlocked.path), 0);
    *strrchr(unlocked.path, '/') = '\0';
    make_old(unlocked.path, 86400);
    leave_one(&young, 0);
    look_around();
    cr_assert(is_there(&alive));
    cr_assert(is_there(&more));
    cr_assert(is_there(&open));
    cr_assert(is_there(&unlocked));
    cr_assert(is_there(&young));
    cr_assert_eq(file_remove_private_dir(&alive), 0);
}

Test(file_private, a_link_is_not_followed)
{
    struct file_private_dir killed;
    leave_one(&killed, 61);
    char elsewhere[] = "/tmp/fyke-elsewhere-XXXXXX";
    char moved[100];
    cr_assert_not_null(mkdtemp(elsewhere));
    snprintf(moved, sizeof moved, "%s/it", elsewhere);
    cr_assert_eq(rename(killed.path, moved), 0);
    cr_assert_eq(symlink(moved, killed.path), 0);
    look_around();
    cr_assert_eq(access(moved, F_OK), 0);
    cr_assert_eq(folder_remove(elsewhere), 0);
}
