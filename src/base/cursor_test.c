/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"

#include <errno.h>

#include "base/test.h"

TEST(cursor_reads_little_endian_fields_in_order)
{
    static const uint8_t in[] = {1,  2,  3,  4,  5,  6, 7, 8,    9,   10,
                                 11, 12, 13, 14, 15, 2, 0, 0xaa, 0xbb};
    struct cursor c = cursor_over(span_of(in, sizeof in));
    EXPECT_EQ(cursor_u8(&c), 1);
    EXPECT_EQ(cursor_u16(&c), 0x0302);
    EXPECT_EQ(cursor_u32(&c), 0x07060504);
    EXPECT_EQ(cursor_u64(&c), 0x0f0e0d0c0b0a0908);
    struct span s = cursor_span16(&c);
    EXPECT_EQ(s.size, 2);
    EXPECT_EQ(s.data[1], 0xbb);
    EXPECT_EQ(cursor_end(&c, NULL, "x"), 0);
}

TEST(cursor_gives_zeros_after_the_end_and_says_so)
{
    static const uint8_t in[] = {1, 2, 3};
    struct cursor c = cursor_over(span_of(in, sizeof in));
    EXPECT_EQ(cursor_u32(&c), 0);
    EXPECT_EQ(cursor_u8(&c), 0); /* stays bad, although a byte would be there */
    struct err e;
    EXPECT_EQ(cursor_end(&c, &e, "thing"), -EBADMSG);
    EXPECT_STR(e.text, "thing: truncated or malformed: ends after 3 bytes");
}

TEST(cursor_refuses_what_is_left_over)
{
    static const uint8_t in[] = {1, 2, 3};
    struct cursor c = cursor_over(span_of(in, sizeof in));
    cursor_u16(&c);
    struct err e;
    EXPECT_EQ(cursor_end(&c, &e, "thing"), -EBADMSG);
    EXPECT_STR(e.text, "thing: 2 bytes expected, 3 found");
    EXPECT_EQ(cursor_check(&c, &e, "thing"), 0);
}

TEST(cursor_refuses_reserved_bytes_that_are_not_zero)
{
    static const uint8_t in[] = {0, 0, 1};
    struct cursor c = cursor_over(span_of(in, sizeof in));
    cursor_zero(&c, 2);
    EXPECT_EQ(cursor_check(&c, NULL, "x"), 0);
    cursor_zero(&c, 1);
    EXPECT_EQ(cursor_check(&c, NULL, "x"), -EBADMSG);
}

TEST(cursor_sub_with_a_length_past_the_end_is_bad)
{
    static const uint8_t in[] = {9, 0, 0, 0, 1};
    struct cursor c = cursor_over(span_of(in, sizeof in));
    struct cursor sub = cursor_sub32(&c);
    EXPECT(c.bad && sub.bad);
}
