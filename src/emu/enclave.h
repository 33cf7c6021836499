/* SPDX-License-Identifier: Apache-2.0
 * enclave.h: one enclave and its pages, inside the emulator.
 *
 * Invariants.  The content of page i lies in a memfd at offset i * 4096 and is always writable
 * through `alias`; what the program sees at base + i * 4096 is a mapping of the same memory whose
 * protection is never wider than the EPCM and the program's own mmap/mprotect allow.  `lock` guards
 * the EPCM and the state; whoever takes it has all signals blocked (a trap handler has; emu_ioctl
 * and the like block them first), so that a handler never finds it held by its own thread.  [SDM3D
 * 37 to 40] */
#ifndef CELLA_EMU_ENCLAVE_H
#define CELLA_EMU_ENCLAVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sgx/arch.h"

/* One EPCM entry.  [SDM3D 38.19] */
struct emu_epcm {
    uint8_t type; /* enum sgx_page_type */
    uint8_t perm; /* SGX_SECINFO_R | W | X */
    bool valid : 1;
    bool pending : 1;
    bool modified : 1;
    bool pr : 1;
    bool blocked : 1;
};

/* Where a leaf ended: it faulted, or it left an error code in RAX (leaves that use it set ZF when
 * it is not 0). */
struct emu_outcome {
    bool faulted;
    uint8_t vector;   /* SGX_VECTOR_GP, SGX_VECTOR_PF or SGX_VECTOR_UD */
    uint32_t errcode; /* #PF: the page fault error code, bit 15 when the EPCM refused */
    uint64_t addr;    /* #PF: the address */
    uint64_t rax;     /* enum sgx_error */
    uint8_t signal;   /* from emu_page_fault(): SIGSEGV or SIGBUS, what Linux would send */
};

/* Registers that an ENCLU leaf reads and writes, apart from transitions. */
struct emu_regs {
    uint64_t rax, rbx, rcx, rdx;
};

struct emu_enclave;

/* The enclave whose ELRANGE holds `addr`, or NULL.  Takes no lock and may be called from a trap
 * handler; the enclave stays until its last mapping and descriptor are gone and no thread is
 * inside. */
struct emu_enclave *emu_enclave_at(uint64_t addr);

uint64_t emu_enclave_base(const struct emu_enclave *enclave);
uint64_t emu_enclave_size(const struct emu_enclave *enclave);
const struct sgx_secs *emu_enclave_secs(const struct emu_enclave *enclave);

/* The bytes of the page that holds `addr`, at that offset, writable whatever the page's permissions
 * are; NULL outside ELRANGE.  What is there is up to the end of that page, and further only as far
 * as pages follow in ELRANGE. */
void *emu_enclave_alias(const struct emu_enclave *enclave, uint64_t addr);

/* True once EINIT has succeeded. */
bool emu_enclave_initialised(const struct emu_enclave *enclave);

/* The EPCM entry of the page at `addr`, a copy taken without the lock. */
struct emu_epcm emu_epcm_peek(const struct emu_enclave *enclave, uint64_t addr);

/* ENCLU leaves other than the transitions, run by a thread that is inside `enclave`.  Takes the
 * lock. */
struct emu_outcome emu_enclu(struct emu_enclave *enclave, enum sgx_enclu leaf,
                             struct emu_regs *regs);

/* What an access of `kind` (SGX_SECINFO_R, W or X) from inside the enclave to `addr` meets, after
 * the kernel faulted it.  Adds the page first (EAUG) where Linux would.  True: try the instruction
 * again.  False: *fault holds the #PF that the enclave gets, or for an address outside ELRANGE that
 * the host's page tables refused. */
bool emu_page_fault(struct emu_enclave *enclave, uint64_t addr, unsigned kind,
                    struct emu_outcome *fault);

/* Counts a thread as inside that has no block (thread.h), which speaks for all others: EREMOVE and
 * ETRACK ask.  The ticket that entering gives goes back when the thread leaves. */
unsigned emu_enclave_entered(struct emu_enclave *enclave);
void emu_enclave_left(struct emu_enclave *enclave, unsigned ticket);

#endif
