/* SPDX-License-Identifier: Apache-2.0
 * signal_raw.c: the handler that the kernel has in library mode.  It may begin with an enclave's FS
 * base: nothing with a canary, TLS or a sanitizer runs before emu_trap_begin(). */
#include "emu/signal_raw.h"

#include <string.h>

#include "emu/cpu_raw.h"
#include "emu/signal_priv.h"
#include "emu/thread_priv.h"

EMU_BARE void emu_trap_begin(struct emu_trap *trap, struct emu_thread *thread)
{
    cpu_clear_ac();
    trap->thread = thread;
    trap->fs = cpu_fs();
    trap->gs = cpu_gs();
    cpu_set_fs(thread->fs);
}

EMU_BARE void emu_trap_end(const struct emu_trap *trap)
{
    cpu_set_gs(trap->gs);
    cpu_set_fs(trap->fs);
}

EMU_BARE static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct emu_thread *thread = emu_block_at(cpu_sp());
    struct emu_trap trap;
    trap.signal = signal;
    trap.info = info;
    trap.uc = context;
    trap.thread = NULL;
    if (!thread) { /* never attached, so never inside an enclave: FS is the program's */
        emu_signal_unattached(&trap);
        return;
    }
    emu_trap_begin(&trap, thread);
    emu_signal_attached(&trap);
    emu_trap_end(&trap);
}

uint64_t signal_handler_address(void)
{
    return (uint64_t)(uintptr_t)on_signal;
}

uint64_t signal_restorer_address(void)
{
    return (uint64_t)(uintptr_t)emu_restorer;
}

long signal_kernel_action(int signal, const struct emu_action *action, struct emu_action *old)
{
    return cpu_syscall(SYS_rt_sigaction, (uint64_t)signal, cpu_addr(action), cpu_addr(old),
                       sizeof action->mask, 0);
}

void signal_set_mask(uint64_t mask)
{
    ignore(cpu_syscall(SYS_rt_sigprocmask, SIG_SETMASK, cpu_addr(&mask), 0, sizeof mask, 0));
}

void signal_call(const struct emu_action *action, struct emu_trap *trap)
{
    void (*handler)(int, siginfo_t *, void *) =
        (void (*)(int, siginfo_t *, void *))(uintptr_t)action->handler;
    handler(trap->signal, trap->info, trap->uc);
}

/* The frame stands where the handler's stack begins; the kernel's own sigreturn will read it. */
void signal_keep_altstack(struct emu_trap *trap, const stack_t *real)
{
    uint64_t sp = (uint64_t)trap->uc->uc_mcontext.gregs[REG_RSP];
    ucontext_t *pushed = cpu_ptr(sp + sizeof(uint64_t));
    pushed->uc_stack = *real;
}

void emu_say(const char *line)
{
    ignore(cpu_syscall(SYS_write, 2, cpu_addr(line), strlen(line), 0, 0));
}

void emu_signal_die(int signal)
{
    struct emu_action action = {.handler = 0 /* SIG_DFL */};
    uint64_t mask = EMU_SIGNAL_BIT(signal);
    ignore(signal_kernel_action(signal, &action, NULL));
    ignore(cpu_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, cpu_addr(&mask), 0, sizeof mask, 0));
    long pid = cpu_syscall(SYS_getpid, 0, 0, 0, 0, 0);
    long tid = cpu_syscall(SYS_gettid, 0, 0, 0, 0, 0);
    ignore(cpu_syscall(SYS_tgkill, (uint64_t)pid, (uint64_t)tid, (uint64_t)signal, 0, 0));
    for (;;)
        ignore(cpu_syscall(SYS_exit_group, (uint64_t)(128 + signal), 0, 0, 0, 0));
}

void emu_signal_default(int signal)
{
    struct emu_action action = {.handler = 0 /* SIG_DFL */};
    uint64_t mask = EMU_SIGNAL_BIT(signal);
    ignore(signal_kernel_action(signal, &action, NULL));
    long pid = cpu_syscall(SYS_getpid, 0, 0, 0, 0, 0);
    long tid = cpu_syscall(SYS_gettid, 0, 0, 0, 0, 0);
    ignore(cpu_syscall(SYS_tgkill, (uint64_t)pid, (uint64_t)tid, (uint64_t)signal, 0, 0));
    /* Unblocked it takes effect here, while all others wait. */
    ignore(cpu_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, cpu_addr(&mask), 0, sizeof mask, 0));
    ignore(cpu_syscall(SYS_rt_sigprocmask, SIG_BLOCK, cpu_addr(&mask), 0, sizeof mask, 0));
}
