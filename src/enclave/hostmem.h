/* SPDX-License-Identifier: Apache-2.0
 * hostmem.h: memory and numbers that come from the host.  Host data is copied in once, then
 * checked, then used.
 *
 * All accesses are aligned 8-byte words, as Intel asks for against stale data that MMIO or the APIC
 * page would leak or take up (INTEL-SA-00615, INTEL-SA-00657): a host may map anything there. */
#ifndef CELLA_ENCLAVE_HOSTMEM_H
#define CELLA_ENCLAVE_HOSTMEM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/world.h"

/* True when [addr, addr + size) is user-space memory and no byte of it lies in
 * [base, base + elrange). Pure. */
static inline bool range_is_outside(uint64_t addr, uint64_t size, uint64_t base, uint64_t elrange)
{
    const uint64_t user_end = 0x7ffffffff000;
    if (addr == 0 || addr > user_end || size > user_end - addr)
        return false;
    return addr + size <= base || addr >= base + elrange;
}

/* What the host returned for a call that counts: a count up to what was asked, or an errno;
 * anything else becomes -EPROTO. Pure. */
static inline int64_t host_count(int64_t result, uint64_t asked)
{
    if (result < 0)
        return result >= -4095 ? result : -EPROTO;
    return (uint64_t)result <= asked ? result : -EPROTO;
}

/* The same for a call that returns 0 or an errno. */
static inline int host_status(int64_t result)
{
    return (int)host_count(result, 0);
}

/* True when the range lies outside this enclave. */
bool host_is_outside(host_ptr p, size_t size);

/* Copies `size` bytes in.  -EFAULT when they are not all host memory. */
int host_read(void *to, host_ptr from, size_t size) MUST_USE;

/* Copies `size` bytes out to an 8-byte aligned place.  Up to 7 zero bytes are written behind them,
 * so the room there is a multiple of 8.  -EFAULT when it is not all host memory or not aligned. */
int host_write(host_ptr to, const void *from, size_t size) MUST_USE;

#endif
