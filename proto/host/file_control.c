/*
 * The place of control sockets, and its safety.
 *
 * Sockets that killed coordinators left stay: whether one is stale shows only
 * when one connects, and a connection that is closed again at once can end
 * nng 1.5's accepting for good.
 */
#include "proto/host/file_control.h"

#include "proto/base/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".sock"
#define HASH_DIGITS 16
#define NAME_LENGTH (HASH_DIGITS + 5)
#define FOLDER_MAX (FILE_CONTROL_PATH_MAX - 1 - NAME_LENGTH)

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
static void places_add(struct places *p, uid_t uid, const char *format, ...)
    FYKE_PRINTF(3, 4);
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
