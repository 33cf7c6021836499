/* SPDX-License-Identifier: Apache-2.0
 * read_test.c: the reader over images of ours: everything comes back, damage never goes unnoticed.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "mkroot/image_test.h"

static const size_t g_sizes[] = {0,    1,    31,   4000, 4031, 4032,   4033,  4095,
                                 4096, 4097, 8191, 8192, 8193, 100000, 600001};

static void add_sized(struct mkroot *m)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_sizes); i++) {
        char path[32];
        snprintf(path, sizeof path, "f/%zu", g_sizes[i]);
        test_add_bytes(m, path, g_sizes[i], (unsigned)i);
    }
}

static struct rootfs *opened(struct image *image, size_t blocks)
{
    struct rootfs *r = NULL;
    struct err e;
    if (test_open(image, blocks, &r, &e)) {
        test_failed(__FILE__, __LINE__, "%s", e.text);
        exit(1);
    }
    return r;
}

static bool bytes_right(const uint8_t *data, size_t size, uint64_t at, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != test_byte((size_t)at + i, seed))
            return false;
    return true;
}

/* Reads a file in pieces of `step` and compares. */
static void check_sized(struct rootfs *r, size_t index, size_t step)
{
    char path[32];
    struct rootfs_inode i;
    snprintf(path, sizeof path, "f/%zu", g_sizes[index]);
    REQUIRE(test_find(r, path, &i) == 0);
    EXPECT_EQ(i.size, g_sizes[index]);
    auto_free uint8_t *buffer = calloc(1, step);
    REQUIRE(buffer);
    uint64_t at = 0;
    int64_t n;
    while ((n = rootfs_pread(r, &i, buffer, step, at)) > 0) {
        EXPECT(bytes_right(buffer, (size_t)n, at, (unsigned)index));
        at += (uint64_t)n;
    }
    EXPECT_EQ(n, 0);
    EXPECT_EQ(at, g_sizes[index]);
    EXPECT_EQ(rootfs_pread(r, &i, buffer, step, UINT64_MAX), 0);
}

TEST(reader_gives_every_byte_of_files_of_all_sizes)
{
    struct mkroot *m = test_mkroot();
    struct image image;
    add_sized(m);
    test_finish(m, &image);
    static const size_t caches[] = {64, 4096};
    static const size_t steps[] = {7, 4096, 5000, 1000000};
    for (size_t c = 0; c < ARRAY_COUNT(caches); c++) {
        struct rootfs *r = opened(&image, caches[c]);
        for (size_t s = 0; s < ARRAY_COUNT(steps); s++)
            for (size_t i = 0; i < ARRAY_COUNT(g_sizes); i++)
                if (steps[s] > 100 || g_sizes[i] < 10000)
                    check_sized(r, i, steps[s]);
    }
    EXPECT_EQ(image.lines, 0);
    image_fini(&image);
}

TEST(reader_shows_stat_as_it_was_given)
{
    struct mkroot *m = test_mkroot();
    struct err e;
    static const struct {
        const char *path;
        uint32_t mode;
        int64_t mtime;
        uint32_t ns;
        uint32_t uid;
        uint32_t device;
    } odd[] = {
        {"past", S_IFREG | 07777, -62135596800, 999999999, 0, 0},
        {"future", S_IFREG | 0, INT64_MAX, 1, 4294967294u, 0},
        {"char", S_IFCHR | 0666, 1, 0, 65536, 0x12345103},
        {"block", S_IFBLK | 0660, 1, 0, 1, 0x800},
        {"fifo", S_IFIFO | 0600, 0, 0, 2, 0},
        {"sock", S_IFSOCK | 0777, -1, 0, 3, 0},
        {"sticky", S_IFDIR | 01777, 5, 5, 4, 0},
    };
    for (size_t k = 0; k < ARRAY_COUNT(odd); k++) {
        struct tree_entry x = {.path = span_text(odd[k].path),
                               .mode = odd[k].mode,
                               .uid = odd[k].uid,
                               .gid = odd[k].uid / 2,
                               .mtime_s = odd[k].mtime,
                               .mtime_ns = odd[k].ns,
                               .device = odd[k].device};
        EXPECT_EQ(mkroot_add(m, &x, NULL, 0, &e), 0);
    }
    struct image image;
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 64);
    for (size_t k = 0; k < ARRAY_COUNT(odd); k++) {
        struct rootfs_inode i;
        EXPECT_EQ(test_find(r, odd[k].path, &i), 0);
        EXPECT_EQ(i.mode, odd[k].mode);
        EXPECT_EQ(i.uid, odd[k].uid);
        EXPECT_EQ(i.gid, odd[k].uid / 2);
        EXPECT_EQ(i.mtime_s, odd[k].mtime);
        EXPECT_EQ(i.mtime_ns, odd[k].ns);
        EXPECT_EQ(i.rdev_major, odd[k].device >> 8 & 0xfff);
        EXPECT_EQ(i.rdev_minor, (odd[k].device & 0xff) | (odd[k].device >> 12 & 0xfff00));
    }
    image_fini(&image);
}

