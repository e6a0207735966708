/*
 * Stations that measure the same channels in the same rounds. A channel is a
 * daily cycle, three slow influences that channels share (so that they go
 * together), and its own noise.
 */
#include "tools/gen/gen_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACTORS 3u
#define FACTOR_KEEPS 0.95 /* of its value from round to round */
#define NOISE_SHARE 0.25
#define CHANNEL_FIRST 2u

struct channel {
    double level, spread;
    double day_sine, day_cosine; /* size and phase of the daily cycle */
    double load[FACTORS];
};

struct station {
    double factor[FACTORS];
    double offset; /* in spreads */
};

struct sensors {
    uint64_t round;
    uint32_t next; /* station of the round */
    double sine, cosine;
    struct channel *channel;
    struct station *station;
};

static void draw_channel(struct gen *g, struct channel *c)
{
    double phase = rng_unit(&g->rng) * 0.2; /* all have their peak about noon */
    double size = 0.7 + 0.6 * rng_unit(&g->rng);
    c->level = (double)(10 + rng_below(&g->rng, 90));
    c->spread = c->level * (0.02 + 0.06 * rng_unit(&g->rng));
    c->day_sine = size * noise_sine(&g->noise, phase + 0.25);
    c->day_cosine = size * noise_sine(&g->noise, phase);
    for (uint32_t f = 0; f < FACTORS; f++)
        c->load[f] =
            (rng_below(&g->rng, 2) ? 0.4 : -0.4) * (0.5 + rng_unit(&g->rng));
}

static int sensors_columns(struct gen *g)
{
    char name[GEN_NAME_BYTES];
    int rc = gen_column_add(g, "time", GEN_COLUMN_TIME, 0, 0);
    if (rc == 0)
        rc = gen_column_add(g, "station", GEN_COLUMN_NAME, 'S',
                            gen_digits(g->options.keys));
    for (uint32_t i = 1; i <= g->options.columns && rc == 0; i++) {
        (void)snprintf(name, sizeof name, "v%u", i);
        rc = gen_column_add(g, name, GEN_COLUMN_NUMBER, 0, 3);
    }
    return rc;
}

static int sensors_open(struct gen *g)
{
    uint32_t keys = g->options.keys, channels = g->options.columns;
    int rc = sensors_columns(g);
    struct sensors *s = calloc(1, sizeof *s + channels * sizeof *s->channel +
                                      keys * sizeof *s->station);
    if (rc != 0 || s == NULL) {
        free(s);
        return ERR_NOMEM;
    }
    g->model = s;
    s->channel = (struct channel *)(s + 1);
    s->station = (struct station *)(s->channel + channels);
    for (uint32_t i = 0; i < channels; i++)
        draw_channel(g, &s->channel[i]);
    for (uint32_t i = 0; i < keys; i++) {
        s->station[i].offset = 0.3 * noise_normal(&g->noise, &g->rng);
        for (uint32_t f = 0; f < FACTORS; f++)
            s->station[i].factor[f] = noise_normal(&g->noise, &g->rng);
    }
    return 0;
}

static void begin_round(struct gen *g, struct sensors *s)
{
    g->row.time_ns =
        g->options.start_ns + (int64_t)s->round * g->options.every_ns;
    double of_day =
        (double)(g->row.time_ns % GEN_DAY_NS) / (double)GEN_DAY_NS + 1;
    s->sine = noise_sine(&g->noise, of_day + 0.75);
    s->cosine = noise_sine(&g->noise, of_day);
}

static void move_factors(struct gen *g, struct station *t)
{
    double news = sqrt(1 - FACTOR_KEEPS * FACTOR_KEEPS);
    for (uint32_t f = 0; f < FACTORS; f++)
        t->factor[f] = FACTOR_KEEPS * t->factor[f] +
                       news * noise_normal(&g->noise, &g->rng);
}

/* In spreads, what the incident does to one channel. `common` is what the
 * channel shares with others. */
static double disturb(const struct gen_incident *i, double common)
{
    double way = i->choice >> 63 ? 1 : -1;
    switch (i->kind) {
    case GEN_SPIKE:
        return way * (6 + 6 * i->strength);
    case GEN_SHIFT:
        return way * (3 + 3 * i->strength);
    default: /* the other way round */
        return -2 * common;
    }
}

static double measure(struct gen *g, const struct sensors *s,
                      const struct station *t, uint32_t channel, bool disturbed,
                      const struct gen_incident *i)
{
    const struct channel *c = &s->channel[channel];
    double common = s->sine * c->day_sine + s->cosine * c->day_cosine;
    for (uint32_t f = 0; f < FACTORS; f++)
        common += c->load[f] * t->factor[f];
    double x =
        common + t->offset + NOISE_SHARE * noise_normal(&g->noise, &g->rng);
    if (disturbed)
        x += disturb(i, common);
    if (g->drift > 0 && channel % 2 == 0)
        x += 2.5 * g->drift;
    return c->level + c->spread * x;
}

/* The next station that is not silent. */
static const struct gen_incident *next_station(struct gen *g, struct sensors *s,
                                               uint32_t *ret_station)
{
    for (;;) {
        if (s->next == g->options.keys) {
            s->next = 0;
            s->round++;
        }
        if (s->next == 0)
            begin_round(g, s);
        *ret_station = s->next++;
        move_factors(g, &s->station[*ret_station]);
        const struct gen_incident *i =
            incident_at(g, *ret_station, g->options.every_ns);
        if (i == NULL || i->kind != GEN_GAP)
            return i;
    }
}

/* A spike and a shift have some of the channels, a correlation break half of
 * them. */
static void choose_channels(const struct gen_incident *i, uint32_t channels,
                            bool *chosen)
{
    uint32_t count = 2 + incident_pick(i, 0, 3);
    if (i->kind == GEN_CORRELATION)
        count = 1 + channels / 2;
    for (uint32_t n = 1; n <= count; n++)
        chosen[incident_pick(i, n, channels)] = true;
}

static void sensors_row(struct gen *g)
{
    struct sensors *s = g->model;
    uint32_t channels = g->options.columns, station;
    bool chosen[GEN_COLUMNS_MAX];
    const struct gen_incident *i = next_station(g, s, &station);
    if (i != NULL) {
        memset(chosen, 0, channels * sizeof *chosen);
        choose_channels(i, channels, chosen);
    }
    g->row.value[1] = station + 1;
    for (uint32_t c = 0; c < channels; c++)
        g->row.value[CHANNEL_FIRST + c] =
            measure(g, s, &s->station[station], c, i != NULL && chosen[c], i);
}

const struct gen_model_ops gen_sensors = {
    .keys = 20,
    .columns = 10,
    .every_ns = INT64_C(10000000000),
    .span = 40,
    .open = sensors_open,
    .row = sensors_row,
};
