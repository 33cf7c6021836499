/* SPDX-License-Identifier: Apache-2.0
 * tree_test.c: what entries, links, whiteouts and layers make of a tree, seen in the image. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/test.h"
#include "mkroot/image_test.h"

static int add(struct mkroot *m, const char *path, struct err *e)
{
    struct tree_entry entry = {.path = span_text(path), .mode = S_IFREG | 0644};
    return mkroot_add(m, &entry, NULL, 0, e);
}

static struct rootfs *opened(struct mkroot *m, struct image *image)
{
    struct rootfs *r = NULL;
    struct err e;
    test_finish(m, image);
    if (test_open(image, 256, &r, &e)) {
        test_failed(__FILE__, __LINE__, "%s", e.text);
        exit(1);
    }
    return r;
}

static int find(struct rootfs *r, const char *path)
{
    struct rootfs_inode i;
    return test_find(r, path, &i);
}

TEST(tree_makes_missing_parents)
{
    struct mkroot *m = test_mkroot();
    test_add(m, "./a/b//c/", S_IFREG | 0600, "x");
    struct image image;
    struct rootfs *r = opened(m, &image);
    struct rootfs_inode i;
    EXPECT(image_holds(r, "a/b/c", "x"));
    EXPECT_EQ(test_find(r, "a/b", &i), 0);
    EXPECT_EQ(i.mode, S_IFDIR | 0755);
    EXPECT_EQ(i.nlink, 2);
    EXPECT_EQ(test_find(r, "a", &i), 0);
    EXPECT_EQ(i.nlink, 3);
    image_fini(&image);
}

TEST(tree_refuses_paths_that_lead_out)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    static const char *const bad[] = {"..", "../x", "a/../b", "a/..", "/..", "./../x"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT_EQ(add(m, bad[i], &e), -EINVAL);
    EXPECT(strstr(e.text, "\"..\""));
    struct tree_entry zero = {.path = span_of("a\0b", 3), .mode = S_IFREG};
    EXPECT_EQ(mkroot_add(m, &zero, NULL, 0, &e), -EINVAL);
    EXPECT_EQ(add(m, "", &e), -EINVAL); /* the root must stay a directory */
    EXPECT_EQ(add(m, "/", &e), -EINVAL);
    EXPECT_EQ(add(m, "..x", &e), 0); /* an ordinary name */
    EXPECT_EQ(add(m, "...", &e), 0);
    mkroot_free(m);
}

TEST(tree_refuses_names_and_paths_that_are_too_long)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    static char path[5000];
    memset(path, 'n', 255);
    EXPECT_EQ(add(m, path, &e), 0);
    path[255] = 'n';
    EXPECT_EQ(add(m, path, &e), -ENAMETOOLONG);
    path[256] = '/';
    path[257] = 'x';
    EXPECT_EQ(add(m, path, &e), -ENAMETOOLONG);
    for (size_t i = 0; i < 4998; i++)
        path[i] = i % 2 ? '/' : 'd';
    EXPECT_EQ(add(m, path, &e), -ENAMETOOLONG);
    path[4095] = 0;
    EXPECT_EQ(add(m, path, &e), 0);
    mkroot_free(m);
}

TEST(tree_follows_links_inside_itself_only)
{
    struct mkroot *m = test_mkroot();
    test_add(m, "usr/bin/x", S_IFREG | 0755, "1");
    test_add(m, "bin", S_IFLNK | 0777, "usr/bin");
    test_add(m, "bin/y", S_IFREG | 0755, "2"); /* lands in usr/bin */
    test_add(m, "abs", S_IFLNK | 0777, "/usr");
    test_add(m, "abs/z", S_IFREG | 0755, "3");
    test_add(m, "out", S_IFLNK | 0777, "../../../../etc");
    test_add(m, "out/passwd", S_IFREG | 0644, "4"); /* the image's own /etc */
    test_add(m, "usr/up", S_IFLNK | 0777, "..");
    test_add(m, "usr/up/w", S_IFREG | 0644, "5");
    struct image image;
    struct rootfs *r = opened(m, &image);
    EXPECT(image_holds(r, "usr/bin/y", "2"));
    EXPECT(image_holds(r, "usr/z", "3"));
    EXPECT(image_holds(r, "etc/passwd", "4"));
    EXPECT(image_holds(r, "w", "5"));
    EXPECT(image_holds(r, "bin", "usr/bin")); /* the link itself is untouched */
    image_fini(&image);
}