TEST(reader_lists_and_finds_in_large_directories)
{
    enum { FILES = 3000 };
    struct mkroot *m = test_mkroot();
    char path[300];
    for (int i = FILES; i-- > 0;) {
        snprintf(path, sizeof path, "d/%0*d", 1 + i % 254, i);
        test_add(m, path, S_IFREG | 0644, "");
    }
    test_add(m, "d/!before dots", S_IFDIR | 0755, "");
    test_add(m, "d/.-between dots", S_IFLNK | 0777, "x");
    struct image image;
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 512);
    struct rootfs_inode dir;
    REQUIRE(test_find(r, "d", &dir) == 0);
    struct rootfs_dirent d;
    struct rootfs_dirent found;
    char last[ROOTFS_NAME_MAX + 1] = "";
    uint64_t cookie = 0;
    int count = 0;
    uint64_t cookies[FILES + 4];
    for (;; count++) {
        REQUIRE(count < FILES + 5);
        if (count < FILES + 4)
            cookies[count] = cookie;
        if (rootfs_readdir(r, &dir, &cookie, &d) != 1)
            break;
        EXPECT(strcmp(last, d.name) < 0);
        memcpy(last, d.name, sizeof last);
        EXPECT_EQ(rootfs_lookup(r, &dir, span_of(d.name, d.name_size), &found), 0);
        EXPECT_EQ(found.nid, d.nid);
    }
    EXPECT_EQ(count, FILES + 4);
    cookie = cookies[1234]; /* a listing can go on where it was */
    EXPECT_EQ(rootfs_readdir(r, &dir, &cookie, &d), 1);
    EXPECT_EQ(cookie, cookies[1235]);
    EXPECT_EQ(rootfs_lookup(r, &dir, span_text(".-between dots"), &d), 0);
    EXPECT_EQ(d.type, DT_LNK);
    EXPECT_EQ(rootfs_lookup(r, &dir, span_text(".."), &d), 0);
    EXPECT_EQ(d.nid, rootfs_root(r));
    EXPECT_EQ(d.type, DT_DIR);
    EXPECT_EQ(rootfs_lookup(r, &dir, span_text("zzz"), &d), -ENOENT);
    EXPECT_EQ(rootfs_lookup(r, &dir, span_text(""), &d), -ENOENT);
    EXPECT_EQ(rootfs_lookup(r, &dir, span_text(" "), &d), -ENOENT);
    memset(path, 'x', 256);
    EXPECT_EQ(rootfs_lookup(r, &dir, span_of(path, 256), &d), -ENAMETOOLONG);
    image_fini(&image);
}

TEST(reader_refuses_what_does_not_fit_the_type)
{
    struct mkroot *m = test_mkroot();
    test_add(m, "f", S_IFREG | 0644, "data");
    test_add(m, "l", S_IFLNK | 0777, "target");
    struct image image;
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 64);
    struct rootfs_inode f;
    struct rootfs_inode l;
    struct rootfs_inode root;
    struct rootfs_dirent d;
    struct rootfs_view view;
    uint64_t cookie = 0;
    char buffer[16];
    REQUIRE(test_find(r, "f", &f) == 0 && test_find(r, "l", &l) == 0);
    REQUIRE(test_find(r, "", &root) == 0);
    EXPECT_EQ(rootfs_lookup(r, &f, span_text("x"), &d), -ENOTDIR);
    EXPECT_EQ(rootfs_readdir(r, &l, &cookie, &d), -ENOTDIR);
    EXPECT_EQ(rootfs_pread(r, &root, buffer, 1, 0), -EISDIR);
    EXPECT_EQ(rootfs_pread(r, &l, buffer, 1, 0), -EINVAL);
    EXPECT_EQ(rootfs_map(r, &root, 0, &view), -EISDIR);
    EXPECT_EQ(rootfs_readlink(r, &f, buffer, sizeof buffer), -EINVAL);
    EXPECT_EQ(rootfs_readlink(r, &l, buffer, 3), 3);
    EXPECT(memcmp(buffer, "tar", 3) == 0);
    EXPECT_EQ(image.lines, 0);
    image_fini(&image);
}

