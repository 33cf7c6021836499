/* SPDX-License-Identifier: Apache-2.0
 * frame_raw.c: signal frames as Linux builds them on x86-64, and takes them back.
 * [Linux arch/x86/kernel/signal_64.c, uapi asm/ucontext.h and asm/sigcontext.h]
 *
 *   fpstate, aligned to 64   | XSAVE area, closing magic
 *   siginfo                  | 128 bytes
 *   ucontext                 | 304 bytes: flags, link, stack, registers, mask
 *   return address           | the restorer; the handler starts with RSP here, 16n + 8 */
#include "emu/thread.h"

#include <string.h>

#include "emu/cpu_raw.h"
#include "emu/signal_priv.h"
#include "emu/xstate.h"

enum {
    RED_ZONE = 128,
    SIGINFO_SIZE = 128,
    UCONTEXT_SIZE = 304, /* what the kernel knows of ucontext_t */
    FPSTATE_ALIGN = 64,
    FPSTATE_MAX = 0x10000,
    FLAG_TF = 0x100,
    FLAG_DF = 0x400,
    FLAG_RF = 0x10000,
};

/* What sigreturn takes from the frame: AC OF DF TF SF ZF AF PF CF RF. */
#define FLAGS_FROM_FRAME 0x50dd5ull
#define MINE_SA_ONSTACK 0x08000000ull
#define MINE_SA_NODEFER 0x40000000ull
#define MINE_SA_RESTORER 0x04000000ull
#define MINE_SS_AUTODISARM ((int)0x80000000u)

struct frame {
    uint64_t restorer;
    uint8_t uc[UCONTEXT_SIZE];
    uint8_t info[SIGINFO_SIZE];
};

_Static_assert(offsetof(ucontext_t, uc_sigmask) + 8 == UCONTEXT_SIZE, "struct ucontext");
_Static_assert(sizeof(siginfo_t) == SIGINFO_SIZE, "siginfo_t");

static greg_t *reg(ucontext_t *uc, int index)
{
    return &uc->uc_mcontext.gregs[index];
}

static bool on_stack(const stack_t *stack, uint64_t sp)
{
    uint64_t low = cpu_addr(stack->ss_sp);
    return !(stack->ss_flags & MINE_SS_AUTODISARM) && sp > low && sp - low <= stack->ss_size;
}

static bool has_stack(const stack_t *stack)
{
    return !(stack->ss_flags & SS_DISABLE) && stack->ss_size != 0;
}

/* Where the frame begins to grow down from; `switched` says that it is the alternate stack. */
static uint64_t frame_top(uint64_t sp, const struct emu_action *action, const stack_t *stack,
                          bool *switched)
{
    *switched = action->flags & MINE_SA_ONSTACK && has_stack(stack) && !on_stack(stack, sp);
    return *switched ? cpu_addr(stack->ss_sp) + stack->ss_size : sp - RED_ZONE;
}

bool emu_frame_push(struct emu_trap *trap, const struct emu_action *action,
                    struct emu_signal_state *state)
{
    ucontext_t *uc = trap->uc;
    uint8_t *fpstate = (uint8_t *)uc->uc_mcontext.fpregs;
    size_t size = xstate_frame_size(fpstate);
    uint64_t sp = (uint64_t)*reg(uc, REG_RSP);
    bool was_on = has_stack(&state->altstack) && on_stack(&state->altstack, sp);
    bool switched;
    uint64_t top = frame_top(sp, action, &state->altstack, &switched);
    uint64_t fp_at = (top - size) & ~(uint64_t)(FPSTATE_ALIGN - 1);
    uint64_t at = ((fp_at - sizeof(struct frame)) & ~15ull) - 8;
    if ((switched || was_on) && at <= cpu_addr(state->altstack.ss_sp))
        return false;
    if (size > FPSTATE_MAX || !cpu_can_write(at, fp_at + size - at))
        return false;

    struct frame *frame = cpu_ptr(at);
    memcpy(cpu_ptr(fp_at), fpstate, size);
    memcpy(frame->uc, uc, UCONTEXT_SIZE);
    memcpy(frame->info, trap->info, SIGINFO_SIZE);
    frame->restorer = action->restorer;
    ucontext_t *copy = cpu_ptr(cpu_addr(frame->uc));
    copy->uc_mcontext.fpregs = cpu_ptr(fp_at);
    copy->uc_stack = state->altstack;
    if (was_on)
        copy->uc_stack.ss_flags |= SS_ONSTACK;
    emu_uc_set_mask(copy, state->blocked);

    *reg(uc, REG_RIP) = (greg_t)action->handler;
    *reg(uc, REG_RSP) = (greg_t)at;
    *reg(uc, REG_RDI) = trap->signal;
    *reg(uc, REG_RSI) = (greg_t)cpu_addr(frame->info);
    *reg(uc, REG_RDX) = (greg_t)cpu_addr(frame->uc);
    *reg(uc, REG_RAX) = 0;
    *reg(uc, REG_EFL) &= ~(greg_t)(FLAG_DF | FLAG_RF | FLAG_TF);
    xstate_reset(fpstate, ~XSTATE_PKRU);
    state->blocked |= action->mask;
    if (!(action->flags & MINE_SA_NODEFER))
        state->blocked |= EMU_SIGNAL_BIT(trap->signal);
    state->blocked &= ~(EMU_SIGNAL_BIT(SIGKILL) | EMU_SIGNAL_BIT(SIGSTOP));
    if (state->altstack.ss_flags & MINE_SS_AUTODISARM)
        state->altstack = (stack_t){.ss_flags = SS_DISABLE};
    return true;
}

/* The program's vector state into the kernel's frame.  NULL means the initial state, as in Linux;
 * what cannot be loaded is refused here, because the kernel would end the emulator for it. */
static bool pop_fpstate(uint8_t *fpstate, const uint8_t *from)
{
    if (!from) {
        xstate_reset(fpstate, ~XSTATE_PKRU);
        return true;
    }
    return cpu_can_read(cpu_addr(from), XSTATE_LEGACY_SIZE) &&
           xstate_frame_size(from) <= FPSTATE_MAX &&
           cpu_can_read(cpu_addr(from), xstate_frame_size(from)) && xstate_copy(fpstate, from);
}

bool emu_frame_pop(struct emu_trap *trap, struct emu_signal_state *state)
{
    ucontext_t *uc = trap->uc;
    uint64_t at = (uint64_t)*reg(uc, REG_RSP); /* the handler's `ret` took the restorer */
    if (!cpu_can_read(at, UCONTEXT_SIZE))
        return false;
    const ucontext_t *from = cpu_ptr(at);
    if (!pop_fpstate((uint8_t *)uc->uc_mcontext.fpregs, (const uint8_t *)from->uc_mcontext.fpregs))
        return false;
    for (int i = REG_R8; i <= REG_RIP; i++)
        *reg(uc, i) = from->uc_mcontext.gregs[i];
    greg_t flags = from->uc_mcontext.gregs[REG_EFL];
    *reg(uc, REG_EFL) =
        (*reg(uc, REG_EFL) & ~(greg_t)FLAGS_FROM_FRAME) | (flags & (greg_t)FLAGS_FROM_FRAME);
    state->blocked = emu_uc_mask(from) & ~(EMU_SIGNAL_BIT(SIGKILL) | EMU_SIGNAL_BIT(SIGSTOP));
    state->altstack = from->uc_stack;
    state->altstack.ss_flags &= ~SS_ONSTACK;
    return true;
}
