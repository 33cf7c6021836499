/* SPDX-License-Identifier: Apache-2.0
 * sys_raw.h: system calls without errno and without libc, the FS base, and the program's memory.
 * Usable while the program's FS base is live. */
#ifndef CELLA_LAUNCH_SYS_RAW_H
#define CELLA_LAUNCH_SYS_RAW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "base/err.h"
#include "launch/thread.h"

struct kernel_context;

/* NOLINTNEXTLINE(readability-function-size): a system call has six arguments */
static inline long sys_call6(long nr, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long sys_call4(long nr, long a, long b, long c, long d)
{
    return sys_call6(nr, a, b, c, d, 0, 0);
}

static inline long sys_call2(long nr, long a, long b)
{
    return sys_call6(nr, a, b, 0, 0, 0, 0);
}

static inline uint64_t fs_base(void)
{
    uint64_t base;
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

static inline void set_fs_base(uint64_t base)
{
    __asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
}

static inline void set_gs_base(uint64_t base)
{
    __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
}

static inline uint64_t stack_pointer(void)
{
    uint64_t rsp;
    __asm__ volatile("mov %%rsp, %0" : "=r"(rsp));
    return rsp;
}

/* The block of the running thread; only on a trap handler's stack. */
static inline struct launch_thread *thread_here(void)
{
    uint64_t block = stack_pointer() & ~(uint64_t)(BLOCK_SIZE - 1);
    return (struct launch_thread *)(block + BLOCK_OWNER);
}

/* The program's address as a pointer; what is there may be anything, or nothing. */
static inline void *program_at(uint64_t addr)
{
    return (void *)addr;
}

/* The kernel's context as glibc calls it. */
static inline ucontext_t *context_uc(struct kernel_context *c)
{
    return (ucontext_t *)c;
}

static inline long as_long(const void *p)
{
    return (long)p;
}

/* entry.S: 0 or -EFAULT; the second gives the length or -EFAULT, -ENAMETOOLONG. */
long launch_copy(void *to, const void *from, size_t size);
long launch_copy_string(char *to, const char *from, size_t size);

/* The program's memory, in and out: 0 or -EFAULT. */
MUST_USE static inline int program_read(void *to, uint64_t from, size_t size)
{
    return (int)launch_copy(to, program_at(from), size);
}

MUST_USE static inline int program_write(uint64_t to, const void *from, size_t size)
{
    return (int)launch_copy(program_at(to), from, size);
}

long launch_forward(struct launch_thread *t, long nr, const long args[6]);
long launch_clone(unsigned long flags, void *stack, long ptid, long ctid, struct launch_thread *t);
_Noreturn void launch_thread_end(struct launch_thread *t, long status);
_Noreturn void launch_resume(void *ucontext);
_Noreturn void launch_jump(uint64_t stack, uint64_t entry);
void launch_restorer(void);

/* Labels in entry.S. */
extern const char launch_restorer_end[];
extern const char launch_forward_begin[];
extern const char launch_forward_call[];
extern const char launch_forward_abort[];
extern const char launch_copy_end[];
extern const char launch_copy_fault[];

#endif
