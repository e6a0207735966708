/*
 * Which file systems other machines may share.
 */
#include "proto/host/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#define MAGIC_FUSE 0x65735546u
#define MOUNTINFO_MAX ((size_t)16 * 1024 * 1024)

/* Magic numbers from the kernel's magic.h and, for those outside its tree,
 * from coreutils' stat and the projects' own headers. */
static const struct {
    unsigned long magic;
    const char *name;
} networks[] = {
    { 0x6969, "nfs" },        { 0x517b, "smb" },
    { 0xff534d42, "cifs" },   { 0xfe534d42, "smb2" },
    { 0x01021997, "9p" },     { 0x5346414f, "afs" },
    { 0x6b414653, "afs" },    { 0x73757245, "coda" },
    { 0x564c, "ncp" },        { 0x00c36400, "ceph" },
    { 0x0bd00bd0, "lustre" }, { 0x47504653, "gpfs" },
    { 0x19830326, "beegfs" }, { 0x01161970, "gfs2" },
    { 0x7461636f, "ocfs2" },  { 0xaad7aaea, "panfs" },
    { 0xbeefdead, "snfs" },   { 0xbacbacbc, "vmhgfs" },
    { 0x786f4256, "vboxsf" }, { 0x7c7c6673, "prl_fs" },
};

/* FUSE types that keep their data on this machine. */
static const char *const local_fuse[] = {
    "fuseblk",        "virtiofs",        "fuse.fuse-overlayfs", "fuse.ntfs-3g",
    "fuse.ntfs",      "fuse.exfat",      "fuse.ext2",           "fuse.ext4",
    "fuse.fuse-ext2", "fuse.fuse2fs",    "fuse.gocryptfs",      "fuse.encfs",
    "fuse.ecryptfs",  "fuse.mergerfs",   "fuse.bindfs",         "fuse.zfs",
    "fuse.lxcfs",     "fuse.squashfuse",
};

const char *file_network_name(unsigned long magic, const char *mount_type)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
        if (networks[i].magic == magic)
            return networks[i].name;
    if (magic != MAGIC_FUSE)
        return NULL;
    if (mount_type == NULL)
        return "fuse of an unknown type";
    for (size_t i = 0; i < sizeof local_fuse / sizeof local_fuse[0]; i++)
        if (strcmp(mount_type, local_fuse[i]) == 0)
            return NULL;
    if (strcmp(mount_type, "fuse.sshfs") == 0)
        return "sshfs";
    return "fuse not known to be local";
}

/*
 * The type in one line of mountinfo, if it is the device's:
 * `id parent major:minor root point options [fields...] - type source ...`.
 */
static bool mount_line_type(const char *line, size_t n, const char *device,
                            char *ret_type, size_t type_bytes)
{
    char wanted[48];
    const char *dash = memmem(line, n, " - ", 3);
    if (dash == NULL)
        return false;
    int length = snprintf(wanted, sizeof wanted, " %s ", device);
    const char *third = memchr(line, ' ', n); /* behind id, then parent */
    if (third != NULL)
        third = memchr(third + 1, ' ', n - (size_t)(third + 1 - line));
    if (third == NULL || third >= dash ||
        strncmp(third, wanted, (size_t)length) != 0)
        return false;
    (void)snprintf(ret_type, type_bytes, "%.*s", (int)strcspn(dash + 3, " \n"),
                   dash + 3);
    return true;
}

bool file_mount_type(const char *mountinfo, const char *device, char *ret_type,
                     size_t type_bytes)
{
    for (const char *line = mountinfo; *line != 0;) {
        size_t n = strcspn(line, "\n");
        if (mount_line_type(line, n, device, ret_type, type_bytes))
            return true;
        line += n + (line[n] != 0);
    }
    return false;
}

/* The mount type of the file's device; false when nobody knows. */
static bool mount_type_of(dev_t dev, char *out, size_t out_bytes)
{
    char device[32];
    struct buf text;
    bool found = false;
    (void)snprintf(device, sizeof device, "%u:%u", major(dev), minor(dev));
    buf_init(&text, MOUNTINFO_MAX);
    if (file_read_all("/proc/self/mountinfo", &text) == 0)
        found = file_mount_type(buf_text(&text), device, out, out_bytes);
    buf_release(&text);
    return found;
}

/* statfs and stat of the path, or of its folder when it does not exist. */
static int file_ask(const char *path, struct statfs *fs, struct stat *st)
{
    char folder[PATH_MAX];
    if (statfs(path, fs) == 0 && stat(path, st) == 0)
        return 0;
    if (errno != ENOENT)
        return err_from_errno(errno);
    int n = snprintf(folder, sizeof folder, "%s", path);
    if (n < 0 || (size_t)n >= sizeof folder)
        return ERR_INVALID;
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        (void)snprintf(folder, sizeof folder, ".");
    else
        slash[slash == folder] = 0; /* "/" stays */
    if (statfs(folder, fs) == 0 && stat(folder, st) == 0)
        return 0;
    return err_from_errno(errno);
}

int file_is_network(const char *path, const char **ret_name)
{
    struct statfs fs;
    struct stat st = { 0 };
    char type[64];
    int err = file_ask(path, &fs, &st);
    if (err != 0)
        return err;
    unsigned long magic = (unsigned long)fs.f_type & 0xffffffffu;
    bool known =
        magic == MAGIC_FUSE && mount_type_of(st.st_dev, type, sizeof type);
    *ret_name = file_network_name(magic, known ? type : NULL);
    return 0;
}
