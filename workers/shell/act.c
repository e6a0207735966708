/*
 * Carries out what the core decided, and says in the log what people want to
 * know about a worker: joined, waiting, lost, refused, bye.
 */
#include "workers/shell/shell.h"

#include "proto/host/log.h"

#include <stdio.h>
#include <unistd.h>

static void act_refused(struct shell *s, const struct worker_action *action)
{
    s->exit_err = action->err;
    (void)snprintf(s->exit_text, sizeof s->exit_text,
                   "the coordinator at %s refuses this worker: %s",
                   s->options->join, action->text);
}

static void act_note(struct shell *s, const struct worker_action *action)
{
    static const char *const what[] = {
        [WORKER_NOTE_JOINED] = "joined", [WORKER_NOTE_WAITING] = "waiting",
        [WORKER_NOTE_LOST] = "lost",     [WORKER_NOTE_REFUSED] = "refused",
        [WORKER_NOTE_BYE] = "bye",
    };
    enum log_level level = LOG_LEVEL_INFO;
    if (action->note == WORKER_NOTE_LOST)
        level = LOG_LEVEL_WARN;
    if (action->note == WORKER_NOTE_REFUSED) {
        act_refused(s, action); /* the error that ends it is told at the end */
        level = LOG_LEVEL_DEBUG;
    }
    log_line(s->options->log, level, what[action->note],
             "coordinator=%s pid=%d%s%s", LOG_QUOTE(s->options->join),
             (int)getpid(), action->text[0] != '\0' ? " reason=" : "",
             action->text[0] != '\0' ? LOG_QUOTE(action->text) : "");
}

static void act_exit(struct shell *s, const struct worker_action *action)
{
    if (action->exit_code == 0) {
        s->exit_err = 0;
    } else if (s->exit_err == 0) {
        s->exit_err = ERR_UNREACHABLE;
        (void)snprintf(s->exit_text, sizeof s->exit_text,
                       "the coordinator at %s is gone", s->options->join);
    }
    shell_leave(s);
}

/* A send that fails at once is told after this step, not inside it. */
static void act_send(struct shell *s, const struct worker_action *action)
{
    int err = shell_send(s, action);
    if (err == 0)
        return;
    s->failed[action->channel == WORKER_CHANNEL_BEAT ? LINK_BEAT : LINK_TASK] =
        err;
    (void)uv_async_send(&s->wake);
}

/* Without memory for a task nobody computes it here: leave, so that another
 * worker gets it. */
static void act_take(struct shell *s, int err)
{
    if (err == 0)
        return;
    s->exit_err = err;
    (void)snprintf(s->exit_text, sizeof s->exit_text, "a task was given up: %s",
                   err_text(err));
    shell_leave(s);
}

void shell_act(struct shell *s, const struct worker_action *action)
{
    switch (action->kind) {
    case WORKER_ACT_SEND:
        act_send(s, action);
        break;
    case WORKER_ACT_KEEP:
        act_take(s, shell_keep(s));
        break;
    case WORKER_ACT_COMPUTE:
        shell_compute(s, action->model_id, action->model_slot);
        break;
    case WORKER_ACT_LOAD:
        act_take(s, shell_load(s, action->model_slot));
        break;
    case WORKER_ACT_FORGET:
        shell_forget(s);
        break;
    case WORKER_ACT_CANCEL:
        if (s->link != NULL)
            link_client_cancel(s->link, action->channel == WORKER_CHANNEL_BEAT
                                            ? LINK_BEAT
                                            : LINK_TASK);
        break;
    case WORKER_ACT_REDIAL:
        shell_redial(s, action->delay_ms);
        break;
    case WORKER_ACT_NOTE:
        act_note(s, action);
        break;
    case WORKER_ACT_EXIT:
        act_exit(s, action);
        break;
    }
}
