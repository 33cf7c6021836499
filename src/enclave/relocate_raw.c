/* SPDX-License-Identifier: Apache-2.0
 * relocate_raw.c: the enclave moves itself to where it was loaded.  The linker script puts all
 * relocations between rela_begin and rela_end; tools/check-enclave refuses an image with other
 * kinds, so that the refusal here never meets a user.  [ELF, AMD64 ABI 4.4] */
#include <elf.h>

#include "enclave/begin.h"

extern const Elf64_Rela rela_begin[] __attribute__((visibility("hidden")));
extern const Elf64_Rela rela_end[] __attribute__((visibility("hidden")));

bool relocate(uint64_t image, uint64_t image_size)
{
    size_t count = ((uintptr_t)rela_end - (uintptr_t)rela_begin) / sizeof *rela_begin;
    for (size_t i = 0; i < count; i++) {
        const Elf64_Rela *r = &rela_begin[i];
        if (ELF64_R_TYPE(r->r_info) != R_X86_64_RELATIVE || r->r_offset > image_size - 8)
            return false;
        *(uint64_t *)(uintptr_t)(image + r->r_offset) = image + (uint64_t)r->r_addend;
    }
    return true;
}
