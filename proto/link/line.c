#include "proto/link/line.h"

#include "proto/link/link_err.h"

/* Runs on nng's threads. */
static void operation_ended(void *context)
{
    struct line *l = context;
    struct mail *mail = l->mail;
    struct link_event *e = &mail->event;
    int code = nng_aio_result(l->aio);
    e->err = err_from_nng(code);
    /* A message is ours after a receive, and again after a failed send. */
    if ((mail->kind == MAIL_SENT) == (code != 0)) {
        e->owned = nng_aio_get_msg(l->aio);
        nng_aio_set_msg(l->aio, NULL);
    }
    mailbox_post(l->mailbox, mail);
}

int line_open(struct line *l, nng_socket socket, struct mailbox *mailbox)
{
    *l = (struct line){ .mailbox = mailbox };
    int code = nng_ctx_open(&l->ctx, socket);
    if (code != 0)
        return err_from_nng(code);
    code = nng_aio_alloc(&l->aio, operation_ended, l);
    if (code != 0)
        nng_ctx_close(l->ctx);
    return err_from_nng(code);
}

void line_send(struct line *l, struct mail *mail, nng_msg *msg,
               int64_t timeout_ms)
{
    mail->kind = MAIL_SENT;
    mail->line = l;
    l->mail = mail;
    nng_aio_set_timeout(l->aio, (nng_duration)timeout_ms);
    nng_aio_set_msg(l->aio, msg);
    nng_ctx_send(l->ctx, l->aio);
}

void line_receive(struct line *l, struct mail *mail)
{
    mail->kind = MAIL_RECEIVED;
    mail->line = l;
    l->mail = mail;
    nng_aio_set_timeout(l->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(l->ctx, l->aio);
}

void line_cancel(struct line *l)
{
    nng_aio_cancel(l->aio);
    nng_aio_wait(l->aio);
    if (l->mail != NULL)
        l->mail->abandoned = true;
    l->mail = NULL;
}

void line_close(struct line *l)
{
    nng_aio_stop(l->aio);
    nng_ctx_close(l->ctx);
    nng_aio_free(l->aio);
}

/* Runs on nng's threads. Without memory the event is lost: pipe events are
 * hints, leases decide. */
static void pipe_changed(nng_pipe pipe, nng_pipe_ev what, void *context)
{
    struct mail *mail = mail_new();
    if (mail == NULL)
        return;
    mail->kind = what == NNG_PIPE_EV_ADD_POST ? MAIL_UP : MAIL_DOWN;
    mail->event.kind = mail->kind == MAIL_UP ? LINK_UP : LINK_DOWN;
    mail->event.pipe = (uint32_t)nng_pipe_id(pipe);
    mailbox_post(context, mail);
}

int line_watch_pipes(nng_socket socket, struct mailbox *mailbox)
{
    int code =
        nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, pipe_changed, mailbox);
    if (code == 0)
        code = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, pipe_changed,
                               mailbox);
    return err_from_nng(code);
}
