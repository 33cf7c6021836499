/* SPDX-License-Identifier: Apache-2.0 */
#include "http/url.h"

#include <errno.h>

#include "base/test.h"

TEST(url_escapes_all_but_unreserved_characters)
{
    char url[64] = "x?s=";
    EXPECT_EQ(url_append_escaped(url, sizeof url, "a/b:p,q ~\xc3\xa9"), 0);
    EXPECT_STR(url, "x?s=a%2Fb%3Ap%2Cq%20~%C3%A9");
    EXPECT_EQ(url_append(url, sizeof url, "&y"), 0);
    EXPECT_STR(url, "x?s=a%2Fb%3Ap%2Cq%20~%C3%A9&y");
}

TEST(url_that_does_not_fit_stays_as_it_was)
{
    char url[8] = "abc";
    EXPECT_EQ(url_append(url, sizeof url, "12345"), -ENAMETOOLONG);
    EXPECT_EQ(url_append_escaped(url, sizeof url, "1//"), -ENAMETOOLONG);
    EXPECT_STR(url, "abc");
    EXPECT_EQ(url_append_escaped(url, sizeof url, "1/"), 0);
    EXPECT_STR(url, "abc1%2F");
}
