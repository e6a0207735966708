/*
 * The pace: which interval keeps the time that a batch takes, from its cut to
 * its commit, at a share of the interval. A pure controller: batches in, the
 * interval out.
 *
 * Why it settles  A batch takes about a + b * rows, so its share of an
 *              interval I is a / I + b * rate, which falls as I grows. The
 *              next interval is what these batches took over the target share,
 *              at most `step` away: from either side that comes nearer to the
 *              balance without passing it. Where b * rate alone is over the
 *              target there is no balance: the interval goes to its maximum
 *              and stays.
 * Evidence     Batches that were cut by the interval in force are collected:
 *              PACE_BATCHES and PACE_WINDOW_US at least, until it is clear
 *              that most of them lie outside PACE_BAND of the target, all on
 *              one side. The farther off they are, the fewer it takes, and the
 *              newest few may be enough. Then their median decides, and
 *              collecting begins anew.
 * Overload     batches that take longer than the interval, at least PACE_LATE
 *              in a row and late for PACE_WINDOW_US by now, and it does not
 *              get better: up by `step` at once.
 * Down         never below what nine of ten of them took. After it went up it
 *              does not go below that for a while, which doubles each time
 *              that it went down only to go up again soon: rare slow batches
 *              do not make it swing. A load that fell to a third need not wait.
 */
#ifndef FYKE_CORE_PACE_H
#define FYKE_CORE_PACE_H

#include "engine/core/coord.h"

#define PACE_BATCHES 4u
#define PACE_WINDOW_US 250000
#define PACE_BAND_PPM                                                          \
    1200000u                    /* up to x 1.2 or / 1.2 of the target is fine  \
                                 */
#define PACE_FAR_PPM 1800000u   /* clear at once, where all are so far off */
#define PACE_KEPT 64u           /* batches that decide at most */
#define PACE_OTHER_PPM 3000000u /* below a third: no noise, another load */
#define PACE_LATE 2u            /* in a row: perhaps an overload */
#define PACE_HOLD_US 10000000   /* no way down: at first so long, ... */
#define PACE_HOLD_MAX_US 640000000
#define PACE_HOLD_BATCHES 8 /* ... but no shorter than so many intervals */
#define PACE_NOTE_US 10000000

struct pace {
    int64_t interval_us;    /* in force for the batches that open from now on */
    uint64_t first_batch;   /* the first one that says something of it */
    uint64_t changed_batch; /* the first one that it holds for */
    int64_t since_us;       /* when collecting began */
    uint32_t count;
    int64_t took_us[PACE_KEPT]; /* the newest, at number % PACE_KEPT */
    uint32_t late;              /* the last ones that took over the interval */
    int64_t late_since_us, late_sum_us;
    int64_t floor_us, floor_until_us; /* not below it until then */
    int64_t hold_us;                  /* how long such a floor stands */
    int64_t swing_until_us; /* up before then, and the way down was wrong */
    bool noted;             /* ever */
    int64_t noted_us;       /* the interval that people know of */
    int64_t noted_at_us;
};

/* Starts with `interval_us`, kept within the limits of `share`. */
void pace_start(struct pace *p, const struct coord_share *share,
                int64_t interval_us, uint64_t first_batch, int64_t now_us);

/* Other limits: the interval in force, kept within them, goes on. */
void pace_retune(struct pace *p, const struct coord_share *share,
                 uint64_t next_batch, int64_t now_us);

/* Batch `batch` is committed, `took_us` after it was cut or, where it had to
 * wait to be cut, after it was due. True: the interval changed, from batch
 * `next_batch` on. */
bool pace_committed(struct pace *p, const struct coord_share *share,
                    uint64_t batch, int64_t took_us, uint64_t next_batch,
                    int64_t now_us);

/* Batches before `next_batch` say nothing: something else held them up. */
void pace_forget(struct pace *p, uint64_t next_batch, int64_t now_us);

/* Is there a change to be told now? At most one every PACE_NOTE_US; none when
 * the interval is again what was told. */
bool pace_note(struct pace *p, int64_t now_us, int64_t *ret_from_us);
/* When pace_note will have one; INT64_MAX = not as things are. */
int64_t pace_note_at_us(const struct pace *p);

#endif
