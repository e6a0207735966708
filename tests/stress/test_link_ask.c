/*
 * A question to a real server, which answers as a case tells it to. No case
 * has a limit of time: those in which an answer must come at once wait an
 * hour for it otherwise.
 */
#include "proto/base/check.h"
#include "proto/link/ask.h"
#include "tests/lib/tap.h"
#include "tests/stress/link_world.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOUR_MS 3600000

/* What the server does with its next request. */
enum step {
    STEP_HELLO,       /* HELLO_REPLY */
    STEP_HELLO_FIRST, /* asks for HELLO */
    STEP_REFUSE,
    STEP_REPLY,    /* CONTROL_REPLY, code and text of the actor */
    STEP_NOISE,    /* bytes that are no message */
    STEP_NEWER,    /* a message of a later protocol */
    STEP_BYE,      /* a message that is no answer */
    STEP_HOLD,     /* keeps it */
    STEP_GO_AWAY,  /* closes the connection */
    STEP_END = 99, /* no more requests are expected */
};

/* The server and what it heard. Its thread is the owner of world and server
 * while it runs. */
struct actor {
    struct world world;
    const enum step *script;
    const char *text;
    uint32_t text_bytes;
    int code;
    pthread_t thread;
    atomic_bool stop;
    uint32_t heard; /* requests */
    struct wire_message message[8];
    char pair[64];
};

static void wake_actor(void *context)
{
    sem_post(context);
}

static int append(void *context, const void *bytes, size_t n)
{
    return link_message_append(context, bytes, n);
}

static void reply_kind(struct actor *a, uint64_t request, enum step step)
{
    struct wire_message m = { .envelope = { .epoch = 7 } };
    struct link_message *out;
    m.envelope.run_id[0] = 42;
    m.envelope.kind = step == STEP_HELLO         ? WIRE_HELLO_REPLY
                      : step == STEP_HELLO_FIRST ? WIRE_HELLO_FIRST
                      : step == STEP_REFUSE      ? WIRE_REFUSED
                      : step == STEP_BYE         ? WIRE_BYE_REPLY
                                                 : WIRE_CONTROL_REPLY;
    if (step == STEP_REFUSE) {
        m.body.refused.code = a->code;
        m.body.refused.reason = (struct wire_text){ a->text, a->text_bytes };
    } else if (step == STEP_REPLY) {
        m.body.control_reply.code = a->code;
        m.body.control_reply.text =
            (struct wire_text){ a->text, a->text_bytes };
    }
    check(link_message_new(&out) == 0);
    check(wire_encode(&m, (struct wire_writer){ append, out }) == 0);
    check(link_server_reply(a->world.server.server, request, out) == 0);
}

static void reply_bytes(struct actor *a, uint64_t request, const void *bytes,
                        size_t n)
{
    struct link_message *out;
    check(link_message_new(&out) == 0);
    check(link_message_append(out, bytes, n) == 0);
    check(link_server_reply(a->world.server.server, request, out) == 0);
}

static void note(struct actor *a, const struct link_event *e)
{
    struct wire_message *m = &a->message[a->heard];
    check(a->heard < sizeof a->message / sizeof a->message[0]);
    if (wire_decode(e->bytes, e->byte_count, m) == 0 &&
        m->envelope.kind == WIRE_CONTROL && m->body.control.pair_count > 0) {
        const struct wire_pair *p = &m->body.control.pair[0];
        snprintf(a->pair, sizeof a->pair, "%.*s=%.*s", (int)p->name.length,
                 p->name.text, (int)p->value.length, p->value.text);
    }
    a->heard++;
}

