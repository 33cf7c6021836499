/* SPDX-License-Identifier: Apache-2.0
 * Any ELF head and program headers: no crash, and what is accepted lies inside the file and the
 * address space, in order. */
#include <stdint.h>
#include <stdlib.h>

#include "launch/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_program p;
    size_t head = size < ELF_HEAD_SIZE ? size : ELF_HEAD_SIZE;
    if (elf_parse_head(&p, span_of(data, head), NULL))
        return 0;
    if (elf_parse_phdrs(&p, span_of(data + head, size - head), size, NULL))
        return 0;
    uint64_t last = 0;
    for (unsigned i = 0; i < p.load_count; i++) {
        const struct elf_load *l = &p.loads[i];
        if (l->addr < last || l->addr + l->mem_size > p.high || l->file_size > l->mem_size ||
            l->file_offset + l->file_size > size)
            abort();
        last = l->addr + l->mem_size;
    }
    return 0;
}
