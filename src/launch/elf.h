/* SPDX-License-Identifier: Apache-2.0
 * elf.h: the head of an x86-64 ELF program: what to map where.  [ELF gABI 4.1, x86-64 psABI] */
#ifndef CELLA_LAUNCH_ELF_H
#define CELLA_LAUNCH_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

enum { ELF_HEAD_SIZE = 64, ELF_MAX_PHDRS = 128, ELF_PHDR_SIZE = 56, ELF_MAX_LOADS = 64 };

struct elf_load {
    uint64_t addr; /* not yet biased */
    uint64_t mem_size;
    uint64_t file_offset;
    uint64_t file_size;
    int prot; /* PROT_READ and so on */
};

struct elf_program {
    bool is_fixed; /* ET_EXEC: the addresses are final */
    bool has_exec_stack;
    uint64_t entry;
    uint64_t phdr_offset; /* in the file */
    uint16_t phdr_count;
    uint64_t phdr_addr; /* where the program headers are in memory, 0 when nowhere */
    uint64_t interp_offset;
    uint64_t interp_size; /* with its zero byte; 0: none */
    uint64_t align;       /* the largest p_align, at least a page */
    uint64_t low;         /* page-aligned bounds of all segments */
    uint64_t high;
    uint64_t break_addr; /* end of the last byte in memory */
    unsigned load_count;
    struct elf_load loads[ELF_MAX_LOADS];
};

/* Reads the ELF header (the first ELF_HEAD_SIZE bytes; fewer are an error) into p->phdr_offset and
 * the like.  -ENOEXEC with the reason when it is not a program for this machine; -ELIBBAD-like
 * damage is -ENOEXEC too. */
int elf_parse_head(struct elf_program *p, struct span head, struct err *e) MUST_USE;

/* Reads the program headers, p->phdr_count * ELF_PHDR_SIZE bytes, of a file of `file_size` bytes.
 * Afterwards every segment lies inside the file and below 2^47. */
int elf_parse_phdrs(struct elf_program *p, struct span phdrs, uint64_t file_size,
                    struct err *e) MUST_USE;

#endif
