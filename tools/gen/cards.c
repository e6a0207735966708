/*
 * Card payments. Each customer lives somewhere, has an amount that is usual
 * for him, and goes to a few merchants near by most of the time; how many
 * people pay follows the hours of the day.
 */
#include "tools/gen/gen_int.h"

#include <math.h>
#include <stdlib.h>

#define FAVOURITES 6u
#define KM 150.0        /* side of the land */
#define MEAN_AMOUNT 3.1 /* e^3.1 = 22 */
#define MINUTE_NS 6e10

enum { CUSTOMER = 1, MERCHANT, AMOUNT, ITEMS, DISTANCE, SINCE, ONLINE };

struct place {
    float x, y; /* km */
};

struct merchant {
    struct place place;
    double price; /* logarithm, to the usual amount */
    bool online;
};

struct customer {
    struct place home;
    float mean, spread; /* of the amount's logarithm */
    uint32_t favourite[FAVOURITES];
    int64_t last_ns; /* payment */
};

struct cards {
    uint32_t merchants;
    struct customer *customer;
    struct merchant *merchant;
};

/* Payments per hour, relative to their mean. */
static const double busy[25] = {
    0.25, 0.15, 0.1, 0.1, 0.1, 0.2, 0.5, 0.9, 1.2, 1.3, 1.4, 1.6,  1.8,
    1.6,  1.4,  1.4, 1.5, 1.8, 1.9, 1.6, 1.2, 0.9, 0.7, 0.4, 0.25,
};

static int cards_columns(struct gen *g, uint32_t merchants)
{
    int rc = gen_column_add(g, "time", GEN_COLUMN_TIME, 0, 0);
    if (rc == 0)
        rc = gen_column_add(g, "customer", GEN_COLUMN_NAME, 'C',
                            gen_digits(g->options.keys));
    if (rc == 0)
        rc = gen_column_add(g, "merchant", GEN_COLUMN_NAME, 'M',
                            gen_digits(merchants));
    if (rc == 0)
        rc = gen_column_add(g, "amount", GEN_COLUMN_NUMBER, 0, 2);
    if (rc == 0)
        rc = gen_column_add(g, "items", GEN_COLUMN_NUMBER, 0, 0);
    if (rc == 0)
        rc = gen_column_add(g, "distance_km", GEN_COLUMN_NUMBER, 0, 1);
    if (rc == 0)
        rc = gen_column_add(g, "minutes_since", GEN_COLUMN_NUMBER, 0, 1);
    if (rc == 0)
        rc = gen_column_add(g, "online", GEN_COLUMN_NUMBER, 0, 0);
    return rc;
}

static struct place draw_place(struct gen *g)
{
    struct place p;
    p.x = (float)(KM * rng_unit(&g->rng));
    p.y = (float)(KM * rng_unit(&g->rng));
    return p;
}

static double distance(struct place a, struct place b)
{
    double x = (double)a.x - (double)b.x, y = (double)a.y - (double)b.y;
    return sqrt(x * x + y * y);
}

/* The nearest of some merchants drawn at random. */
static uint32_t near_merchant(struct gen *g, const struct cards *s,
                              struct place home)
{
    uint32_t best = 0;
    double best_km = 1e9;
    for (uint32_t n = 0; n < 12; n++) {
        uint32_t m = (uint32_t)rng_below(&g->rng, s->merchants);
        double km = distance(home, s->merchant[m].place);
        if (km < best_km) {
            best = m;
            best_km = km;
        }
    }
    return best;
}

static void draw_customer(struct gen *g, const struct cards *s,
                          struct customer *c)
{
    double gone = noise_exponential(&g->rng) * g->options.keys;
    c->home = draw_place(g);
    c->mean = (float)(MEAN_AMOUNT + 0.4 * noise_normal(&g->noise, &g->rng));
    c->spread = (float)(0.25 + 0.25 * rng_unit(&g->rng));
    for (uint32_t n = 0; n < FAVOURITES; n++)
        c->favourite[n] = near_merchant(g, s, c->home);
    c->last_ns =
        g->options.start_ns - (int64_t)(gone * (double)g->options.every_ns);
}

static int cards_open(struct gen *g)
{
    uint32_t keys = g->options.keys, merchants = 50 + keys / 4;
    int rc = cards_columns(g, merchants);
    struct cards *s = calloc(1, sizeof *s + keys * sizeof *s->customer +
                                    merchants * sizeof *s->merchant);
    if (rc != 0 || s == NULL) {
        free(s);
        return ERR_NOMEM;
    }
    g->model = s;
    s->merchants = merchants;
    s->customer = (struct customer *)(s + 1);
    s->merchant = (struct merchant *)(s->customer + keys);
    for (uint32_t i = 0; i < merchants; i++) {
        s->merchant[i].place = draw_place(g);
        s->merchant[i].price = 0.35 * noise_normal(&g->noise, &g->rng);
        s->merchant[i].online = i % 8 == 0;
    }
    for (uint32_t i = 0; i < keys; i++)
        draw_customer(g, s, &s->customer[i]);
    return 0;
}

