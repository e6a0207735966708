/*
 * Hosts under load: a daily cycle and a slow random walk give each host its
 * load, and the load gives everything that is measured.
 */
#include "tools/gen/gen_int.h"

#include <math.h>
#include <stdlib.h>

#define WALK_KEEPS 0.97    /* of the walk from sample to sample */
#define DISK_CLEANED 2000u /* samples from one clean-up to the next */

enum { CPU = 2, MEM, DISK, DISK_IO, NET_IN, NET_OUT, LATENCY };

struct host {
    double base; /* of the load */
    double walk;
    double mem, disk;
    uint64_t samples;
};

struct machines {
    uint64_t round;
    uint32_t next;
    double day; /* factor of the time of day */
    struct host *host;
};

static int machines_columns(struct gen *g)
{
    static const struct {
        const char *name;
        unsigned decimals;
    } numbers[] = {
        { "cpu", 1 },        { "mem", 1 },    { "disk", 2 },
        { "disk_io", 2 },    { "net_in", 1 }, { "net_out", 1 },
        { "latency_ms", 2 },
    };
    int rc = gen_column_add(g, "time", GEN_COLUMN_TIME, 0, 0);
    if (rc == 0)
        rc = gen_column_add(g, "host", GEN_COLUMN_NAME, 'h',
                            gen_digits(g->options.keys));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && rc == 0; i++)
        rc = gen_column_add(g, numbers[i].name, GEN_COLUMN_NUMBER, 0,
                            numbers[i].decimals);
    return rc;
}

static int machines_open(struct gen *g)
{
    uint32_t keys = g->options.keys;
    int rc = machines_columns(g);
    struct machines *m = calloc(1, sizeof *m + keys * sizeof *m->host);
    if (rc != 0 || m == NULL) {
        free(m);
        return ERR_NOMEM;
    }
    g->model = m;
    m->host = (struct host *)(m + 1);
    for (uint32_t i = 0; i < keys; i++) {
        struct host *h = &m->host[i];
        h->base = 0.4 + 0.25 * rng_unit(&g->rng);
        h->walk = noise_normal(&g->noise, &g->rng);
        h->mem = 30 + 20 * rng_unit(&g->rng);
        h->disk = 25 + 30 * rng_unit(&g->rng);
        h->samples = rng_below(&g->rng, DISK_CLEANED);
    }
    return 0;
}

static void begin_round(struct gen *g, struct machines *m)
{
    g->row.time_ns =
        g->options.start_ns + (int64_t)m->round * g->options.every_ns;
    double of_day =
        (double)(g->row.time_ns % GEN_DAY_NS) / (double)GEN_DAY_NS + 1;
    m->day = 1 + 0.4 * noise_sine(&g->noise, of_day + 0.65);
}

static const struct gen_incident *next_host(struct gen *g, struct machines *m,
                                            uint32_t *ret_host)
{
    for (;;) {
        if (m->next == g->options.keys) {
            m->next = 0;
            m->round++;
        }
        if (m->next == 0)
            begin_round(g, m);
        *ret_host = m->next++;
        const struct gen_incident *i =
            incident_at(g, *ret_host, g->options.every_ns);
        if (i == NULL || i->kind != GEN_GAP)
            return i;
    }
}

/* About x, give or take a share. */
static double about(struct gen *g, double x, double share)
{
    return x * noise_exp(share * noise_normal(&g->noise, &g->rng));
}

/* What one sample of a host looks like when nothing is the matter. */
static void usual(struct gen *g, const struct machines *m, struct host *h,
                  double *value)
{
    double news = sqrt(1 - WALK_KEEPS * WALK_KEEPS);
    h->walk = WALK_KEEPS * h->walk + news * noise_normal(&g->noise, &g->rng);
    double load = h->base * m->day * noise_exp(0.12 * h->walk);
    double filled = (double)(h->samples++ % DISK_CLEANED) / DISK_CLEANED;
    value[CPU] = about(g, 100 * load / (load + 0.9), 0.06);
    value[MEM] = h->mem + 15 * load + noise_normal(&g->noise, &g->rng);
    value[DISK] = h->disk + 15 * filled;
    value[DISK_IO] = about(g, 12 * load, 0.15);
    value[NET_IN] = about(g, 2000 * load, 0.1);
    value[NET_OUT] = about(g, 5200 * load, 0.1);
    value[LATENCY] = about(g, 4 + 8 * load * load, 0.12);
}

/* One sample: what goes wrong shows in more than one place. */
static void spike(const struct gen_incident *i, double *value)
{
    double size = 6 + 10 * i->strength;
    switch (incident_pick(i, 0, 4)) {
    case 0: /* a runaway process */
        value[CPU] = 97 + 3 * i->strength;
        value[MEM] += 25;
        value[LATENCY] *= size;
        break;
    case 1: /* a lock */
        value[CPU] *= 0.2;
        value[NET_OUT] *= 0.1;
        value[LATENCY] *= 2 * size;
        break;
    case 2: /* a copy over the network */
        value[NET_OUT] *= size;
        value[DISK_IO] *= size / 2;
        value[CPU] += 30;
        break;
    default: /* a copy on disk */
        value[DISK_IO] *= size;
        value[DISK] += 25;
        value[LATENCY] *= size / 3;
        break;
    }
}

static void shift(const struct gen_incident *i, double *value)
{
    double size = 3 + 3 * i->strength;
    switch (incident_pick(i, 0, 3)) {
    case 0: /* a slow disk */
        value[LATENCY] *= size;
        value[DISK_IO] *= size;
        break;
    case 1: /* a leak */
        value[MEM] += 30 + 10 * i->strength;
        break;
    default: /* an attack */
        value[NET_IN] *= size;
        value[CPU] *= 1.3;
        break;
    }
}

/* The processor does not do what the network says, nor the other way round. */
static void decouple(double *value)
{
    value[CPU] = value[CPU] < 45 ? value[CPU] + 40 : value[CPU] - 40;
    value[LATENCY] = value[NET_IN] < 1200 ? 12 : 4;
}

static double limit(double x, double max)
{
    return x < 0 ? 0 : x > max ? max : x;
}

static void machines_row(struct gen *g)
{
    struct machines *m = g->model;
    double *value = g->row.value;
    uint32_t host;
    const struct gen_incident *i = next_host(g, m, &host);
    usual(g, m, &m->host[host], value);
    value[1] = host + 1;
    value[LATENCY] *= 1 + 1.5 * g->drift;
    value[MEM] += 15 * g->drift;
    if (i != NULL && i->kind == GEN_SPIKE)
        spike(i, value);
    else if (i != NULL && i->kind == GEN_SHIFT)
        shift(i, value);
    else if (i != NULL)
        decouple(value);
    value[CPU] = limit(value[CPU], 100);
    value[MEM] = limit(value[MEM], 100);
    value[DISK] = limit(value[DISK], 100);
}

const struct gen_model_ops gen_machines = {
    .keys = 20,
    .every_ns = INT64_C(10000000000),
    .span = 40,
    .open = machines_open,
    .row = machines_row,
};
