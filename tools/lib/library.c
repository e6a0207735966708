/*
 * Versions, errors, shapes.
 */
#include "tools/lib/library.h"

uint32_t fyke_detect_version(void)
{
    return FYKE_DETECT_VERSION;
}

const char *fyke_detect_version_text(void)
{
    return FYKE_VERSION_TEXT;
}

const char *fyke_error_text(int error)
{
    switch (error) {
    case FYKE_OK:
        return "ok";
    case FYKE_ERROR_WORKSPACE:
        return "the memory or the workspace is too small";
    case FYKE_ERROR_OPTION:
        return "an option or a shape is out of range";
    case FYKE_ERROR_VALUE:
        return "a value is infinite, or missing where none may be";
    case FYKE_ERROR_UNSUPPORTED:
        return "this CPU or this version lacks it";
    default:
        return "unknown error";
    }
}

void fyke_columns(const float *row_major, uint32_t rows, uint32_t cols,
                  float *columns)
{
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < cols; j++)
            columns[(size_t)j * rows + i] = row_major[(size_t)i * cols + j];
}

bool library_matrix(const struct fyke_matrix *rows, struct matrix *ret_m)
{
    if (rows == NULL || rows->stride < rows->rows ||
        (rows->data == NULL && rows->rows > 0))
        return false;
    *ret_m =
        (struct matrix){ rows->data, rows->rows, rows->cols, rows->stride };
    return true;
}

int library_isa(uint32_t isa, enum isa *ret_isa)
{
    enum isa highest = isa_detect();
    if (isa > FYKE_ISA_AVX512)
        return FYKE_ERROR_OPTION;
    if (isa > (uint32_t)highest)
        return FYKE_ERROR_UNSUPPORTED;
    *ret_isa = isa == FYKE_ISA_BEST ? highest : (enum isa)isa;
    return FYKE_OK;
}
