#include "proto/link/mailbox.h"

#include <stdlib.h>
#include <time.h>

int mailbox_init(struct mailbox *m, const struct link_options *options)
{
    pthread_condattr_t monotonic;
    *m = (struct mailbox){ .wake = options->wake,
                           .wake_context = options->wake_context };
    if (pthread_condattr_init(&monotonic) != 0)
        return ERR_NOMEM;
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&m->posted, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (failed)
        return ERR_NOMEM;
    if (pthread_mutex_init(&m->mutex, NULL) != 0) {
        pthread_cond_destroy(&m->posted);
        return ERR_NOMEM;
    }
    return 0;
}

static void list_release(struct link_event *list)
{
    for (struct link_event *next; list != NULL; list = next) {
        next = list->next;
        link_event_release(list);
    }
}

void mailbox_release(struct mailbox *m)
{
    list_release(m->first);
    pthread_mutex_destroy(&m->mutex);
    pthread_cond_destroy(&m->posted);
}

void mailbox_post(struct mailbox *m, struct mail *mail)
{
    struct link_event *e = &mail->event;
    e->next = NULL;
    pthread_mutex_lock(&m->mutex);
    if (m->last != NULL)
        m->last->next = e;
    else
        m->first = e;
    m->last = e;
    pthread_cond_signal(&m->posted);
    if (m->wake != NULL)
        m->wake(m->wake_context);
    pthread_mutex_unlock(&m->mutex);
}

void mailbox_mute(struct mailbox *m)
{
    pthread_mutex_lock(&m->mutex);
    m->wake = NULL;
    pthread_mutex_unlock(&m->mutex);
    list_release(mailbox_take(m));
}

bool mailbox_is_empty(struct mailbox *m)
{
    pthread_mutex_lock(&m->mutex);
    bool is_empty = m->first == NULL;
    pthread_mutex_unlock(&m->mutex);
    return is_empty;
}

struct link_event *mailbox_take(struct mailbox *m)
{
    pthread_mutex_lock(&m->mutex);
    struct link_event *list = m->first;
    m->first = m->last = NULL;
    pthread_mutex_unlock(&m->mutex);
    return list;
}

void mailbox_wait(struct mailbox *m, int64_t deadline_ms)
{
    struct timespec deadline = { .tv_sec = deadline_ms / 1000,
                                 .tv_nsec = deadline_ms % 1000 * 1000000 };
    int timed_out = 0;
    pthread_mutex_lock(&m->mutex);
    while (m->first == NULL && !timed_out)
        timed_out = pthread_cond_timedwait(&m->posted, &m->mutex, &deadline);
    pthread_mutex_unlock(&m->mutex);
}

int64_t mailbox_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct mail *mail_new(void)
{
    return calloc(1, sizeof(struct mail));
}
