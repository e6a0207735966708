/*
 * Mode frozen at the start of a run: which model scores the batches.
 *
 * Given    --model names a file or a model of the database, --train a file to
 *          fit on; both mean mode frozen. Without any of them, and without
 *          --mode, the database goes on with what it did last.
 * Stored   the settings `mode` and `model` (the hash), as history: a batch was
 *          scored with the model that held for it.
 * Order    frozen_open before the input is looked at, frozen_settle when
 *          database and columns are known, frozen_store when nothing refuses
 *          any more.
 */
#ifndef FYKE_SHELL_FROZEN_H
#define FYKE_SHELL_FROZEN_H

#include "proto/base/err.h"

struct engine;

/* Reads the model's file; its names are the features unless some are named.
 * Errors: ERR_USAGE (flags that exclude each other), those of the file. */
FYKE_MUST_USE int frozen_open(struct engine *e, struct fault *fault);

/* The input was not understood: when the model's names are what it lacks, the
 * fault lists all of them. Returns `rc`. */
int frozen_explain(struct engine *e, int rc, struct fault *fault);

/* Fits the model to the stream's features; finds it in the database, or trains
 * it. Notes what changes for restore_settings_store. */
FYKE_MUST_USE int frozen_settle(struct engine *e, struct fault *fault);

/* Keeps the model, and what its training learned. */
FYKE_MUST_USE int frozen_store(struct engine *e, struct fault *fault);

#endif
