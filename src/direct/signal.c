/* SPDX-License-Identifier: Apache-2.0
 * signal.c: the host's signals become traps for the kernel. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "direct/direct.h"
#include "direct/host_raw.h"

void direct_outside(int n);

static void regs_in(struct platform_regs *r, const greg_t *g)
{
    *r = (struct platform_regs){.r15 = (uint64_t)g[REG_R15],
                                .r14 = (uint64_t)g[REG_R14],
                                .r13 = (uint64_t)g[REG_R13],
                                .r12 = (uint64_t)g[REG_R12],
                                .rbp = (uint64_t)g[REG_RBP],
                                .rbx = (uint64_t)g[REG_RBX],
                                .r11 = (uint64_t)g[REG_R11],
                                .r10 = (uint64_t)g[REG_R10],
                                .r9 = (uint64_t)g[REG_R9],
                                .r8 = (uint64_t)g[REG_R8],
                                .rax = (uint64_t)g[REG_RAX],
                                .rcx = (uint64_t)g[REG_RCX],
                                .rdx = (uint64_t)g[REG_RDX],
                                .rsi = (uint64_t)g[REG_RSI],
                                .rdi = (uint64_t)g[REG_RDI],
                                .rip = (uint64_t)g[REG_RIP],
                                .rflags = (uint64_t)g[REG_EFL],
                                .rsp = (uint64_t)g[REG_RSP]};
}

/* kernel_trap() changes these and no others. */
static void regs_out(greg_t *g, const struct platform_regs *r)
{
    g[REG_RIP] = (greg_t)r->rip;
    g[REG_RSP] = (greg_t)r->rsp;
    g[REG_EFL] = (greg_t)r->rflags;
}

static uint32_t vector_of(int sig, const siginfo_t *info, const greg_t *g)
{
    if (sig == SIGSYS)
        return TRAP_SYSCALL;
    if (sig == KICK_SIGNAL)
        return TRAP_KICK;
    if (sig == SIGBUS && info->si_code > 0)
        return TRAP_PAGE_FAULT;
    return (uint32_t)g[REG_TRAPNO];
}

/* An interruption right before a blocking call: it is not made. */
static bool in_blocking_call(greg_t *g)
{
    uintptr_t rip = (uintptr_t)g[REG_RIP];
    if (rip < (uintptr_t)host_blocking_start || rip > (uintptr_t)host_blocking_call)
        return false;
    g[REG_RIP] = (greg_t)(uintptr_t)host_blocking_abort;
    return true;
}

static void last_words(int sig, const greg_t *g)
{
    char line[160];
    int n = snprintf(line, sizeof line,
                     "direct: the kernel failed: signal %d at %llx, address %llx, stack %llx\n",
                     sig, g[REG_RIP], g[REG_CR2], g[REG_RSP]);
    HOST(__NR_write, 2, host_ptr_arg(line), n);
    HOST(__NR_exit_group, 125);
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct platform_regs regs;
    regs_in(&regs, g);
    struct platform_trap trap = {.vector = vector_of(sig, info, g),
                                 .error = (uint32_t)g[REG_ERR],
                                 .addr = (uint64_t)g[REG_CR2]};
    if (trap.vector == TRAP_SYSCALL)
        regs.rcx = regs.rip; /* as the instruction leaves it */
    if (!kernel_trap(&regs, &trap))
        last_words(sig, g);
    regs_out(g, &regs);
    if (trap.vector == TRAP_KICK)
        in_blocking_call(g);
}

static void on_outside(int sig, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct platform_regs regs;
    (void)info;
    direct_outside(sig);
    regs_in(&regs, g);
    struct platform_trap trap = {.vector = TRAP_KICK};
    kernel_trap(&regs, &trap);
    regs_out(g, &regs);
    in_blocking_call(g);
    host_thread_self()->token = 1;
}

static int handle(int sig, void (*handler)(int, siginfo_t *, void *), struct err *e)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    if (sigaction(sig, &action, NULL))
        return fail(e, -errno, "sigaction %d: %s", sig, strerror(errno));
    return 0;
}

int direct_signals(uint64_t outside, struct err *e)
{
    static const int TRAPS[] = {SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, KICK_SIGNAL};
    int rc = 0;
    g_outside_mask = outside;
    for (size_t n = 0; !rc && n < sizeof TRAPS / sizeof TRAPS[0]; n++)
        rc = handle(TRAPS[n], on_trap, e);
    for (int n = 1; !rc && n <= 31; n++)
        if (outside >> (n - 1) & 1)
            rc = handle(n, on_outside, e);
    if (!rc && signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        rc = fail(e, -errno, "signal SIGPIPE: %s", strerror(errno));
    return rc;
}
