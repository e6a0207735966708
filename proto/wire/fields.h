/*
 * The tables that say which key of a message map is which member of which
 * struct. Encoder and decoder walk the same tables, so they cannot disagree.
 *
 * Rules  a key is 0..63, belongs to one meaning for ever and is never reused.
 *        The envelope's magic and version are not members; they come first in
 *        every version of the wire, so that a foreign version is recognised
 *        before anything else is looked at.
 */
#ifndef FYKE_WIRE_FIELDS_H
#define FYKE_WIRE_FIELDS_H

#include "proto/wire/wire.h"

#include <stdbool.h>

#define FIELD_KEY_MAX 63u
#define FIELD_KEY_MAGIC 0u
#define FIELD_KEY_VERSION 1u

enum field_type {
    FIELD_U32,
    FIELD_U64,
    FIELD_I32,
    FIELD_TEXT,      /* up to WIRE_TEXT_MAX */
    FIELD_LONG_TEXT, /* up to WIRE_REPLY_TEXT_MAX */
    FIELD_RUN_ID,
    FIELD_NUMBERS, /* of the struct wire_payload at the offset */
    FIELD_BLOCKS,  /* of the struct wire_payload at the offset */
    FIELD_HELD,    /* the struct wire_heartbeat at the offset */
    FIELD_PAIRS,   /* of the struct wire_control at the offset */
};

enum field_need { FIELD_NEEDED, FIELD_OPTIONAL };

struct field {
    uint8_t key;
    uint8_t type; /* enum field_type */
    uint8_t need; /* enum field_need */
    uint16_t offset;
};

struct field_table {
    const struct field *field;
    uint32_t count;
};

/* The members of struct wire_envelope. */
extern const struct field_table field_envelope;

/* The members of a kind's body, by offset in the body union. False for an
 * unknown or reserved kind. */
bool field_body(uint32_t kind, struct field_table *ret_t);

#endif
