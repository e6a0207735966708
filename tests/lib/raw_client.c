/*
 * raw-client DB|URL WORD...: says one thing after the other to a coordinator,
 * as no client of fyke's does, and prints each reply on a line. For the tests
 * of what a coordinator does with it.
 *
 *   hello           HELLO of a client (no task slots)
 *   worker          HELLO of a worker
 *   ready           READY, a worker's request for work
 *   large           RESULT of the task that came last: it fits no message
 *   status          CONTROL: status
 *   verb=N          CONTROL with another verb
 *   junk            bytes that are no message
 *   bye             BYE
 *   wait            nothing, until standard input ends
 *   like=N:DIGEST   the algorithm and self-test (fyke --version) of a worker
 *   id=TEXT         the request_id of the sets behind it
 *   who=TEXT        who asks, in the sets behind it
 *   set             CONTROL: the settings NAME=VALUE before it
 *
 * Replies: "HELLO_REPLY", "CONTROL_REPLY 0 TEXT", "REFUSED -16 TEXT", ...
 * Exit code 1 and "LOST" when the connection goes before a reply.
 */
#include "proto/host/file_control.h"
#include "proto/link/link.h"
#include "proto/link/reach.h"
#include "proto/wire/wire.h"
#include "tests/lib/wire_tools.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct raw {
    const char *url;
    struct link_client *client;
    struct wire_envelope envelope;
    struct wire_control control;
    uint32_t algorithm_version;
    uint64_t selftest_digest;
    struct wire_result result; /* of the last task, whose names are below */
    char detector[32];
    uint64_t task;
    uint32_t attempt;
};

static void no_wake(void *context)
{
    (void)context;
}

static struct wire_text text_of(const char *text)
{
    return (struct wire_text){ text, (uint32_t)strlen(text) };
}

static int find_url(const char *where, char *out, size_t out_bytes)
{
    struct file_control_path path[FILE_CONTROL_PLACES_MAX];
    struct fault fault = { 0 };
    uint32_t n = 0;
    if (strstr(where, "://") != NULL) {
        (void)snprintf(out, out_bytes, "%s", where);
        return 0;
    }
    if (file_control_find(where, path, &n, &fault) != 0 || n == 0) {
        fprintf(stderr, "%s: no socket %s\n", where, fault.text);
        return -1;
    }
    (void)snprintf(out, out_bytes, "ipc://%s", path[0].text);
    return 0;
}

static void send_bytes(struct raw *r, struct link_message *out)
{
    if (link_client_send(r->client, LINK_TASK, out) != 0)
        abort();
}

static void send_message(struct raw *r, struct wire_message *m, uint32_t kind)
{
    struct link_message *out = NULL;
    m->envelope = r->envelope;
    m->envelope.kind = kind;
    if (link_message_new(&out) != 0 ||
        wire_encode(m, (struct wire_writer){ link_message_append, out }) != 0)
        abort();
    send_bytes(r, out);
}

static void send_hello(struct raw *r, uint32_t slots)
{
    struct wire_message m = { 0 };
    m.body.hello.wire_version = WIRE_VERSION;
    m.body.hello.slots = slots;
    m.body.hello.algorithm_version = r->algorithm_version;
    m.body.hello.selftest_digest = r->selftest_digest;
    m.body.hello.pid = 1;
    m.body.hello.host = text_of("raw");
    send_message(r, &m, WIRE_HELLO);
}

static void send_control(struct raw *r, uint32_t verb)
{
    struct wire_message m = { 0 };
    r->control.verb = verb;
    if (r->control.who.length == 0)
        r->control.who = text_of("raw@client");
    m.body.control = r->control;
    send_message(r, &m, WIRE_CONTROL);
    r->control.pair_count = 0;
}

static void send_large(struct raw *r)
{
    struct wire_message m = { .body.result = r->result };
    struct wire_envelope before = r->envelope;
    r->envelope.task = r->task;
    r->envelope.attempt = r->attempt;
    send_message(r, &m, WIRE_RESULT);
    r->envelope = before;
}

static void keep_task(struct raw *r, const struct wire_message *m)
{
    const struct wire_task *t = &m->body.task;
    (void)snprintf(r->detector, sizeof r->detector, "%.*s",
                   (int)t->detector.length, t->detector.text);
    r->task = m->envelope.task;
    r->attempt = m->envelope.attempt;
    r->result = (struct wire_result){ .batch = t->batch,
                                      .detector = text_of(r->detector),
                                      .phase = t->phase,
                                      .part = t->part,
                                      .status = ERR_LIMIT };
}

static void be_like(struct raw *r, char *text)
{
    r->algorithm_version = (uint32_t)strtoul(text, &text, 10);
    r->selftest_digest = *text == ':' ? strtoull(text + 1, NULL, 16) : 0;
}

