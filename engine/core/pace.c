#include "engine/core/pace.h"

#define PPM INT64_C(1000000)
#define TOOK_MAX_US (INT64_C(1) << 40) /* so that nothing overflows */

static int64_t larger_us(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t clamp_us(int64_t us, int64_t min_us, int64_t max_us)
{
    return us < min_us ? min_us : us > max_us ? max_us : us;
}

static int64_t times_ppm(int64_t us, uint32_t ppm)
{
    return us / PPM * ppm + us % PPM * ppm / PPM;
}

static int64_t over_ppm(int64_t us, uint32_t ppm)
{
    return us * PPM / ppm;
}

static void collect_anew(struct pace *p, int64_t now_us)
{
    p->since_us = now_us;
    p->count = 0;
}

void pace_start(struct pace *p, const struct coord_share *share,
                int64_t interval_us, uint64_t first_batch, int64_t now_us)
{
    interval_us = clamp_us(interval_us, share->min_us, share->max_us);
    *p = (struct pace){ .interval_us = interval_us,
                        .first_batch = first_batch,
                        .changed_batch = first_batch,
                        .since_us = now_us,
                        .floor_until_us = INT64_MIN,
                        .hold_us = PACE_HOLD_US,
                        .swing_until_us = INT64_MIN,
                        .noted_us = interval_us };
}

void pace_forget(struct pace *p, uint64_t next_batch, int64_t now_us)
{
    p->first_batch = next_batch;
    p->late = 0;
    collect_anew(p, now_us);
}

void pace_retune(struct pace *p, const struct coord_share *share,
                 uint64_t next_batch, int64_t now_us)
{
    int64_t before_us = p->interval_us;
    p->interval_us = clamp_us(before_us, share->min_us, share->max_us);
    if (p->interval_us != before_us) {
        p->changed_batch = next_batch;
    }
    pace_forget(p, next_batch, now_us);
}

/* It went up: it stays there for a while. */
static void floor_set(struct pace *p, int64_t now_us)
{
    if (now_us < p->swing_until_us) {
        p->hold_us *= 2;
    } else if (now_us >= p->floor_until_us) {
        p->hold_us /= 2;
    }
    p->hold_us = clamp_us(p->hold_us, PACE_HOLD_US, PACE_HOLD_MAX_US);
    p->swing_until_us = INT64_MIN;
    p->floor_us = p->interval_us;
    p->floor_until_us =
        now_us + larger_us(PACE_HOLD_BATCHES * p->interval_us, p->hold_us);
}

static bool change(struct pace *p, const struct coord_share *share,
                   int64_t interval_us, uint64_t next_batch, int64_t now_us)
{
    int64_t before_us = p->interval_us;
    p->interval_us = clamp_us(interval_us, share->min_us, share->max_us);
    if (p->interval_us == before_us) {
        return false;
    }
    if (p->interval_us > before_us) {
        floor_set(p, now_us);
    } else {
        p->swing_until_us = now_us + 4 * p->hold_us;
    }
    p->changed_batch = next_batch;
    pace_forget(p, next_batch, now_us);
    return true;
}

/* One late batch after the other, and it does not get better. */
static bool is_overload(struct pace *p, int64_t took_us, int64_t now_us)
{
    if (took_us <= p->interval_us) {
        p->late = 0;
        return false;
    }
    if (p->late++ == 0) {
        p->late_since_us = now_us - (took_us - p->interval_us);
        p->late_sum_us = 0;
    }
    p->late_sum_us += took_us;
    return p->late >= PACE_LATE && took_us >= p->late_sum_us / p->late &&
           now_us - p->late_since_us >= PACE_WINDOW_US;
}

/* Of `count` batches so many lie on one side of a limit: too many for chance,
 * where half of them were to be expected (2.4 standard deviations). */
static bool is_clear(uint32_t count, uint32_t outside)
{
    return 2 * outside > count &&
           (2 * outside - count) * (2 * outside - count) >= 6 * count;
}

/* What the newest batch took (0), the one before it (1), ... */
static int64_t newest_us(const struct pace *p, uint32_t i)
{
    return p->took_us[(p->count - 1 - i) % PACE_KEPT];
}

/* Do the newest `n` batches ask for a longer interval (1), a shorter one (-1),
 * neither? */
static int side_of(const struct pace *p, const struct coord_share *share,
                   uint32_t n)
{
    int64_t wanted_us = times_ppm(p->interval_us, share->target_ppm);
    uint32_t above = 0, far_above = 0, below = 0, far_below = 0;
    for (uint32_t i = 0; i < n; i++) {
        int64_t us = newest_us(p, i);
        above += us > times_ppm(wanted_us, PACE_BAND_PPM);
        far_above += us > times_ppm(wanted_us, PACE_FAR_PPM);
        below += us < over_ppm(wanted_us, PACE_BAND_PPM);
        far_below += us < over_ppm(wanted_us, PACE_FAR_PPM);
    }
    if (far_above == n || is_clear(n, above)) {
        return 1;
    }
    return far_below == n || is_clear(n, below) ? -1 : 0;
}

/* The time that `ppm` of the newest `n` batches took at most. */
static int64_t quantile_us(const struct pace *p, uint32_t n, uint32_t ppm)
{
    int64_t sorted_us[PACE_KEPT] = { 0 };
    for (uint32_t i = 0; i < n; i++) {
        int64_t us = newest_us(p, i);
        uint32_t at = i;
        for (; at > 0 && sorted_us[at - 1] > us; at--) {
            sorted_us[at] = sorted_us[at - 1];
        }
        sorted_us[at] = us;
    }
    return sorted_us[(uint64_t)(n - 1) * ppm / PPM];
}

/* A queue that empties shows in the newest batch. */
static int64_t longer_us(const struct pace *p, const struct coord_share *share,
                         uint32_t n)
{
    int64_t took_us = quantile_us(p, n, 500000);
    if (newest_us(p, 0) < took_us) {
        took_us = newest_us(p, 0);
    }
    int64_t to_us = over_ppm(took_us, share->target_ppm);
    int64_t most_us = times_ppm(p->interval_us, share->step_ppm);
    if (to_us < times_ppm(p->interval_us, PACE_BAND_PPM)) {
        return p->interval_us;
    }
    return to_us < most_us ? to_us : most_us;
}

/* The interval in force where less is not worth a change. */
static int64_t shorter_us(const struct pace *p, const struct coord_share *share,
                          uint32_t n, int64_t now_us)
{
    int64_t to_us = over_ppm(quantile_us(p, n, 500000), share->target_ppm);
    int64_t least_us = over_ppm(p->interval_us, share->step_ppm);
    int64_t high_us = quantile_us(p, n, 900000);
    int64_t wanted_us = times_ppm(p->interval_us, share->target_ppm);
    bool is_other_load = high_us < over_ppm(wanted_us, PACE_OTHER_PPM);
    to_us = larger_us(larger_us(to_us, least_us), high_us);
    if (now_us < p->floor_until_us && !is_other_load) {
        to_us = larger_us(to_us, p->floor_us);
    }
    bool is_worth =
        to_us <= over_ppm(p->interval_us, PACE_BAND_PPM) || to_us == least_us;
    return is_worth ? to_us : p->interval_us;
}

/* What was collected asks for this interval. The newest few are looked at by
 * themselves now and then, so that what was before a step of the load does not
 * hide it. `ret_is_clear`: collecting may begin anew. */
static int64_t verdict_us(const struct pace *p, const struct coord_share *share,
                          int64_t now_us, bool *ret_is_clear)
{
    uint32_t all = p->count < PACE_KEPT ? p->count : PACE_KEPT;
    int64_t few = clamp_us(PACE_WINDOW_US / p->interval_us + 1, PACE_BATCHES,
                           PACE_KEPT / 4);
    const uint32_t look[] = { all, 4 * (uint32_t)few, (uint32_t)few };
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t n = look[i];
        bool is_due = i == 0 || (n < all && p->count % n == 0);
        int side = is_due ? side_of(p, share, n) : 0;
        if (side != 0) {
            *ret_is_clear = true;
            return side > 0 ? longer_us(p, share, n)
                            : shorter_us(p, share, n, now_us);
        }
    }
    *ret_is_clear = p->count >= PACE_KEPT;
    return p->interval_us;
}

