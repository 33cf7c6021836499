/* SPDX-License-Identifier: Apache-2.0
 * libos.h: how a back end starts the kernel. */
#ifndef CELLA_LIBOS_LIBOS_H
#define CELLA_LIBOS_LIBOS_H

#include <stdbool.h>
#include <stdint.h>

struct lower;

enum { LIBOS_MOUNTS_MAX = 16 };

struct libos_config {
    const struct lower *root; /* what the root shows */
    char **argv, **envp;      /* NULL at the end */
    const char *cwd;
    uint32_t uid, gid;
    struct libos_mount {
        const char *path;          /* made in memory when it is missing */
        const struct lower *lower; /* read-only view of a folder of the host */
    } mounts[LIBOS_MOUNTS_MAX];
    int log_level; /* LOG_* of lib/fmt.h */
};

/* Runs the program on the calling thread, whose block (%gs:0) the back end has set; never returns:
 * the end is platform_exit(), with 126 or 127 when the program could not be started. */
void libos_boot(const struct libos_config *config) __attribute__((noreturn));
/* A lower layer from a host descriptor of a folder; NULL without memory. */
struct lower *lower_host_new(int fd);

#endif