static void answer(struct actor *a, const struct link_event *e)
{
    /* an array of two, whose map begins: magic, version 99 */
    static const uint8_t newer[] = { 0x92, 0x82, 0, 0xce, 0x46, 0x59,
                                     0x4b, 0x45, 1, 99,   0x80 };
    enum step step = a->script[a->heard];
    note(a, e);
    switch (step) {
    case STEP_NOISE:
        reply_bytes(a, e->request, "hello", 5);
        break;
    case STEP_NEWER:
        reply_bytes(a, e->request, newer, sizeof newer);
        break;
    case STEP_HOLD:
        break;
    case STEP_GO_AWAY:
        link_server_close_pipe(a->world.server.server, e->pipe);
        break;
    case STEP_END:
        tap_expect(step != STEP_END); /* this one was not expected */
        break;
    default:
        reply_kind(a, e->request, step);
    }
}

static void *act(void *context)
{
    struct actor *a = context;
    while (!atomic_load(&a->stop)) {
        struct link_event *next, *e = link_server_take(a->world.server.server);
        for (; e != NULL; e = next) {
            next = e->next;
            if (e->kind == LINK_REQUEST)
                answer(a, e);
            link_event_release(e);
        }
        sem_wait(&a->world.woken);
    }
    return NULL;
}

static struct actor actor;

static void actor_start(const enum step *script, const char *url, int code,
                        const char *text, uint32_t text_bytes)
{
    struct actor *a = &actor;
    memset(a, 0, sizeof *a);
    world_init(&a->world);
    a->world.options.wake = wake_actor;
    a->script = script;
    a->code = code;
    a->text = text;
    a->text_bytes = text_bytes;
    check(
        world_listen(&a->world, url != NULL ? url : world_ipc_url(&a->world)));
    check(pthread_create(&a->thread, NULL, act, a) == 0);
}

static void actor_halt(void)
{
    atomic_store(&actor.stop, true);
    sem_post(&actor.world.woken);
    check(pthread_join(actor.thread, NULL) == 0);
}

static void actor_stop(void)
{
    actor_halt();
    world_release(&actor.world);
}

/* What became of a question. */
static struct {
    int err, code;
    struct fault fault;
    struct buf reply;
} got;

static int ask(const char *url, int64_t timeout_ms)
{
    static const struct wire_control control = {
        .verb = WIRE_VERB_SET,
        .request_id = { "abcd", 4 },
        .who = { "anna@host", 9 },
        .pair_count = 1,
        .pair = { { { "interval", 8 }, { "250ms", 5 } } },
    };
    const struct link_question question = { .url = url,
                                            .control = &control,
                                            .version = "1.2.3",
                                            .timeout_ms = timeout_ms };
    buf_release(&got.reply);
    memset(&got, 0, sizeof got);
    buf_init(&got.reply, WIRE_REPLY_TEXT_MAX);
    got.code = -99;
    got.err = link_ask(&question, &got.reply, &got.code, &got.fault);
    return got.err;
}

/* Script, question, end. */
static int play(const enum step *script, int code, const char *text,
                int64_t timeout_ms)
{
    actor_start(script, NULL, code, text, (uint32_t)strlen(text));
    int err = ask(actor.world.url, timeout_ms);
    actor_stop();
    return err;
}

static bool fault_says(const char *words)
{
    if (strstr(got.fault.text, words) != NULL)
        return true;
    printf("# %s\n", got.fault.text);
    return false;
}

static void a_client_greets_asks_and_gets_the_answer(void)
{
    const enum step script[] = { STEP_HELLO, STEP_REPLY, STEP_END };
    tap_check(play(script, 0, "interval 1s -> 250ms\n", HOUR_MS) == 0);
    tap_check(got.code == 0);
    tap_check(strcmp(buf_text(&got.reply), "interval 1s -> 250ms\n") == 0);
    tap_check(actor.heard == 2);
    const struct wire_message *hello = &actor.message[0];
    tap_check(hello->envelope.kind == WIRE_HELLO);
    tap_check(hello->body.hello.slots == 0);
    tap_check(hello->body.hello.pid == (uint64_t)getpid());
    const struct wire_message *control = &actor.message[1];
    tap_check(control->envelope.kind == WIRE_CONTROL);
    tap_check(control->envelope.epoch == 7);
    tap_check(control->envelope.run_id[0] == 42);
    tap_check(control->envelope.worker_id == hello->envelope.worker_id);
    tap_check(control->body.control.verb == WIRE_VERB_SET);
    tap_check(strcmp(actor.pair, "interval=250ms") == 0);
}

