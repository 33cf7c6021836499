/* SPDX-License-Identifier: Apache-2.0
 * enclu.h: the ENCLU leaves that are no transitions, one function each, and the check of their
 * memory operands.  All need table lock and enclave->lock; the enclave is initialised and the
 * calling thread inside.  [SDM3D 41.4] */
#ifndef CELLA_EMU_ENCLU_H
#define CELLA_EMU_ENCLU_H

#include "emu/enclave.h"

/* TARGETINFO at RBX, REPORTDATA at RCX, REPORT to RDX. */
struct emu_outcome enclu_ereport(struct emu_enclave *enclave, const struct emu_regs *regs);

/* KEYREQUEST at RBX, key to RCX. */
struct emu_outcome enclu_egetkey(struct emu_enclave *enclave, const struct emu_regs *regs);

/* SECINFO at RBX, page RCX; EACCEPTCOPY copies from RDX. */
struct emu_outcome enclu_eaccept(struct emu_enclave *enclave, const struct emu_regs *regs);
struct emu_outcome enclu_emodpe(struct emu_enclave *enclave, const struct emu_regs *regs);
struct emu_outcome enclu_eacceptcopy(struct emu_enclave *enclave, const struct emu_regs *regs);

/* Checks an operand that is data: aligned, in ELRANGE, mapped, and in a regular page that the EPCM
 * lets be read (SGX_SECINFO_R) or written (W). */
struct emu_outcome enclu_operand(struct emu_enclave *enclave, uint64_t addr, uint64_t alignment,
                                 unsigned kind);

#endif
