/* SPDX-License-Identifier: Apache-2.0
 * layers_make.c: for tests: layers_make IMAGE LAYER... makes an image of layers, lowest first, and
 * prints its root hash. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "oci/layer.h"
#include "posix/file.h"

static int64_t read_fd(void *ctx, void *out, size_t size, struct err *e)
{
    ssize_t n = read(*(int *)ctx, out, size);
    return n < 0 ? fail(e, -errno, "the layer cannot be read: %s", strerror(errno)) : n;
}

static int apply(struct mkroot *m, const char *path, struct err *e)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    struct layer_stats stats;
    struct byte_source in = {.read = read_fd, .ctx = &fd};
    if (fd < 0)
        return fail(e, -errno, "%s: %s", path, strerror(errno));
    return layer_apply(m, in, 1ull << 32, &stats, e);
}

int main(int argc, char **argv)
{
    struct mkroot *m = NULL;
    struct mkroot_result result;
    struct mkroot_options o = {.limits = {.max_entries = 100000, .max_size = 1ull << 32}};
    struct err e = {0};
    if (argc < 2)
        return 2;
    int rc = mkroot_new(&m, &o, &e);
    for (int i = 2; i < argc && rc == 0; i++)
        rc = apply(m, argv[i], &e);
    if (rc == 0)
        rc = mkroot_write(m, argv[1], &result, &e);
    mkroot_free(m);
    if (rc) {
        fprintf(stderr, "layers_make: %s\n", e.text);
        return 1;
    }
    char text[2 * ROOTFS_HASH_SIZE + 1];
    printf("%s\n", hex_write(text, span_of(result.root_hash, sizeof result.root_hash)));
    return 0;
}