/* Time of the next payment of anybody. */
static void advance(struct gen *g)
{
    double hour =
        (double)(g->row.time_ns % GEN_DAY_NS) / (double)GEN_DAY_NS * 24;
    uint32_t whole = hour > 0 ? (uint32_t)hour : 0;
    double part = hour > 0 ? hour - whole : 0;
    double rate = busy[whole] + part * (busy[whole + 1] - busy[whole]);
    double wait =
        noise_exponential(&g->rng) * (double)g->options.every_ns / rate;
    g->row.time_ns += 1 + (int64_t)wait;
}

/* A gap is an outage of the whole system: the time jumps. */
static const struct gen_incident *ask(struct gen *g, uint32_t customer)
{
    int64_t step_ns = g->options.every_ns * g->options.keys;
    const struct gen_incident *i = incident_at(g, customer, step_ns);
    if (i == NULL || i->kind != GEN_GAP)
        return i;
    int64_t outage =
        (int64_t)((60 + 60 * i->strength) * (double)g->options.every_ns);
    struct gen_label label = { .kind = GEN_GAP,
                               .incident = i->number,
                               .start_ns = g->row.time_ns,
                               .end_ns = g->row.time_ns + outage };
    g->incident[customer].kind = GEN_ORDINARY;
    g->row.time_ns += outage;
    g->row.label = label;
    return NULL;
}

/* What is bought where, when nothing is the matter. */
static void usual(struct gen *g, const struct cards *s,
                  const struct customer *c, double *value)
{
    bool known = rng_unit(&g->rng) < 0.85;
    uint32_t at = known ? c->favourite[rng_below(&g->rng, FAVOURITES)]
                        : near_merchant(g, s, c->home);
    const struct merchant *m = &s->merchant[at];
    double logarithm = (double)c->mean + m->price +
                       (double)c->spread * noise_normal(&g->noise, &g->rng);
    double price = noise_exp(2.0 + 0.3 * noise_normal(&g->noise, &g->rng));
    value[MERCHANT] = at + 1;
    value[AMOUNT] = noise_exp(logarithm);
    value[ITEMS] = 1 + floor(value[AMOUNT] / price);
    value[ONLINE] = m->online;
    value[DISTANCE] = m->online ? 0 : distance(c->home, m->place);
}

static void disturb(struct gen *g, const struct gen_incident *i, double *value)
{
    switch (i->kind) {
    case GEN_SPIKE: /* one large payment */
        value[AMOUNT] *= 10 + 20 * i->strength;
        if (incident_pick(i, 0, 2) == 0)
            value[DISTANCE] = KM * (1 + i->strength);
        break;
    case GEN_SHIFT: /* a stolen card: abroad, and one payment after another */
        value[AMOUNT] *= 2 + 3 * i->strength;
        value[DISTANCE] = KM * (2 + i->strength) + 10 * rng_unit(&g->rng);
        value[ONLINE] = 0;
        value[SINCE] = 1 + 20 * rng_unit(&g->rng);
        break;
    default: /* many things for little money, or one thing for much */
        if (value[AMOUNT] < 40)
            value[ITEMS] = 12 + floor(10 * i->strength);
        else
            value[ITEMS] = 1;
        break;
    }
}

static void cards_row(struct gen *g)
{
    struct cards *s = g->model;
    double *value = g->row.value;
    double u = rng_unit(&g->rng); /* some pay often, most do not */
    uint32_t customer = (uint32_t)(u * (0.3 + 0.7 * u) * g->options.keys);
    struct customer *c = &s->customer[customer];
    advance(g);
    const struct gen_incident *i = ask(g, customer);
    usual(g, s, c, value);
    value[CUSTOMER] = customer + 1;
    value[SINCE] = (double)(g->row.time_ns - c->last_ns) / MINUTE_NS;
    value[AMOUNT] *= 1 + 0.8 * g->drift;
    value[DISTANCE] *= 1 + g->drift;
    if (i != NULL)
        disturb(g, i, value);
    c->last_ns = g->row.time_ns;
}

const struct gen_model_ops gen_cards = {
    .keys = 1000,
    .every_ns = INT64_C(5000000000),
    .span = 10,
    .open = cards_open,
    .row = cards_row,
};
