/* SPDX-License-Identifier: Apache-2.0
 * vma.h: where in the address space the program has mapped which enclave, and with what protection
 * it asked for.  All need the table lock. */
#ifndef CELLA_EMU_VMA_H
#define CELLA_EMU_VMA_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct emu_enclave;

struct emu_vma {
    uintptr_t start;
    uintptr_t end;
    int prot; /* PROT_*, as the program asked */
    struct emu_enclave *enclave;
};

/* The first mapping that ends above `addr`, NULL behind the last.  Valid until the table changes.
 */
const struct emu_vma *vma_next(uintptr_t addr);

/* The mapping that holds `addr`, or NULL. */
const struct emu_vma *vma_at(uintptr_t addr);

/* Records a mapping; whatever was recorded in its range is forgotten.  -ENOMEM. */
int vma_insert(struct emu_vma vma) MUST_USE;

/* Forgets what was recorded in [start, end).  -ENOMEM when a mapping would have to be split and
 * there is no memory; then nothing has changed. */
int vma_remove(uintptr_t start, uintptr_t end) MUST_USE;

#endif
