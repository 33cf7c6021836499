/* SPDX-License-Identifier: Apache-2.0
 * host_raw.h: the host's system calls without a C library: no errno, no thread-local storage, as FS
 * is the application's while the kernel runs. */
#ifndef CELLA_DIRECT_HOST_RAW_H
#define CELLA_DIRECT_HOST_RAW_H

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

static inline long host_call(long nr, const long a[6])
{
    long result;
    __asm__ volatile("mov %5, %%r10; mov %6, %%r8; mov %7, %%r9; syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "m"(a[3]), "m"(a[4]), "m"(a[5])
                     : "rcx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

static inline long host_ptr_arg(const void *p)
{
    return (long)(uintptr_t)p;
}

#define HOST_ARGS(nr, a, b, c, d, e, f, ...) \
    host_call((long)(nr),                    \
              (const long[6]){(long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)})
/* HOST(__NR_x, up to six arguments) */
#define HOST(nr, ...) HOST_ARGS(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* Interruptible: -EINTR without a call when *token is set, even if it becomes so just before the
 * call (the signal handler sees to that). */
long host_blocking(long nr, long a, long b, long c, long d, const uint32_t *token);
extern const char host_blocking_start[], host_blocking_call[], host_blocking_abort[];
/* clone(2) for a thread that begins with start(arg) on the stack; the host's thread number. */
long host_clone(unsigned long flags, void *stack_top, void (*start)(void *), void *arg);
/* Goes on with run(arg) on another stack. */
void host_switch(void *stack_top, void (*run)(const void *), const void *arg)
    __attribute__((noreturn));

#endif
