/*
 * Little-endian loads and stores of any alignment. Header only.
 */
#ifndef FYKE_BASE_BYTES_H
#define FYKE_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "fyke's wire and file formats are little-endian and so must the CPU be"
#endif

#define BYTES_DEFINE(type, name)                                               \
    static inline type bytes_load_##name(const void *p)                        \
    {                                                                          \
        type v;                                                                \
        memcpy(&v, p, sizeof v);                                               \
        return v;                                                              \
    }                                                                          \
    static inline void bytes_store_##name(void *p, type v)                     \
    {                                                                          \
        memcpy(p, &v, sizeof v);                                               \
    }
BYTES_DEFINE(uint16_t, u16)
BYTES_DEFINE(uint32_t, u32)
BYTES_DEFINE(uint64_t, u64)
BYTES_DEFINE(float, f32)
BYTES_DEFINE(double, f64)
#undef BYTES_DEFINE

#endif
