/*
 * SHA-256 (FIPS 180-4): names content by a hash that other programs compute
 * too (`sha256sum`). Pure. Not for secrets: nothing here is constant-time.
 */
#ifndef FYKE_BASE_SHA256_H
#define FYKE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32u
#define SHA256_TEXT_BYTES 65u /* 64 hexadecimal digits and a NUL */

/* The digest of `n` bytes. */
void sha256(const void *bytes, size_t n, uint8_t ret_digest[SHA256_BYTES]);

/* The same as lower-case hexadecimal digits, as sha256sum prints it. */
void sha256_text(const void *bytes, size_t n, char ret_text[SHA256_TEXT_BYTES]);

#endif
