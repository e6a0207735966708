/*
 * The way of a change through the writer thread, the core and the settings in
 * force. Whatever fails before it is stored leaves everything as it was.
 */
#include "engine/shell/tune.h"

#include "engine/shell/detecting.h"
#include "engine/shell/engine_int.h"
#include "engine/shell/tuning.h"
#include "proto/base/check.h"
#include "proto/base/text.h"
#include "proto/host/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JOB_BYTES_MAX ((size_t)1 << 20)
#define ANSWER_BYTES_MAX ((size_t)64 << 10)
#define HELD_WAIT_MS 5000u /* less than a client waits for its answer */
#define STORE_TRIES 5u     /* while the disk is full or the file locked */
#define STORE_RETRY_MS 200u

static void tune_next(struct engine *e);

static void job_free(struct tune_job *j)
{
    arena_release(&j->arena);
    free(j);
}

static void job_answer(struct engine *e, struct tune_job *j, int code,
                       const char *text)
{
    for (uint32_t i = 0; i < j->asker_count; i++)
        control_answer(e, &j->asker[i], code, text);
    job_free(j);
}

/* Ends the one under way and begins the next. */
static void tune_end(struct engine *e, int code, const char *text)
{
    struct tune *t = &e->tune;
    struct tune_job *j = t->now;
    t->now = NULL;
    if (t->holding) {
        t->holding = false;
        engine_step(e, &(struct coord_event){ .kind = COORD_EV_TUNE });
    }
    change_release(&t->change);
    job_answer(e, j, code, text);
    tune_next(e);
}

static void answer_change(struct engine *e)
{
    struct tune *t = &e->tune;
    struct tune_job *j = t->now;
    t->now = NULL;
    for (uint32_t i = 0; i < j->asker_count; i++) {
        struct buf text;
        buf_init(&text, ANSWER_BYTES_MAX);
        int rc =
            change_say(&t->change, t->first_batch, j->asker[i].json, &text);
        control_answer(e, &j->asker[i], rc,
                       rc == 0 ? buf_text(&text) : err_text(rc));
        buf_release(&text);
    }
    job_free(j);
}

/* What the settings in force are copied into, beside the core. The change's
 * texts live on with them. */
static void take_settings(struct engine *e)
{
    struct tune *t = &e->tune;
    const struct settings *s = &t->change.settings;
    enum log_level level;
    int64_t us;
    if (settings_interval(s, e->live, &us, NULL) == 0)
        e->interval_us = us;
    if (log_level_parse(s->log_level, &level) == 0 &&
        strcmp(s->log_level, e->settings.log_level) != 0)
        log_set_level(e->log, level);
    e->severity_changed |= s->severity != e->settings.severity;
    e->verdict = detecting_verdict(s, &e->detectors);
    e->settings = *s;
    change_release(&t->applied);
    t->applied = t->change;
    memset(&t->change, 0, sizeof t->change);
}

/* Stored: from first_batch on it holds. */
static void tune_apply(struct engine *e)
{
    struct tune *t = &e->tune;
    struct coord_tuning now, next;
    bool depth = t->change.settings.pipeline != e->settings.pipeline;
    coord_tuning_get(e->coord, &now);
    int rc = tuning_make(&t->change.settings, e->live,
                         now.cut == COORD_CUT_INTERVAL ? now.interval_us : 0,
                         &next, NULL);
    check(rc == 0); /* change_make has asked */
    if (e->open.records == 0)
        progress_sound(e); /* by the interval that was in force */
    answer_change(e);
    take_settings(e);
    t->holding = false;
    engine_step(e, &(struct coord_event){
                       .kind = COORD_EV_TUNE,
                       .tuning = t->applied.cut || depth ? &next : NULL });
}

static void log_change(struct engine *e)
{
    const struct tune *t = &e->tune;
    for (uint32_t i = 0; i < t->change.count; i++) {
        const struct change_item *item = &t->change.item[i];
        if (item->changed)
            log_line(e->log, LOG_LEVEL_INFO, "set",
                     "name=%s old=%s new=%s first_batch=%" PRIu64 " who=%s",
                     item->name, item->old_text, item->new_text, t->first_batch,
                     LOG_QUOTE(t->now->who));
    }
}

static void store_again(uv_timer_t *timer)
{
    struct engine *e = timer->data;
    if (e->stage != STAGE_CLOSING)
        writer_post(e->writer, &e->tune.command);
}

