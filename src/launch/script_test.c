/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/script.h"

#include <errno.h>

#include "base/test.h"

static int parse(struct script *s, const char *text)
{
    return script_parse(s, span_text(text), NULL);
}

TEST(script_line_names_an_interpreter)
{
    struct script s;
    REQUIRE(parse(&s, "#!/bin/sh\necho\n") == 0);
    EXPECT(strcmp(s.interp, "/bin/sh") == 0);
    EXPECT(!s.has_arg);
}

TEST(script_argument_is_one_word_with_its_blanks)
{
    struct script s;
    REQUIRE(parse(&s, "#! \t/usr/bin/env  -S a b \t\nx") == 0);
    EXPECT(strcmp(s.interp, "/usr/bin/env") == 0);
    EXPECT(s.has_arg);
    EXPECT(strcmp(s.arg, "-S a b") == 0);
}

TEST(script_may_end_without_a_newline)
{
    struct script s;
    REQUIRE(parse(&s, "#!/bin/true") == 0);
    EXPECT(strcmp(s.interp, "/bin/true") == 0);
}

TEST(script_without_interpreter_is_refused)
{
    struct script s;
    EXPECT_EQ(parse(&s, "#!\n"), -ENOEXEC);
    EXPECT_EQ(parse(&s, "#!   \n"), -ENOEXEC);
    EXPECT_EQ(parse(&s, "#!"), -ENOEXEC);
}

TEST(script_line_that_is_too_long_is_refused)
{
    char text[SCRIPT_LINE + 2];
    struct script s;
    struct err e;
    memset(text, 'a', sizeof text);
    text[0] = '#';
    text[1] = '!';
    EXPECT_EQ(script_parse(&s, span_of(text, sizeof text), &e), -ENOEXEC);
    EXPECT(strstr(e.text, "longer than 256"));
    text[SCRIPT_LINE - 1] = '\n';
    EXPECT_EQ(script_parse(&s, span_of(text, sizeof text), &e), 0);
}

TEST(script_is_told_by_its_first_two_bytes)
{
    EXPECT(is_script(span_text("#!/bin/sh")));
    EXPECT(!is_script(span_text("#")));
    EXPECT(!is_script(span_text("\177ELF")));
}
