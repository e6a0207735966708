/*
 * Arbitrary bytes as CSV: no step outside the bytes, and the same records,
 * rows and batches however the input is cut into pushes.
 */
#include "tests/fuzz/fuzz_ingest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_ingest("csv", data, size);
}
