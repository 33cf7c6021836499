/* SPDX-License-Identifier: Apache-2.0
 * user_raw.c: see user_raw.h. */
#include "emu/user_raw.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

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