TEST(tree_ends_loops_of_links)
{
    struct mkroot *m = test_mkroot();
    test_add(m, "a", S_IFLNK | 0777, "b");
    test_add(m, "b", S_IFLNK | 0777, "a");
    test_add(m, "self", S_IFLNK | 0777, "self/self/self");
    struct err e;
    EXPECT_EQ(add(m, "a/x", &e), -ELOOP);
    int rc = add(m, "self/x", &e);
    EXPECT(rc == -ELOOP || rc == -ENAMETOOLONG);
    EXPECT_EQ(mkroot_link(m, span_text("l"), span_text("a/x"), &e), -ELOOP);
    mkroot_free(m);
}

TEST(tree_refuses_a_file_as_parent)
{
    struct mkroot *m = test_mkroot();
    test_add(m, "f", S_IFREG | 0644, "");
    struct err e;
    EXPECT_EQ(add(m, "f/x", &e), -ENOTDIR);
    EXPECT(strstr(e.text, "f/x"));
    mkroot_free(m);
}

TEST(tree_replaces_and_merges_as_layers_do)
{
    struct mkroot *m = test_mkroot();
    test_add(m, "d", S_IFDIR | 0755, "");
    test_add(m, "d/low", S_IFREG | 0644, "low");
    test_add(m, "f", S_IFREG | 0644, "old");
    test_add(m, "tree/a/b", S_IFREG | 0644, "x");
    mkroot_next_layer(m);
    test_add(m, "d", S_IFDIR | 0700, ""); /* new mode, same children */
    test_add(m, "f", S_IFREG | 0644, "new content");
    test_add(m, "tree", S_IFREG | 0644, "now a file");
    struct image image;
    struct rootfs *r = opened(m, &image);
    struct rootfs_inode i;
    EXPECT_EQ(test_find(r, "d", &i), 0);
    EXPECT_EQ(i.mode, S_IFDIR | 0700);
    EXPECT(image_holds(r, "d/low", "low"));
    EXPECT(image_holds(r, "f", "new content"));
    EXPECT(image_holds(r, "tree", "now a file"));
    struct rootfs_stats stats;
    rootfs_stats(r, &stats);
    EXPECT_EQ(stats.inodes, 5);
    image_fini(&image);
}

TEST(tree_whiteouts_hide_lower_layers_only)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    test_add(m, "gone", S_IFREG | 0644, "1");
    test_add(m, "dir/old", S_IFREG | 0644, "2");
    test_add(m, "both", S_IFREG | 0644, "3");
    mkroot_next_layer(m);
    test_add(m, "dir/new", S_IFREG | 0644, "4");
    test_add(m, "both", S_IFREG | 0644, "5");
    EXPECT_EQ(mkroot_remove(m, span_text("gone"), &e), 0);
    EXPECT_EQ(mkroot_remove(m, span_text("dir"), &e),
              0); /* what came with it in this layer stays */
    EXPECT_EQ(mkroot_remove(m, span_text("both"), &e), 0);
    EXPECT_EQ(mkroot_remove(m, span_text("never/was"), &e), 0);
    EXPECT_EQ(mkroot_remove(m, span_text("both/x"), &e), 0);
    struct image image;
    struct rootfs *r = opened(m, &image);
    EXPECT_EQ(find(r, "gone"), -ENOENT);
    EXPECT_EQ(find(r, "dir/old"), -ENOENT);
    EXPECT(image_holds(r, "dir/new", "4"));
    EXPECT(image_holds(r, "both", "5"));
    image_fini(&image);
}

TEST(tree_opaque_directories_hide_lower_layers_only)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    test_add(m, "d/a/x", S_IFREG | 0644, "1");
    test_add(m, "d/b", S_IFREG | 0644, "2");
    test_add(m, "d/c/deep/er", S_IFREG | 0644, "2");
    test_add(m, "e", S_IFREG | 0644, "2");
    mkroot_next_layer(m);
    test_add(m, "d/a/y", S_IFREG | 0644, "3"); /* before the marker */
    EXPECT_EQ(mkroot_clear(m, span_text("d"), &e), 0);
    test_add(m, "d/z", S_IFREG | 0644, "4"); /* and behind it */
    EXPECT_EQ(mkroot_clear(m, span_text("e"), &e), 0);
    EXPECT_EQ(mkroot_clear(m, span_text("none"), &e), 0);
    struct image image;
    struct rootfs *r = opened(m, &image);
    EXPECT_EQ(find(r, "d/a/x"), -ENOENT);
    EXPECT_EQ(find(r, "d/b"), -ENOENT);
    EXPECT_EQ(find(r, "d/c"), -ENOENT);
    EXPECT(image_holds(r, "d/a/y", "3"));
    EXPECT(image_holds(r, "d/z", "4"));
    EXPECT(image_holds(r, "e", "2"));
    image_fini(&image);
}

