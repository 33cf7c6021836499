/* SPDX-License-Identifier: Apache-2.0
 * driver_file.c: open, close and ioctl of the two devices. */
#include <asm/sgx.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "emu/create.h"
#include "emu/driver.h"
#include "emu/emu.h"
#include "emu/model_priv.h"
#include "emu/package.h"
#include "emu/table.h"

static int open_locked(enum emu_file_kind kind, int flags)
{
    emu_table_sweep();
    if (kind == EMU_FILE_PROVISION)
        return emu_file_open(kind, flags, NULL);
    struct emu_enclave *enclave = emu_enclave_new(flags & O_ACCMODE);
    if (!enclave)
        return -ENOMEM;
    int fd = emu_file_open(kind, flags, enclave);
    if (fd < 0)
        emu_enclave_free(enclave);
    return fd;
}

static int open_device(enum emu_file_kind kind, int flags)
{
    uint64_t mask = emu_signals_block();
    emu_table_lock();
    int fd = open_locked(kind, flags);
    emu_table_unlock();
    emu_signals_restore(mask);
    return fd;
}

int emu_open_enclave(int flags)
{
    return open_device(EMU_FILE_ENCLAVE, flags);
}

int emu_open_provision(int flags)
{
    return open_device(EMU_FILE_PROVISION, flags);
}

bool emu_owns(int fd)
{
    uint64_t mask = emu_signals_block();
    emu_table_lock();
    bool owned = emu_file_of(fd, NULL) != EMU_FILE_NONE;
    emu_table_unlock();
    emu_signals_restore(mask);
    return owned;
}

int emu_close(int fd)
{
    uint64_t mask = emu_signals_block();
    emu_table_lock();
    int rc = close(fd) == 0 ? 0 : -errno;
    emu_table_sweep();
    emu_table_unlock();
    emu_signals_restore(mask);
    return rc;
}

static int dispatch(struct emu_enclave *enclave, unsigned request, uint64_t arg)
{
    switch (request) {
    case SGX_IOC_ENCLAVE_CREATE:
        return driver_create(enclave, arg);
    case SGX_IOC_ENCLAVE_ADD_PAGES:
        return driver_add_pages(enclave, arg);
    case SGX_IOC_ENCLAVE_INIT:
        return driver_init(enclave, arg);
    case SGX_IOC_ENCLAVE_PROVISION:
        return driver_provision(enclave, arg);
    case SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS:
        return driver_restrict_permissions(enclave, arg);
    case SGX_IOC_ENCLAVE_MODIFY_TYPES:
        return driver_modify_types(enclave, arg);
    case SGX_IOC_ENCLAVE_REMOVE_PAGES:
        return driver_remove_pages(enclave, arg);
    default:
        return -ENOTTY;
    }
}

int emu_ioctl(int fd, unsigned long request, void *arg)
{
    struct emu_enclave *enclave = NULL;
    uint64_t mask = emu_signals_block();
    emu_table_lock();
    enum emu_file_kind kind = emu_file_of(fd, &enclave);
    bool busy = kind == EMU_FILE_ENCLAVE && atomic_exchange(&enclave->busy, true);
    emu_table_unlock();
    int rc = -ENOTTY;
    if (busy)
        rc = -EBUSY;
    else if (kind == EMU_FILE_ENCLAVE) {
        rc = dispatch(enclave, (unsigned)request, (uintptr_t)arg);
        atomic_store(&enclave->busy, false);
    } else if (kind == EMU_FILE_NONE)
        rc = fcntl(fd, F_GETFD) < 0 ? -EBADF : -ENOTTY;
    emu_signals_restore(mask);
    return rc;
}
