/* SPDX-License-Identifier: Apache-2.0
 * lock_raw.c: see lock_raw.h.  Raw system calls, since libc's would write errno through the FS base
 * that a trap handler may find in somebody else's hands. */
#include "emu/lock_raw.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>

static long raw_syscall4(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

void emu_lock_take(struct emu_lock *lock)
{
    uint32_t found = 0;
    if (atomic_compare_exchange_strong(&lock->state, &found, 1))
        return;
    while (atomic_exchange(&lock->state, 2) != 0)
        raw_syscall4(SYS_futex, (long)&lock->state, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, 0);
}

void emu_lock_drop(struct emu_lock *lock)
{
    if (atomic_exchange(&lock->state, 0) == 2)
        raw_syscall4(SYS_futex, (long)&lock->state, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0);
}

#define SIGNAL_BIT(number) (1ull << ((number)-1))

uint64_t emu_signals_block(void)
{
    uint64_t all_but = ~(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) |
                         SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGSYS));
    uint64_t old = 0;
    raw_syscall4(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all_but, (long)&old, sizeof old);
    return old;
}

void emu_signals_restore(uint64_t mask)
{
    raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, sizeof mask);
}
