/* SPDX-License-Identifier: Apache-2.0
 * call.c: host calls; see os.h.  Everything in the arena may change at any moment: it is written,
 * and read back once. */
#include <errno.h>

#include "enclave/arena.h"
#include "enclave/hostmem.h"
#include "enclave_os/os.h"

int64_t enclave_leave(uint64_t call, uint64_t argument); /* enclave/entry.S */

/* The last bytes go out as one word, of which what lies behind them is zero. */
int os_copy_out(host_ptr to, const void *from, size_t size)
{
    size_t whole = size & ~(size_t)7;
    uint64_t last = 0;
    if (size == 0)
        return 0;
    if (size > SIZE_MAX - 7 || to.addr % 8 || !host_is_outside(to, (size + 7) & ~(size_t)7))
        return -EFAULT;
    if (os_copy_raw(host_bytes(to), from, whole) ||
        os_copy_bytes_raw(&last, (const uint8_t *)from + whole, size - whole))
        return -EFAULT;
    if (size == whole)
        return 0;
    return host_write((host_ptr){to.addr + whole}, &last, sizeof last);
}

int os_copy_in(void *to, host_ptr from, size_t size)
{
    if (size == 0)
        return 0;
    if (size > SIZE_MAX - 7 || from.addr % 8 || !host_is_outside(from, (size + 7) & ~(size_t)7))
        return -EFAULT;
    return os_copy_raw(to, host_bytes(from), size) ? -EFAULT : 0;
}

int os_put(host_ptr *out, const void *from, size_t size)
{
    int rc = arena_take(size, out);
    return rc ? rc : os_copy_out(*out, from, size);
}

bool os_attention(void)
{
    uint64_t word = 0;
    return !host_read(&word, arena_attention(), sizeof word) && word;
}

static void look_around(struct thread *t)
{
    struct platform_thread *block = (struct platform_thread *)(void *)t->block;
    if (os_attention())
        __atomic_store_n(&block->event, 1, __ATOMIC_SEQ_CST);
}

int64_t os_call(enum gate_call call, void *args, size_t size)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int64_t rc = os_put(&place, args, size);
    if (!rc) {
        rc = enclave_leave(call, place.addr);
        if (rc >= 0 && host_read(args, place, size))
            rc = -EFAULT;
        look_around(thread_current());
    }
    arena_release(mark);
    return rc;
}

int64_t os_call_blocking(enum gate_call call, void *args, size_t size)
{
    struct os_thread *self = os_self();
    const uint64_t zero = 0;
    int64_t rc = -EINTR;
    ignore(host_write(arena_parking(), &zero, sizeof zero));
    __atomic_store_n(&self->in_call, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&self->token, __ATOMIC_SEQ_CST))
        rc = os_call(call, args, size);
    __atomic_store_n(&self->in_call, 0, __ATOMIC_SEQ_CST);
    if (rc == -EINTR)
        __atomic_store_n(&self->token, 0, __ATOMIC_SEQ_CST);
    return rc;
}
