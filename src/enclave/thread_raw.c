/* SPDX-License-Identifier: Apache-2.0
 * thread_raw.c: see thread.h. */
#include "enclave/thread.h"

struct thread *thread_current(void)
{
    struct thread *t;
    __asm__("movq %%gs:%c1, %0" : "=r"(t) : "i"(T_ADDRESS));
    return t;
}

void *enclave_at(const struct thread *t, uint64_t offset)
{
    return (void *)(uintptr_t)(t->base + offset);
}

const struct enclave_layout *thread_layout(const struct thread *t)
{
    return enclave_at(t, t->place.info);
}