bool pace_committed(struct pace *p, const struct coord_share *share,
                    uint64_t batch, int64_t took_us, uint64_t next_batch,
                    int64_t now_us)
{
    if (batch < p->first_batch) {
        return false;
    }
    took_us = clamp_us(took_us, 0, TOOK_MAX_US);
    if (is_overload(p, took_us, now_us)) {
        return change(p, share, times_ppm(p->interval_us, share->step_ppm),
                      next_batch, now_us);
    }
    p->took_us[p->count++ % PACE_KEPT] = took_us;
    if (p->count < PACE_BATCHES || now_us - p->since_us < PACE_WINDOW_US) {
        return false;
    }
    bool is_clear_now;
    int64_t to_us = verdict_us(p, share, now_us, &is_clear_now);
    if (is_clear_now) {
        collect_anew(p, now_us);
    }
    return change(p, share, to_us, next_batch, now_us);
}

int64_t pace_note_at_us(const struct pace *p)
{
    if (p->interval_us == p->noted_us) {
        return INT64_MAX;
    }
    return p->noted ? p->noted_at_us + PACE_NOTE_US : INT64_MIN;
}

bool pace_note(struct pace *p, int64_t now_us, int64_t *ret_from_us)
{
    if (now_us < pace_note_at_us(p)) {
        return false;
    }
    *ret_from_us = p->noted_us;
    p->noted_us = p->interval_us;
    p->noted_at_us = now_us;
    p->noted = true;
    return true;
}
