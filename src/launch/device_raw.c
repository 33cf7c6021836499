/* SPDX-License-Identifier: Apache-2.0
 * device.c: see device.h.  All calls of the emulator are made inside the gate. */
#include "launch/device.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "emu/emu.h"
#include "emu/enclave.h"
#include "emu/start.h"
#include "launch/gate.h"
#include "launch/launch.h"
#include "launch/sys_raw.h"

static struct err g_failed;   /* code != 0: the emulator could not be started, and why */
static atomic_bool g_is_used; /* a device was opened, or tried to */
static atomic_bool g_complained;

void device_start(const struct launch_options *options)
{
    struct emu_options o = {
        .mode = options->fast ? EMU_FAST : EMU_TRAP,
        .guard = EMU_GUARD_LAUNCHER,
        .epc_size = options->epc_size,
        .verbose = options->verbose,
    };
    g_failed.code = emu_start_cpu(&o, &g_failed);
    if (g_failed.code && options->verbose)
        fprintf(stderr, "sgx-emu: there is no SGX here: %s\n", g_failed.text);
}

uint64_t device_enter_address(void)
{
    return (uint64_t)as_long(emu_enter);
}

bool device_is_used(void)
{
    return atomic_load_explicit(&g_is_used, memory_order_relaxed);
}

/* A program that uses no SGX need not hear of it; the first that does, once. */
static long refuse(void)
{
    if (!atomic_exchange(&g_complained, true))
        dprintf(STDERR_FILENO, "sgx-emu: there is no SGX here: %s\n", g_failed.text);
    return -ENODEV;
}

long device_open(bool is_enclave, int flags)
{
    if (g_failed.code)
        return refuse();
    gate_enter();
    atomic_store(&g_is_used, true);
    long fd = is_enclave ? emu_open_enclave(flags) : emu_open_provision(flags);
    gate_leave();
    return fd;
}

bool device_owns(int fd)
{
    if (!device_is_used())
        return false;
    gate_enter();
    bool owns = emu_owns(fd);
    gate_leave();
    return owns;
}

long device_ioctl(int fd, unsigned long request, uint64_t arg)
{
    gate_enter();
    long rc = emu_ioctl(fd, request, program_at(arg));
    gate_leave();
    return rc;
}

long device_mmap(const long args[6])
{
    gate_enter();
    long rc = emu_mmap((uintptr_t)args[0], (size_t)args[1], (int)args[2], (int)args[3],
                       (int)args[4], args[5]);
    gate_leave();
    return rc;
}

long device_munmap(uint64_t addr, size_t size)
{
    gate_enter();
    long rc = emu_munmap(addr, size);
    gate_leave();
    return rc;
}

long device_mprotect(uint64_t addr, size_t size, int prot)
{
    gate_enter();
    long rc = emu_mprotect(addr, size, prot);
    gate_leave();
    return rc;
}

bool device_has_enclave(uint64_t addr)
{
    return emu_enclave_at(addr) != NULL;
}