static void it_works_over_tcp_too(void)
{
    const enum step script[] = { STEP_HELLO, STEP_REPLY, STEP_END };
    actor_start(script, "tcp://127.0.0.1:0", 0, "well", 4);
    tap_expect(ask(actor.world.url, HOUR_MS) == 0);
    tap_expect(strcmp(buf_text(&got.reply), "well") == 0);
    actor_stop();
}

static void a_refused_change_is_an_answer_with_its_code(void)
{
    const enum step script[] = { STEP_HELLO, STEP_REPLY, STEP_END };
    tap_check(
        play(script, ERR_RANGE, "interval=1us is out of range", HOUR_MS) == 0);
    tap_check(got.code == ERR_RANGE);
    tap_check(strstr(buf_text(&got.reply), "out of range") != NULL);
}

static void an_answer_may_be_a_mebibyte(void)
{
    const enum step script[] = { STEP_HELLO, STEP_REPLY, STEP_END };
    char *text = malloc(WIRE_REPLY_TEXT_MAX);
    memset(text, 'x', WIRE_REPLY_TEXT_MAX);
    actor_start(script, NULL, 0, text, WIRE_REPLY_TEXT_MAX);
    tap_expect(ask(actor.world.url, HOUR_MS) == 0);
    tap_expect(got.reply.length == WIRE_REPLY_TEXT_MAX);
    actor_stop();
    free(text);
}

static void it_greets_again_when_it_is_told_to(void)
{
    const enum step script[] = { STEP_HELLO_FIRST, STEP_HELLO, STEP_HELLO_FIRST,
                                 STEP_HELLO,       STEP_REPLY, STEP_END };
    tap_check(play(script, 0, "well", HOUR_MS) == 0);
    tap_check(actor.heard == 5);
    tap_check(actor.message[4].envelope.kind == WIRE_CONTROL);
}

static void it_does_not_greet_for_ever(void)
{
    const enum step script[] = { STEP_HELLO_FIRST, STEP_HELLO_FIRST,
                                 STEP_HELLO_FIRST, STEP_HELLO_FIRST, STEP_END };
    tap_check(play(script, 0, "", HOUR_MS) == ERR_PROTO);
    tap_check(fault_says("again and again"));
}

static void a_refusal_is_told_in_its_words(void)
{
    const enum step script[] = { STEP_REFUSE, STEP_END };
    tap_check(play(script, ERR_BUSY, "no room for clients", HOUR_MS) ==
              ERR_BUSY);
    tap_check(fault_says("no room for clients"));
    tap_check(play(script, 12345, "", HOUR_MS) == ERR_PROTO);
    tap_check(fault_says("refused"));
}

static void nobody_at_an_ipc_path_is_noticed_at_once(void)
{
    struct world w;
    world_init(&w);
    tap_check(ask(world_ipc_url(&w), HOUR_MS) == ERR_UNREACHABLE);
    tap_check(fault_says(w.dir));
    world_release(&w);
}

static void a_socket_that_a_dead_coordinator_left_is_noticed_at_once(void)
{
    const enum step script[] = { STEP_END };
    actor_start(script, NULL, 0, "", 0);
    char url[sizeof actor.world.url], kept[128];
    snprintf(url, sizeof url, "%s", actor.world.url);
    snprintf(kept, sizeof kept, "%s.kept", url + 6);
    tap_expect(link(url + 6, kept) == 0); /* closing removes the name */
    char other[140];
    snprintf(other, sizeof other, "ipc://%s", kept);
    actor_halt();
    world_close_server(&actor.world, 0);
    tap_expect(access(kept, F_OK) == 0);
    tap_expect(ask(other, HOUR_MS) == ERR_UNREACHABLE);
    unlink(kept);
    world_release(&actor.world);
}

/* A port of this machine at which nobody listens. */
static uint16_t free_port(int fd)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t bytes = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    check(getsockname(fd, (struct sockaddr *)&address, &bytes) == 0);
    return ntohs(address.sin_port);
}

