/* What a person reads: one line per message and per decision. */
#include "tests/lib/wire_tools.h"
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void trace_line(const struct sim *s, const char *who, const char *format, ...)
{
    if (s->trace == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    fprintf(s->trace, "%10.3f  %-9s ", (double)s->now_us / 1e6, who);
    vfprintf(s->trace, format, args);
    fputc('\n', s->trace);
    va_end(args);
}

static const char *phase_name(uint32_t phase)
{
    static const char *const name[] = { "?", "FIT_SCORE", "FIT", "SCORE" };
    return phase < 4 ? name[phase] : name[0];
}

static void message_text(const struct wire_message *m, char *out, size_t n)
{
    const struct wire_envelope *e = &m->envelope;
    const struct wire_task *t = &m->body.task;
    const struct wire_result *r = &m->body.result;
    out[0] = 0;
    switch (e->kind) {
    case WIRE_TASK:
        snprintf(out, n, " batch %" PRIu64 " %s part %u, attempt %u%s",
                 t->batch, phase_name(t->phase), t->part, e->attempt,
                 t->model_id != 0 ? ", names a model" : "");
        break;
    case WIRE_RESULT:
        snprintf(out, n, " batch %" PRIu64 " %s part %u, attempt %u%s",
                 r->batch, phase_name(r->phase), r->part, e->attempt,
                 r->status != 0 ? ", failed" : "");
        break;
    case WIRE_NEED_MODEL:
        snprintf(out, n, " model %" PRIu64, m->body.need_model.model_id);
        break;
    case WIRE_MODEL:
        snprintf(out, n, " model %" PRIu64, m->body.model.model_id);
        break;
    case WIRE_HELLO_REPLY:
        snprintf(out, n, " epoch %u", e->epoch);
        break;
    case WIRE_HEARTBEAT_REPLY:
        snprintf(out, n, "%s",
                 m->body.heartbeat_reply.order == 1 ? " say HELLO again" : "");
        break;
    case WIRE_HEARTBEAT:
        if (m->body.heartbeat.held_count > 0) {
            snprintf(out, n, " progress %" PRIu64,
                     m->body.heartbeat.held[0].progress);
        }
        break;
    default:
        break;
    }
}

void trace_message(const struct sim *s, bool to_coord, uint32_t worker,
                   const struct wire_message *m, const char *remark)
{
    uint32_t kind = m->envelope.kind;
    bool is_beat =
        kind == WIRE_HEARTBEAT ||
        (kind == WIRE_HEARTBEAT_REPLY && m->body.heartbeat_reply.order == 0);
    if (s->trace == NULL || (is_beat && !s->trace_beats)) {
        return;
    }
    char who[16], text[160];
    snprintf(who, sizeof who, to_coord ? "w%u ->" : "-> w%u", worker + 1);
    message_text(m, text, sizeof text);
    trace_line(s, who, "%s%s%s", wire_kind_name(kind), text, remark);
}

static void trace_note(const struct sim *s, const struct coord_action *a)
{
    switch (a->note) {
    case COORD_NOTE_LEASE_EXPIRED:
    case COORD_NOTE_SPECULATED:
        trace_line(s, "coord", "note %s, part %" PRIu64,
                   coord_note_name(a->note), a->task & (PLAN_TASKS_MAX - 1));
        break;
    case COORD_NOTE_WORKER_REFUSED:
        trace_line(s, "coord", "note %s: %s", coord_note_name(a->note),
                   a->text);
        break;
    default:
        trace_line(s, "coord", "note %s", coord_note_name(a->note));
        break;
    }
}

void trace_action(const struct sim *s, const struct coord_action *a)
{
    if (s->trace == NULL) {
        return;
    }
    switch (a->kind) {
    case COORD_ACT_SEAL:
        trace_line(s, "coord",
                   "SEAL batch %" PRIu64 ": %u records, cut by %s; uses the "
                   "state after batch %" PRIu64,
                   a->batch, a->records, coord_reason_name(a->reason),
                   a->state_batch);
        break;
    case COORD_ACT_HELD:
        trace_line(s, "coord", "HELD: it would hold from batch %" PRIu64 " on",
                   a->batch);
        break;
    case COORD_ACT_DROP_OPEN:
        trace_line(s, "coord", "DROP the open batch");
        break;
    case COORD_ACT_PREPARE:
        trace_line(s, "coord", "PREPARE batch %" PRIu64 " phase %u", a->batch,
                   a->phase_index + 1);
        break;
    case COORD_ACT_ACCEPT:
        trace_line(s, "coord", "ACCEPT batch %" PRIu64 " phase %u part %u",
                   a->batch, a->phase_index + 1, a->part);
        break;
    case COORD_ACT_MERGE:
        trace_line(s, "coord", "MERGE batch %" PRIu64, a->batch);
        break;
    case COORD_ACT_COMMIT:
        trace_line(s, "coord", "COMMIT batch %" PRIu64, a->batch);
        break;
    case COORD_ACT_RELEASE:
        trace_line(s, "coord", "RELEASE batch %" PRIu64, a->batch);
        break;
    case COORD_ACT_CLOSE_PIPE:
        trace_line(s, "coord", "CLOSE a pipe");
        break;
    case COORD_ACT_DROP_REQUEST:
        trace_line(s, "coord", "DROP a request");
        break;
    case COORD_ACT_FINISHED:
        trace_line(s, "coord", "FINISHED");
        break;
    case COORD_ACT_GIVE_UP:
        trace_line(s, "coord", "GIVE UP: was batch %" PRIu64 " committed?",
                   a->batch);
        break;
    case COORD_ACT_NOTE:
        trace_note(s, a);
        break;
    default: /* replies are traced as messages */
        break;
    }
}

void sim_fail(const struct sim *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "sim: seed %" PRIu64 " at %.6f s: ", s->mix.seed,
            (double)s->now_us / 1e6);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort(); /* the handler prints the line that replays it */
}
