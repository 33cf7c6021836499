/* SPDX-License-Identifier: Apache-2.0
 * frame_raw.c: the frame that a handler finds on its stack, and rt_sigreturn.  Layout as Linux's
 * struct rt_sigframe: return address, ucontext, siginfo; the XSAVE area above, 64-byte aligned,
 * with the software bytes of asm/sigcontext.h.  A call to start again after the handler is noted in
 * sigcontext.reserved1. */
#include <asm/errno.h>
#include <asm/sigcontext.h>
#include <asm/signal.h>

#include "libos/lib/abi.h"
#include "libos/lib/alloc.h"
#include "libos/mm/user.h"
#include "libos/task/task.h"

size_t user_xsave_raw(void *area, uint64_t mask);

enum {
    RED_ZONE = 128,
    FXSAVE_SIZE = 512,
    XSAVE_HEADER = 64,
    SW_BYTES_AT = 464,
    MXCSR_AT = 24,
    UC_FP_XSTATE_ = 1,
    UC_SIGCONTEXT_SS_ = 2,
    UC_STRICT_RESTORE_SS_ = 4,
    USER_CS = 0x33,
    USER_SS = 0x2b,
};

static const uint64_t RESTART_MARK = 0x5245535441525400; /* "RESTART", low byte free */
/* CF PF AF ZF SF TF DF OF AC: what a program may set. */
static const uint64_t FLAGS_MASK = 0x40dd5;

struct frame {
    uint64_t return_to;
    struct context {
        uint64_t flags, link;
        uint64_t stack_sp, stack_flags, stack_size;
        struct sigcontext_64 registers;
        uint64_t mask;
    } uc;
    siginfo_t info;
};

static bool on_altstack(const struct task *t, uint64_t sp)
{
    return !(t->altstack.flags & SS_DISABLE) && sp > t->altstack.sp &&
           sp - t->altstack.sp <= t->altstack.size;
}

static uint64_t frame_stack(const struct task *t, const struct action *action)
{
    uint64_t sp = t->regs->rsp;
    if ((action->flags & SA_ONSTACK) && !(t->altstack.flags & SS_DISABLE) && t->altstack.size &&
        !on_altstack(t, sp))
        return t->altstack.sp + t->altstack.size;
    return sp - RED_ZONE;
}

/* Saves the live vector state at `at`. */
static int save_vectors(uint64_t at)
{
    const struct platform_info *info = platform_info();
    struct _fpx_sw_bytes sw = {.magic1 = FP_XSTATE_MAGIC1,
                               .extended_size = info->xsave_size + FP_XSTATE_MAGIC2_SIZE,
                               .xfeatures = info->xsave_mask,
                               .xstate_size = info->xsave_size};
    uint32_t magic2 = FP_XSTATE_MAGIC2;
    if (!user_range_ok(user_at(at), info->xsave_size + sizeof magic2) ||
        user_zero_some(user_at(at + FXSAVE_SIZE), XSAVE_HEADER) != XSAVE_HEADER ||
        user_xsave_raw(user_raw(user_at(at)), info->xsave_mask) ||
        user_write(user_at(at + SW_BYTES_AT), &sw, sizeof sw))
        return -EFAULT;
    return user_write(user_at(at + info->xsave_size), &magic2, sizeof magic2);
}

static void registers_out(const struct task *t, struct sigcontext_64 *sc)
{
    const struct platform_regs *r = t->regs;
    *sc = (struct sigcontext_64){.r8 = r->r8,
                                 .r9 = r->r9,
                                 .r10 = r->r10,
                                 .r11 = r->r11,
                                 .r12 = r->r12,
                                 .r13 = r->r13,
                                 .r14 = r->r14,
                                 .r15 = r->r15,
                                 .di = r->rdi,
                                 .si = r->rsi,
                                 .bp = r->rbp,
                                 .bx = r->rbx,
                                 .dx = r->rdx,
                                 .ax = r->rax,
                                 .cx = r->rcx,
                                 .sp = r->rsp,
                                 .ip = r->rip,
                                 .flags = r->rflags,
                                 .cs = USER_CS,
                                 .ss = USER_SS,
                                 .err = t->trap.error,
                                 .trapno = t->trap.vector,
                                 .oldmask = t->blocked,
                                 .cr2 = t->trap.addr};
}