static void change_stored(struct writer_command *c)
{
    struct engine *e = c->context;
    struct tune *t = &e->tune;
    bool again = c->err == ERR_FULL || c->err == ERR_BUSY;
    if (c->err == 0) {
        log_change(e);
        tune_apply(e);
        tune_next(e);
        return;
    }
    if (again && ++t->tries < STORE_TRIES && e->stage != STAGE_CLOSING) {
        (void)uv_timer_start(&t->timer, store_again, STORE_RETRY_MS, 0);
        return;
    }
    struct fault fault = c->fault;
    if (!again && c->err != ERR_EXISTS)
        engine_fail(e, c->err, "%s: a change of settings: %s", e->db,
                    fault.text);
    tune_end(e, c->err, fault.text[0] != '\0' ? fault.text : err_text(c->err));
}

void tune_held(struct engine *e, const struct coord_action *a)
{
    struct tune *t = &e->tune;
    const struct change *c = &t->change;
    uint32_t n = 0;
    t->first_batch = a->batch;
    (void)uv_timer_stop(&t->timer);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct change_item *item = &c->item[i];
        if (!item->changed)
            continue;
        t->setting[n] = (struct store_setting){ item->name, item->new_text };
        t->event[n++] = (struct store_event){ .at_ns = clock_wall_ns(),
                                              .what = "set",
                                              .name = item->name,
                                              .old_value = item->old_text,
                                              .new_value = item->new_text,
                                              .who = t->now->who,
                                              .first_batch = a->batch };
    }
    t->store = (struct store_change){ .from_batch = a->batch,
                                      .setting = t->setting,
                                      .setting_count = n,
                                      .event = t->event,
                                      .event_count = n,
                                      .actor = t->now->who,
                                      .request_id = t->now->request_id };
    t->tries = 0;
    t->command = (struct writer_command){ .kind = WRITER_CHANGE,
                                          .change = &t->store,
                                          .done = change_stored,
                                          .context = e };
    writer_post(e->writer, &t->command);
}

/* Nothing leaves the pipeline: whoever asks is not to wait for it. */
static void held_too_late(uv_timer_t *timer)
{
    struct engine *e = timer->data;
    if (e->stage != STAGE_CLOSING && e->failed == 0)
        tune_end(e, ERR_BUSY,
                 "the pipeline is full and the open batch cannot be closed: "
                 "nothing was changed. Are there workers? See fyke status");
}

/* Can the detectors work with what is to be changed? */
static int tune_check(const struct engine *e, struct fault *fault)
{
    struct detect_config c = detecting_config(&e->tune.change.settings);
    return detect_set_check(&e->detectors, &c, e->schema->feature_count, fault);
}

static void tune_begin(struct engine *e)
{
    struct tune *t = &e->tune;
    struct fault fault = { 0 };
    int rc = change_make(&t->change, e->table, e->table_count, &e->settings,
                         e->live, t->now->pair, t->now->pair_count, &fault);
    if (rc == 0) {
        rc = tune_check(e, &fault);
        if (rc != 0)
            change_release(&t->change);
    }
    if (rc != 0) {
        tune_end(e, rc, fault.text);
        return;
    }
    if (t->change.changed == 0) {
        answer_change(e);
        change_release(&t->change);
        tune_next(e);
        return;
    }
    t->holding = true;
    (void)uv_timer_start(&t->timer, held_too_late, HELD_WAIT_MS, 0);
    engine_step(e, &(struct coord_event){ .kind = COORD_EV_HOLD,
                                          .cut = t->change.cut });
}

/* What this request changed when it was asked for the first time. */
static void answer_found(struct engine *e, uint32_t count)
{
    struct tune *t = &e->tune;
    struct change *c = &t->change;
    memset(c, 0, sizeof *c);
    arena_init(&c->arena, ANSWER_BYTES_MAX);
    c->count = c->changed = count;
    for (uint32_t i = 0; i < count; i++)
        c->item[i] = (struct change_item){
            .name = t->found[i].name,
            .old_text = t->found[i].old_value,
            .new_text = t->found[i].value,
            .changed = true,
        };
    t->first_batch = t->found[0].from_batch;
    answer_change(e);
    change_release(c);
}

