/* SPDX-License-Identifier: Apache-2.0
 * patch.h: rewrites `syscall` instructions in code that is being mapped into jumps to libos_entry.
 */
#ifndef CELLA_LIBOS_MM_PATCH_H
#define CELLA_LIBOS_MM_PATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Looks at code that is writable now and will be executable; needs: mm->lock. */
void patch_range(uintptr_t addr, size_t size);
/* The same for memory that becomes executable later; makes it writable meanwhile. */
int patch_protect(uintptr_t addr, size_t size, unsigned rights) MUST_USE;
/* The address space was emptied. */
void patch_reset(void);

#endif
