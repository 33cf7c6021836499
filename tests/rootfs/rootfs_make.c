/* SPDX-License-Identifier: Apache-2.0
 * rootfs_make.c: stand-in for `cella rootfs` until the command line has it: rootfs_make DIR FILE */
#include <stdio.h>

#include "base/hex.h"
#include "mkroot/mkroot.h"

int main(int argc, char **argv)
{
    struct mkroot *m = NULL;
    struct mkroot_result result;
    struct err e = {0};
    if (argc < 3)
        return 2;
    int rc = mkroot_new(&m, NULL, &e);
    if (rc == 0)
        rc = mkroot_scan(m, argv[1], (const char *const *)argv + 3, (size_t)argc - 3, &e);
    if (rc == 0)
        rc = mkroot_write(m, argv[2], &result, &e);
    mkroot_free(m);
    if (rc) {
        fprintf(stderr, "rootfs_make: %s\n", e.text);
        return 1;
    }
    char text[2 * ROOTFS_HASH_SIZE + 1];
    printf("%s %llu\n", hex_write(text, span_of(result.root_hash, sizeof result.root_hash)),
           (unsigned long long)result.image_size);
    return 0;
}
