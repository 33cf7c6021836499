/* SPDX-License-Identifier: Apache-2.0
 * trap.c: sorts what arrives in a handler and does what the CPU and the kernel's exception handlers
 * do with it.  On a CPU without SGX, ENCLU raises #UD; on one with SGX that is not enabled for us
 * #GP or #PF: the bytes at RIP decide, never the signal. */
#include <signal.h>

#include "emu/aex.h"
#include "emu/context.h"
#include "emu/cpu_raw.h"
#include "emu/decode.h"
#include "emu/enter.h"
#include "emu/fast.h"
#include "emu/guard.h"
#include "emu/outcome.h"
#include "emu/signal_priv.h"
#include "emu/thread_priv.h"
#include "emu/transit.h"
#include "emu/trap.h"

/* The signal that Linux sends for a vector, and its si_code.  [Linux arch/x86/kernel/traps.c] */
static int signal_of(uint8_t vector, int *code)
{
    switch (vector) {
    case SGX_VECTOR_DE:
        *code = FPE_INTDIV;
        return SIGFPE;
    case SGX_VECTOR_DB:
        *code = TRAP_TRACE;
        return SIGTRAP;
    case SGX_VECTOR_BP:
        *code = SI_KERNEL;
        return SIGTRAP;
    case SGX_VECTOR_UD:
        *code = ILL_ILLOPN;
        return SIGILL;
    case SGX_VECTOR_MF:
    case SGX_VECTOR_XM:
        *code = FPE_FLTINV;
        return SIGFPE;
    case SGX_VECTOR_AC:
        *code = BUS_ADRALN;
        return SIGBUS;
    default:
        *code = SI_KERNEL;
        return SIGSEGV;
    }
}

static void *report_address(const struct emu_trap *trap, const struct aex_event *event)
{
    switch (event->vector) {
    case SGX_VECTOR_PF:
        return cpu_ptr(event->addr);
    case SGX_VECTOR_DE:
    case SGX_VECTOR_UD:
    case SGX_VECTOR_DB:
    case SGX_VECTOR_MF:
    case SGX_VECTOR_XM:
        return cpu_ptr(context_get(trap->uc, REG_RIP));
    default:
        return NULL;
    }
}

/* The kernel's part after an exception whose context is the host's: the fixup of the vDSO, or a
 * signal.  `signal` is what the page fault handler chose, 0 for the usual one. */
static enum emu_verdict report(struct emu_trap *trap, const struct aex_event *event, int signal)
{
    ucontext_t *uc = trap->uc;
    bool is_debug = event->vector == SGX_VECTOR_DB || event->vector == SGX_VECTOR_BP;
    if (!is_debug && enter_is_site(context_get(uc, REG_RIP))) {
        context_set(uc, REG_RIP, enter_exception_address());
        context_set(uc, REG_RDI, event->vector);
        context_set(uc, REG_RSI, event->errcode);
        context_set(uc, REG_RDX, event->vector == SGX_VECTOR_PF ? event->addr : 0);
        return EMU_RESUME;
    }
    int usual_code = trap->info->si_code;
    int usual = signal_of(event->vector, &usual_code);
    bool keeps_code = trap->signal == usual && event->vector != SGX_VECTOR_PF &&
                      event->vector != SGX_VECTOR_UD && event->vector != SGX_VECTOR_GP;
    int code = keeps_code ? trap->info->si_code : usual_code;
    trap->signal = signal ? signal : usual;
    if (event->vector == SGX_VECTOR_PF)
        code = trap->signal == SIGBUS            ? BUS_ADRERR
               : event->errcode & EMU_PF_PRESENT ? SEGV_ACCERR
                                                 : SEGV_MAPERR;
    *trap->info = (siginfo_t){.si_signo = trap->signal, .si_code = code};
    trap->info->si_addr = report_address(trap, event);
    context_set(uc, REG_TRAPNO, event->vector);
    context_set(uc, REG_ERR, event->errcode);
    if (event->vector == SGX_VECTOR_PF)
        context_set(uc, REG_CR2, event->addr);
    return EMU_DELIVER;
}

/* An exception inside the enclave. */
static enum emu_verdict exit_with(struct emu_trap *trap, struct aex_event event, int signal)
{
    aex_perform(trap, &event);
    event.addr &= ~(uint64_t)(SGX_PAGE_SIZE - 1); /* CR2 loses the offset  [SDM3D 40.3.1] */
    return report(trap, &event, signal);
}

static struct aex_event event_of(const struct emu_outcome *fault)
{
    return (struct aex_event){.is_exception = true,
                              .vector = fault->vector,
                              .errcode = fault->errcode,
                              .addr = fault->addr};
}

/* A page fault inside the enclave, at an address that the kernel told. */
static enum emu_verdict page_fault(struct emu_trap *trap)
{
    uint64_t error = context_get(trap->uc, REG_ERR);
    unsigned kind = error & EMU_PF_WRITE   ? SGX_SECINFO_W
                    : error & EMU_PF_FETCH ? SGX_SECINFO_X
                                           : SGX_SECINFO_R;
    uint64_t addr = context_get(trap->uc, REG_CR2);
    struct emu_outcome fault = {.vector = SGX_VECTOR_PF, .errcode = (uint32_t)error, .addr = addr};
    bool is_own = emu_enclave_at(addr) == trap->thread->inside;
    if (emu_page_fault(trap->thread->inside, addr, kind, &fault))
        return EMU_RESUME;
    /* Outside ELRANGE the page tables are the host's, and the kernel has spoken. */
    if (!is_own)
        fault =
            (struct emu_outcome){.vector = SGX_VECTOR_PF, .errcode = (uint32_t)error, .addr = addr};
    return exit_with(trap, event_of(&fault), is_own ? fault.signal : trap->signal);
}

