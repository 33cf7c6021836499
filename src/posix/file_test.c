/* SPDX-License-Identifier: Apache-2.0 */
#include "posix/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/test.h"

static char g_dir[] = "/tmp/file_test.XXXXXX";

static const char *in_dir(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", g_dir, name);
    return path;
}

TEST(file_comes_back_as_it_was_written)
{
    REQUIRE(mkdtemp(g_dir));
    static uint8_t content[300000];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 31);
    EXPECT_EQ(file_write(in_dir("a"), span_of(content, sizeof content), 0600, NULL), 0);
    uint8_t *got = NULL;
    size_t size = 0;
    EXPECT_EQ(file_read(&got, &size, in_dir("a"), sizeof content, NULL), 0);
    auto_free uint8_t *owned = got;
    EXPECT_EQ(size, sizeof content);
    EXPECT(memcmp(owned, content, size) == 0);
    struct stat st;
    EXPECT_EQ(stat(in_dir("a"), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600);
}

TEST(file_read_refuses_one_byte_too_many)
{
    REQUIRE(mkdtemp(g_dir));
    EXPECT_EQ(file_write(in_dir("b"), span_text("12345"), 0600, NULL), 0);
    uint8_t *got = NULL;
    size_t size = 0;
    struct err e;
    EXPECT_EQ(file_read(&got, &size, in_dir("b"), 4, &e), -EFBIG);
    EXPECT(strstr(e.text, "larger than the 4 bytes"));
    EXPECT_EQ(file_read(&got, &size, in_dir("none"), 4, &e), -ENOENT);
}

TEST(file_write_that_fails_leaves_nothing_behind)
{
    REQUIRE(mkdtemp(g_dir));
    REQUIRE(mkdir(in_dir("d"), 0700) == 0);
    struct err e;
    EXPECT(file_write(in_dir("d"), span_text("x"), 0600, &e) <
           0); /* a folder cannot be replaced by a file */
    DIR *dir = opendir(g_dir);
    REQUIRE(dir);
    int entries = 0;
    while (readdir(dir))
        entries++;
    closedir(dir);
    EXPECT_EQ(entries, 3); /* . .. d */
}
