/* SPDX-License-Identifier: Apache-2.0
 * load.h: puts an ELF program into memory as the kernel's loader would.  [Linux fs/binfmt_elf.c] */
#ifndef CELLA_LAUNCH_LOAD_H
#define CELLA_LAUNCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct elf_program;

struct loaded {
    uint64_t bias; /* what is added to the file's addresses */
    uint64_t entry;
    uint64_t phdrs;
    uint64_t end; /* of the last byte */
};

/* Maps the program open at `fd`.  A relocatable one goes where the kernel puts programs, or, for an
 * interpreter, where it puts libraries. */
int load_elf(struct loaded *l, const struct elf_program *p, int fd, bool is_interp,
             struct err *e) MUST_USE;

#endif
