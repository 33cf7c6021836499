/* SPDX-License-Identifier: Apache-2.0
 * cpu_raw.c: asks the kernel whether memory is there.  rt_sigprocmask(2) is the call that copies
 * eight bytes in either direction, changes nothing and is allowed by every seccomp profile. */
#include "emu/cpu_raw.h"

#include <errno.h>

enum { PROBE_SIZE = 8, PROBE_STEP = 4096, NO_SUCH_HOW = 99 };

static bool probe(uint64_t addr, bool write)
{
    /* Reading: the set is copied in before the kernel sees that `how` is none, and gives EINVAL.
     * Writing: the old set is copied out. */
    if (!write)
        return cpu_syscall(SYS_rt_sigprocmask, NO_SUCH_HOW, addr, 0, PROBE_SIZE, 0) == -EINVAL;
    return cpu_syscall(SYS_rt_sigprocmask, 0, 0, addr, PROBE_SIZE, 0) == 0;
}

static bool probe_range(uint64_t addr, size_t size, bool write)
{
    uint64_t first = addr & ~(uint64_t)(PROBE_SIZE - 1);
    uint64_t end = addr + size;
    if (end < addr)
        return false;
    for (uint64_t at = first; at < end; at = (at & ~(uint64_t)(PROBE_STEP - 1)) + PROBE_STEP)
        if (!probe(at, write))
            return false;
    return true;
}

bool cpu_can_read(uint64_t addr, size_t size)
{
    return size == 0 || probe_range(addr, size, false);
}

bool cpu_can_write(uint64_t addr, size_t size)
{
    return size == 0 || probe_range(addr, size, true);
}
