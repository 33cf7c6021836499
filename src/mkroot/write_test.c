/* SPDX-License-Identifier: Apache-2.0
 * write_test.c: the same tree gives the same bytes; what cannot be written says so. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "mkroot/image_test.h"
#include "posix/file.h"

struct item {
    const char *path;
    unsigned mode;
    const char *content; /* NULL: 10000 bytes */
};

static const struct item g_items[] = {
    {"etc", S_IFDIR | 0755, ""},          {"etc/passwd", S_IFREG | 0644, "root\n"},
    {"bin", S_IFLNK | 0777, "usr/bin"},   {"usr", S_IFDIR | 0755, ""},
    {"usr/bin", S_IFDIR | 0755, ""},      {"usr/bin/sh", S_IFREG | 04755, NULL},
    {"usr/bin/zz", S_IFREG | 0755, NULL}, {"dev", S_IFDIR | 0755, ""},
    {"dev/null", S_IFCHR | 0666, ""},     {"dev/-", S_IFIFO | 0666, ""},
    {"dev/\xff", S_IFSOCK | 0666, ""},
};

static void add_in_order(struct mkroot *m, const size_t *order)
{
    const struct mkroot_xattr x[] = {{span_text("user.b"), span_text("1")},
                                     {span_text("user.a"), span_text("2")}};
    for (size_t k = 0; k < ARRAY_COUNT(g_items); k++) {
        const struct item *item = &g_items[order[k]];
        struct err e;
        if (S_ISREG(item->mode) && !item->content) {
            test_add_bytes(m, item->path, 10000, (unsigned)order[k]);
            continue;
        }
        struct tree_entry entry = {.path = span_text(item->path), .mode = item->mode};
        if (S_ISLNK(item->mode))
            entry.target = span_text(item->content);
        if (S_ISREG(item->mode))
            entry.size = strlen(item->content);
        size_t xattrs = order[k] % 3; /* two of them in either order */
        struct mkroot_xattr turned[] = {x[xattrs == 2 && k % 2], x[!(xattrs == 2 && k % 2)]};
        EXPECT_EQ(mkroot_add(m, &entry, turned, xattrs, &e), 0);
        if (S_ISREG(item->mode))
            EXPECT_EQ(mkroot_data(m, span_text(item->content), &e), 0);
    }
}

