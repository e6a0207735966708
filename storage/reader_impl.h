/*
 * Inside of struct reader, for this room's files only.
 */
#ifndef FYKE_STORAGE_READER_IMPL_H
#define FYKE_STORAGE_READER_IMPL_H

#include "storage/db.h"
#include "storage/reader.h"
#include "storage/store_impl.h"

struct reader {
    const struct db *d; /* `own`, or the writer's */
    struct db own;
    struct buf texts; /* of reader_source_get */
};

#endif
