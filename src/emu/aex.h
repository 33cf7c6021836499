/* SPDX-License-Identifier: Apache-2.0
 * aex.h: the asynchronous enclave exit.  [SDM3D 40.3, 41.1] */
#ifndef CELLA_EMU_AEX_H
#define CELLA_EMU_AEX_H

#include <stdbool.h>
#include <stdint.h>

struct emu_trap;

/* Why the enclave is left.  An interrupt (a signal) has no vector that an enclave could see. */
struct aex_event {
    bool is_exception;
    uint8_t vector;
    uint32_t errcode; /* #PF and #GP */
    uint64_t addr;    /* #PF: with all bits */
};

/* Stores the context in the current SSA frame and makes the context the synthetic state at the AEP,
 * outside the enclave.  Needs: the thread is inside. */
void aex_perform(struct emu_trap *trap, const struct aex_event *event);

/* EXITINFO for an event.  [SDM3D 38.9.1.1] */
uint32_t aex_exitinfo(const struct aex_event *event, uint32_t miscselect);

#endif
