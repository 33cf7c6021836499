/* SPDX-License-Identifier: Apache-2.0
 * script.h: the first line of a script, `#!interpreter [one argument]`.  [execve(2)] */
#ifndef CELLA_LAUNCH_SCRIPT_H
#define CELLA_LAUNCH_SCRIPT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

enum { SCRIPT_LINE = 256 };

struct script {
    char interp[SCRIPT_LINE];
    char arg[SCRIPT_LINE];
    bool has_arg;
};

bool is_script(struct span head);

/* Reads the line out of the file's first bytes; -ENOEXEC when it names no interpreter or is longer
 * than SCRIPT_LINE. */
int script_parse(struct script *s, struct span head, struct err *e) MUST_USE;

#endif
