/*
 * The bytes that fyke advise replays: the first part of a file, or a few
 * seconds of this machine's processes, with what is known of them.
 */
#ifndef FYKE_TOOLS_ADVISE_INPUT_H
#define FYKE_TOOLS_ADVISE_INPUT_H

#include "engine/shell/settings.h"

struct advise_input {
    const char *label; /* borrowed */
    bool live;         /* host:processes; the bytes are samples of it */
    bool whole;        /* the bytes are all of the file */
    struct schema *schema;
    uint8_t *bytes; /* header and whole records, a newline at the end */
    size_t count;
    size_t data_start; /* behind the header */
    size_t head_end;   /* behind as many records as the inference looks at */
    uint64_t records;
    double rate; /* rows/s: by the time column, or live; 0 = unknown */
};

/* Errors with faults for people: as fyke run has them for the input; a pipe
 * is ERR_USAGE, since it cannot be read again. `stopped` ends a sampling
 * early (ERR_CANCELED). */
FYKE_MUST_USE int advise_input_load(const char *input,
                                    const struct settings *settings,
                                    bool (*stopped)(void),
                                    struct advise_input *ret_input,
                                    struct fault *fault);
void advise_input_release(struct advise_input *in);

/* Bytes of a record on the average. */
double advise_input_record_bytes(const struct advise_input *in);

#endif
