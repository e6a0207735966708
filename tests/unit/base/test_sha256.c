/* Vectors: FIPS 180-4's examples, and what sha256sum prints for runs around
 * the block size. */
#include "proto/base/sha256.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

static void expect(const void *bytes, size_t n, const char *wanted)
{
    char got[SHA256_TEXT_BYTES];
    sha256_text(bytes, n, got);
    cr_assert_str_eq(got, wanted, "%zu bytes: %s", n, got);
}

Test(sha256, is_what_the_standard_says)
{
    const char two[] =
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    expect("", 0,
           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect("abc", 3,
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(two, sizeof two - 1,
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

Test(sha256, takes_a_million_bytes)
{
    size_t n = 1000000;
    char *a = malloc(n);
    cr_assert_not_null(a);
    memset(a, 'a', n);
    expect(a, n,
           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(a);
}

Test(sha256, pads_every_length_around_a_block)
{
    static const struct {
        size_t n;
        const char *text;
    } run[] = {
        { 1,
          "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" },
        { 55,
          "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072" },
        { 56,
          "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e" },
        { 63,
          "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2" },
        { 64,
          "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c" },
        { 65,
          "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9" },
        { 119,
          "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c" },
        { 120,
          "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98" },
        { 128,
          "24da1b81d0b16df6428eee73c69fcb2a93c76bc6df706f0c6670fe6bfe800464" },
        { 129,
          "0ec9eb33e74510bcdd1f2ea55206e82f21649c5c2becbf2b433eb475b34c01bd" },
    };
    char a[130];
    memset(a, 'x', sizeof a);
    for (size_t i = 0; i < sizeof run / sizeof run[0]; i++)
        expect(a, run[i].n, run[i].text);
}
