/* SPDX-License-Identifier: Apache-2.0
 * resolve.h: from the file that was asked for to the ELF program that will run: follows #! lines.
 * [execve(2)] */
#ifndef CELLA_LAUNCH_RESOLVE_H
#define CELLA_LAUNCH_RESOLVE_H

#include "base/err.h"
#include "launch/target.h"

enum { RESOLVE_DEPTH = 5, RESOLVE_WORDS = 2 * RESOLVE_DEPTH + 1 };

struct resolved {
    struct target target;             /* never a script; target.fd is the caller's to close */
    const char *path;                 /* of the program; borrows from here or from the caller */
    const char *words[RESOLVE_WORDS]; /* these come instead of argv[0] */
    int count;                        /* 0: argv[0] stays */
    char interp[RESOLVE_DEPTH][SCRIPT_LINE];
    char arg[RESOLVE_DEPTH][SCRIPT_LINE];
};

/* Errors as target_open(), and -ELOOP. */
int resolve_program(struct resolved *r, const char *path, int fd, struct err *e) MUST_USE;

#endif
