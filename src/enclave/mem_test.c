/* SPDX-License-Identifier: Apache-2.0
 * mem_test.c: the enclave's string functions, built under other names; the C library is the oracle.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/test.h"

void *enclave_memcpy(void *to, const void *from, size_t size);
void *enclave_memmove(void *to, const void *from, size_t size);
void *enclave_memset(void *to, int value, size_t size);
int enclave_memcmp(const void *a, const void *b, size_t size);
void *enclave_memchr(const void *in, int value, size_t size);
size_t enclave_strlen(const char *text);
size_t enclave_strnlen(const char *text, size_t most);
int enclave_strcmp(const char *a, const char *b);
int enclave_strncmp(const char *a, const char *b, size_t most);

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

TEST(memmove_copies_overlapping_ranges_both_ways)
{
    for (size_t from = 0; from < 20; from++)
        for (size_t to = 0; to < 20; to++)
            for (size_t size = 0; size < 20; size++) {
                uint8_t ours[40];
                uint8_t theirs[40];
                for (size_t i = 0; i < sizeof ours; i++)
                    ours[i] = theirs[i] = (uint8_t)(i + 1);
                EXPECT(enclave_memmove(ours + to, ours + from, size) == ours + to);
                memmove(theirs + to, theirs + from, size);
                EXPECT(memcmp(ours, theirs, sizeof ours) == 0);
            }
}

TEST(memcpy_and_memset_touch_what_they_are_told_and_no_more)
{
    for (size_t size = 0; size < 70; size++) {
        uint8_t in[80];
        uint8_t out[80];
        memset(in, 3, sizeof in);
        memset(out, 1, sizeof out);
        EXPECT(enclave_memcpy(out + 5, in, size) == out + 5);
        EXPECT(out[4] == 1 && out[5 + size] == 1);
        EXPECT(size == 0 || (out[5] == 3 && out[4 + size] == 3));
        EXPECT(enclave_memset(out + 5, 0x1ff, size) == out + 5);
        EXPECT(out[4] == 1 && out[5 + size] == 1);
        EXPECT(size == 0 || (out[5] == 0xff && out[4 + size] == 0xff));
    }
}

TEST(comparisons_agree_with_the_c_library)
{
    static const char *const words[] = {"", "a", "ab", "abc", "abd", "b", "\xff", "a\xff"};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        for (size_t k = 0; k < ARRAY_COUNT(words); k++) {
            EXPECT_EQ(sign(enclave_strcmp(words[i], words[k])), sign(strcmp(words[i], words[k])));
            for (size_t n = 0; n < 5; n++)
                EXPECT_EQ(sign(enclave_strncmp(words[i], words[k], n)),
                          sign(strncmp(words[i], words[k], n)));
            EXPECT_EQ(sign(enclave_memcmp(words[i], words[k], 1)),
                      sign(memcmp(words[i], words[k], 1)));
        }
}

TEST(searches_agree_with_the_c_library)
{
    const char text[] = "hello, enclave";
    EXPECT_EQ(enclave_strlen(text), strlen(text));
    EXPECT_EQ(enclave_strlen(""), 0);
    for (size_t most = 0; most < 20; most++)
        EXPECT_EQ(enclave_strnlen(text, most), strnlen(text, most));
    for (int c = 0; c < 256; c++)
        EXPECT(enclave_memchr(text, c, sizeof text) == memchr(text, c, sizeof text));
}
