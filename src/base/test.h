/* SPDX-License-Identifier: Apache-2.0
 * test.h: the test harness.  TEST(name_is_a_sentence) { ... } registers itself; test_main.c runs
 * all of a binary, or those whose name contains an argument, and ends with "N passed, N failed".
 * Each test runs in a child process, so that a crash, a hang (60 s) or a leaked signal handler
 * fails that test alone. */
#ifndef CELLA_BASE_TEST_H
#define CELLA_BASE_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/span.h"

struct test {
    const char *name;
    const char *file;
    void (*run)(void);
    struct test *next;
};

void test_register(struct test *t);
void test_failed(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Says a failure of REQUIRE; returns `holds`. */
bool test_holds(bool holds, const char *file, int line, const char *condition);
/* Ends the running test as skipped; only for what the machine cannot do, and the reason is printed.
 */
void test_skip(const char *reason) __attribute__((noreturn));
/* Path of a file under ../shared/testdata (or $CELLA_TESTDATA), in a static buffer; the test is
 * skipped without it. */
const char *test_data(const char *name);

#define TEST(test_name)                                                 \
    static void test_name(void);                                        \
    __attribute__((constructor)) static void register_##test_name(void) \
    {                                                                   \
        static struct test t = {#test_name, __FILE__, test_name, NULL}; \
        test_register(&t);                                              \
    }                                                                   \
    static void test_name(void)

/* A failed EXPECT is counted and the test goes on; a failed REQUIRE returns from the function it
 * stands in. */
#define EXPECT(condition)                                                \
    do {                                                                 \
        if (!(condition))                                                \
            test_failed(__FILE__, __LINE__, "expected: %s", #condition); \
    } while (0)

#define REQUIRE(condition)                                            \
    do {                                                              \
        if (!test_holds((condition), __FILE__, __LINE__, #condition)) \
            return;                                                   \
    } while (0)

#define EXPECT_EQ(found, expected)                                                             \
    do {                                                                                       \
        long long found_ = (long long)(found);                                                 \
        long long expected_ = (long long)(expected);                                           \
        if (found_ != expected_)                                                               \
            test_failed(__FILE__, __LINE__, "%s: expected %lld (0x%llx), found %lld (0x%llx)", \
                        #found, expected_, (unsigned long long)expected_, found_,              \
                        (unsigned long long)found_);                                           \
    } while (0)

#define EXPECT_STR(found, expected)                                                      \
    do {                                                                                 \
        const char *found_ = (found);                                                    \
        const char *expected_ = (expected);                                              \
        if (!found_ || strcmp(found_, expected_) != 0)                                   \
            test_failed(__FILE__, __LINE__, "%s: expected \"%s\", found \"%s\"", #found, \
                        expected_, found_ ? found_ : "(null)");                          \
    } while (0)

#endif
