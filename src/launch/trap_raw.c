/* SPDX-License-Identifier: Apache-2.0
 * trap_raw.c: see trap.h.  Here the program's FS base is live until it is swapped, so there is no
 * libc before that. */
#include "launch/trap.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "emu/thread.h"
#include "launch/block.h"
#include "launch/call.h"
#include "launch/catch.h"
#include "launch/context.h"
#include "launch/cpuid.h"
#include "launch/gate.h"
#include "launch/launch.h"
#include "launch/signal.h"
#include "launch/sys_raw.h"
#include "launch/thread.h"

#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif

/* True when the trap hit the launcher itself: it ran on this thread's block. */
static bool is_nested(const struct launch_thread *t, const struct kernel_context *c)
{
    return ((c->rsp ^ (uint64_t)as_long(t)) & ~(uint64_t)(BLOCK_SIZE - 1)) == 0;
}

static bool within(uint64_t rip, const void *from, const void *to)
{
    return rip >= (uint64_t)as_long(from) && rip < (uint64_t)as_long(to);
}

/* A signal while the launcher works: everything else waits until the program goes on, and what
 * must not start any more, or must look again, is sent back.  See entry.S. */
static void turn_back(struct kernel_context *c)
{
    c->sigmask |= signal_real_mask(~0ull);
    if (within(c->rip, launch_forward_begin, launch_forward_call + 1))
        c->rip = (uint64_t)as_long(launch_forward_abort);
    else if (within(c->rip, launch_restorer, launch_restorer_end))
        c->rip = (uint64_t)as_long(launch_restorer);
}

_Noreturn static void give_up(const siginfo_t *info, const struct kernel_context *c)
{
    static const char digits[] = "0123456789abcdef";
    char text[] = "sgx-emu: internal error: signal 00 at 0x0000000000000000, address "
                  "0x0000000000000000; please report it\n";
    char *at = strstr(text, "0x");
    char *address = strstr(at + 2, "0x");
    for (int i = 0; i < 16; i++) {
        at[17 - i] = digits[c->rip >> (4 * i) & 15];
        address[17 - i] = digits[(uint64_t)as_long(info->si_addr) >> (4 * i) & 15];
    }
    char *signal = strstr(text, "00 at");
    signal[0] = digits[info->si_signo / 10 % 10];
    signal[1] = digits[info->si_signo % 10];
    sys_call4(SYS_write, STDERR_FILENO, as_long(text), sizeof text - 1, 0);
    for (;;)
        sys_call2(SYS_exit_group, 128 + info->si_signo, 0);
}

static bool is_cpuid(const siginfo_t *info, struct kernel_context *c)
{
    return g_program.catches_cpuid && info->si_signo == SIGSEGV && info->si_code == SI_KERNEL &&
           cpuid_emulate(c);
}

/* A fault of the launcher's own: expected only where it follows an address of the program. */
static void own_fault(const siginfo_t *info, struct kernel_context *c)
{
    if (within(c->rip, launch_copy, launch_copy_end))
        c->rip = (uint64_t)as_long(launch_copy_fault);
    else if (!is_cpuid(info, c))
        give_up(info, c);
}

static void note(struct launch_thread *t, const siginfo_t *info, struct kernel_context *c)
{
    signal_note(t, info, false);
    if (is_nested(t, c))
        turn_back(c);
}

/* The emulator first: it carries out ENCLU, leaves enclaves, and says what the program sees. */
static void from_program(struct launch_thread *t, struct emu_trap *trap, struct kernel_context *c)
{
    if (!emu_thread_inside(trap->thread) && is_cpuid(trap->info, c))
        return;
    gate_enter();
    enum emu_verdict verdict = emu_trap_handle(trap);
    gate_leave();
    if (verdict == EMU_RESUME)
        return;
    bool is_fault = (SIGNAL_BIT(trap->signal) & SIGNALS_OURS) && trap->info->si_code > 0;
    signal_note(t, trap->info, is_fault);
}

void trap_on_signal(int signal, siginfo_t *info, void *context)
{
    struct launch_thread *t = thread_here();
    struct kernel_context *c = context;
    struct emu_trap trap = {.signal = signal, .info = info, .uc = context};
    emu_trap_begin(&trap, block_emu(t));
    bool is_fault = (SIGNAL_BIT(signal) & SIGNALS_OURS) && info->si_code > 0;
    if (!is_nested(t, c))
        from_program(t, &trap, c);
    else if (is_fault)
        own_fault(info, c);
    else
        note(t, info, c);
    emu_trap_end(&trap);
}

/* The program's own seccomp filter traps a forwarded call: the program hears of it as if the call
 * had been its own. */
static void filtered(struct launch_thread *t, struct kernel_context *c, const siginfo_t *info)
{
    siginfo_t copy = *info;
    copy.si_call_addr = program_at(t->call_rip);
    signal_note(t, &copy, true);
    c->rax = (uint64_t)CALL_TRAPPED;
}

/* A system call while the launcher works that was not meant for it. */
static void own_call(struct launch_thread *t, struct kernel_context *c, const siginfo_t *info)
{
    if (within(c->rip, launch_forward_call, launch_forward_abort)) {
        filtered(t, c, info);
        return;
    }
    if (catch_is_own(c->rip)) { /* a filter of the program traps what the launcher itself needs */
        c->rax = (uint64_t)-ENOSYS;
        return;
    }
    /* The real vDSO falls back to one. */
    c->rax = (uint64_t)sys_call6(info->si_syscall, (long)c->rdi, (long)c->rsi, (long)c->rdx,
                                 (long)c->r10, (long)c->r8, (long)c->r9);
}

static void serve(struct launch_thread *t, struct emu_trap *trap, struct kernel_context *c)
{
    struct call call = {
        .thread = t,
        .context = c,
        .trap = trap,
        .nr = trap->info->si_syscall,
        .args = {(long)c->rdi, (long)c->rsi, (long)c->rdx, (long)c->r10, (long)c->r8, (long)c->r9},
    };
    t->call_rip = c->rip;
    call_serve(&call);
}

void trap_on_syscall(int signal, siginfo_t *info, void *context)
{
    struct launch_thread *t = thread_here();
    struct kernel_context *c = context;
    struct emu_trap trap = {.signal = signal, .info = info, .uc = context};
    emu_trap_begin(&trap, block_emu(t));
    bool is_call = info->si_code > 0;
    if (is_nested(t, c) && is_call) {
        own_call(t, c, info);
    } else if (is_nested(t, c)) {
        note(t, info, c);
    } else if (is_call && !emu_thread_inside(trap.thread)) {
        serve(t, &trap, c);
    } else {
        signal_block_all(); /* until sigreturn */
        from_program(t, &trap, c);
    }
    emu_trap_end(&trap);
}
