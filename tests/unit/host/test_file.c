/*
 * Files, locks, private directories, shared file systems.
 */
#include "proto/host/file.h"
#include "tests/lib/folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static void make_dir(void)
{
    strcpy(dir, "/tmp/fyke-file-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void drop_dir(void)
{
    cr_assert_eq(folder_remove(dir), 0);
}

TestSuite(file, .init = make_dir, .fini = drop_dir);

static const char *in_dir(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

Test(file, a_file_is_read_whole)
{
    char text[200001];
    struct buf out;
    memset(text, 'x', sizeof text);
    cr_assert_eq(file_replace(in_dir("f"), text, sizeof text, 0600), 0);
    buf_init(&out, 1 << 20);
    cr_assert_eq(buf_append_text(&out, "before "), 0);
    cr_assert_eq(file_read_all(in_dir("f"), &out), 0);
    cr_assert_eq(out.length, 7 + sizeof text);
    cr_assert_eq(memcmp(out.data, "before x", 8), 0);
    cr_assert_eq(memcmp(out.data + 7, text, sizeof text), 0);
    cr_assert_eq(out.data[out.length], 0);
    buf_release(&out);
}

Test(file, the_limit_is_the_buffer_s_maximum)
{
    struct buf out;
    cr_assert_eq(file_replace(in_dir("f"), "12345", 5, 0600), 0);
    buf_init(&out, 5);
    cr_assert_eq(file_read_all(in_dir("f"), &out), 0);
    cr_assert_str_eq(buf_text(&out), "12345");
    buf_release(&out);
    buf_init(&out, 4);
    cr_assert_eq(file_read_all(in_dir("f"), &out), ERR_LIMIT);
    cr_assert_str_eq(buf_text(&out), "1234");
    buf_release(&out);
}

Test(file, files_of_proc_have_no_size_but_content)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    cr_assert_eq(file_read_all("/proc/self/status", &out), 0);
    cr_assert_gt(out.length, 100);
    buf_release(&out);
}

Test(file, an_empty_file_is_empty_text)
{
    struct buf out;
    cr_assert_eq(file_replace(in_dir("f"), "", 0, 0600), 0);
    buf_init(&out, 100);
    cr_assert_eq(file_read_all(in_dir("f"), &out), 0);
    cr_assert_str_eq(buf_text(&out), "");
    buf_release(&out);
}

Test(file, what_cannot_be_read_says_why)
{
    struct buf out;
    buf_init(&out, 100);
    cr_assert_eq(file_read_all(in_dir("none"), &out), ERR_NOTFOUND);
    cr_assert_eq(errno, ENOENT);
    cr_assert_eq(file_read_all(dir, &out), ERR_INVALID);
    cr_assert_eq(errno, EISDIR);
    buf_release(&out);
}

Test(file, replacing_leaves_no_rest_and_sets_the_mode)
{
    struct stat st;
    struct buf out;
    cr_assert_eq(file_replace(in_dir("f"), "long content", 12, 0600), 0);
    cr_assert_eq(file_replace(in_dir("f"), "short", 5, 0640), 0);
    buf_init(&out, 100);
    cr_assert_eq(file_read_all(in_dir("f"), &out), 0);
    cr_assert_str_eq(buf_text(&out), "short");
    cr_assert_eq(stat(in_dir("f"), &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0640);
    buf_release(&out);
    cr_assert_eq(unlink(in_dir("f")), 0);
    cr_assert_eq(rmdir(dir), 0, "nothing is left beside it");
    cr_assert_eq(mkdir(dir, 0700), 0);
}

Test(file, a_failed_replacement_keeps_the_old_file)
{
    cr_assert_eq(file_replace(in_dir("no/f"), "x", 1, 0600), ERR_NOTFOUND);
    cr_assert_eq(mkdir(in_dir("d"), 0700), 0);
    cr_assert_lt(file_replace(in_dir("d"), "x", 1, 0600), 0);
    cr_assert_eq(rmdir(in_dir("d")), 0, "the folder is still one");
    cr_assert_eq(rmdir(dir), 0, "nothing is left beside it");
    cr_assert_eq(mkdir(dir, 0700), 0);
}

Test(file, a_lock_keeps_others_out_until_it_is_closed)
{
    int mine = -1, other = -1;
    struct stat st;
    cr_assert_not(file_is_locked(in_dir("f.lock")));
    cr_assert_neq(access(in_dir("f.lock"), F_OK), 0, "asking makes nothing");
    cr_assert_eq(file_lock(in_dir("f.lock"), 0600, &mine), 0);
    cr_assert(file_is_locked(in_dir("f.lock")));
    cr_assert_eq(stat(in_dir("f.lock"), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    cr_assert_eq(st.st_size, 0);
    cr_assert_neq(fcntl(mine, F_GETFD) & FD_CLOEXEC, 0);
    cr_assert_eq(file_lock(in_dir("f.lock"), 0600, &other), ERR_BUSY);
    cr_assert_eq(other, -1, "written on success only");
    close(mine);
    cr_assert_eq(file_lock(in_dir("f.lock"), 0600, &other), 0);
    close(other);
}

Test(file, a_lock_dies_with_its_process)
{
    int ready[2], fd;
    char c;
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int locked = file_lock(in_dir("f.lock"), 0600, &fd) == 0;
        if (write(ready[1], locked ? "y" : "n", 1) == 1)
            pause();
        _exit(1);
    }
    cr_assert_eq(read(ready[0], &c, 1), 1);
    cr_assert_eq(c, 'y');
    cr_assert_eq(file_lock(in_dir("f.lock"), 0600, &fd), ERR_BUSY);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert_eq(file_lock(in_dir("f.lock"), 0600, &fd), 0);
    close(fd);
}

Test(file, a_lock_needs_its_folder_and_follows_no_link)
{
    int fd;
    cr_assert_eq(file_lock(in_dir("no/f.lock"), 0600, &fd), ERR_NOTFOUND);
    cr_assert_eq(symlink("/dev/null", in_dir("link")), 0);
    cr_assert_eq(file_lock(in_dir("link"), 0600, &fd), ERR_INVALID);
}

Test(file, a_path_that_is_too_long_is_refused)
{
    char path[5000];
    const char *name;
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[4092] = 0; /* fits alone, not with the ending of a temporary file */
    cr_assert_eq(file_replace(path, "x", 1, 0600), ERR_INVALID);
    path[4092] = 'x';
    path[4999] = 0;
    cr_assert_eq(file_replace(path, "x", 1, 0600), ERR_INVALID);
    cr_assert_eq(file_is_network(path, &name), ERR_INVALID);
}

Test(file, network_file_systems_are_known_by_number)
{
    cr_assert_str_eq(file_network_name(0x6969, NULL), "nfs");
    cr_assert_str_eq(file_network_name(0xff534d42, NULL), "cifs");
    cr_assert_str_eq(file_network_name(0xfe534d42, NULL), "smb2");
    cr_assert_str_eq(file_network_name(0x01021997, NULL), "9p");
    cr_assert_str_eq(file_network_name(0x5346414f, NULL), "afs");
    cr_assert_str_eq(file_network_name(0x0bd00bd0, NULL), "lustre");
    cr_assert_str_eq(file_network_name(0x47504653, NULL), "gpfs");
    cr_assert_str_eq(file_network_name(0x00c36400, NULL), "ceph");
    static const unsigned long local[] = {
        0xef53,     /* ext4 */
        0x58465342, /* xfs */
        0x9123683e, /* btrfs */
        0x01021994, /* tmpfs */
        0x794c7630, /* overlay */
        0x2fc12fc1, /* zfs */
        0xf2f52010, /* f2fs */
    };
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        cr_assert_null(file_network_name(local[i], NULL));
}

Test(file, fuse_is_shared_unless_its_type_is_known_to_be_local)
{
    const unsigned long fuse = 0x65735546;
    cr_assert_str_eq(file_network_name(fuse, "fuse.sshfs"), "sshfs");
    cr_assert_not_null(file_network_name(fuse, "fuse.whatever"));
    cr_assert_not_null(file_network_name(fuse, "fuse"));
    cr_assert_not_null(file_network_name(fuse, NULL));
    cr_assert_null(file_network_name(fuse, "fuseblk"));
    cr_assert_null(file_network_name(fuse, "fuse.fuse-overlayfs"));
    cr_assert_null(file_network_name(fuse, "virtiofs"));
}

Test(file, the_type_of_a_mount_is_found_by_its_device)
{
    const char *mountinfo =
        "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
        "30 22 0:5 / /dev rw master:2 shared:7 - devtmpfs none rw\n"
        "nonsense\n\n"
        "41 22 0:52 / /mnt/a\\040b rw - fuse.sshfs me@there:/x rw\n"
        "42 22 0:53 /0:54 /mnt/b rw - fuse.other me@there:/x rw\n"
        "43 22 0:54 / /mnt/c rw - virtiofs";
    static const struct {
        const char *device, *type;
    } cases[] = { { "254:1", "ext4" },
                  { "0:5", "devtmpfs" },
                  { "0:52", "fuse.sshfs" },
                  { "0:54", "virtiofs" } };
    char type[32];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert(
            file_mount_type(mountinfo, cases[i].device, type, sizeof type));
        cr_assert_str_eq(type, cases[i].type);
    }
    cr_assert_not(file_mount_type(mountinfo, "0:555", type, sizeof type));
    cr_assert_not(file_mount_type("", "0:5", type, sizeof type));
}

Test(file, this_machine_s_own_mounts_are_found)
{
    struct stat st;
    struct buf text;
    char device[32], type[32];
    cr_assert_eq(stat("/proc", &st), 0);
    snprintf(device, sizeof device, "%u:%u", major(st.st_dev),
             minor(st.st_dev));
    buf_init(&text, 1 << 24);
    cr_assert_eq(file_read_all("/proc/self/mountinfo", &text), 0);
    cr_assert(file_mount_type(buf_text(&text), device, type, sizeof type));
    cr_assert_str_eq(type, "proc");
    buf_release(&text);
}

Test(file, a_missing_file_is_judged_by_its_folder)
{
    const char *name = "unset";
    cr_assert_eq(file_is_network("/proc/self/not-there", &name), 0);
    cr_assert_null(name);
    name = "unset";
    cr_assert_eq(file_is_network("/not-there-either.db", &name), 0);
    name = "unset";
    cr_assert_eq(file_is_network("not-there.db", &name), 0);
    cr_assert_eq(file_is_network("/no/folder/x.db", &name), ERR_NOTFOUND);
}