static void send_junk(struct raw *r)
{
    struct link_message *out = NULL;
    if (link_message_new(&out) != 0 || link_message_append(out, "junk", 4) != 0)
        abort();
    send_bytes(r, out);
}

/* Sends what the word says; false when it only prepares. */
static bool say(struct raw *r, char *word)
{
    struct wire_message none = { 0 };
    char *equals = strchr(word, '=');
    if (strcmp(word, "hello") == 0)
        send_hello(r, 0);
    else if (strcmp(word, "worker") == 0)
        send_hello(r, 1);
    else if (strcmp(word, "ready") == 0)
        send_message(r, &none, WIRE_READY);
    else if (strcmp(word, "large") == 0)
        send_large(r);
    else if (strcmp(word, "bye") == 0)
        send_message(r, &none, WIRE_BYE);
    else if (strcmp(word, "junk") == 0)
        send_junk(r);
    else if (strcmp(word, "status") == 0)
        send_control(r, WIRE_VERB_STATUS);
    else if (strcmp(word, "set") == 0)
        send_control(r, WIRE_VERB_SET);
    else if (strncmp(word, "verb=", 5) == 0)
        send_control(r, (uint32_t)strtoul(word + 5, NULL, 10));
    else if (strncmp(word, "like=", 5) == 0)
        be_like(r, word + 5);
    else if (strncmp(word, "id=", 3) == 0)
        r->control.request_id = text_of(word + 3);
    else if (strncmp(word, "who=", 4) == 0)
        r->control.who = text_of(word + 4);
    else if (equals != NULL && r->control.pair_count < WIRE_PAIRS_MAX)
        r->control.pair[r->control.pair_count++] =
            (struct wire_pair){ { word, (uint32_t)(equals - word) },
                                text_of(equals + 1) };
    else
        abort();
    return strcmp(word, "set") == 0 || strncmp(word, "verb=", 5) == 0 ||
           equals == NULL;
}

static void print_reply(struct raw *r, const struct link_event *e)
{
    struct wire_message m;
    if (wire_decode(e->bytes, e->byte_count, &m) != 0) {
        printf("UNREADABLE\n");
        return;
    }
    r->envelope.epoch = m.envelope.epoch;
    memcpy(r->envelope.run_id, m.envelope.run_id, sizeof r->envelope.run_id);
    if (m.envelope.kind == WIRE_TASK)
        keep_task(r, &m);
    printf("%s", wire_kind_name(m.envelope.kind));
    if (m.envelope.kind == WIRE_REFUSED)
        printf(" %d %.*s", m.body.refused.code,
               (int)m.body.refused.reason.length, m.body.refused.reason.text);
    if (m.envelope.kind == WIRE_CONTROL_REPLY)
        printf(" %d %.*s", m.body.control_reply.code,
               (int)m.body.control_reply.text.length,
               m.body.control_reply.text.text);
    printf("\n");
}

/* Nobody listens: nng dials on without a word. */
static bool is_gone(const struct raw *r)
{
    return reach_check(r->url, INT64_MAX, NULL) == ERR_UNREACHABLE;
}

/* Waits for the reply on the task channel; false when there will be none. */
static bool hear(struct raw *r)
{
    for (;;) {
        bool heard = false, lost = false;
        link_client_wait(r->client, 1000);
        struct link_event *next, *e = link_client_take(r->client);
        for (; e != NULL; e = next) {
            next = e->next;
            heard = heard || e->kind == LINK_REPLY;
            lost = lost || e->kind == LINK_FAILED || e->kind == LINK_DOWN;
            if (e->kind == LINK_REPLY)
                print_reply(r, e);
            link_event_release(e);
        }
        if (heard || lost || is_gone(r))
            return heard;
    }
}

int main(int argc, char **argv)
{
    char url[256];
    struct fault fault = { 0 };
    struct raw r = { .url = url, .envelope.worker_id = 4711 };
    const struct link_options o = { .message_bytes_max = 8u << 20,
                                    .send_timeout_ms = 60000,
                                    .wake = no_wake };
    if (argc < 3 || find_url(argv[1], url, sizeof url) != 0)
        return 2;
    if (link_client_new(&o, url, 20, 200, &r.client, &fault) != 0) {
        fprintf(stderr, "%s\n", fault.text);
        return 2;
    }
    int exit_code = 0;
    for (int i = 2; i < argc && exit_code == 0; i++) {
        if (strcmp(argv[i], "wait") == 0) {
            (void)fflush(stdout);
            while (getchar() != EOF)
                ;
            continue;
        }
        if (say(&r, argv[i]) && !hear(&r)) {
            printf("LOST\n");
            exit_code = 1;
        }
    }
    link_client_free(r.client);
    return exit_code;
}
