/*
 * Arbitrary bytes as a model file. A hash stands between the header and the
 * arrays, so the bytes are also tried with the hash made right.
 */
#include "engine/detect/model_file.h"
#include "proto/base/check.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted goes over the wire, and is the same file again. */
static void model_use(const struct model_file *m, struct arena *arena)
{
    struct wire_payload p;
    struct iforest_forest forest;
    struct model_file again;
    struct buf out;
    check(iforest_pack_forest(&m->forest, arena, &p) == 0);
    check(iforest_unpack_forest(&p, arena, &forest) == 0);
    buf_init(&out, MODEL_FILE_BYTES_MAX);
    check(model_file_encode(&m->forest, m->name, m->made_by, &out) == 0);
    check(model_file_decode(out.data, out.length, "again", arena, &again,
                            NULL) == 0);
    check(iforest_pack_forest(&again.forest, arena, &p) == 0);
    buf_release(&out);
}

static void model_try(const uint8_t *bytes, size_t n)
{
    struct arena arena;
    struct model_file m;
    struct fault fault = { 0 };
    arena_init(&arena, ARENA_BYTES_MAX);
    int err = model_file_decode(bytes, n, "fuzz", &arena, &m, &fault);
    check(err == 0 || (fault.err == err && fault.text[0] != '\0'));
    if (err == 0)
        model_use(&m, &arena);
    arena_release(&arena);
}

/* Writes the hash of what stands behind "data" where the header has it. */
static void hash_mend(uint8_t *bytes, size_t n)
{
    static const char place[] = "\"sha256\": \"", data[] = "\"data\": ";
    char hash[SHA256_TEXT_BYTES];
    uint8_t *to = memmem(bytes, n, place, sizeof place - 1);
    const uint8_t *number = memmem(bytes, n, data, sizeof data - 1);
    if (to == NULL || number == NULL)
        return;
    to += sizeof place - 1;
    size_t from = 0;
    for (number += sizeof data - 1;
         number < bytes + n && *number >= '0' && *number <= '9' && from <= n;
         number++)
        from = 10 * from + (size_t)(*number - '0');
    if (from > n || (size_t)(bytes + n - to) < sizeof hash - 1)
        return;
    sha256_text(bytes + from, n - from, hash);
    memcpy(to, hash, sizeof hash - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    check(copy != NULL);
    memcpy(copy, data, size);
    model_try(copy, size);
    hash_mend(copy, size);
    model_try(copy, size);
    free(copy);
    return 0;
}
