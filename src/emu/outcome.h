/* SPDX-License-Identifier: Apache-2.0
 * outcome.h: how a leaf ends, written short. */
#ifndef CELLA_EMU_OUTCOME_H
#define CELLA_EMU_OUTCOME_H

#include "emu/enclave.h"

/* Page fault error code bits.  [SDM3A 4.7] */
enum {
    EMU_PF_PRESENT = 0x1,
    EMU_PF_WRITE = 0x2,
    EMU_PF_USER = 0x4,
    EMU_PF_FETCH = 0x10,
    EMU_PF_SGX = 0x8000,
};

static inline struct emu_outcome outcome_ok(void)
{
    return (struct emu_outcome){.faulted = false};
}

static inline struct emu_outcome outcome_error(enum sgx_error error)
{
    return (struct emu_outcome){.rax = error};
}

static inline struct emu_outcome outcome_gp(void)
{
    return (struct emu_outcome){.faulted = true, .vector = SGX_VECTOR_GP};
}

static inline struct emu_outcome outcome_pf(uint64_t addr, uint32_t errcode)
{
    return (struct emu_outcome){
        .faulted = true, .vector = SGX_VECTOR_PF, .errcode = errcode, .addr = addr};
}

/* What the EPCM refuses: a fault on a page that the page tables have let through. */
static inline struct emu_outcome outcome_epcm(uint64_t addr)
{
    return outcome_pf(addr, EMU_PF_SGX | EMU_PF_PRESENT);
}

static inline bool outcome_is_ok(struct emu_outcome outcome)
{
    return !outcome.faulted && outcome.rax == SGX_SUCCESS;
}

#endif