TEST(reader_reads_long_links)
{
    struct mkroot *m = test_mkroot();
    static const size_t sizes[] = {1, 4031, 4032, 4033, 4095};
    char target[4096];
    for (size_t k = 0; k < ARRAY_COUNT(sizes); k++) {
        char path[16];
        memset(target, 'a' + (int)k, sizes[k]);
        target[sizes[k]] = 0;
        snprintf(path, sizeof path, "l%zu", k);
        test_add(m, path, S_IFLNK | 0777, target);
    }
    struct image image;
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 64);
    for (size_t k = 0; k < ARRAY_COUNT(sizes); k++) {
        char path[16];
        struct rootfs_inode i;
        snprintf(path, sizeof path, "l%zu", k);
        REQUIRE(test_find(r, path, &i) == 0);
        EXPECT_EQ(rootfs_readlink(r, &i, target, sizeof target), sizes[k]);
        EXPECT_EQ(target[sizes[k] - 1], 'a' + (int)k);
    }
    image_fini(&image);
}

static uint8_t g_big_value[60000];

static void add_with_xattrs(struct mkroot *m, const char *path, const struct mkroot_xattr *x,
                            size_t count)
{
    struct tree_entry entry = {.path = span_text(path), .mode = S_IFREG | 0644, .size = 3};
    struct err e;
    EXPECT_EQ(mkroot_add(m, &entry, x, count, &e), 0);
    EXPECT_EQ(mkroot_data(m, span_text("abc"), &e), 0);
}

TEST(reader_gives_attributes_inline_and_shared)
{
    struct mkroot *m = test_mkroot();
    for (size_t i = 0; i < sizeof g_big_value; i++)
        g_big_value[i] = (uint8_t)(i % 251);
    const struct mkroot_xattr x[] = {
        {span_text("user.two"), span_text("shared value")},
        {span_text("security.capability"), span_of("\1\0\0\2", 4)},
        {span_text("system.posix_acl_access"), span_text("acl")},
        {span_text("user.empty"), span_of(NULL, 0)},
        {span_text("user.big"), span_of(g_big_value, sizeof g_big_value)},
        {span_text("trusted.t"), span_text("t")},
    };
    add_with_xattrs(m, "all", x, ARRAY_COUNT(x));
    add_with_xattrs(m, "one", x, 1);
    add_with_xattrs(m, "again", x, 2);
    add_with_xattrs(m, "none", x, 0);
    struct image image;
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 64);
    struct rootfs_inode i;
    static uint8_t value[65536];
    REQUIRE(test_find(r, "all", &i) == 0);
    for (size_t k = 0; k < ARRAY_COUNT(x); k++) {
        EXPECT_EQ(rootfs_getxattr(r, &i, x[k].name, NULL, 0), x[k].value.size);
        int n = rootfs_getxattr(r, &i, x[k].name, value, sizeof value);
        EXPECT(n >= 0 && span_equal(span_of(value, (size_t)n), x[k].value));
    }
    EXPECT_EQ(rootfs_getxattr(r, &i, span_text("user.two"), value, 5), -ERANGE);
    EXPECT_EQ(rootfs_getxattr(r, &i, span_text("user.tw"), value, 5), -ENODATA);
    EXPECT_EQ(rootfs_getxattr(r, &i, span_text("user.twoo"), value, 5), -ENODATA);
    EXPECT_EQ(rootfs_getxattr(r, &i, span_text("btrfs.x"), value, 5), -EOPNOTSUPP);
    char names[256];
    int size = rootfs_listxattr(r, &i, names, sizeof names);
    EXPECT_EQ(size, 9 + 20 + 24 + 11 + 9 + 10);
    EXPECT_EQ(rootfs_listxattr(r, &i, NULL, 0), size);
    EXPECT_EQ(rootfs_listxattr(r, &i, names, (size_t)size - 1), -ERANGE);
    EXPECT(image_holds(r, "all", "abc"));
    EXPECT(image_holds(r, "one", "abc"));
    REQUIRE(test_find(r, "one", &i) == 0);
    EXPECT_EQ(rootfs_listxattr(r, &i, names, sizeof names), 9);
    EXPECT_STR(names, "user.two");
    EXPECT_EQ(rootfs_getxattr(r, &i, span_text("user.two"), value, sizeof value), 12);
    REQUIRE(test_find(r, "none", &i) == 0);
    EXPECT_EQ(rootfs_listxattr(r, &i, names, sizeof names), 0);
    EXPECT_EQ(image.lines, 0);
    image_fini(&image);
}

