/* SPDX-License-Identifier: Apache-2.0
 * mem_raw.h: the CPU's own string instructions.  On all CPUs with SGX `rep movsb` and `rep stosb`
 * are fast (ERMS), and they use no vector register. */
#ifndef CELLA_ENCLAVE_MEM_RAW_H
#define CELLA_ENCLAVE_MEM_RAW_H

#include <stddef.h>
#include <stdint.h>

static inline void *mem_copy_up(void *to, const void *from, size_t size)
{
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    return to;
}

static inline void *mem_fill(void *to, uint8_t value, size_t size)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(value) : "memory");
    return to;
}

#endif
