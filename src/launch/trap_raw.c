/* SPDX-License-Identifier: Apache-2.0
 * trap_raw.c: see trap.h.  Here the program's FS base is live until it is swapped, so there is no
 * libc before that. */
#include "launch/trap.h"

#include <string.h>
#include <unistd.h>

#include "launch/call.h"
#include "launch/context.h"
#include "launch/device.h"
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

/* A fault of the launcher's own: expected only where it follows an address of the program. */
static void own_fault(const siginfo_t *info, struct kernel_context *c)
{
    if (!within(c->rip, launch_copy, launch_copy_end))
        give_up(info, c);
    c->rip = (uint64_t)as_long(launch_copy_fault);
}

static void note(struct launch_thread *t, const siginfo_t *info, struct kernel_context *c)
{
    signal_note(t, info, false);
    if (is_nested(t, c))
        turn_back(c);
}

void trap_on_signal(int signal, siginfo_t *info, void *context)
{
    struct launch_thread *t = thread_here();
    struct kernel_context *c = context;
    uint64_t fs = fs_base();
    set_fs_base(t->host_fs);
    bool is_fault = (SIGNAL_BIT(signal) & SIGNALS_OURS) && info->si_code > 0;
    if (!is_fault)
        note(t, info, c);
    else if (is_nested(t, c))
        own_fault(info, c);
    else if (!device_fault(t, c, info, &fs))
        signal_note(t, info, true);
    set_fs_base(fs);
}

/* The real vDSO may fall back to a system call while the launcher uses it. */
static void own_call(struct kernel_context *c, const siginfo_t *info)
{
    c->rax = (uint64_t)sys_call6(info->si_syscall, (long)c->rdi, (long)c->rsi, (long)c->rdx,
                                 (long)c->r10, (long)c->r8, (long)c->r9);
}

void trap_on_syscall(int signal, siginfo_t *info, void *context)
{
    struct launch_thread *t = thread_here();
    struct kernel_context *c = context;
    uint64_t fs = fs_base();
    (void)signal;
    set_fs_base(t->host_fs);
    if (info->si_code <= 0) {
        uint64_t mask = signal_block_all();
        note(t, info, c);
        if (!is_nested(t, c))
            signal_restore(mask);
    } else if (is_nested(t, c)) {
        own_call(c, info);
    } else if (!device_syscall(t, c, info, &fs)) {
        struct call call = {
            .thread = t,
            .context = c,
            .fs = fs,
            .nr = info->si_syscall,
            .args = {(long)c->rdi, (long)c->rsi, (long)c->rdx, (long)c->r10, (long)c->r8,
                     (long)c->r9},
        };
        call_serve(&call);
        fs = call.fs;
    }
    set_fs_base(fs);
}
