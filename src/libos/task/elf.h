/* SPDX-License-Identifier: Apache-2.0
 * elf.h: programs and interpreters into memory.  [ELF64] */
#ifndef CELLA_LIBOS_TASK_ELF_H
#define CELLA_LIBOS_TASK_ELF_H

#include <linux/elf.h>

#include "base/err.h"

struct file;
struct mm;

enum { ELF_SEGMENTS_MAX = 64, INTERPRETER_MAX = 256 };

struct elf {
    struct elf64_hdr header;
    struct elf64_phdr segments[ELF_SEGMENTS_MAX];
    char interpreter[INTERPRETER_MAX]; /* "" when there is none */
};

struct elf_image {
    uint64_t base, entry, headers, end; /* addresses; base is 0 for ET_EXEC */
    uint64_t code_start, code_end, data_start, data_end;
};

/* -ENOEXEC for anything but a little-endian x86-64 ET_EXEC or ET_DYN. */
int elf_parse(struct elf *elf, struct file *f) MUST_USE;
/* Maps it; ET_DYN at `where`, or (0) where there is room. */
int elf_map(struct mm *mm, struct file *f, const struct elf *elf, uint64_t where,
            struct elf_image *out) MUST_USE;

#endif