static void request_looked_for(struct writer_command *c)
{
    struct engine *e = c->context;
    struct tune *t = &e->tune;
    if (c->err == 0)
        answer_found(e, c->count);
    buf_release(&t->found_text);
    if (c->err == 0)
        tune_next(e);
    else if (c->err != ERR_NOTFOUND)
        tune_end(e, c->err,
                 c->fault.text[0] != '\0' ? c->fault.text : err_text(c->err));
    else if (e->stage == STAGE_CLOSING || e->failed != 0)
        return; /* tune_close tells */
    else
        tune_begin(e);
}

static void tune_next(struct engine *e)
{
    struct tune *t = &e->tune;
    if (t->now != NULL || t->first == NULL || e->stage == STAGE_CLOSING ||
        e->failed != 0)
        return;
    t->now = t->first;
    t->first = t->now->next;
    t->waiting--;
    if (t->now->request_id == NULL) {
        tune_begin(e);
        return;
    }
    buf_init(&t->found_text, ANSWER_BYTES_MAX);
    t->command = (struct writer_command){ .kind = WRITER_FIND,
                                          .request_id = t->now->request_id,
                                          .found_text = &t->found_text,
                                          .found = t->found,
                                          .count = WIRE_PAIRS_MAX,
                                          .done = request_looked_for,
                                          .context = e };
    writer_post(e->writer, &t->command);
}

/* The bytes of a text, which may hold anything, in memory of the job. */
static bool keep_wire(struct tune_job *j, struct wire_text *text)
{
    text->text = arena_text(&j->arena, text->text, text->length);
    return text->text != NULL;
}

static struct tune_job *job_new(const struct wire_control *ask)
{
    struct tune_job *j = calloc(1, sizeof *j);
    if (j == NULL)
        return NULL;
    arena_init(&j->arena, JOB_BYTES_MAX);
    bool ok = true;
    if (ask->request_id.length > 0) {
        j->request_id =
            arena_text(&j->arena, ask->request_id.text, ask->request_id.length);
        ok = j->request_id != NULL;
    }
    j->who = "unknown";
    if (ask->who.length > 0) {
        char *who = arena_text(&j->arena, ask->who.text, ask->who.length);
        if (who != NULL)
            text_clean(who);
        j->who = who;
    }
    j->pair_count = ask->pair_count;
    for (uint32_t i = 0; i < ask->pair_count && ok; i++) {
        j->pair[i] = ask->pair[i];
        ok = keep_wire(j, &j->pair[i].name) && keep_wire(j, &j->pair[i].value);
    }
    if (!ok || j->who == NULL) {
        job_free(j);
        return NULL;
    }
    return j;
}

/* The same request, waiting or under way. */
static struct tune_job *find_same(const struct tune *t, struct wire_text id)
{
    struct tune_job *j = t->now != NULL ? t->now : t->first;
    for (; j != NULL; j = j == t->now ? t->first : j->next)
        if (id.length > 0 && j->request_id != NULL &&
            strlen(j->request_id) == id.length &&
            memcmp(j->request_id, id.text, id.length) == 0)
            return j;
    return NULL;
}

void tune_ask(struct engine *e, const struct control_asker *asker,
              const struct wire_control *ask)
{
    struct tune *t = &e->tune;
    struct tune_job *j = find_same(t, ask->request_id);
    if (j != NULL && j->asker_count < TUNE_ASKERS_MAX) {
        j->asker[j->asker_count++] = *asker;
        return;
    }
    if (j != NULL || t->waiting == TUNE_WAITING_MAX) {
        control_answer(e, asker, ERR_BUSY,
                       "too many changes wait already; try again when the "
                       "last ones were answered");
        return;
    }
    j = job_new(ask);
    if (j == NULL) {
        control_answer(e, asker, ERR_NOMEM, err_text(ERR_NOMEM));
        return;
    }
    j->asker[j->asker_count++] = *asker;
    struct tune_job **end = &t->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = j;
    t->waiting++;
    tune_next(e);
}

void tune_close(struct engine *e)
{
    static const char text[] =
        "the coordinator ended before it made this change; nothing was "
        "changed: ask again, with or without a coordinator";
    struct tune *t = &e->tune;
    if (t->now != NULL)
        job_answer(e, t->now, ERR_CLOSED, text);
    t->now = NULL;
    while (t->first != NULL) {
        struct tune_job *j = t->first;
        t->first = j->next;
        job_answer(e, j, ERR_CLOSED, text);
    }
    t->waiting = 0;
    change_release(&t->change);
}

void tune_release(struct engine *e)
{
    change_release(&e->tune.applied);
}
