/* SPDX-License-Identifier: Apache-2.0
 * rootfs_dump.c: for tests: opens an image with the verified reader and prints all that is in it,
 * one line an entry, in tree order, so that other readers can be compared with it.
 *
 * usage: rootfs_dump FILE ROOT-HASH [CACHE-BLOCKS]
 * line:  path type-and-mode uid gid nlink size mtime.ns device ino content xattrs
 * Paths and link targets are escaped as \xNN outside of printable ASCII; content is the SHA-256 of
 * a file, the target of a link, "-" else.  A damaged entry is printed as "path error N". */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "crypto/sha256.h"
#include "posix/file.h"
#include "rootfs/rootfs.h"

static int read_file(void *ctx, uint64_t offset, void *out, size_t size)
{
    uint8_t *to = out;
    while (size > 0) {
        ssize_t n = pread(*(int *)ctx, to, size, (off_t)offset);
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        to += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static void report(void *ctx, const char *line)
{
    (void)ctx;
    fprintf(stderr, "%s\n", line);
}

static void escaped(struct span s)
{
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] > 32 && s.data[i] < 127 && s.data[i] != '\\')
            putchar(s.data[i]);
        else
            printf("\\x%02x", s.data[i]);
    }
}

static int print_content(struct rootfs *r, const struct rootfs_inode *i)
{
    static uint8_t buffer[100000];
    struct sha256 h;
    uint8_t digest[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];
    if (S_ISLNK(i->mode)) {
        int n = rootfs_readlink(r, i, (char *)buffer, sizeof buffer);
        if (n >= 0)
            escaped(span_of(buffer, (size_t)n));
        return n < 0 ? n : 0;
    }
    if (!S_ISREG(i->mode)) {
        putchar('-');
        return 0;
    }
    sha256_init(&h);
    int64_t n;
    for (uint64_t at = 0; (n = rootfs_pread(r, i, buffer, sizeof buffer, at)) > 0;
         at += (uint64_t)n)
        sha256_update(&h, buffer, (size_t)n);
    sha256_final(&h, digest);
    fputs(hex_write(text, span_of(digest, sizeof digest)), stdout);
    return (int)n;
}

static int print_xattrs(struct rootfs *r, const struct rootfs_inode *i)
{
    static char names[70000];
    static uint8_t value[70000];
    int size = rootfs_listxattr(r, i, names, sizeof names);
    for (int at = 0; at < size;) {
        struct span name = span_text(names + at);
        at += (int)name.size + 1;
        int n = rootfs_getxattr(r, i, name, value, sizeof value);
        if (n < 0)
            return n;
        putchar(' ');
        escaped(name);
        putchar('=');
        for (int k = 0; k < n; k++)
            printf("%02x", value[k]);
    }
    return size < 0 ? size : 0;
}

static void print_entry(struct rootfs *r, const char *path, uint64_t nid, struct rootfs_inode *i)
{
    escaped(span_text(path));
    int rc = rootfs_inode(r, nid, i);
    if (rc == 0) {
        printf(" %06o %u %u %u %llu %lld.%09u %u:%u %llu ", i->mode, i->uid, i->gid, i->nlink,
               (unsigned long long)i->size, (long long)i->mtime_s, i->mtime_ns, i->rdev_major,
               i->rdev_minor, (unsigned long long)i->nid);
        rc = print_content(r, i);
    }
    if (rc == 0)
        rc = print_xattrs(r, i);
    if (rc) {
        printf(" error %d", -rc);
        i->mode = 0;
    }
    putchar('\n');
}

static void walk(struct rootfs *r, const char *path, const struct rootfs_inode *dir)
{
    uint64_t cookie = 0;
    struct rootfs_dirent d;
    int rc;
    while ((rc = rootfs_readdir(r, dir, &cookie, &d)) == 1) {
        if (strcmp(d.name, ".") == 0 || strcmp(d.name, "..") == 0)
            continue;
        size_t size = strlen(path) + d.name_size + 2;
        auto_free char *full = malloc(size);
        if (!full)
            abort();
        snprintf(full, size, "%s/%s", path, d.name);
        struct rootfs_inode i;
        print_entry(r, full, d.nid, &i);
        struct rootfs_dirent again;
        if (rootfs_lookup(r, dir, span_of(d.name, d.name_size), &again) || again.nid != d.nid)
            printf("lookup differs\n");
        if (S_ISDIR(i.mode))
            walk(r, full, &i);
    }
    if (rc) {
        escaped(span_text(path));
        printf("/ error %d\n", -rc);
    }
}

int main(int argc, char **argv)
{
    struct rootfs_config c = {.read = read_file, .report = report};
    if (argc < 3 || hex_parse(c.root_hash, sizeof c.root_hash, span_text(argv[2]))) {
        fprintf(stderr, "usage: rootfs_dump FILE ROOT-HASH [CACHE-BLOCKS]\n");
        return 2;
    }
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    c.ctx = &fd;
    c.memory_size = (argc > 3 ? strtoul(argv[3], NULL, 10) : 4096) * ROOTFS_BLOCK_SIZE;
    auto_free void *memory = aligned_alloc(ROOTFS_BLOCK_SIZE, c.memory_size);
    c.memory = memory;
    struct rootfs *r;
    struct err e;
    if (fd < 0 || !memory || rootfs_open(&r, &c, &e)) {
        fprintf(stderr, "%s\n", fd < 0 || !memory ? "cannot start" : e.text);
        return 1;
    }
    struct rootfs_inode root;
    print_entry(r, "/", rootfs_root(r), &root);
    walk(r, "", &root);
    struct rootfs_stats stats;
    rootfs_stats(r, &stats);
    fprintf(stderr, "%llu hits, %llu loads, %llu reads, %u slots\n", (unsigned long long)stats.hits,
            (unsigned long long)stats.loads, (unsigned long long)stats.reads, stats.cache_slots);
    close(fd);
    return 0;
}
