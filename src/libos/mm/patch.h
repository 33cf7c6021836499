/* SPDX-License-Identifier: Apache-2.0
 * patch.h: turns `syscall` instructions of code that is being mapped into jumps to libos_entry.
 * A site is rewritten only where the bytes around it prove what they are; all others trap. */
#ifndef CELLA_LIBOS_MM_PATCH_H
#define CELLA_LIBOS_MM_PATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mm;

/* One `syscall` that can be rewritten.  `size` bytes from `at` become a jump; of them `before` are
 * an instruction that the stub runs first, and `after` one that it runs behind the call. */
struct patch_site {
    size_t at, size;
    uint8_t before, after;
    bool whole; /* the syscall itself is overwritten: nothing may jump into the site */
};

/* Judges the `syscall` at code[pos]; false when nothing is proven. */
bool patch_judge(const uint8_t *code, size_t size, size_t pos, struct patch_site *out);
/* Finds at most `room` sites; returns how many.  Those that something may jump into are left out.
 */
size_t patch_find(const uint8_t *code, size_t size, struct patch_site *out, size_t room);
/* Bytes of the stub for a site. */
size_t patch_stub_size(const struct patch_site *site);
/* Writes the stub for the site at address `at` of the code at address `code_addr`, to be run at
 * `stub_addr`, and the jump to it. */
void patch_write(uint8_t *code, uintptr_t code_addr, const struct patch_site *site, uint8_t *stub,
                 uintptr_t stub_addr);
/* Code of a file, writable now, executable soon; needs: mm->lock. */
void patch_range(struct mm *mm, uintptr_t addr, size_t size);

#endif
