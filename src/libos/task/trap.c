/* SPDX-License-Identifier: Apache-2.0
 * trap.c: what the CPU or the host interrupts.  kernel_trap() runs on the back end's exception
 * stack and only redirects; libos_trap() does the work on the kernel stack. */
#include <asm/errno.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "libos/lib/fmt.h"
#include "libos/mm/user.h"
#include "libos/sys/dispatch.h"
#include "libos/task/entry.h"
#include "libos/task/task.h"

enum { FLAG_TRAP = 1 << 8, FLAG_DIRECTION = 1 << 10 };

static bool in_range(uint64_t rip, const char *start, const char *end)
{
    return rip >= (uintptr_t)start && rip < (uintptr_t)end;
}

/* Was the kernel interrupted?  Its stack tells, but for the first and last steps of the stubs. */
static bool in_kernel(const struct platform_thread *th, const struct platform_regs *regs)
{
    uint64_t low = th->kernel_stack_top - KERNEL_STACK_SIZE;
    const struct platform_info *info = platform_info();
    if (regs->rip >= info->user_start && regs->rip < info->user_end)
        return false;
    return (regs->rsp > low && regs->rsp <= th->kernel_stack_top) ||
           in_range(regs->rip, libos_entry, libos_exit_end);
}

static bool trap_in_kernel(struct platform_thread *th, struct platform_regs *regs,
                           const struct platform_trap *trap)
{
    if (trap->vector == TRAP_KICK) {
        th->event = 1;
        if (in_range(regs->rip, libos_exit, libos_exit_end))
            regs->rip = (uintptr_t)libos_exit;
        return true;
    }
    if (in_range(regs->rip, user_access_start, user_access_end)) {
        regs->rip = (uintptr_t)user_access_fault;
        return true;
    }
    return false;
}

bool kernel_trap(struct platform_regs *regs, const struct platform_trap *trap)
{
    struct platform_thread *th = thread_self();
    struct task *t = th->task;
    if (!t || in_kernel(th, regs))
        return trap_in_kernel(th, regs, trap);
    struct platform_regs *frame = t->regs;
    *frame = *regs;
    t->trap = *trap;
    if (trap->vector == TRAP_KICK)
        th->event = 1;
    regs->rip = (uintptr_t)libos_trap_entry;
    regs->rsp = (uintptr_t)frame;
    regs->rflags &= ~(uint64_t)(FLAG_TRAP | FLAG_DIRECTION);
    return true;
}

/* The signal for a CPU exception in the application. */
static int trap_signal(struct task *t, siginfo_t *info)
{
    const struct platform_trap *trap = &t->trap;
    info->si_addr = user_raw(user_at(t->regs->rip));
    switch (trap->vector) {
    case TRAP_DIVIDE:
        info->si_code = FPE_INTDIV;
        return SIGFPE;
    case TRAP_X87:
    case TRAP_SIMD:
        info->si_code = FPE_FLTINV;
        return SIGFPE;
    case TRAP_INVALID_OPCODE:
        info->si_code = ILL_ILLOPN;
        return SIGILL;
    case TRAP_DEBUG:
        info->si_code = TRAP_TRACE;
        return SIGTRAP;
    case TRAP_BREAKPOINT:
        info->si_code = SI_KERNEL;
        info->si_addr = NULL;
        return SIGTRAP;
    case TRAP_ALIGNMENT:
        info->si_code = BUS_ADRALN;
        return SIGBUS;
    case TRAP_PAGE_FAULT:
        info->si_addr = user_raw(user_at(trap->addr));
        info->si_code = mm_fault_code(&t->process->mm, trap->addr);
        return SIGSEGV;
    default:
        info->si_addr = NULL;
        info->si_code = SI_KERNEL;
        return SIGSEGV;
    }
}

/* What SGX makes an invalid opcode of: syscall, cpuid. */
static bool emulate(struct task *t)
{
    uint8_t code[2] = {0};
    struct platform_regs *r = t->regs;
    if (user_read(code, user_at(r->rip), sizeof code) || code[0] != 0x0f)
        return false;
    if (code[1] == 0x05) {
        r->rip += 2;
        r->rcx = r->rip;
        r->r11 = r->rflags;
        libos_syscall(r);
        return true;
    }
    if (code[1] != 0xa2)
        return false;
    uint32_t out[4];
    platform_cpuid((uint32_t)r->rax, (uint32_t)r->rcx, out);
    r->rax = out[0];
    r->rbx = out[1];
    r->rcx = out[2];
    r->rdx = out[3];
    r->rip += 2;
    return true;
}

void libos_trap(struct platform_regs *regs)
{
    struct task *t = current();
    t->syscall = -1;
    t->restart_code = 0;
    if (t->trap.vector == TRAP_KICK)
        return;
    if (t->trap.vector == TRAP_SYSCALL) {
        libos_syscall(regs);
        return;
    }
    if (t->trap.vector == TRAP_INVALID_OPCODE && emulate(t))
        return;
    siginfo_t info = {0};
    int n = trap_signal(t, &info);
    info.si_signo = n;
    klog(LOG_DEBUG, "exception %u at 0x%lx, address 0x%lx, error %u", t->trap.vector, regs->rip,
         t->trap.addr, t->trap.error);
    signal_force(t, n, &info);
}

void libos_exit_work(struct platform_regs *regs)
{
    struct task *t = current();
    struct process *p = t->process;
    (void)regs;
    __atomic_store_n(&t->thread->event, 0, __ATOMIC_SEQ_CST);
    if (p->ending || (p->exec_by && p->exec_by != t))
        task_exit(t);
    signal_take_outside(p);
    signal_deliver(t);
    if (t->restart_code)
        libos_syscall_again(t);
}
