/* SPDX-License-Identifier: Apache-2.0
 * call_device.c: system calls on the SGX devices' descriptors and on the enclaves' memory.  Copies
 * of a descriptor (dup, fork) and closing need nothing: the emulator sees them by itself. */
#include <errno.h>
#include <linux/mman.h>

#include "launch/call.h"
#include "launch/device.h"
#include "launch/sys_raw.h"

long call_ioctl(struct call *c)
{
    if (!device_owns((int)c->args[0]))
        return call_forward(c);
    return device_ioctl((int)c->args[0], (unsigned long)c->args[1], (uint64_t)c->args[2]);
}

long call_mmap(struct call *c)
{
    if (!device_is_used())
        return call_forward(c);
    return device_mmap(c->args);
}

long call_munmap(struct call *c)
{
    if (!device_is_used())
        return call_forward(c);
    return device_munmap((uint64_t)c->args[0], (size_t)c->args[1]);
}

long call_mprotect(struct call *c)
{
    if (!device_is_used())
        return call_forward(c);
    return device_mprotect((uint64_t)c->args[0], (size_t)c->args[1], (int)c->args[2]);
}

/* The driver's mappings can neither grow nor move.  [Linux VM_DONTEXPAND] */
long call_mremap(struct call *c)
{
    if (!device_is_used())
        return call_forward(c);
    uint64_t from = (uint64_t)c->args[0];
    uint64_t to = (uint64_t)c->args[4];
    if (device_has_enclave(from))
        return -EFAULT;
    if ((c->args[3] & MREMAP_FIXED) && device_has_enclave(to)) {
        long rc = device_munmap(to, (size_t)c->args[2]);
        if (rc)
            return rc;
    }
    return call_forward(c);
}
