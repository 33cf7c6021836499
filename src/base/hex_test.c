/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"

#include <errno.h>

#include "base/test.h"

TEST(hex_goes_there_and_back)
{
    uint8_t bytes[3] = {0x00, 0xaf, 0x7e};
    char text[7];
    EXPECT_STR(hex_write(text, span_of(bytes, 3)), "00af7e");
    uint8_t back[3];
    EXPECT_EQ(hex_parse(back, 3, span_text("00AF7e")), 0);
    EXPECT(memcmp(back, bytes, 3) == 0);
}

TEST(hex_refuses_other_lengths_and_characters)
{
    uint8_t out[2];
    EXPECT_EQ(hex_parse(out, 2, span_text("00af7")), -EINVAL);
    EXPECT_EQ(hex_parse(out, 2, span_text("00af7e")), -EINVAL);
    EXPECT_EQ(hex_parse(out, 2, span_text("00ag")), -EINVAL);
    EXPECT_EQ(hex_parse(out, 2, span_text("0x12")), -EINVAL);
}
