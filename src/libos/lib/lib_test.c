/* SPDX-License-Identifier: Apache-2.0
 * lib_test.c: the kernel's text and memory. */
#include "base/test.h"
#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"

static const char *text(const char *format, ...) PRINTF_LIKE(1, 2);

static const char *text(const char *format, ...)
{
    static char out[128];
    va_list args;
    va_start(args, format);
    kvfmt(out, sizeof out, format, args);
    va_end(args);
    return out;
}

TEST(numbers_and_words_look_as_printf_makes_them)
{
    EXPECT_STR(text("%d %u %x %o", -5, 5u, 255u, 8u), "-5 5 ff 10");
    EXPECT_STR(text("[%5d][%-5d][%05d]", 42, 42, -42), "[   42][42   ][-0042]");
    EXPECT_STR(text("%s %.2s %-4s|%c%%", "abc", "xyz", "p", 'q'), "abc xy p   |q%");
    EXPECT_STR(text("%ld %lu %016lx", -1l, ~0ul, 0xbeeful),
               "-1 18446744073709551615 000000000000beef");
    EXPECT_STR(text("%zu", (size_t)7), "7");
}

TEST(a_text_is_cut_at_its_room_and_its_length_told)
{
    char out[4] = "zzz";
    EXPECT_EQ(kfmt(out, sizeof out, "%s", "abcdef"), 6);
    EXPECT_STR(out, "abc");
    EXPECT_EQ(kfmt(NULL, 0, "%d", 1234), 4);
}

TEST(objects_are_zeroed_apart_and_come_back)
{
    enum { COUNT = 2000 };
    static uint8_t *objects[COUNT];
    for (size_t n = 0; n < COUNT; n++) {
        size_t size = n * 37 % 20000 + 1;
        objects[n] = kalloc(size);
        REQUIRE(objects[n]);
        EXPECT(bytes_are_zero(objects[n], size));
        EXPECT_EQ((uintptr_t)objects[n] % 16, 0);
        memset(objects[n], (int)n, size);
    }
    for (size_t n = 0; n < COUNT; n++) {
        size_t size = n * 37 % 20000 + 1;
        EXPECT(objects[n][0] == (uint8_t)n && objects[n][size - 1] == (uint8_t)n);
        kfree(objects[n]);
    }
    kfree(NULL);
}

TEST(a_larger_object_keeps_its_content)
{
    char *p = kalloc(10);
    REQUIRE(p);
    memcpy(p, "something", 10);
    for (size_t size = 20; size < 3000000; size *= 3) {
        p = krealloc(p, size);
        REQUIRE(p);
        EXPECT_STR(p, "something");
    }
    kfree(p);
    EXPECT(kalloc(SIZE_MAX) == NULL);
}
