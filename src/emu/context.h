/* SPDX-License-Identifier: Apache-2.0
 * context.h: the registers of an interrupted context by name. */
#ifndef CELLA_EMU_CONTEXT_H
#define CELLA_EMU_CONTEXT_H

#include <stdint.h>
#include <ucontext.h>

enum {
    FLAG_CF = 0x1,
    FLAG_PF = 0x4,
    FLAG_AF = 0x10,
    FLAG_ZF = 0x40,
    FLAG_SF = 0x80,
    FLAG_TF = 0x100,
    FLAG_DF = 0x400,
    FLAG_OF = 0x800,
    FLAG_NT = 0x4000,
    FLAG_RF = 0x10000,
    FLAG_AC = 0x40000,
    FLAG_ID = 0x200000,
    FLAGS_STATUS = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF,
};

/* gregs are signed in libc, for no reason that matters here. */
static inline uint64_t context_get(const ucontext_t *uc, int reg)
{
    return (uint64_t)uc->uc_mcontext.gregs[reg];
}

static inline void context_set(ucontext_t *uc, int reg, uint64_t value)
{
    uc->uc_mcontext.gregs[reg] = (greg_t)value;
}

static inline uint8_t *context_fpstate(const ucontext_t *uc)
{
    return (uint8_t *)uc->uc_mcontext.fpregs;
}

#endif
