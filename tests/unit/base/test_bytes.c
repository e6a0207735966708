/*
 * Loads and stores: little-endian, at any address.
 */
#include "proto/base/bytes.h"

#include <criterion/criterion.h>

Test(bytes, words_are_little_endian_at_any_address)
{
    unsigned char raw[24] = { 0 };
    for (unsigned at = 0; at < 8; at++) {
        bytes_store_u64(raw + at, 0x0807060504030201u);
        for (unsigned i = 0; i < 8; i++)
            cr_assert_eq(raw[at + i], i + 1);
        cr_assert_eq(bytes_load_u64(raw + at), 0x0807060504030201u);
        cr_assert_eq(bytes_load_u32(raw + at), 0x04030201u);
        cr_assert_eq(bytes_load_u16(raw + at), 0x0201u);
    }
}

Test(bytes, floats_come_back_as_they_went)
{
    unsigned char raw[16];
    bytes_store_f32(raw + 1, -1.5f);
    cr_assert_eq(raw[4], 0xbf);
    cr_assert_eq(raw[3], 0xc0);
    cr_assert_eq(bytes_load_f32(raw + 1), -1.5f);
    bytes_store_f64(raw + 3, 0x1.8p-1000);
    cr_assert_eq(bytes_load_f64(raw + 3), 0x1.8p-1000);
}