TEST(tree_hard_links_share_an_inode)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    test_add(m, "a", S_IFREG | 0644, "same");
    EXPECT_EQ(mkroot_link(m, span_text("sub/b"), span_text("a"), &e), 0);
    EXPECT_EQ(mkroot_link(m, span_text("a"), span_text("/a"), &e), 0); /* a link to itself */
    EXPECT_EQ(mkroot_link(m, span_text("c"), span_text("none"), &e), -ENOENT);
    EXPECT_EQ(mkroot_link(m, span_text("c"), span_text("sub"), &e), -EPERM);
    EXPECT_EQ(mkroot_link(m, span_text("c"), span_text("/"), &e), -EPERM);
    EXPECT_EQ(mkroot_link(m, span_text("c"), span_text("../a"), &e), -EINVAL);
    mkroot_next_layer(m);
    EXPECT_EQ(mkroot_link(m, span_text("d"), span_text("sub/b"), &e), 0);
    EXPECT_EQ(mkroot_remove(m, span_text("a"), &e), 0);
    struct image image;
    struct rootfs *r = opened(m, &image);
    struct rootfs_inode b;
    struct rootfs_inode d;
    EXPECT_EQ(test_find(r, "sub/b", &b), 0);
    EXPECT_EQ(test_find(r, "d", &d), 0);
    EXPECT_EQ(b.nid, d.nid);
    EXPECT_EQ(b.nlink, 2);
    EXPECT(image_holds(r, "d", "same"));
    image_fini(&image);
}

TEST(tree_keeps_to_its_limits)
{
    struct mkroot_options o = {.limits = {.max_entries = 3, .max_size = 100}};
    struct mkroot *m = NULL;
    struct err e;
    REQUIRE(mkroot_new(&m, &o, &e) == 0);
    struct tree_entry big = {.path = span_text("big"), .mode = S_IFREG, .size = 101};
    EXPECT_EQ(mkroot_add(m, &big, NULL, 0, &e), -E2BIG);
    big.size = UINT64_MAX;
    EXPECT_EQ(mkroot_add(m, &big, NULL, 0, &e), -E2BIG);
    EXPECT_EQ(add(m, "1", &e), 0);
    EXPECT_EQ(add(m, "1", &e), 0); /* counts: an archive of millions of the same name is a bomb */
    EXPECT_EQ(add(m, "1", &e), 0);
    EXPECT_EQ(add(m, "1", &e), -E2BIG);
    mkroot_free(m);
}

TEST(tree_refuses_entries_that_cannot_be)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    struct tree_entry x = {.path = span_text("x"), .mode = 0644};
    EXPECT_EQ(mkroot_add(m, &x, NULL, 0, &e), -EINVAL);
    x = (struct tree_entry){.path = span_text("x"), .mode = S_IFLNK};
    EXPECT_EQ(mkroot_add(m, &x, NULL, 0, &e), -EINVAL);
    x = (struct tree_entry){.path = span_text("x"), .mode = S_IFREG, .mtime_ns = 1000000000};
    EXPECT_EQ(mkroot_add(m, &x, NULL, 0, &e), -EINVAL);
    static const struct mkroot_xattr odd = {.name = {(const uint8_t *)"odd.x", 5}};
    x = (struct tree_entry){.path = span_text("x"), .mode = S_IFREG};
    EXPECT_EQ(mkroot_add(m, &x, &odd, 1, &e), -EOPNOTSUPP);
    mkroot_free(m);
}

TEST(tree_insists_on_the_announced_size)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    struct tree_entry x = {.path = span_text("x"), .mode = S_IFREG, .size = 5};
    EXPECT_EQ(mkroot_add(m, &x, NULL, 0, &e), 0);
    EXPECT_EQ(mkroot_data(m, span_text("123456"), &e), -EINVAL);
    EXPECT_EQ(mkroot_data(m, span_text("123"), &e), 0);
    EXPECT_EQ(mkroot_hole(m, 3, &e), -EINVAL);
    EXPECT_EQ(mkroot_end(m, &e), -EINVAL);
    EXPECT_EQ(mkroot_hole(m, 2, &e), 0);
    EXPECT_EQ(mkroot_end(m, &e), 0);
    mkroot_free(m);
}

TEST(tree_takes_directories_deeper_than_any_stack)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    char path[4096] = "";
    for (size_t i = 0; i < 4094; i++)
        path[i] = i % 2 ? '/' : 'd';
    path[4093] = 0;
    struct tree_entry dir = {.path = span_text(path), .mode = S_IFDIR | 0755};
    EXPECT_EQ(mkroot_add(m, &dir, NULL, 0, &e), 0);
    mkroot_next_layer(m);
    EXPECT_EQ(mkroot_remove(m, span_text("d"), &e), 0);
    EXPECT_EQ(mkroot_add(m, &dir, NULL, 0, &e), 0);
    struct image image;
    struct rootfs *r = opened(m, &image);
    EXPECT_EQ(find(r, path), 0);
    image_fini(&image);
}
