/*
 * What the functions of the library share. Internal to the room.
 */
#ifndef FYKE_TOOLS_LIB_LIBRARY_H
#define FYKE_TOOLS_LIB_LIBRARY_H

#include "tools/lib/fyke_detect.h"

#include "proto/base/isa.h"
#include "proto/base/matrix.h"

#include <stdbool.h>

/* The caller's matrix as ours; false when its shape is none. */
bool library_matrix(const struct fyke_matrix *rows, struct matrix *ret_m);

/* The caller's choice of kernels. FYKE_ERROR_OPTION or _UNSUPPORTED. */
int library_isa(uint32_t isa, enum isa *ret_isa);

#endif
