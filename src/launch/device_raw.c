/* SPDX-License-Identifier: Apache-2.0
 * device.c: see device.h.  All calls of the emulator are made inside the gate. */
#include "launch/device.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "emu/emu.h"
#include "emu/enclave.h"
#include "emu/start.h"
#include "launch/gate.h"
#include "launch/launch.h"
#include "launch/sys_raw.h"

enum { SECRET_SIZE = 64 }; /* emu/keys.c */

static struct err g_secret_lost; /* code != 0: why the CPU's secret is for this run alone */
static struct err g_failed;      /* code != 0: the emulator could not be started, and why */
static atomic_bool g_is_used;    /* a device was opened, or tried to */
static atomic_bool g_complained;

/* A secret for this run alone, in a file without a name. */
static int temporary_secret(char *path, size_t room)
{
    uint8_t secret[SECRET_SIZE];
    int fd = memfd_create("cpu-secret", MFD_CLOEXEC);
    if (fd < 0 || getrandom(secret, sizeof secret, 0) != sizeof secret ||
        write(fd, secret, sizeof secret) != sizeof secret || fchmod(fd, 0600) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    bytes_wipe(secret, sizeof secret);
    snprintf(path, room, "/proc/self/fd/%d", fd);
    return fd;
}

/* Where no file can be kept (a container without a home), SGX still works, but what is sealed is
 * lost at the end. */
static void start_without_file(struct emu_options *o)
{
    char path[40];
    struct err e;
    int fd = temporary_secret(path, sizeof path);
    if (fd < 0)
        return;
    o->secret_path = path;
    e.code = emu_start_cpu(o, &e);
    close(fd);
    if (e.code)
        return;
    g_secret_lost = g_failed;
    g_failed.code = 0;
}

void device_start(const struct launch_options *options)
{
    struct emu_options o = {
        .mode = options->fast ? EMU_FAST : EMU_TRAP,
        .guard = EMU_GUARD_LAUNCHER,
        .epc_size = options->epc_size,
        .secret_path = options->secret,
        .verbose = options->verbose,
    };
    g_failed.code = emu_start_cpu(&o, &g_failed);
    if (g_failed.code && !options->secret)
        start_without_file(&o);
    if (g_failed.code && options->verbose)
        fprintf(stderr, "sgx-emu: there is no SGX here: %s\n", g_failed.text);
}

uint64_t device_enter_address(void)
{
    return (uint64_t)as_long(emu_enter);
}

bool device_works(void)
{
    return g_failed.code == 0;
}

bool device_is_used(void)
{
    return atomic_load_explicit(&g_is_used, memory_order_relaxed);
}

/* A program that uses no SGX need not hear of it; the first that does, once. */
static void complain(void)
{
    if (atomic_exchange(&g_complained, true))
        return;
    if (g_failed.code)
        dprintf(STDERR_FILENO, "sgx-emu: there is no SGX here: %s\n", g_failed.text);
    else
        dprintf(STDERR_FILENO, "sgx-emu: what enclaves seal is lost at the end of this run: %s\n",
                g_secret_lost.text);
}

long device_open(bool is_enclave, int flags)
{
    if (g_failed.code || g_secret_lost.code)
        complain();
    if (g_failed.code)
        return -ENODEV;
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
