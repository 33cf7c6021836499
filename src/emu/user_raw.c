/* SPDX-License-Identifier: Apache-2.0
 * user_raw.c: see user_raw.h. */
#include "emu/user_raw.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bytes.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

enum { PAGE = 4096 };

static bool is_user_range(uint64_t addr, size_t size)
{
    const uint64_t user_end = 1ull << 47;
    return size <= user_end && addr <= user_end - size;
}

int user_read(void *out, uint64_t addr, size_t size)
{
    if (!is_user_range(addr, size))
        return -EFAULT;
    struct iovec local = {.iov_base = out, .iov_len = size};
    struct iovec remote = {.iov_base = raw_pointer(addr), .iov_len = size};
    ssize_t done = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (done == (ssize_t)size)
        return 0;
    if (done < 0 && (errno == ENOSYS || errno == EPERM)) { /* a seccomp filter: trust the program */
        memcpy(out, raw_pointer(addr), size);
        return 0;
    }
    return -EFAULT;
}

int user_write(uint64_t addr, const void *from, size_t size)
{
    if (!is_user_range(addr, size))
        return -EFAULT;
    uint8_t *source = (uint8_t *)(uintptr_t)from;
    struct iovec local = {.iov_base = source, .iov_len = size};
    struct iovec remote = {.iov_base = raw_pointer(addr), .iov_len = size};
    ssize_t done = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);
    if (done == (ssize_t)size)
        return 0;
    if (done < 0 && (errno == ENOSYS || errno == EPERM)) {
        memcpy(raw_pointer(addr), from, size);
        return 0;
    }
    return -EFAULT;
}

/* True when the page is all zero.  Word-wise, so that the compiler can use vectors. */
static bool page_is_zero(const uint64_t *page)
{
    for (size_t i = 0; i < PAGE / sizeof *page; i += 16) {
        uint64_t bits = 0;
        for (size_t j = 0; j < 16; j++)
            bits |= page[i + j];
        if (bits)
            return false;
    }
    return true;
}

size_t user_zero_prefix(uint64_t addr, size_t size)
{
    if (!is_user_range(addr, size))
        return 0;
    /* Faults the pages in, and says whether they can be read at all. */
    if (madvise(raw_pointer(addr), size, MADV_POPULATE_READ) != 0)
        return 0;
    size_t at = 0;
    while (at < size && page_is_zero(raw_pointer(addr + at)))
        at += PAGE;
    return at;
}
