/* SPDX-License-Identifier: Apache-2.0
 * format_test.c: the C library is the oracle. */
#include "enclave/format.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "base/test.h"

static int format_to(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

static int format_to(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int used = format_text(out, size, format, args);
    va_end(args);
    return used;
}

#define SAME(...)                                                      \
    do {                                                               \
        char ours[300];                                                \
        char theirs[300];                                              \
        int used = format_to(ours, sizeof ours, __VA_ARGS__);          \
        EXPECT_EQ(used, snprintf(theirs, sizeof theirs, __VA_ARGS__)); \
        EXPECT_STR(ours, theirs);                                      \
    } while (0)

TEST(format_text_writes_numbers_as_the_c_library)
{
    SAME("%d %i %u", -1, 42, 4000000000u);
    SAME("%d %d %ld %ld", INT_MIN, INT_MAX, LONG_MIN, LONG_MAX);
    SAME("%x %X %lx %llx", 0xbeef, 0xbeef, ULONG_MAX, ULLONG_MAX);
    SAME("%hhu %hu %hhd %hd", (uint8_t)200, (uint16_t)60000, (signed char)-5, (short)-6);
    SAME("%zu %zd %jd %td", SIZE_MAX, (ssize_t)-3, (intmax_t)-4, (ptrdiff_t)5);
    SAME("%5d|%-5d|%05d|%-5u|", 42, 42, 42, 42u);
    SAME("%05d|%08x|%016lx|", -42, 0xabc, 0xdefUL);
    SAME("%.3d|%.5x|%8.3d|%-8.3d|", 7, 0xab, 7, 7);
    SAME("%d%%", 50);
    SAME("%0*d|%*d|%-*d|", 6, 42, 6, 42, 6, 42);
    SAME("%*d|", -6, 42);
}

TEST(format_text_writes_strings_as_the_c_library)
{
    SAME("%s|%10s|%-10s|%.2s|%10.2s|%-10.2s|", "abc", "abc", "abc", "abc", "abc", "abc");
    SAME("%.*s|%.0s|", 1, "abc", "abc");
    SAME("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd');
    SAME("%p", (void *)0x1234abcd);
    SAME("plain");
}

TEST(format_text_survives_a_null_string)
{
    char out[32];
    const char *volatile none = NULL;
    format_to(out, sizeof out, "%s", none);
    EXPECT_STR(out, "(null)");
}

TEST(format_text_cuts_and_says_how_much_it_would_take)
{
    char out[8] = "xxxxxxx";
    EXPECT_EQ(format_to(out, 4, "%s", "abcdef"), 6);
    EXPECT_STR(out, "abc");
    EXPECT_EQ(out[4], 'x');
    EXPECT_EQ(format_to(out, 0, "%d", 12345), 5);
    EXPECT_EQ(out[0], 'a');
    EXPECT_EQ(format_to(NULL, 0, "%s", "abc"), 3);
    EXPECT_EQ(format_to(out, 1, "%s", "abc"), 3);
    EXPECT_STR(out, "");
}

TEST(format_text_copies_what_it_does_not_know)
{
    char out[32];
    const char *volatile unknown = "%y %k 100%";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    format_to(out, sizeof out, unknown);
#pragma GCC diagnostic pop
    EXPECT_STR(out, "%y %k 100%");
}

TEST(format_text_survives_absurd_widths)
{
    char out[64];
    EXPECT_EQ(format_to(out, sizeof out, "%0100d", 5), 100);
    EXPECT_EQ(format_to(out, sizeof out, "%99999d", 5), 99999);
    volatile int least = INT_MIN; /* so that the compiler does not see it */
    EXPECT_EQ(format_to(out, sizeof out, "%*d", least, 5), 1);
}