/* A digest of all that can be seen below an inode, or -EIO when something of it cannot be. */
static int summary(struct rootfs *r, uint64_t nid, uint64_t *sum)
{
    struct rootfs_inode i;
    int rc = rootfs_inode(r, nid, &i);
    if (rc)
        return rc;
    *sum = *sum * 31 + i.mode + i.uid * 3 + i.nlink * 5 + i.size * 7 + (uint64_t)i.mtime_s;
    uint8_t buffer[9000];
    int64_t n = 0;
    if (S_ISREG(i.mode))
        n = rootfs_pread(r, &i, buffer, sizeof buffer, 0);
    else if (S_ISLNK(i.mode))
        n = rootfs_readlink(r, &i, (char *)buffer, sizeof buffer);
    for (int64_t k = 0; k < n; k++)
        *sum = (*sum ^ buffer[k]) * 1099511628211u;
    int x = n < 0 ? 0 : rootfs_listxattr(r, &i, (char *)buffer, sizeof buffer);
    if (n < 0 || x < 0)
        return n < 0 ? (int)n : x;
    *sum += (uint64_t)x;
    struct rootfs_dirent d;
    uint64_t cookie = 0;
    while (S_ISDIR(i.mode) && (rc = rootfs_readdir(r, &i, &cookie, &d)) == 1) {
        for (int k = 0; k < d.name_size; k++)
            *sum = *sum * 33 + (uint8_t)d.name[k];
        if (d.name[0] != '.' && (rc = summary(r, d.nid, sum)))
            return rc;
    }
    return rc;
}

static void small_image(struct image *image)
{
    struct mkroot *m = test_mkroot();
    test_add(m, "etc/passwd", S_IFREG | 0644, "root:x:0:0\n");
    test_add_bytes(m, "bin/sh", 9000, 1);
    test_add(m, "bin/bash", S_IFLNK | 0777, "sh");
    const struct mkroot_xattr x = {span_text("user.a"), span_text("b")};
    add_with_xattrs(m, "x", &x, 1);
    add_with_xattrs(m, "y", &x, 1);
    test_finish(m, image);
}

TEST(reader_never_shows_a_flipped_byte)
{
    struct image image;
    small_image(&image);
    struct rootfs *r = opened(&image, 64);
    uint64_t expected = 0;
    REQUIRE(summary(r, rootfs_root(r), &expected) == 0);
    int refused = 0;
    int unseen = 0;
    for (size_t at = 0; at < image.size; at++) {
        image.data[at] ^= 0x20;
        uint64_t found = 0;
        int rc = test_open(&image, 64, &r, NULL);
        if (rc == 0)
            rc = summary(r, rootfs_root(r), &found);
        EXPECT(rc == -EIO || rc == -ENOTSUP || (rc == 0 && found == expected));
        refused += rc != 0;
        unseen += rc == 0;
        image.data[at] ^= 0x20;
    }
    EXPECT(refused >= (int)image.made.image_size); /* every byte of the file system is covered */
    EXPECT(unseen > 0);                            /* the padding of the verity superblock is not */
    image_fini(&image);
}

TEST(reader_refuses_every_truncation)
{
    struct image image;
    small_image(&image);
    size_t whole = image.size;
    for (size_t size = 0; size < whole; size += 512) {
        struct rootfs *r;
        struct err e;
        image.size = size;
        uint64_t sum = 0;
        int rc = test_open(&image, 64, &r, &e);
        if (rc == 0)
            rc = summary(r, rootfs_root(r), &sum);
        EXPECT_EQ(rc, -EIO);
    }
    image_fini(&image);
}