/* #DB and INT3 depend on whether the TCS opted in to debugging.  [SDM3D 43.2.5, 43.4] */
static enum emu_verdict debug_fault(struct emu_trap *trap, uint8_t vector)
{
    ucontext_t *uc = trap->uc;
    struct aex_event event = {.is_exception = true, .vector = vector};
    bool opted_in = trap->thread->dbgoptin;
    if (vector == SGX_VECTOR_DB && !opted_in) {
        context_set(uc, REG_EFL, context_get(uc, REG_EFL) & ~(uint64_t)FLAG_TF);
        return EMU_RESUME;
    }
    if (vector == SGX_VECTOR_BP) {
        context_set(uc, REG_RIP, context_get(uc, REG_RIP) - INT3_SIZE);
        if (!opted_in)
            event.vector = SGX_VECTOR_UD;
    }
    return exit_with(trap, event, 0);
}

static enum emu_verdict fault_inside(struct emu_trap *trap)
{
    ucontext_t *uc = trap->uc;
    uint8_t vector = (uint8_t)context_get(uc, REG_TRAPNO);
    struct aex_event event = {.is_exception = true, .vector = vector};
    switch (vector) {
    case SGX_VECTOR_PF:
        return page_fault(trap);
    case SGX_VECTOR_DB:
    case SGX_VECTOR_BP:
        return debug_fault(trap, vector);
    case SGX_VECTOR_GP:
        if (decode_is_illegal_inside(trap->thread->inside, context_get(uc, REG_RIP)))
            event.vector = SGX_VECTOR_UD;
        else
            event.errcode = (uint32_t)context_get(uc, REG_ERR);
        return exit_with(trap, event, 0);
    default:
        return exit_with(trap, event, 0);
    }
}

/* EREPORT and the other leaves that stay inside.  [SDM3D 41.4] */
static struct emu_outcome leaf_inside(struct emu_trap *trap, uint32_t leaf)
{
    ucontext_t *uc = trap->uc;
    struct emu_regs regs = {.rax = context_get(uc, REG_RAX),
                            .rbx = context_get(uc, REG_RBX),
                            .rcx = context_get(uc, REG_RCX),
                            .rdx = context_get(uc, REG_RDX)};
    struct emu_outcome outcome = emu_enclu(trap->thread->inside, (enum sgx_enclu)leaf, &regs);
    if (outcome.faulted)
        return outcome;
    context_set(uc, REG_RIP, context_get(uc, REG_RIP) + ENCLU_SIZE);
    if (leaf == SGX_EGETKEY || leaf == SGX_EACCEPT || leaf == SGX_EACCEPTCOPY) {
        uint64_t flags = context_get(uc, REG_EFL) & ~(uint64_t)FLAGS_STATUS;
        context_set(uc, REG_RAX, outcome.rax);
        context_set(uc, REG_EFL, flags | (outcome.rax ? FLAG_ZF : 0));
    }
    return outcome;
}

static struct emu_outcome leaf_run(struct emu_trap *trap, uint32_t leaf)
{
    bool inside = trap->thread->inside;
    switch (leaf) {
    case SGX_EENTER:
        return inside ? outcome_gp() : transit_enter(trap);
    case SGX_ERESUME:
        return inside ? outcome_gp() : transit_resume(trap);
    case SGX_EEXIT:
        return inside ? transit_exit(trap) : outcome_gp();
    default:
        return inside && leaf <= SGX_EACCEPTCOPY ? leaf_inside(trap, leaf) : outcome_gp();
    }
}

static enum emu_verdict enclu(struct emu_trap *trap)
{
    bool inside = trap->thread->inside;
    struct emu_outcome outcome = leaf_run(trap, (uint32_t)context_get(trap->uc, REG_RAX));
    if (!outcome.faulted)
        return EMU_RESUME;
    struct aex_event event = event_of(&outcome);
    return inside ? exit_with(trap, event, outcome.signal) : report(trap, &event, outcome.signal);
}

/* A `syscall` or `int 0x80` inside the enclave: #UD at that instruction. */
static enum emu_verdict syscall_inside(struct emu_trap *trap)
{
    uint64_t rip = context_get(trap->uc, REG_RIP) - SYSCALL_SIZE;
    context_set(trap->uc, REG_RIP, rip);
    return exit_with(trap, (struct aex_event){.is_exception = true, .vector = SGX_VECTOR_UD}, 0);
}

bool emu_trap_is_fault(const struct emu_trap *trap)
{
    return EMU_SIGNAL_BIT(trap->signal) & EMU_SIGNALS_OURS && trap->info->si_code > 0 &&
           trap->signal != SIGSYS;
}

bool emu_trap_at_enclu(const struct emu_trap *trap)
{
    uint64_t rip = context_get(trap->uc, REG_RIP);
    bool is_fetch = context_get(trap->uc, REG_TRAPNO) == SGX_VECTOR_PF &&
                    context_get(trap->uc, REG_ERR) & EMU_PF_FETCH;
    return !is_fetch && decode_is_enclu(trap->thread ? trap->thread->inside : NULL, rip);
}

enum emu_verdict emu_trap_handle(struct emu_trap *trap)
{
    if (fast_roll(trap, emu_trap_is_fault(trap)))
        return EMU_RESUME;
    bool inside = trap->thread->inside;
    if (guard_caught(trap))
        return inside ? syscall_inside(trap) : EMU_DELIVER;
    if (!emu_trap_is_fault(trap)) {
        if (inside)
            aex_perform(trap, &(struct aex_event){.is_exception = false});
        return EMU_DELIVER;
    }
    if (emu_trap_at_enclu(trap))
        return enclu(trap);
    return inside ? fault_inside(trap) : EMU_DELIVER;
}
