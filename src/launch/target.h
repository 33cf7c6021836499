/* SPDX-License-Identifier: Apache-2.0
 * target.h: a file that is to be executed: what kind it is, and whether sgx-emu can run it. */
#ifndef CELLA_LAUNCH_TARGET_H
#define CELLA_LAUNCH_TARGET_H

#include <stdbool.h>

#include "base/err.h"
#include "launch/elf.h"
#include "launch/script.h"

enum target_kind {
    TARGET_PROGRAM, /* x86-64 ELF: `elf` is filled in */
    TARGET_SCRIPT,  /* `script` is filled in */
    TARGET_NATIVE,  /* execve without the emulator: set-user-id, or sgx-emu itself */
};

struct target {
    enum target_kind kind;
    int fd; /* close-on-exec; the caller closes it, target_open() sets -1 when it fails */
    struct elf_program elf;
    struct script script;
};

/* Opens and looks at `path`; with a descriptor >= 0, at that one instead.  The errno is the one of
 * execve(2): -ENOENT, -EACCES, -ENOEXEC, ...  The sentence does not repeat the path. */
int target_open(struct target *t, const char *path, int fd, struct err *e) MUST_USE;

/* The interpreter of a TARGET_PROGRAM, which has one: its name, of elf.interp_size bytes. */
int target_interp(const struct target *t, char *name, struct err *e) MUST_USE;

#endif
