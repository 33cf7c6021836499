/* SPDX-License-Identifier: Apache-2.0
 * pages.h: makes the real page tables say what the program's mapping and the EPCM allow together.
 */
#ifndef CELLA_EMU_PAGES_H
#define CELLA_EMU_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "emu/vma.h"

struct emu_enclave;
struct emu_slot;

/* PROT_* that code inside the enclave has on a page through `vma`. */
int pages_effective(const struct emu_vma *vma, const struct emu_slot *slot);

/* Linux puts a page into the page tables only when the mapping asks for no more than the page was
 * added with. */
bool pages_may_be_seen(const struct emu_vma *vma, const struct emu_slot *slot);

/* Sets the real protection of [start, end) wherever `enclave` is mapped there.  Before EINIT
 * nothing is accessible.  Needs: table lock and enclave->lock.  The errno of mprotect. */
int pages_sync(struct emu_enclave *enclave, uint64_t start, uint64_t end) MUST_USE;

/* Puts the enclave's memory, inaccessible, behind the part of `vma` that lies in ELRANGE. */
int pages_attach(const struct emu_vma *vma) MUST_USE;

#endif
