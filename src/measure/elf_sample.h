/* SPDX-License-Identifier: Apache-2.0
 * elf_sample.h: a small enclave image made by hand, for tests and fuzzing only. */
#ifndef CELLA_MEASURE_ELF_SAMPLE_H
#define CELLA_MEASURE_ELF_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    SAMPLE_PHOFF = 64,
    SAMPLE_PHENT = 56,
    SAMPLE_PHNUM = 3,
    SAMPLE_SIZE = 0x1100,
    SAMPLE_ENTRY = 0x1010,
};

struct sample_segment {
    uint32_t flags; /* PF_X 1, PF_W 2, PF_R 4 */
    uint64_t offset, vaddr, filesz, memsz;
};

/* Headers and read-only data; code; data with 0x2000 bytes of BSS that begins within a page. */
static const struct sample_segment g_sample_segments[SAMPLE_PHNUM] = {
    {4, 0, 0, 0x200, 0x200},
    {5, 0x200, 0x1000, 0x800, 0x800},
    {6, 0xa00, 0x2e00, 0x700, 0x2700},
};

static inline void sample_segment_write(uint8_t *elf, size_t index, const struct sample_segment *s)
{
    uint8_t *p = elf + SAMPLE_PHOFF + index * SAMPLE_PHENT;
    put_le32(p, 1); /* PT_LOAD */
    put_le32(p + 4, s->flags);
    put_le64(p + 8, s->offset);
    put_le64(p + 16, s->vaddr);
    put_le64(p + 24, s->vaddr);
    put_le64(p + 32, s->filesz);
    put_le64(p + 40, s->memsz);
    put_le64(p + 48, 0x1000);
}

/* Every byte behind the headers is its offset's low byte, so that none is zero by chance. */
static inline void sample_write(uint8_t elf[SAMPLE_SIZE])
{
    static const uint8_t ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    for (size_t i = 0; i < SAMPLE_SIZE; i++)
        elf[i] = (uint8_t)(i | 1);
    memset(elf, 0, SAMPLE_PHOFF);
    memcpy(elf, ident, sizeof ident);
    put_le16(elf + 16, 3);  /* ET_DYN */
    put_le16(elf + 18, 62); /* x86-64 */
    put_le32(elf + 20, 1);
    put_le64(elf + 24, SAMPLE_ENTRY);
    put_le64(elf + 32, SAMPLE_PHOFF);
    put_le16(elf + 52, 64);
    put_le16(elf + 54, SAMPLE_PHENT);
    put_le16(elf + 56, SAMPLE_PHNUM);
    for (size_t i = 0; i < SAMPLE_PHNUM; i++)
        sample_segment_write(elf, i, &g_sample_segments[i]);
}

#endif
