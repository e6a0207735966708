/*
 * Finding and asking a coordinator.
 */
#include "tools/fyke/client.h"

#include "engine/shell/engine.h"
#include "proto/host/file.h"
#include "proto/host/file_control.h"
#include "proto/link/ask.h"
#include "tools/fyke/talk.h"
#include "tools/fyke/version.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int client_init(struct client *c, const struct client_options *o,
                struct fault *fault)
{
    *c = (struct client){ .timeout_ms = o->timeout_us / 1000 };
    if (c->timeout_ms < 1)
        c->timeout_ms = 1;
    if (o->coordinator != NULL && o->db != NULL)
        return fault_set(fault, ERR_USAGE,
                         "give --db or --coordinator, not both");
    c->url = o->coordinator;
    if (c->url != NULL)
        return 0;
    int err = engine_find_db(o->db, NULL, c->db, sizeof c->db, fault);
    if (err == 0 && access(c->db, F_OK) != 0)
        err = fault_set(fault, ERR_NOTFOUND,
                        "%.300s: %s. Name a database with --db; fyke run makes "
                        "one",
                        c->db, strerror(errno));
    return err;
}

static int ask_at(const struct client *c, const char *url,
                  const struct wire_control *control, struct buf *reply,
                  int *ret_code, struct fault *fault)
{
    const struct link_question question = { .url = url,
                                            .control = control,
                                            .version = FYKE_VERSION,
                                            .timeout_ms = c->timeout_ms };
    int err = link_ask(&question, reply, ret_code, fault);
    if (err == 0 && reply->length > 0)
        reply->length = strlen(talk_harmless((char *)reply->data));
    return err;
}

int client_ask(const struct client *c, const struct wire_control *control,
               struct buf *reply, int *ret_code, struct fault *fault)
{
    struct file_control_path path[FILE_CONTROL_PLACES_MAX];
    uint32_t count = 0;
    if (c->url != NULL)
        return ask_at(c, c->url, control, reply, ret_code, fault);
    int err = file_control_find(c->db, path, &count, fault);
    if (err == 0)
        err = fault_set(fault, ERR_UNREACHABLE,
                        "no coordinator is running on %s", c->db);
    for (uint32_t i = 0; i < count && err == ERR_UNREACHABLE; i++) {
        char url[sizeof path[i].text + sizeof "ipc://"];
        (void)snprintf(url, sizeof url, "ipc://%s", path[i].text);
        err = ask_at(c, url, control, reply, ret_code, fault);
    }
    return err;
}

bool client_db_is_held(const struct client *c)
{
    char lock[PATH_MAX + 16];
    char *real = c->url == NULL ? realpath(c->db, NULL) : NULL;
    if (real == NULL)
        return false;
    (void)snprintf(lock, sizeof lock, "%s.lock", real);
    free(real);
    return file_is_locked(lock);
}

const char *client_who(char *out, size_t out_bytes)
{
    char host[256] = "";
    const struct passwd *user = getpwuid(geteuid());
    (void)gethostname(host, sizeof host - 1);
    if (user != NULL)
        (void)snprintf(out, out_bytes, "%s@%s", user->pw_name, host);
    else
        (void)snprintf(out, out_bytes, "%ju@%s", (uintmax_t)geteuid(), host);
    return out;
}
