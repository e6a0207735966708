/*
 * Waiting for a lock that another program holds on the file. While a run
 * starts nothing is lost by it, so the caller says for how long; afterwards
 * two seconds, since a commit is tried again.
 */
#include "storage/store_impl.h"

#define WAIT_POLL_MS 100

static int wait_ask(struct store *s, int64_t waited_ms)
{
    char text[512];
    bool tell = waited_ms >= STORE_BUSY_MS && !s->wait_told;
    if (tell) {
        (void)sqlite3_snprintf(sizeof text, text,
                               "%s is locked by another program; the start "
                               "waits until that ends its transaction",
                               s->db.label);
        s->wait_told = true;
    }
    return s->options.waiting(s->options.waiting_context, tell ? text : NULL);
}

bool store_wait(struct store *s, int tries)
{
    int64_t waited_ms = (int64_t)tries * WAIT_POLL_MS;
    if (s->gave_up) {
        return false;
    }
    if (s->options.waiting == NULL && waited_ms >= STORE_BUSY_MS) {
        return false;
    }
    if (s->options.waiting != NULL && wait_ask(s, waited_ms) != 0) {
        s->gave_up = true;
        return false;
    }
    (void)sqlite3_sleep(WAIT_POLL_MS);
    return true;
}

static int on_busy(void *context, int tries)
{
    return store_wait(context, tries);
}

void store_wait_start(struct store *s)
{
    (void)sqlite3_busy_handler(s->db.sq, on_busy, s);
}

int store_wait_result(const struct store *s, int err, struct fault *fault)
{
    return err == ERR_BUSY && s->gave_up
               ? fault_set(fault, ERR_CANCELED,
                           "stopped while %s was locked by another program",
                           s->db.label)
               : err;
}

void store_started(struct store *s)
{
    (void)sqlite3_busy_timeout(s->db.sq, STORE_BUSY_MS);
}
