/* SPDX-License-Identifier: Apache-2.0
 * fault.h: what the host's page tables say to an access from inside an enclave, and Linux's fault
 * handler, which adds pages on demand. */
#ifndef CELLA_EMU_FAULT_H
#define CELLA_EMU_FAULT_H

#include "emu/enclave.h"

/* The walk that precedes every check of the EPCM, for an access of `kind` (SGX_SECINFO_R, W, X).
 * Pages that Linux adds on demand are added.  Ok, or the #PF without the SGX bit that the access
 * ends with.  `addr` is in ELRANGE.  Needs: table lock and enclave->lock. */
struct emu_outcome fault_walk(struct emu_enclave *enclave, uint64_t addr, unsigned kind);

/* The bits of a page fault's error code that name the access. */
uint32_t fault_access_bits(unsigned kind);

#endif
