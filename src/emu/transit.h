/* SPDX-License-Identifier: Apache-2.0
 * transit.h: EENTER, EEXIT and ERESUME on a context that a trap interrupted.  [SDM3D 41.4] */
#ifndef CELLA_EMU_TRANSIT_H
#define CELLA_EMU_TRANSIT_H

#include <ucontext.h>

#include "emu/enclave.h"

struct emu_trap;

/* Each does all that the leaf does, or nothing and gives the fault. */
struct emu_outcome transit_enter(struct emu_trap *trap);
struct emu_outcome transit_resume(struct emu_trap *trap);
struct emu_outcome transit_exit(struct emu_trap *trap);

/* Where EENTER or ERESUME would go. */
struct transit_entry {
    struct emu_enclave *enclave;
    uint64_t tcs_addr;
    struct sgx_tcs *tcs; /* alias */
    struct sgx_gpr *gpr; /* alias: of the frame that an AEX would write from then on */
    uint64_t target;
    uint64_t fs;
    uint64_t gs;
};

/* Every check of the leaf up to the TCS's being free, in the SDM's order. */
struct emu_outcome transit_check(struct transit_entry *entry, uint64_t tcs, uint64_t aep,
                                 bool is_resume);

/* The end of enclave mode: FS and GS are the host's again, the TCS is free. */
void enclave_mode_end(struct emu_trap *trap);

void gpr_save(struct sgx_gpr *gpr, const ucontext_t *uc);
/* All but the flags, which are not loaded as they are. */
void gpr_load(ucontext_t *uc, const struct sgx_gpr *gpr);

#endif
