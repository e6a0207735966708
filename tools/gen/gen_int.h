/*
 * What the files of this room share: the state of one stream.
 *
 * A record's way: the model sets time, key and values (asking incident_at
 * what is the matter with the key), gen.c decides about troubles of the
 * stream, record.c writes the line, damage.c spoils it.
 */
#ifndef FYKE_GEN_GEN_INT_H
#define FYKE_GEN_GEN_INT_H

#include "tools/gen/gen.h"
#include "tools/gen/line.h"
#include "tools/gen/noise.h"

#define GEN_DAY_NS INT64_C(86400000000000)
#define GEN_NAME_BYTES 24u
#define GEN_NO_COLUMN UINT32_MAX
#define GEN_HELD_MAX 1024u

enum gen_column_type {
    GEN_COLUMN_TIME = 1,
    GEN_COLUMN_NAME, /* a letter and a number: S07 */
    GEN_COLUMN_NUMBER,
};

struct gen_column {
    char name[GEN_NAME_BYTES];
    enum gen_column_type type;
    char letter;       /* names */
    uint8_t digits;    /* of names; decimals of numbers */
    uint8_t lead_size; /* NDJSON: of what stands before the value */
    char lead[GEN_NAME_BYTES + 8];
};

struct gen_label {
    enum gen_kind kind;
    uint64_t incident; /* from 1 */
    int64_t start_ns, end_ns;
};

/* What is the matter with a key for a while. */
struct gen_incident {
    enum gen_kind kind; /* GEN_ORDINARY = nothing */
    uint64_t number;
    int64_t start_ns, end_ns;
    uint64_t choice; /* random bits: which columns, which way */
    double strength; /* 0..1 */
};

struct gen_row {
    int64_t time_ns;
    double *value; /* of each column; a name's number */
    bool *missing; /* of each column */
    struct gen_label label;
};

/* A line that waits for its turn. */
struct gen_held {
    uint64_t due; /* the record number that it will have at the earliest */
    struct gen_label label;
    struct buf text;
};

struct gen_model_ops {
    uint32_t keys, columns; /* usual ones; columns 0 = they are fixed */
    int64_t every_ns;
    uint32_t span; /* records of a long incident, about */
    /* Adds columns and allocates g->model. Errors: ERR_NOMEM. */
    int (*open)(struct gen *g);
    /* Sets g->row but for `missing`. */
    void (*row)(struct gen *g);
};

struct gen {
    struct gen_options options;
    const struct gen_model_ops *ops;
    void *model; /* its state, one allocation */
    struct gen_column *column;
    uint32_t column_count, column_room;
    bool ms; /* times need milliseconds */
    struct noise noise;
    struct rng rng;         /* of the values */
    struct rng rng_begin;   /* of incidents */
    struct rng rng_trouble; /* of the stream */
    struct gen_row row;
    struct line_time line_time, label_time;
    size_t line_bytes_max;

    struct gen_incident *incident;  /* of each key */
    double begins_below[GEN_KINDS]; /* cumulated chances of a beginning */
    uint64_t incidents;

    double drift; /* 0 before, 1 at its end */
    bool drift_told;

    struct gen_held *held;
    uint32_t held_count;
    uint64_t held_due; /* the earliest */
    uint64_t written;
};

/* gen.c */
FYKE_MUST_USE int gen_column_add(struct gen *g, const char *name,
                                 enum gen_column_type type, char letter,
                                 unsigned digits);
/* Digits that the names of `keys` keys need. */
unsigned gen_digits(uint32_t keys);

/* incident.c */
void incident_init(struct gen *g);
/* What the key's record at g->row.time_ns belongs to, NULL if it is ordinary;
 * sets the row's label. `step_ns` = usual time between the key's records.
 * GEN_GAP: the key is silent until `end_ns`, make no record; the next one
 * behind it gets the label. */
const struct gen_incident *incident_at(struct gen *g, uint32_t key,
                                       int64_t step_ns);
/* A random number from 0 below `count`, the `nth` of this incident. */
uint32_t incident_pick(const struct gen_incident *i, unsigned nth,
                       uint32_t count);
/* A trouble of one record. */
struct gen_label incident_single(struct gen *g, enum gen_kind kind);

/* record.c: the row as a line, at most g->line_bytes_max bytes */
char *record_write(struct gen *g, char *p, enum gen_kind kind,
                   uint32_t broken_column);
FYKE_MUST_USE int record_header(struct gen *g, struct buf *out);
FYKE_MUST_USE int record_label_header(struct buf *labels);
FYKE_MUST_USE int record_label(struct gen *g, const struct gen_label *label,
                               struct buf *labels);

/* damage.c: the row as a line that cannot be read */
char *damage_write(struct gen *g, char *p);

/* cards.c, sensors.c, machines.c */
extern const struct gen_model_ops gen_cards, gen_sensors, gen_machines;

#endif
