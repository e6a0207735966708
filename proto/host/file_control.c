/*
 * The place of control sockets, its safety, and what killed coordinators
 * left in it.
 */
#include "proto/host/file_control.h"

#include "proto/base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX ".sock"
#define HASH_DIGITS 16
#define NAME_LENGTH (HASH_DIGITS + 5)
#define FOLDER_MAX (FILE_CONTROL_PATH_MAX - 1 - NAME_LENGTH)
#define STALE_AFTER_S 60  /* younger ones are left alone */
#define LOOKED_AT_MAX 256 /* per start: the next ones find the rest */

/* A directory that may hold sockets, and whose. */
struct place {
    char folder[FOLDER_MAX + 1];
    uid_t uid;
};

struct places {
    uint32_t count;
    struct place place[FILE_CONTROL_PLACES_MAX];
};

/* Adds a directory unless it is there already or too long to be used. */
FYKE_PRINTF(3, 4)
static void places_add(struct places *p, uid_t uid, const char *format, ...)
{
    struct place *at = &p->place[p->count];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(at->folder, sizeof at->folder, format, arguments);
    va_end(arguments);
    if (n < 0 || n > FOLDER_MAX)
        return;
    for (uint32_t i = 0; i < p->count; i++)
        if (strcmp(p->place[i].folder, at->folder) == 0)
            return;
    at->uid = uid;
    p->count++;
}

static void places_of_user(struct places *p, uid_t uid)
{
    places_add(p, uid, "/run/user/%ju/fyke", (uintmax_t)uid);
    places_add(p, uid, "/tmp/fyke-%ju", (uintmax_t)uid);
}

static void places_ours(struct places *p)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime != NULL && runtime[0] == '/')
        places_add(p, geteuid(), "%s/fyke", runtime);
    places_of_user(p, geteuid());
}

/* 0 when nobody but `place->uid` (and root) can have put something there;
 * else errno. */
static int place_check(const struct place *place)
{
    struct stat st;
    if (lstat(place->folder, &st) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    return st.st_uid == place->uid && (st.st_mode & 0777) == 0700 ? 0 : EACCES;
}

static int place_make(const struct place *place)
{
    if (mkdir(place->folder, 0700) == 0)
        (void)chmod(place->folder, 0700); /* whatever the umask */
    else if (errno != EEXIST)
        return errno;
    return place_check(place);
}

static int name_of(const char *db, char ret_name[NAME_LENGTH + 1],
                   struct fault *fault)
{
    char *real = realpath(db, NULL);
    if (real == NULL)
        return fault_set(fault, err_from_errno(errno), "%s: %s", db,
                         strerror(errno));
    (void)snprintf(ret_name, NAME_LENGTH + 1, "%016" PRIx64 SUFFIX,
                   hash_bytes(0, real, strlen(real)));
    free(real);
    return 0;
}

static struct file_control_path path_in(const struct place *place,
                                        const char *name)
{
    struct file_control_path path;
    (void)snprintf(path.text, sizeof path.text, "%.*s/%.*s", FOLDER_MAX,
                   place->folder, NAME_LENGTH, name);
    return path;
}

static bool name_is_ours(const char *name)
{
    return strspn(name, "0123456789abcdef") == HASH_DIGITS &&
           strcmp(name + HASH_DIGITS, SUFFIX) == 0;
}

/* An old socket at which nobody listens. */
static bool socket_is_stale(int folder_fd, const char *name, const char *path)
{
    struct stat before, after;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (fstatat(folder_fd, name, &before, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISSOCK(before.st_mode) ||
        time(NULL) - before.st_mtime <= STALE_AFTER_S)
        return false;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool refused =
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0 &&
        errno == ECONNREFUSED;
    (void)close(fd);
    return refused &&
           fstatat(folder_fd, name, &after, AT_SYMLINK_NOFOLLOW) == 0 &&
           after.st_ino == before.st_ino;
}

static void place_clean(const struct place *place)
{
    DIR *dir = opendir(place->folder);
    const struct dirent *entry;
    if (dir == NULL)
        return;
    for (int i = 0; i < LOOKED_AT_MAX && (entry = readdir(dir)) != NULL; i++) {
        if (!name_is_ours(entry->d_name))
            continue;
        struct file_control_path path = path_in(place, entry->d_name);
        if (socket_is_stale(dirfd(dir), entry->d_name, path.text))
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
}

int file_control_make(const char *db, struct file_control_path *ret_path,
                      struct fault *fault)
{
    char name[NAME_LENGTH + 1];
    struct places places = { 0 };
    int why = ENOENT;
    int err = name_of(db, name, fault);
    if (err != 0)
        return err;
    places_ours(&places);
    for (uint32_t i = 0; i < places.count; i++) {
        why = place_make(&places.place[i]);
        if (why != 0)
            continue;
        place_clean(&places.place[i]);
        *ret_path = path_in(&places.place[i], name);
        return 0;
    }
    const char *last = places.place[places.count - 1].folder;
    return fault_set(fault, err_from_errno(why),
                     "no place for a control socket: %s is not a directory "
                     "of this user's with mode 0700 (%s). Remove it, or set "
                     "XDG_RUNTIME_DIR",
                     last, strerror(why));
}

int file_control_find(
    const char *db, struct file_control_path ret_path[FILE_CONTROL_PLACES_MAX],
    uint32_t *ret_count, struct fault *fault)
{
    char name[NAME_LENGTH + 1];
    struct places places = { 0 };
    struct stat st;
    uint32_t count = 0;
    int err = name_of(db, name, fault);
    if (err != 0)
        return err;
    places_ours(&places);
    if (stat(db, &st) == 0)
        places_of_user(&places, st.st_uid);
    for (uint32_t i = 0; i < places.count; i++) {
        if (place_check(&places.place[i]) != 0)
            continue;
        ret_path[count] = path_in(&places.place[i], name);
        if (lstat(ret_path[count].text, &st) == 0 && S_ISSOCK(st.st_mode))
            count++;
    }
    *ret_count = count;
    return 0;
}
