/* SPDX-License-Identifier: Apache-2.0
 * hostmem_raw.c: see hostmem.h. */
#include <string.h>

#include "enclave/hostmem.h"
#include "enclave/thread.h"

bool host_is_outside(host_ptr p, size_t size)
{
    const struct thread *t = thread_current();
    return range_is_outside(p.addr, size, t->base, thread_layout(t)->elrange_size);
}

static uint64_t load_word(uintptr_t addr)
{
    return *(const volatile uint64_t *)addr;
}

int host_read(void *to, host_ptr from, size_t size)
{
    if (size == 0)
        return 0;
    if (!host_is_outside(from, size))
        return -EFAULT;
    uint8_t *out = to;
    size_t skip = from.addr % 8;
    uintptr_t at = from.addr - skip;
    while (size > 0) {
        uint64_t word = load_word(at) >> (8 * skip);
        size_t part = 8 - skip < size ? 8 - skip : size;
        memcpy(out, &word, part);
        out += part;
        size -= part;
        at += 8;
        skip = 0;
    }
    return 0;
}

int host_write(host_ptr to, const void *from, size_t size)
{
    if (size == 0)
        return 0;
    if (to.addr % 8 != 0 || size > SIZE_MAX - 7 || !host_is_outside(to, (size + 7) & ~(size_t)7))
        return -EFAULT;
    const uint8_t *in = from;
    volatile uint64_t *at = (volatile uint64_t *)to.addr;
    for (; size >= 8; size -= 8, in += 8) {
        uint64_t word;
        memcpy(&word, in, 8);
        *at++ = word;
    }
    if (size > 0) {
        uint64_t word = 0;
        memcpy(&word, in, size);
        *at = word;
    }
    return 0;
}