int frame_push(struct task *t, int n, const siginfo_t *info, const struct action *action)
{
    uint64_t sp = frame_stack(t, action);
    sp = (sp - platform_info()->xsave_size - FP_XSTATE_MAGIC2_SIZE) & ~(uint64_t)63;
    uint64_t vectors = sp;
    sp = ((sp - sizeof(struct frame)) & ~(uint64_t)15) - 8;
    struct frame f = {.return_to = action->restorer, .info = *info};
    registers_out(t, &f.uc.registers);
    f.uc.flags = UC_FP_XSTATE_ | UC_SIGCONTEXT_SS_ | UC_STRICT_RESTORE_SS_;
    f.uc.stack_sp = t->altstack.sp;
    f.uc.stack_size = t->altstack.size;
    f.uc.stack_flags = t->altstack.flags | (on_altstack(t, t->regs->rsp) ? SS_ONSTACK : 0u);
    f.uc.registers.fpstate = vectors;
    if (t->restart_code)
        f.uc.registers.reserved1[0] = RESTART_MARK | 1;
    f.uc.registers.reserved1[1] = (uint64_t)t->syscall;
    f.uc.mask = t->restore_blocked ? t->saved_blocked : t->blocked;
    if (save_vectors(vectors) || user_write(user_at(sp), &f, sizeof f))
        return -EFAULT;
    if (t->altstack.flags & (1u << 31)) /* SS_AUTODISARM */
        t->altstack = (struct altstack){.flags = SS_DISABLE};
    struct platform_regs *r = t->regs;
    r->rip = action->handler;
    r->rsp = sp;
    r->rdi = (uint64_t)n;
    r->rsi = sp + offsetof(struct frame, info);
    r->rdx = sp + offsetof(struct frame, uc);
    r->rax = 0;
    r->rflags &= ~(uint64_t)0x10500; /* DF, TF, RF */
    return 0;
}

static void load_vectors(const void *area, uint64_t mask)
{
    __asm__ volatile("xrstor64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
                     : "memory");
}

/* Restores the vector state at `at`, after making it harmless; 0: the initial state. */
static int restore_vectors(struct task *t, uint64_t at)
{
    const struct platform_info *info = platform_info();
    if (!t->xsave)
        t->xsave = kalloc(info->xsave_size + 64);
    if (!t->xsave)
        return -ENOMEM;
    uint8_t *area = t->xsave;
    area += -(uintptr_t)area & 63;
    struct _fpx_sw_bytes sw = {0};
    uint64_t present = 0;
    memset(area, 0, FXSAVE_SIZE + XSAVE_HEADER);
    if (at) {
        if (user_read(&sw, user_at(at + SW_BYTES_AT), sizeof sw))
            return -EFAULT;
        bool extended = sw.magic1 == FP_XSTATE_MAGIC1 && sw.xstate_size == info->xsave_size;
        if (user_read(area, user_at(at), extended ? info->xsave_size : FXSAVE_SIZE))
            return -EFAULT;
        memcpy(&present, area + FXSAVE_SIZE, sizeof present);
        present = extended ? present & info->xsave_mask : 3;
    }
    memset(area + FXSAVE_SIZE, 0, XSAVE_HEADER);
    memcpy(area + FXSAVE_SIZE, &present, sizeof present);
    uint32_t mxcsr;
    memcpy(&mxcsr, area + MXCSR_AT, sizeof mxcsr);
    mxcsr = at ? mxcsr & 0xffff : 0x1f80;
    memcpy(area + MXCSR_AT, &mxcsr, sizeof mxcsr);
    load_vectors(area, info->xsave_mask);
    return 0;
}

static void registers_in(struct task *t, const struct sigcontext_64 *sc)
{
    struct platform_regs *r = t->regs;
    *r = (struct platform_regs){.r8 = sc->r8,
                                .r9 = sc->r9,
                                .r10 = sc->r10,
                                .r11 = sc->r11,
                                .r12 = sc->r12,
                                .r13 = sc->r13,
                                .r14 = sc->r14,
                                .r15 = sc->r15,
                                .rdi = sc->di,
                                .rsi = sc->si,
                                .rbp = sc->bp,
                                .rbx = sc->bx,
                                .rdx = sc->dx,
                                .rax = sc->ax,
                                .rcx = sc->cx,
                                .rsp = sc->sp,
                                .rip = sc->ip,
                                .rflags = (sc->flags & FLAGS_MASK) | 0x202};
}

int frame_pop(struct task *t)
{
    struct frame f;
    if (user_read(&f, user_at(t->regs->rsp - 8), sizeof f) ||
        restore_vectors(t, f.uc.registers.fpstate))
        return -EFAULT;
    registers_in(t, &f.uc.registers);
    t->altstack = (struct altstack){.sp = f.uc.stack_sp,
                                    .size = f.uc.stack_size,
                                    .flags = (uint32_t)f.uc.stack_flags & ~(uint32_t)SS_ONSTACK};
    t->syscall = -1;
    t->restart_code = 0;
    if (f.uc.registers.reserved1[0] == (RESTART_MARK | 1)) {
        t->syscall = (int64_t)f.uc.registers.reserved1[1];
        t->restart_code = -ERESTARTSYS;
        t->thread->event = 1;
    }
    signal_set_blocked(t, f.uc.mask);
    return 0;
}
