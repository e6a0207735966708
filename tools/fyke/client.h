/*
 * What commands that ask a coordinator have in common: which one, how long,
 * and asking.
 */
#ifndef FYKE_TOOLS_CLIENT_H
#define FYKE_TOOLS_CLIENT_H

#include "proto/base/buf.h"
#include "proto/base/option.h"
#include "proto/wire/wire.h"

struct client_options {
    const char *db, *coordinator;
    int64_t timeout_us;
    bool json;
};

/* clang-format off */
#define CLIENT_ROWS                                                            \
    { "db", 0, OPTION_TEXT, OPTION_FIELD(struct client_options, db),           \
      .argument = "FILE",                                                      \
      .help = "The coordinator of this database; without it $FYKE_DB, or the " \
              "only *.fyke.db or fyke.db here" },                              \
    { "coordinator", 0, OPTION_TEXT,                                           \
      OPTION_FIELD(struct client_options, coordinator), .argument = "URL",     \
      .help = "The coordinator at which workers join there, also on another "  \
              "machine" },                                                     \
    { "timeout", 0, OPTION_DURATION,                                           \
      OPTION_FIELD(struct client_options, timeout_us), 1e3, 3.6e9, "10s",      \
      .argument = "DURATION", .help = "How long to wait for an answer" }
/* clang-format on */

/* A coordinator to ask: the one of --coordinator, or that of a database. */
struct client {
    const char *url; /* NULL = find it by `db` */
    char db[4096];   /* "" with a URL */
    int64_t timeout_ms;
};

/* Errors: ERR_USAGE (both given, or which database?), ERR_NOTFOUND (no such
 * file), with a fault. */
FYKE_MUST_USE int client_init(struct client *c, const struct client_options *o,
                              struct fault *fault);

/* Asks once: link_ask at the URL, or at the sockets of the database until one
 * answers. ERR_UNREACHABLE also when there is no socket. */
FYKE_MUST_USE int client_ask(const struct client *c,
                             const struct wire_control *control,
                             struct buf *reply, int *ret_code,
                             struct fault *fault);

/* Is the database held by a fyke that runs? */
bool client_db_is_held(const struct client *c);

/* "user@host". Returns `out`. */
const char *client_who(char *out, size_t out_bytes);

#endif
