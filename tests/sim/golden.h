/* Scripted worlds whose traces are kept in tests/golden as lessons. */
#ifndef FYKE_SIM_GOLDEN_H
#define FYKE_SIM_GOLDEN_H

#include <stdio.h>

/* 0, or -1 for a name that is not known. */
int golden_print(const char *name, FILE *out);
/* Compares every world's trace with FOLDER/NAME.txt, as TAP. 0 when equal. */
int golden_check(const char *folder);

#endif