TEST(reader_names_the_damaged_file_once)
{
    struct mkroot *m = test_mkroot();
    test_add_bytes(m, "usr/bin/python3", 20000, 1);
    test_add_bytes(m, "usr/bin/other", 20000, 2);
    struct image image;
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 64);
    struct rootfs_inode i;
    REQUIRE(test_find(r, "usr/bin/python3", &i) == 0);
    image.data[(i.first_block + 2) * ROOTFS_BLOCK_SIZE + 5] ^= 1;
    uint8_t buffer[20000];
    EXPECT_EQ(rootfs_pread(r, &i, buffer, 4096, 0), 4096);
    EXPECT_EQ(rootfs_pread(r, &i, buffer, sizeof buffer, 0), -EIO);
    EXPECT_EQ(rootfs_pread(r, &i, buffer, sizeof buffer, 9000), -EIO);
    EXPECT_EQ(image.lines, 1);
    EXPECT(strstr(image.said, "/usr/bin/python3: block "));
    EXPECT(strstr(image.said, "does not match its hash"));
    image.data[(i.first_block + 2) * ROOTFS_BLOCK_SIZE + 5] ^= 1;
    EXPECT_EQ(rootfs_pread(r, &i, buffer, sizeof buffer, 0), 20000); /* nothing wrong was kept */
    struct rootfs_stats stats;
    rootfs_stats(r, &stats);
    EXPECT_EQ(stats.mismatches, 2);
    image_fini(&image);
}

TEST(reader_reports_a_host_that_cannot_read)
{
    struct image image;
    struct mkroot *m = test_mkroot();
    test_add_bytes(m, "a", 40960, 1);
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 64);
    struct rootfs_inode i;
    REQUIRE(test_find(r, "a", &i) == 0);
    image.fail_at = (i.first_block + 5) * ROOTFS_BLOCK_SIZE;
    static uint8_t buffer[40960];
    EXPECT_EQ(rootfs_pread(r, &i, buffer, 5 * 4096, 0), 5 * 4096); /* although readahead fails */
    EXPECT_EQ(rootfs_pread(r, &i, buffer, sizeof buffer, 0), -EIO);
    EXPECT(strstr(image.said, "/a: block "));
    EXPECT(strstr(image.said, "cannot be read"));
    image_fini(&image);
}

TEST(reader_refuses_other_root_hashes)
{
    struct image image;
    small_image(&image);
    image.made.root_hash[31] ^= 1;
    struct rootfs *r;
    struct err e;
    EXPECT_EQ(test_open(&image, 64, &r, &e), -EIO);
    EXPECT(strstr(e.text, "root hash"));
    image_fini(&image);
}

TEST(reader_refuses_unusable_configurations)
{
    struct image image;
    small_image(&image);
    struct rootfs_config c;
    struct rootfs *r;
    test_config(&image, 64, &c);
    c.memory_size--;
    EXPECT_EQ(rootfs_open(&r, &c, NULL), -EINVAL);
    test_config(&image, 65, &c);
    c.memory = image.memory + 8;
    EXPECT_EQ(rootfs_open(&r, &c, NULL), -EINVAL);
    test_config(&image, 64, &c);
    c.read = NULL;
    EXPECT_EQ(rootfs_open(&r, &c, NULL), -EINVAL);
    image_fini(&image);
}

TEST(reader_maps_blocks_without_copying)
{
    struct mkroot *m = test_mkroot();
    test_add_bytes(m, "a", 400000, 3);
    struct image image;
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 64);
    struct rootfs_inode i;
    REQUIRE(test_find(r, "a", &i) == 0);
    struct rootfs_view views[98];
    int mapped = 0;
    int busy = 0;
    for (uint64_t k = 0; k < ARRAY_COUNT(views); k++) {
        int rc = rootfs_map(r, &i, k * 4096 + 10, &views[k]);
        EXPECT(rc == 1 || rc == -EBUSY);
        mapped += rc == 1;
        busy += rc == -EBUSY;
        if (rc != 1)
            views[k].data = NULL;
    }
    EXPECT(mapped > 10 && busy > 10);
    static uint8_t buffer[400000]; /* reading goes on meanwhile, and does not disturb the maps */
    EXPECT_EQ(rootfs_pread(r, &i, buffer, sizeof buffer, 0), sizeof buffer);
    EXPECT(bytes_right(buffer, sizeof buffer, 0, 3));
    for (uint64_t k = 0; k < ARRAY_COUNT(views); k++) {
        if (!views[k].data)
            continue;
        EXPECT_EQ(views[k].size, k == 97 ? 400000 - 97 * 4096 - 10 : 4086);
        EXPECT(bytes_right(views[k].data, views[k].size, k * 4096 + 10, 3));
        rootfs_unmap(r, &views[k]);
    }
    EXPECT_EQ(rootfs_map(r, &i, 400000, &views[0]), 0);
    EXPECT_EQ(rootfs_map(r, &i, 399999, &views[0]), 1);
    EXPECT_EQ(views[0].size, 1);
    rootfs_unmap(r, &views[0]);
    image_fini(&image);
}