static void shuffle(size_t *order, size_t count, unsigned *random)
{
    for (size_t i = count - 1; i > 0; i--) {
        *random = *random * 1664525 + 1013904223;
        size_t j = (*random >> 16) % (i + 1);
        size_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

static void make_in_order(const size_t *order, struct image *image)
{
    struct mkroot *m = test_mkroot();
    add_in_order(m, order);
    test_finish(m, image);
}

TEST(writer_makes_the_same_bytes_from_every_order)
{
    size_t order[ARRAY_COUNT(g_items)] = {0};
    unsigned random = 1;
    for (size_t i = 0; i < ARRAY_COUNT(order); i++)
        order[i] = i;
    struct image first;
    make_in_order(order, &first);
    for (int round = 0; round < 50; round++) {
        struct image image;
        shuffle(order, ARRAY_COUNT(order), &random);
        make_in_order(order, &image);
        EXPECT_EQ(image.size, first.size);
        EXPECT(image.size == first.size && memcmp(image.data, first.data, first.size) == 0);
        image_fini(&image);
    }
    image_fini(&first);
}

TEST(writer_drops_the_data_of_replaced_files)
{
    struct mkroot *m = test_mkroot();
    test_add_bytes(m, "big", 1000000, 1);
    mkroot_next_layer(m);
    test_add(m, "big", S_IFREG | 0644, "small");
    struct image a;
    test_finish(m, &a);
    m = test_mkroot();
    test_add(m, "big", S_IFREG | 0644, "small");
    struct image b;
    test_finish(m, &b);
    EXPECT_EQ(a.size, b.size);
    EXPECT(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    image_fini(&a);
    image_fini(&b);
}

TEST(writer_makes_an_image_of_an_empty_tree)
{
    struct image image;
    test_finish(test_mkroot(), &image);
    EXPECT_EQ(image.made.image_size, 4096);
    EXPECT_EQ(image.made.inodes, 1);
    struct rootfs *r;
    struct rootfs_inode root;
    EXPECT_EQ(test_open(&image, 64, &r, NULL), 0);
    EXPECT_EQ(test_find(r, "", &root), 0);
    EXPECT_EQ(root.nlink, 2);
    image_fini(&image);
}

TEST(writer_can_write_a_tree_twice)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    const struct mkroot_xattr x = {span_text("user.a"), span_text("1")};
    struct tree_entry entry = {.path = span_text("a/b"), .mode = S_IFIFO | 0644};
    EXPECT_EQ(mkroot_add(m, &entry, &x, 1, &e), 0);
    test_add(m, "a/c", S_IFREG | 0644, "c");
    char path[] = "/tmp/mkroot_twice.XXXXXX";
    auto_fd fd = mkstemp(path);
    REQUIRE(fd >= 0);
    struct mkroot_result first;
    EXPECT_EQ(mkroot_write(m, path, &first, &e), 0);
    unlink(path);
    struct image image;
    test_finish(m, &image);
    EXPECT(memcmp(first.root_hash, image.made.root_hash, sizeof first.root_hash) == 0);
    image_fini(&image);
}

TEST(writer_keeps_holes_small)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    struct tree_entry x = {.path = span_text("x"), .mode = S_IFREG, .size = 40000000};
    EXPECT_EQ(mkroot_add(m, &x, NULL, 0, &e), 0);
    EXPECT_EQ(mkroot_hole(m, 20000000, &e), 0);
    EXPECT_EQ(mkroot_data(m, span_text("middle"), &e), 0);
    EXPECT_EQ(mkroot_hole(m, 40000000 - 20000006, &e), 0);
    char path[] = "/tmp/mkroot_hole.XXXXXX";
    auto_fd fd = mkstemp(path);
    REQUIRE(fd >= 0);
    struct mkroot_result result;
    EXPECT_EQ(mkroot_write(m, path, &result, &e), 0);
    struct stat st;
    EXPECT_EQ(stat(path, &st), 0);
    EXPECT(st.st_size > 40000000);
    EXPECT(st.st_blocks * 512 < 1000000);
    unlink(path);
    mkroot_free(m);
}

/* A directory to scan: made anew for each test, which runs in its own process. */
static char g_dir[] = "/tmp/mkroot_scan.XXXXXX";

static const char *in_dir(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", g_dir, name);
    return path;
}

static void make_file(const char *name, const char *content)
{
    EXPECT_EQ(file_write(in_dir(name), span_text(content), 0644, NULL), 0);
}

static int scan_and_write(const char *const *excludes, size_t count, struct image *image,
                          struct err *e)
{
    struct mkroot *m = test_mkroot();
    int rc = mkroot_scan(m, g_dir, excludes, count, e);
    if (rc == 0)
        test_finish(m, image);
    else
        mkroot_free(m);
    return rc;
}

TEST(scan_takes_what_a_directory_holds)
{
    REQUIRE(mkdtemp(g_dir));
    struct err e;
    make_file("a", "content");
    REQUIRE(link(in_dir("a"), "/tmp/none/x") != 0);
    char a[512];
    snprintf(a, sizeof a, "%s", in_dir("a"));
    REQUIRE(link(a, in_dir("hard")) == 0);
    REQUIRE(symlink("a", in_dir("soft")) == 0);
    REQUIRE(mkfifo(in_dir("fifo"), 0600) == 0);
    REQUIRE(mkdir(in_dir("d"), 0750) == 0);
    make_file("d/skip.pyc", "x");
    make_file("d/keep", "y");
    bool has_xattr = setxattr(a, "user.k", "v", 1, 0) == 0;
    const char *excludes[] = {"*.pyc", "/none*"};
    struct image image;
    REQUIRE(scan_and_write(excludes, 2, &image, &e) == 0);
    struct rootfs *r;
    REQUIRE(test_open(&image, 64, &r, &e) == 0);
    EXPECT(image_holds(r, "a", "content"));
    EXPECT(image_holds(r, "hard", "content"));
    EXPECT(image_holds(r, "soft", "a"));
    EXPECT(image_holds(r, "d/keep", "y"));
    struct rootfs_inode i;
    struct stat st;
    EXPECT_EQ(test_find(r, "d/skip.pyc", &i), -ENOENT);
    EXPECT_EQ(test_find(r, "fifo", &i), 0);
    EXPECT(S_ISFIFO(i.mode));
    EXPECT_EQ(test_find(r, "a", &i), 0);
    EXPECT_EQ(stat(a, &st), 0);
    EXPECT_EQ(i.nlink, 2);
    EXPECT_EQ(i.mtime_s, st.st_mtim.tv_sec);
    EXPECT_EQ(i.mtime_ns, st.st_mtim.tv_nsec);
    EXPECT_EQ(i.uid, st.st_uid);
    char value[4];
    if (has_xattr)
        EXPECT_EQ(rootfs_getxattr(r, &i, span_text("user.k"), value, 4), 1);
    image_fini(&image);
}

TEST(scan_says_what_it_cannot_read)
{
    REQUIRE(mkdtemp(g_dir));
    struct err e;
    struct mkroot *m = test_mkroot();
    EXPECT_EQ(mkroot_scan(m, "/none/at/all", NULL, 0, &e), -ENOENT);
    EXPECT(strstr(e.text, "/none/at/all"));
    mkroot_free(m);
    make_file("secret", "x");
    EXPECT_EQ(chmod(in_dir("secret"), 0), 0);
    EXPECT_EQ(chmod(g_dir, 0755), 0);
    if (geteuid() == 0 && seteuid(65534) != 0)
        test_skip("cannot become another user");
    m = test_mkroot();
    struct mkroot_result result;
    char out[] = "/tmp/mkroot_out.XXXXXX";
    auto_fd fd = mkstemp(out);
    REQUIRE(fd >= 0);
    EXPECT_EQ(mkroot_scan(m, g_dir, NULL, 0, &e), 0);
    EXPECT_EQ(mkroot_write(m, out, &result, &e), -EACCES);
    EXPECT(strstr(e.text, "/secret: cannot be read: Permission denied"));
    mkroot_free(m);
    EXPECT_EQ(seteuid(getuid()), 0); /* the leak checker needs it */
    unlink(out);
}

TEST(writer_notices_a_file_that_changes_under_its_hands)
{
    REQUIRE(mkdtemp(g_dir));
    make_file("changing", "one");
    struct mkroot *m = test_mkroot();
    struct err e;
    struct mkroot_result result;
    EXPECT_EQ(mkroot_scan(m, g_dir, NULL, 0, &e), 0);
    make_file("changing", "three");
    char out[] = "/tmp/mkroot_out.XXXXXX";
    auto_fd fd = mkstemp(out);
    REQUIRE(fd >= 0);
    EXPECT_EQ(mkroot_write(m, out, &result, &e), -EAGAIN);
    EXPECT(strstr(e.text, "changing: changed while it was read"));
    unlink(in_dir("changing"));
    EXPECT_EQ(mkroot_write(m, out, &result, &e), -ENOENT);
    struct stat st;
    EXPECT_EQ(fstat(fd, &st), 0);
    EXPECT_EQ(st.st_nlink, 1); /* the old file is still there, untouched */
    unlink(out);
    mkroot_free(m);
}

TEST(writer_says_when_there_is_no_place_for_the_image)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    struct mkroot_result result;
    EXPECT_EQ(mkroot_write(m, "/none/at/all", &result, &e), -ENOENT);
    EXPECT(strstr(e.text, "/none/at/all: cannot be created"));
    mkroot_free(m);
}
