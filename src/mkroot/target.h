/* SPDX-License-Identifier: Apache-2.0
 * target.h: a file that appears under its name when it is complete, and leaves nothing behind
 * otherwise, not even when the program is killed (where the file system knows unnamed files). */
#ifndef CELLA_MKROOT_TARGET_H
#define CELLA_MKROOT_TARGET_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

struct target {
    int fd;
    const char *path; /* borrowed */
    bool has_name;    /* `temporary` is a file */
    char temporary[PATH_MAX];
};

/* An empty file, readable and writable through t->fd.  After success the caller ends it with
 * target_close(). */
int target_open(struct target *t, const char *path, struct err *e) MUST_USE;
/* Puts the file on the disk and under its name, in place of what is there. */
int target_finish(struct target *t, struct err *e) MUST_USE;
/* Without target_finish(): the file is gone. */
void target_close(struct target *t);

#endif
