/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/options.h"

#include <errno.h>

#include "base/test.h"

enum { MAX_ARGS = 24 };

static int parse(struct launch_options *o, int *at, struct err *e, const char *const *words)
{
    char *argv[MAX_ARGS + 1] = {(char *)(uintptr_t) "sgx-emu"};
    int argc = 1;
    while (words[argc - 1]) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
        argc++;
    }
    return options_parse(o, argc, argv, at, e);
}

#define WORDS(...)              \
    (const char *const[])       \
    {                           \
        __VA_ARGS__, (void *)0, \
    }

TEST(options_end_at_the_program)
{
    struct launch_options o;
    struct err e;
    int at;
    REQUIRE(parse(&o, &at, &e, WORDS("--mode", "fast", "--epc=256M", "prog", "--mode", "trap")) ==
            0);
    EXPECT(o.fast);
    EXPECT_EQ(o.epc_size, 256 << 20);
    EXPECT_EQ(o.program_fd, -1);
    EXPECT_EQ(at, 4);
}

TEST(options_end_at_two_dashes)
{
    struct launch_options o;
    struct err e;
    int at;
    REQUIRE(parse(&o, &at, &e, WORDS("--verbose", "--guard", "seccomp", "--", "--mode")) == 0);
    EXPECT(o.verbose);
    EXPECT_EQ(o.guard, LAUNCH_GUARD_SECCOMP);
    EXPECT_EQ(at, 5);
}

TEST(options_bad_values_are_named)
{
    struct launch_options o;
    struct err e;
    int at;
    EXPECT_EQ(parse(&o, &at, &e, WORDS("--mode", "quick", "p")), -EINVAL);
    EXPECT(strstr(e.text, "quick"));
    EXPECT_EQ(parse(&o, &at, &e, WORDS("--guard", "x", "p")), -EINVAL);
    EXPECT_EQ(parse(&o, &at, &e, WORDS("--cpuid", "x", "p")), -EINVAL);
    EXPECT_EQ(parse(&o, &at, &e, WORDS("--epc", "12Q", "p")), -EINVAL);
    EXPECT(strstr(e.text, "12Q"));
    EXPECT_EQ(parse(&o, &at, &e, WORDS("--epc")), -EINVAL);
    EXPECT(strstr(e.text, "needs a value"));
    EXPECT_EQ(parse(&o, &at, &e, WORDS("--frob", "p")), -EINVAL);
    EXPECT_EQ(parse(&o, &at, &e, WORDS("--verbose")), -EINVAL);
    EXPECT(strstr(e.text, "no program"));
    EXPECT_EQ(parse(&o, &at, &e, WORDS("--program-fd", "-3", "p")), -EINVAL);
}

TEST(options_sizes_have_units)
{
    uint64_t size;
    EXPECT_EQ(options_size("4096", &size), 0);
    EXPECT_EQ(size, 4096);
    EXPECT_EQ(options_size("2G", &size), 0);
    EXPECT_EQ(size, 2LL << 30);
    EXPECT_EQ(options_size("1K", &size), 0);
    EXPECT_EQ(size, 1024);
    static const char *const bad[] = {
        "", "0", "M", "1MM", "-1", " 1", "0x10", "99999999999999999999", "99999999999T", "1.5G"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT_EQ(options_size(bad[i], &size), -EINVAL);
}

TEST(options_written_are_read_back_the_same)
{
    struct launch_options o = {.fast = true,
                               .guard = LAUNCH_GUARD_SUD,
                               .epc_size = 123 << 20,
                               .plain_cpuid = true,
                               .secret = "/s",
                               .argv0 = "-sh",
                               .execfn = "./x",
                               .program_fd = 5,
                               .guard_inherited = true};
    struct options_words w;
    options_write(&w, &o);
    REQUIRE(w.count < OPTIONS_WORDS);
    const char *words[MAX_ARGS + 4] = {0};
    memcpy(words, w.words + 1, sizeof *words * (size_t)(w.count - 1));
    words[w.count - 1] = "prog";
    struct launch_options back;
    struct err e;
    int at;
    REQUIRE(parse(&back, &at, &e, words) == 0);
    EXPECT_EQ(at, w.count);
    EXPECT(back.plain_cpuid);
    EXPECT(back.fast && back.guard_inherited && back.guard == LAUNCH_GUARD_SUD);
    EXPECT_EQ(back.epc_size, o.epc_size);
    EXPECT_EQ(back.program_fd, 5);
    EXPECT(strcmp(back.secret, "/s") == 0);
    EXPECT(strcmp(back.argv0, "-sh") == 0 && strcmp(back.execfn, "./x") == 0);
}
