/* SPDX-License-Identifier: Apache-2.0
 * mkroot_priv.h: the writer's inside. */
#ifndef CELLA_MKROOT_MKROOT_PRIV_H
#define CELLA_MKROOT_MKROOT_PRIV_H

#include "mkroot/layout.h"
#include "mkroot/mkroot.h"
#include "mkroot/spool.h"

struct mkroot {
    struct mkroot_options options;
    struct tree tree;
    struct spool spool;
    struct tree_inode *open; /* the file whose bytes are coming, NULL: none */
    uint64_t missing;        /* bytes that it still needs */
    int source_fd;           /* the scanned directory, -1: none */
    const char *source;      /* its name, for messages */
    const char *target;      /* the image's name, for messages */
};

/* emit.c: writes the image and its tree to `fd`, which is empty. */
int emit(struct mkroot *m, struct layout *l, int fd, struct mkroot_result *result,
         struct err *e) MUST_USE;

#endif
