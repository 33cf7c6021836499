/* SPDX-License-Identifier: Apache-2.0
 * lock_test_stubs.c: host calls for tests in which no thread waits for another. */
#include <errno.h>
#include <stdlib.h>

#include "enclave/arena.h"
#include "enclave/gate.h"
#include "enclave/hostmem.h"

int gate_wait(host_ptr word, uint32_t value, int64_t timeout_ns)
{
    (void)word, (void)value, (void)timeout_ns;
    abort();
}

int gate_wake(host_ptr word, uint32_t count)
{
    (void)word, (void)count;
    abort();
}

int host_write(host_ptr to, const void *from, size_t size)
{
    (void)to, (void)from, (void)size;
    return -EFAULT;
}

int arena_take(size_t size, host_ptr *out)
{
    (void)size, (void)out;
    return -ENOMEM;
}

size_t arena_mark(void)
{
    return 0;
}

void arena_release(size_t mark)
{
    (void)mark;
}

host_ptr arena_parking(void)
{
    return (host_ptr){0};
}
