/* SPDX-License-Identifier: Apache-2.0
 * platform.c: see platform.h. */
#include "host/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "emu/emu.h"
#include "host/system_raw.h"

/* The second and third name are from before Linux 5.11; some machines still give the same device
 * under them. */
static const char *const g_devices[] = {"/dev/sgx_enclave", "/dev/sgx/enclave", "/dev/isgx"};
static const char *const g_provision[] = {"/dev/sgx_provision", "/dev/sgx/provision"};

static const char *g_device; /* the one of g_devices that was chosen */

static int device_open(int flags)
{
    int fd = open(g_device, flags);
    return fd < 0 ? -errno : fd;
}

static int device_open_provision(int flags)
{
    int rc = -ENOENT;
    for (size_t i = 0; i < ARRAY_COUNT(g_provision); i++) {
        int fd = open(g_provision[i], flags);
        if (fd >= 0)
            return fd;
        if (errno != ENOENT)
            rc = -errno;
    }
    return rc;
}

static int device_close(int fd)
{
    return close(fd) ? -errno : 0;
}

static int device_ioctl(int fd, unsigned long request, void *arg)
{
    int rc = ioctl(fd, request, arg);
    return rc < 0 ? -errno : rc;
}

static int device_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    return sigaction(signal, action, old) ? -errno : 0;
}

static int use_device(struct host_platform *p, struct err *e)
{
    vdso_sgx_enter_enclave_t enter = system_vdso_enter();
    if (!enter)
        return fail(e, -ENOSYS,
                    "host: %s is there, but the kernel has no __vdso_sgx_enter_enclave; Linux 5.11 "
                    "or later with CONFIG_X86_SGX is needed (the emulator runs on any: --emu fast)",
                    g_device);
    *p = (struct host_platform){
        .open_enclave = device_open,
        .open_provision = device_open_provision,
        .close = device_close,
        .ioctl = device_ioctl,
        .mmap = system_mmap,
        .munmap = system_munmap,
        .mprotect = system_mprotect,
        .sigaction = device_sigaction,
        .enter = enter,
    };
    snprintf(p->name, sizeof p->name, "%s", g_device);
    return 0;
}

static int use_emulator(struct host_platform *p, const struct host_options *o, enum emu_mode mode,
                        struct err *e)
{
    struct emu_options options = {.mode = mode, .epc_size = o->epc_size, .verbose = o->verbose};
    int rc = emu_start(&options, e);
    if (rc)
        return rc;
    *p = (struct host_platform){
        .emulated = true,
        .open_enclave = emu_open_enclave,
        .open_provision = emu_open_provision,
        .close = emu_close,
        .ioctl = emu_ioctl,
        .mmap = emu_mmap,
        .munmap = emu_munmap,
        .mprotect = emu_mprotect,
        .sigaction = emu_sigaction,
        .enter = emu_enter,
    };
    snprintf(p->name, sizeof p->name, "emulator, %s mode", mode == EMU_FAST ? "fast" : "trap");
    return 0;
}

/* 1: g_device is set and may be opened.  0: there is none. */
static int find_device(struct err *e)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_devices); i++) {
        int fd = open(g_devices[i], O_RDWR | O_CLOEXEC);
        if (fd >= 0) {
            close(fd);
            g_device = g_devices[i];
            return 1;
        }
        if (errno == EACCES || errno == EPERM)
            return fail(e, -EACCES,
                        "host: this user may not open %s; join the group that owns it, or ask for "
                        "the emulator with --emu fast",
                        g_devices[i]);
        if (errno != ENOENT && errno != ENOTDIR && errno != ENXIO && errno != ENODEV)
            return fail(e, -errno, "host: open %s: %s", g_devices[i], strerror(errno));
    }
    return 0;
}

int host_platform_find(struct host_platform *p, const struct host_options *o, struct err *e)
{
    int found = 0;
    if (o->choice == HOST_AUTO || o->choice == HOST_DEVICE)
        found = find_device(e);
    if (found < 0)
        return found;
    if (!found && o->choice == HOST_DEVICE)
        return fail(e, -ENODEV,
                    "host: no SGX device (/dev/sgx_enclave); the machine has no SGX, or it is off "
                    "in the firmware, or the kernel lacks CONFIG_X86_SGX");
    int rc = found ? use_device(p, e)
                   : use_emulator(p, o, o->choice == HOST_EMU_TRAP ? EMU_TRAP : EMU_FAST, e);
    if (!rc && o->verbose)
        fprintf(stderr, "host: enclaves run on: %s%s\n", p->name,
                o->choice == HOST_AUTO && p->emulated ? " (no /dev/sgx_enclave here)" : "");
    return rc;
}

int host_choice_parse(enum host_choice *out, const char *word, struct err *e)
{
    static const struct {
        const char *word;
        enum host_choice choice;
    } words[] = {{"trap", HOST_EMU_TRAP}, {"fast", HOST_EMU_FAST}, {"off", HOST_DEVICE}};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        if (strcmp(word, words[i].word) == 0) {
            *out = words[i].choice;
            return 0;
        }
    }
    return fail(e, -EINVAL, "--emu %s: expected trap, fast or off", word);
}
