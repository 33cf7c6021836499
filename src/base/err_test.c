/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>

#include "base/test.h"

TEST(fail_returns_the_code_and_keeps_the_sentence)
{
    struct err e;
    EXPECT_EQ(fail(&e, -EINVAL, "room: %d expected", 3), -EINVAL);
    EXPECT_STR(e.text, "room: 3 expected");
    EXPECT_EQ(e.code, -EINVAL);
    EXPECT_EQ(fail(NULL, -EIO, "nobody listens"), -EIO);
}

TEST(fail_at_puts_the_place_in_front)
{
    struct err e;
    ignore(fail(&e, -EINVAL, "too short"));
    EXPECT_EQ(fail_at(&e, -EIO, "file %s", "a.bin"), -EIO);
    EXPECT_STR(e.text, "file a.bin: too short");
}

TEST(fail_cuts_long_sentences_at_the_buffer)
{
    struct err e;
    char longer[500];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    ignore(fail(&e, -EIO, "%s", longer));
    EXPECT_EQ(strlen(e.text), sizeof e.text - 1);
    ignore(fail_at(&e, -EIO, "%s", longer));
    EXPECT_EQ(strlen(e.text), sizeof e.text - 1);
}
