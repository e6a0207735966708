/* Folders that tests make and leave nothing of. */
#ifndef FYKE_TESTS_LIB_FOLDER_H
#define FYKE_TESTS_LIB_FOLDER_H

#include <ftw.h>
#include <stdio.h>

static inline int folder_remove_one(const char *path, const struct stat *st,
                                    int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

/* With all that is in it. 0, or what nftw returned. */
static inline int folder_remove(const char *path)
{
    return nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