TEST(reader_hashes_each_block_once_and_reads_ahead)
{
    struct mkroot *m = test_mkroot();
    test_add_bytes(m, "a", 4000000, 3);
    struct image image;
    test_finish(m, &image);
    struct rootfs *r = opened(&image, 2048);
    struct rootfs_inode i;
    REQUIRE(test_find(r, "a", &i) == 0);
    uint8_t buffer[4096];
    for (int round = 0; round < 3; round++)
        for (uint64_t at = 0; at < i.size; at += sizeof buffer)
            EXPECT(rootfs_pread(r, &i, buffer, sizeof buffer, at) > 0);
    struct rootfs_stats stats;
    rootfs_stats(r, &stats);
    EXPECT(stats.loads < 977 + 20);
    EXPECT(stats.reads < 60); /* 32 blocks at a time */
    EXPECT(stats.hits >= 2 * 977);
    image_fini(&image);
}

TEST(reader_finds_a_path_for_an_inode)
{
    struct image image;
    small_image(&image);
    struct rootfs *r = opened(&image, 64);
    struct rootfs_inode i;
    char path[64];
    REQUIRE(test_find(r, "bin/sh", &i) == 0);
    EXPECT_EQ(rootfs_path(r, i.nid, path, sizeof path), 7);
    EXPECT_STR(path, "/bin/sh");
    EXPECT_EQ(rootfs_path(r, i.nid, path, 7), -ENAMETOOLONG);
    EXPECT_EQ(rootfs_path(r, rootfs_root(r), path, sizeof path), 1);
    EXPECT_STR(path, "/");
    EXPECT_EQ(rootfs_path(r, 1, path, sizeof path), -ENOENT);
    image_fini(&image);
}

struct race {
    struct rootfs *r;
    unsigned seed;
    int wrong;
};

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;

static void lock(void *ctx)
{
    pthread_mutex_lock(ctx);
}

static void unlock(void *ctx)
{
    pthread_mutex_unlock(ctx);
}

static void *reading(void *ctx)
{
    struct race *race = ctx;
    unsigned random = race->seed;
    struct rootfs_inode i;
    uint8_t buffer[10000];
    if (test_find(race->r, "f/600001", &i))
        race->wrong++;
    for (int k = 0; k < 3000; k++) {
        random = random * 1664525 + 1013904223;
        uint64_t at = random % 600001;
        int64_t n = rootfs_pread(race->r, &i, buffer, random >> 8 & 8191, at);
        if (n < 0 || !bytes_right(buffer, (size_t)n, at, ARRAY_COUNT(g_sizes) - 1))
            race->wrong++;
        struct rootfs_view view;
        if (k % 16 == 0 && rootfs_map(race->r, &i, at, &view) == 1) {
            race->wrong += !bytes_right(view.data, view.size, at, ARRAY_COUNT(g_sizes) - 1);
            rootfs_unmap(race->r, &view);
        }
    }
    return NULL;
}

TEST(reader_serves_several_threads_from_a_small_cache)
{
    struct mkroot *m = test_mkroot();
    struct image image;
    add_sized(m);
    test_finish(m, &image);
    struct rootfs_config c;
    struct rootfs *r;
    test_config(&image, 64, &c);
    c.lock = lock;
    c.unlock = unlock;
    c.lock_ctx = &g_lock;
    REQUIRE(rootfs_open(&r, &c, NULL) == 0);
    pthread_t threads[4];
    struct race races[4];
    for (unsigned i = 0; i < ARRAY_COUNT(threads); i++) {
        races[i] = (struct race){.r = r, .seed = i + 1};
        REQUIRE(pthread_create(&threads[i], NULL, reading, &races[i]) == 0);
    }
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        EXPECT_EQ(races[i].wrong, 0);
    }
    image_fini(&image);
}
