/* SPDX-License-Identifier: Apache-2.0
 * cpu_raw.h: the few instructions that C has no words for, and system calls that touch neither
 * errno nor TLS. */
#ifndef CELLA_EMU_CPU_RAW_H
#define CELLA_EMU_CPU_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* For code that runs before the emulator's FS base is in place: no canary, no sanitizer. */
#define EMU_BARE                                                                         \
    __attribute__((no_stack_protector, no_sanitize("address"), no_sanitize("undefined"), \
                   no_sanitize("thread")))
#define EMU_BARE_INLINE static inline __attribute__((always_inline))

EMU_BARE_INLINE uint64_t cpu_fs(void)
{
    uint64_t base;
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

EMU_BARE_INLINE uint64_t cpu_gs(void)
{
    uint64_t base;
    __asm__ volatile("rdgsbase %0" : "=r"(base));
    return base;
}

EMU_BARE_INLINE void cpu_set_fs(uint64_t base)
{
    __asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
}

EMU_BARE_INLINE void cpu_set_gs(uint64_t base)
{
    __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
}

EMU_BARE_INLINE uint64_t cpu_sp(void)
{
    uint64_t sp;
    __asm__ volatile("mov %%rsp, %0" : "=r"(sp));
    return sp;
}

/* A program may run with alignment checks on, and Linux leaves them on for a handler. */
EMU_BARE_INLINE void cpu_clear_ac(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t" /* the red zone may be in use */
                     "pushfq\n\t"
                     "andq $~0x40000, (%%rsp)\n\t"
                     "popfq\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     :
                     : "cc", "memory");
}

/* XCR0.  [SDM1 13.3] */
static inline uint64_t cpu_xcr0(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* The result of the kernel: a value, or a negative errno. */
EMU_BARE_INLINE long cpu_syscall(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                 uint64_t e)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

/* What lies at an address that arrived as a number. */
static inline void *cpu_ptr(uint64_t addr)
{
    return (void *)(uintptr_t)addr;
}

static inline uint64_t cpu_addr(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* 48-bit linear addresses; with 57 bits the kernel gives none above 47 bits unasked. [SDM1 3.3.7.1]
 */
static inline bool cpu_is_canonical(uint64_t addr)
{
    return (uint64_t)((int64_t)(addr << 16) >> 16) == addr;
}

/* True when all of [addr, addr + size) can be read, or written, by this process right now; the
 * kernel is asked, a page at a time, so nothing faults and a stack grows.  Asking whether it can be
 * written overwrites eight bytes of each page. */
bool cpu_can_read(uint64_t addr, size_t size);
bool cpu_can_write(uint64_t addr, size_t size);

#endif
