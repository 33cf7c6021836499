/* SPDX-License-Identifier: Apache-2.0
 * aex.c: see aex.h. */
#include "emu/aex.h"

#include <string.h>

#include "emu/context.h"
#include "emu/enclave.h"
#include "emu/enter.h"
#include "emu/thread_priv.h"
#include "emu/transit.h"
#include "emu/xstate.h"

/* The general registers in the order in which an SSA frame has them. */
static const int g_gpr_order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                  REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                  REG_R12, REG_R13, REG_R14, REG_R15};

_Static_assert(offsetof(struct sgx_gpr, rflags) == sizeof g_gpr_order / sizeof *g_gpr_order * 8,
               "struct sgx_gpr");

void gpr_save(struct sgx_gpr *gpr, const ucontext_t *uc)
{
    uint64_t *to = &gpr->rax;
    for (size_t i = 0; i < sizeof g_gpr_order / sizeof *g_gpr_order; i++)
        to[i] = context_get(uc, g_gpr_order[i]);
    gpr->rflags = context_get(uc, REG_EFL) & ~(uint64_t)FLAG_TF;
    gpr->rip = context_get(uc, REG_RIP);
}

void gpr_load(ucontext_t *uc, const struct sgx_gpr *gpr)
{
    const uint64_t *from = &gpr->rax;
    for (size_t i = 0; i < sizeof g_gpr_order / sizeof *g_gpr_order; i++)
        context_set(uc, g_gpr_order[i], from[i]);
    context_set(uc, REG_RIP, gpr->rip);
}

static bool wants_exinfo(const struct aex_event *event, uint32_t miscselect)
{
    return event->is_exception && miscselect & SGX_MISC_EXINFO &&
           (event->vector == SGX_VECTOR_PF || event->vector == SGX_VECTOR_GP);
}

uint32_t aex_exitinfo(const struct aex_event *event, uint32_t miscselect)
{
    static const uint32_t always = 1u << SGX_VECTOR_DE | 1u << SGX_VECTOR_DB | 1u << SGX_VECTOR_BP |
                                   1u << SGX_VECTOR_BR | 1u << SGX_VECTOR_UD | 1u << SGX_VECTOR_MF |
                                   1u << SGX_VECTOR_AC | 1u << SGX_VECTOR_XM;
    if (!event->is_exception || event->vector > SGX_VECTOR_CP)
        return 0;
    if (!(always >> event->vector & 1) && !wants_exinfo(event, miscselect))
        return 0;
    uint32_t type =
        event->vector == SGX_VECTOR_BP ? SGX_EXIT_TYPE_SOFTWARE : SGX_EXIT_TYPE_HARDWARE;
    return SGX_EXITINFO_VALID | type << SGX_EXITINFO_TYPE_SHIFT | event->vector;
}

/* [SDM3D 38.9.1.3] */
static void save_exinfo(struct sgx_gpr *gpr, const struct aex_event *event)
{
    struct sgx_exinfo *exinfo = (struct sgx_exinfo *)(void *)gpr - 1;
    *exinfo = (struct sgx_exinfo){.errcd = event->errcode};
    if (event->vector == SGX_VECTOR_PF)
        exinfo->maddr = event->addr;
}

/* What the host sees in the registers.  [SDM3D 40.3.1] */
static void load_synthetic_state(struct emu_trap *trap)
{
    struct emu_thread *t = trap->thread;
    ucontext_t *uc = trap->uc;
    for (size_t i = 0; i < sizeof g_gpr_order / sizeof *g_gpr_order; i++)
        context_set(uc, g_gpr_order[i], 0);
    context_set(uc, REG_RAX, SGX_ERESUME);
    context_set(uc, REG_RBX, t->tcs);
    context_set(uc, REG_RCX, t->tcs_alias->aep);
    context_set(uc, REG_RSP, t->gpr->ursp);
    context_set(uc, REG_RBP, t->gpr->urbp);
    context_set(uc, REG_RIP, t->tcs_alias->aep);
    uint64_t flags = context_get(uc, REG_EFL) & ~(uint64_t)(FLAGS_STATUS | FLAG_RF);
    if (!t->dbgoptin)
        flags = (flags & ~(uint64_t)FLAG_TF) | (t->save_tf ? FLAG_TF : 0);
    context_set(uc, REG_EFL, flags);
    if (flags & FLAG_TF) /* one instruction, or the host would step through the fast mode's */
        context_set(uc, REG_RIP, enter_plain_address(t->tcs_alias->aep));
}

void aex_perform(struct emu_trap *trap, const struct aex_event *event)
{
    struct emu_thread *t = trap->thread;
    const struct sgx_secs *secs = emu_enclave_secs(t->inside);
    struct sgx_gpr *gpr = t->gpr;
    uint64_t xfrm = secs->attributes.xfrm;

    gpr_save(gpr, trap->uc);
    gpr->fsbase = trap->fs;
    gpr->gsbase = trap->gs;
    gpr->exitinfo = aex_exitinfo(event, secs->miscselect);
    if (wants_exinfo(event, secs->miscselect))
        save_exinfo(gpr, event);
    uint8_t *frame_end = (uint8_t *)(gpr + 1);
    xstate_save(frame_end - (size_t)secs->ssaframesize * SGX_PAGE_SIZE, context_fpstate(trap->uc),
                xfrm);

    load_synthetic_state(trap);
    xstate_reset(context_fpstate(trap->uc), xfrm);
    t->tcs_alias->cssa++;
    enclave_mode_end(trap);
}
