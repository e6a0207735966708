/*
 * Which database a command means.
 */
#include "engine/shell/engine.h"
#include "proto/base/text.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int take(const char *path, char *out, size_t out_bytes,
                struct fault *fault)
{
    if ((size_t)snprintf(out, out_bytes, "%s", path) >= out_bytes)
        return fault_set(fault, ERR_USAGE,
                         "the path of the database is too "
                         "long: %.60s...",
                         path);
    return 0;
}

/* payments.csv -> payments.fyke.db, in the working directory. */
static int by_input(const char *input, char *out, size_t out_bytes,
                    struct fault *fault)
{
    if (strcmp(input, "-") == 0 || strncmp(input, "host:", 5) == 0)
        return take("fyke.db", out, out_bytes, fault);
    const char *name = text_base_name(input);
    const char *dot = strrchr(name, '.');
    size_t length =
        dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);
    char path[512];
    (void)snprintf(path, sizeof path, "%.*s.fyke.db", (int)length, name);
    return take(path, out, out_bytes, fault);
}

static int only_one_here(char *out, size_t out_bytes, struct fault *fault)
{
    glob_t g = { 0 };
    (void)glob("*.fyke.db", 0, NULL, &g);
    size_t count = g.gl_pathc;
    const char *first = count > 0 ? g.gl_pathv[0] : NULL;
    if (access("fyke.db", F_OK) == 0) {
        first = "fyke.db";
        count++;
    }
    int rc;
    if (count == 1)
        rc = take(first, out, out_bytes, fault);
    else if (count == 0)
        rc =
            fault_set(fault, ERR_USAGE,
                      "no *.fyke.db or fyke.db here: say which with --db FILE");
    else
        rc = fault_set(fault, ERR_USAGE,
                       "%zu databases here: say which with --db FILE, for "
                       "example --db %s",
                       count, first);
    globfree(&g);
    return rc;
}

int engine_find_db(const char *db, const char *input, char *out,
                   size_t out_bytes, struct fault *fault)
{
    if (db != NULL && *db != '\0')
        return take(db, out, out_bytes, fault);
    const char *environment = getenv("FYKE_DB");
    if (environment != NULL && *environment != '\0')
        return take(environment, out, out_bytes, fault);
    if (input != NULL)
        return by_input(input, out, out_bytes, fault);
    return only_one_here(out, out_bytes, fault);
}
