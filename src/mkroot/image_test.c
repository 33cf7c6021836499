/* SPDX-License-Identifier: Apache-2.0
 * image_test.c: see image_test.h. */
#include "mkroot/image_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "posix/file.h"

static void must(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    test_failed(__FILE__, __LINE__, "%d: %s", rc, e->text);
    exit(1);
}

struct mkroot *test_mkroot(void)
{
    struct mkroot *m = NULL;
    struct err e;
    must(mkroot_new(&m, NULL, &e), &e);
    return m;
}

void test_add(struct mkroot *m, const char *path, unsigned mode, const char *content)
{
    struct tree_entry entry = {.path = span_text(path), .mode = mode, .mtime_s = 1000};
    struct err e;
    if (S_ISREG(mode))
        entry.size = strlen(content);
    else if (S_ISLNK(mode))
        entry.target = span_text(content);
    must(mkroot_add(m, &entry, NULL, 0, &e), &e);
    if (S_ISREG(mode))
        must(mkroot_data(m, span_text(content), &e), &e);
}

uint8_t test_byte(size_t at, unsigned seed)
{
    return (uint8_t)((at * 2654435761u >> 13) + seed);
}

void test_add_bytes(struct mkroot *m, const char *path, size_t size, unsigned seed)
{
    struct tree_entry entry = {.path = span_text(path), .mode = S_IFREG | 0644, .size = size};
    struct err e;
    must(mkroot_add(m, &entry, NULL, 0, &e), &e);
    uint8_t chunk[1000];
    for (size_t at = 0; at < size;) {
        size_t part = size - at < sizeof chunk ? size - at : sizeof chunk;
        for (size_t i = 0; i < part; i++)
            chunk[i] = test_byte(at + i, seed);
        must(mkroot_data(m, span_of(chunk, part), &e), &e);
        at += part;
    }
}

void test_finish(struct mkroot *m, struct image *out)
{
    char dir[] = "/tmp/mkroot_test.XXXXXX";
    char path[64];
    struct err e = {0};
    *out = (struct image){0};
    if (!mkdtemp(dir))
        must(-errno, &e);
    snprintf(path, sizeof path, "%s/image", dir);
    must(mkroot_write(m, path, &out->made, &e), &e);
    must(file_read(&out->data, &out->size, path, 1u << 30, &e), &e);
    unlink(path);
    rmdir(dir);
    mkroot_free(m);
    EXPECT_EQ(out->size, out->made.file_size);
}

static int read_image(void *ctx, uint64_t offset, void *out, size_t size)
{
    struct image *image = ctx;
    __atomic_add_fetch(&image->reads, 1, __ATOMIC_RELAXED);
    if (offset > image->size || size > image->size - offset)
        return -EIO;
    if (image->fail_at && offset + size > image->fail_at)
        return -ENXIO;
    memcpy(out, image->data + offset, size);
    return 0;
}

static void report(void *ctx, const char *line)
{
    struct image *image = ctx;
    image->lines++;
    snprintf(image->said, sizeof image->said, "%s", line);
}

void test_config(struct image *image, size_t blocks, struct rootfs_config *c)
{
    free(image->memory);
    image->memory = aligned_alloc(ROOTFS_BLOCK_SIZE, blocks * ROOTFS_BLOCK_SIZE);
    *c = (struct rootfs_config){
        .read = read_image,
        .ctx = image,
        .memory = image->memory,
        .memory_size = blocks * ROOTFS_BLOCK_SIZE,
        .report = report,
        .report_ctx = image,
    };
    memcpy(c->root_hash, image->made.root_hash, sizeof c->root_hash);
}

int test_open(struct image *image, size_t blocks, struct rootfs **out, struct err *e)
{
    struct rootfs_config c;
    test_config(image, blocks, &c);
    return rootfs_open(out, &c, e);
}

void image_fini(struct image *image)
{
    free(image->data);
    free(image->memory);
    *image = (struct image){0};
}

int test_find(struct rootfs *r, const char *path, struct rootfs_inode *out)
{
    int rc = rootfs_inode(r, rootfs_root(r), out);
    while (rc == 0 && *path) {
        size_t size = strcspn(path, "/");
        struct rootfs_dirent d = {0};
        if (size > 0)
            rc = rootfs_lookup(r, out, span_of(path, size), &d);
        if (size > 0 && rc == 0)
            rc = rootfs_inode(r, d.nid, out);
        path += size + (path[size] == '/');
    }
    return rc;
}

bool image_holds(struct rootfs *r, const char *path, const char *content)
{
    struct rootfs_inode i;
    char buffer[1024];
    if (test_find(r, path, &i) || i.size != strlen(content))
        return false;
    int64_t n = S_ISLNK(i.mode) ? rootfs_readlink(r, &i, buffer, sizeof buffer)
                                : rootfs_pread(r, &i, buffer, sizeof buffer, 0);
    return n == (int64_t)strlen(content) && memcmp(buffer, content, (size_t)n) == 0;
}
