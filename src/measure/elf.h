/* SPDX-License-Identifier: Apache-2.0
 * elf.h: what an enclave image must be, read from its ELF headers.  [ELF64 2, 5], README.md */
#ifndef CELLA_MEASURE_ELF_H
#define CELLA_MEASURE_ELF_H

#include "base/err.h"
#include "base/span.h"

enum { ELF_SEGMENTS_MAX = 16 };

/* One PT_LOAD with something in it; addresses count from the ELF's address 0. */
struct elf_segment {
    uint64_t addr;
    uint64_t size;      /* bytes in memory, at least bytes.size; what is behind bytes is zero */
    struct span bytes;  /* borrows from the file */
    uint64_t page_addr; /* addr down to a page */
    uint64_t page_end;  /* addr + size up to a page */
    uint64_t perm;      /* SGX_SECINFO_R | W | X */
};

struct elf_image {
    uint64_t entry;
    size_t count;
    struct elf_segment segments[ELF_SEGMENTS_MAX]; /* ascending, no two on one page */
};

/* True when `in` begins like any ELF file. */
bool elf_recognise(struct span in);

/* Reads and checks an image; `out` borrows from `in`.  -EBADMSG when it is none that SGX or this
 * loader can take. */
int elf_parse(struct elf_image *out, struct span in, struct err *e) MUST_USE;

#endif
