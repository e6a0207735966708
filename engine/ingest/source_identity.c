/*
 * Why this file exists: after a restart the same path may hold another file.
 * A file is the same by its content: the hash of its head and of the bytes
 * before the committed position. Device and inode are hints for people.
 */
#include "engine/ingest/source.h"
#include "proto/base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE_BYTES 4096u

struct identity {
    uint64_t head_bytes; /* min(PIECE_BYTES, position) */
    uint64_t head_hash;
    uint64_t tail_bytes; /* just before the position */
    uint64_t tail_hash;
    uint64_t position;
};

static int hash_piece(const struct source_file *f, uint64_t position,
                      uint64_t n, uint64_t *ret_hash, size_t *ret_got,
                      struct fault *fault)
{
    uint8_t bytes[PIECE_BYTES];
    size_t got = 0;
    int rc = source_file_read(f, position, bytes, (size_t)n, &got, fault);
    if (rc < 0)
        return rc;
    *ret_hash = hash_bytes(0, bytes, got);
    *ret_got = got;
    return 0;
}

int source_file_identify(const struct source_file *f, uint64_t position,
                         struct buf *identity, struct fault *fault)
{
    struct identity id = { .position = position };
    struct stat st;
    size_t got;
    id.head_bytes = id.tail_bytes =
        position < PIECE_BYTES ? position : PIECE_BYTES;
    int rc = hash_piece(f, 0, id.head_bytes, &id.head_hash, &got, fault);
    if (rc == 0 && got == id.head_bytes)
        rc = hash_piece(f, position - id.tail_bytes, id.tail_bytes,
                        &id.tail_hash, &got, fault);
    if (rc < 0)
        return rc;
    if (got != id.tail_bytes)
        return fault_set(fault, ERR_IO,
                         "%s is shorter than byte %" PRIu64
                         ", up to which it was read: it shrank meanwhile",
                         f->path, position);
    if (fstat(f->fd, &st) < 0)
        memset(&st, 0, sizeof st);
    return buf_printf(identity,
                      "{\"head_bytes\":%" PRIu64 ",\"head\":\"%016" PRIx64
                      "\",\"tail_bytes\":%" PRIu64 ",\"tail\":\"%016" PRIx64
                      "\",\"position\":%" PRIu64 ",\"device\":%" PRIu64
                      ",\"inode\":%" PRIu64 "}",
                      id.head_bytes, id.head_hash, id.tail_bytes, id.tail_hash,
                      id.position, (uint64_t)st.st_dev, (uint64_t)st.st_ino);
}

static int identity_parse(const char *text, struct identity *ret_id)
{
    int n = sscanf(text,
                   "{\"head_bytes\":%" SCNu64 ",\"head\":\"%" SCNx64
                   "\",\"tail_bytes\":%" SCNu64 ",\"tail\":\"%" SCNx64
                   "\",\"position\":%" SCNu64,
                   &ret_id->head_bytes, &ret_id->head_hash, &ret_id->tail_bytes,
                   &ret_id->tail_hash, &ret_id->position);
    return n == 5 && ret_id->head_bytes <= PIECE_BYTES &&
                   ret_id->tail_bytes <= PIECE_BYTES &&
                   ret_id->tail_bytes <= ret_id->position
               ? 0
               : ERR_CORRUPT;
}

static int bytes_verify(const struct source_file *f, const struct identity *id,
                        struct fault *fault)
{
    uint64_t hash = 0;
    size_t got = 0;
    int rc = hash_piece(f, 0, id->head_bytes, &hash, &got, fault);
    if (rc < 0)
        return rc;
    if (got != id->head_bytes || hash != id->head_hash)
        return fault_set(fault, ERR_DIFFERENT,
                         "%s is another file: its first %" PRIu64
                         " bytes differ from those that were read before",
                         f->path, id->head_bytes);
    rc = hash_piece(f, id->position - id->tail_bytes, id->tail_bytes, &hash,
                    &got, fault);
    if (rc < 0)
        return rc;
    if (got != id->tail_bytes || hash != id->tail_hash)
        return fault_set(fault, ERR_DIFFERENT,
                         "%s was changed: the bytes before byte %" PRIu64
                         " differ from those that were read before",
                         f->path, id->position);
    return 0;
}

int source_file_verify(const struct source_file *f, const char *identity,
                       uint64_t position, bool open_end, struct fault *fault)
{
    struct identity id;
    struct stat st;
    int rc = identity_parse(identity, &id);
    if (rc < 0 || id.position != position)
        return fault_set(fault, ERR_CORRUPT,
                         "the stored identity of %s is damaged", f->path);
    if (fstat(f->fd, &st) < 0)
        return fault_set(fault, ERR_IO, "%s: cannot be looked at", f->path);
    uint64_t size = (uint64_t)st.st_size;
    if (size < position)
        return fault_set(fault, ERR_DIFFERENT,
                         "%s is shorter (%" PRIu64
                         " bytes) than what was read of it (%" PRIu64 ")",
                         f->path, size, position);
    rc = bytes_verify(f, &id, fault);
    if (rc < 0)
        return rc;
    if (open_end && size > position)
        return fault_set(fault, ERR_DIFFERENT,
                         "%s has grown, but its last record had no line end "
                         "and was read as whole: what follows cannot be told "
                         "from its rest",
                         f->path);
    return 0;
}