static void a_refused_tcp_connection_is_noticed_at_once(void)
{
    char url[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%u", free_port(fd));
    tap_expect(ask(url, HOUR_MS) == ERR_UNREACHABLE);
    tap_expect(fault_says("refused"));
    tap_expect(ask("tcp://no-such-host.invalid:7117", HOUR_MS) ==
               ERR_UNREACHABLE);
    close(fd);
}

static void a_server_that_never_speaks_is_unreachable_in_time(void)
{
    char url[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%u", free_port(fd));
    check(listen(fd, 8) == 0);
    tap_expect(ask(url, 50) == ERR_UNREACHABLE);
    tap_expect(fault_says("in time"));
    close(fd);
    const enum step script[] = { STEP_HOLD, STEP_END };
    tap_expect(play(script, 0, "", 50) == ERR_UNREACHABLE);
}

static void an_answer_that_does_not_come_leaves_the_outcome_open(void)
{
    const enum step script[] = { STEP_HELLO, STEP_HOLD, STEP_END };
    /* However slow this machine is: what counts is that it was asked. */
    for (int64_t ms = 50; ms < HOUR_MS; ms *= 2)
        if (play(script, 0, "", ms) == ERR_TIMEOUT)
            break;
    tap_check(got.err == ERR_TIMEOUT);
    tap_check(actor.heard == 2);
    tap_check(fault_says("did not answer"));
}

static void a_connection_that_is_lost_is_noticed_at_once(void)
{
    const enum step at_control[] = { STEP_HELLO, STEP_GO_AWAY, STEP_END };
    tap_check(play(at_control, 0, "", HOUR_MS) == ERR_CLOSED);
    tap_check(fault_says("went away"));
    const enum step at_hello[] = { STEP_GO_AWAY, STEP_END };
    tap_check(play(at_hello, 0, "", HOUR_MS) == ERR_UNREACHABLE);
}

static void another_protocol_is_told_apart_from_noise(void)
{
    const enum step newer[] = { STEP_NEWER, STEP_END };
    tap_check(play(newer, 0, "", HOUR_MS) == ERR_VERSION);
    tap_check(fault_says("same version of fyke"));
    const enum step noise[] = { STEP_NOISE, STEP_END };
    tap_check(play(noise, 0, "", HOUR_MS) == ERR_PROTO);
    const enum step bye[] = { STEP_HELLO, STEP_BYE, STEP_END };
    tap_check(play(bye, 0, "", HOUR_MS) == ERR_PROTO);
}

static void a_wrong_url_is_told_before_anything_is_tried(void)
{
    tap_check(ask("http://localhost:1", HOUR_MS) == ERR_INVALID);
    tap_check(fault_says("http://localhost:1"));
}

#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
static const struct {
    const char *sentence;
    void (*function)(void);
} cases[] = {
    CASE(a_client_greets_asks_and_gets_the_answer),
    CASE(it_works_over_tcp_too),
    CASE(a_refused_change_is_an_answer_with_its_code),
    CASE(an_answer_may_be_a_mebibyte),
    CASE(it_greets_again_when_it_is_told_to),
    CASE(it_does_not_greet_for_ever),
    CASE(a_refusal_is_told_in_its_words),
    CASE(nobody_at_an_ipc_path_is_noticed_at_once),
    CASE(a_socket_that_a_dead_coordinator_left_is_noticed_at_once),
    CASE(a_refused_tcp_connection_is_noticed_at_once),
    CASE(a_server_that_never_speaks_is_unreachable_in_time),
    CASE(an_answer_that_does_not_come_leaves_the_outcome_open),
    CASE(a_connection_that_is_lost_is_noticed_at_once),
    CASE(another_protocol_is_told_apart_from_noise),
    CASE(a_wrong_url_is_told_before_anything_is_tried),
};

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        tap_case(cases[i].sentence, cases[i].function);
    buf_release(&got.reply);
    return tap_end();
}
