/*
 * The one place where nng's codes become ours.
 */
#ifndef FYKE_LINK_LINK_ERR_H
#define FYKE_LINK_LINK_ERR_H

/* 0 for 0, else a negative enum err. */
int err_from_nng(int nng_code);

#endif
