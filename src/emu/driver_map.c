/* SPDX-License-Identifier: Apache-2.0
 * driver_map.c: mmap, munmap and mprotect, for ranges of an enclave and for everything else.
 * [Linux arch/x86/kernel/cpu/sgx/driver.c, encl.c] */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/personality.h>

#include "emu/emu.h"
#include "emu/model_priv.h"
#include "emu/pages.h"
#include "emu/table.h"
#include "emu/user_raw.h"

static uintptr_t page_up(uintptr_t n)
{
    return (n + SGX_PAGE_SIZE - 1) & ~(uintptr_t)(SGX_PAGE_SIZE - 1);
}

/* No page of the range was added with fewer permissions than `perm`. */
static bool pages_allow(const struct emu_enclave *enclave, uintptr_t start, uintptr_t end,
                        unsigned perm)
{
    size_t last = (end - enclave->base) / SGX_PAGE_SIZE;
    for (size_t i = (start - enclave->base) / SGX_PAGE_SIZE; i < last; i++) {
        if (!enclave->chunks[i / EMU_CHUNK_PAGES])
            i |= EMU_CHUNK_PAGES - 1;
        else if (enclave->slots[i].driver & EMU_DRIVER_KNOWN && perm & ~enclave->slots[i].driver)
            return false;
    }
    return true;
}

/* Linux's sgx_encl_may_map(): 0 or -EACCES.  Needs: the table lock. */
static int may_map(struct emu_enclave *enclave, uintptr_t start, uintptr_t end, int prot)
{
    unsigned perm = (prot & PROT_READ ? EMU_DRIVER_R : 0u) |
                    (prot & PROT_WRITE ? EMU_DRIVER_W : 0u) |
                    (prot & PROT_EXEC ? EMU_DRIVER_X : 0u);
    if (enclave->created && (start < enclave->base || end > enclave->base + enclave->size))
        return -EACCES;
    if (personality(0xffffffff) & READ_IMPLIES_EXEC)
        return -EACCES;
    if (!enclave->created)
        return 0;
    emu_lock_take(&enclave->lock);
    bool allowed = pages_allow(enclave, start, end, perm);
    emu_lock_drop(&enclave->lock);
    return allowed ? 0 : -EACCES;
}

/* What mmap(2) asks of any file. */
static int check_mmap(const struct emu_enclave *enclave, size_t size, int prot, int flags,
                      off_t offset)
{
    if (size == 0 || offset % SGX_PAGE_SIZE)
        return -EINVAL;
    if (page_up(size) < size)
        return -ENOMEM;
    int type = flags & MAP_TYPE;
    if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE && type != MAP_PRIVATE)
        return -EINVAL;
    if (enclave->access == O_WRONLY)
        return -EACCES;
    if (prot & PROT_WRITE && type != MAP_PRIVATE && enclave->access == O_RDONLY)
        return -EACCES;
    return type == MAP_PRIVATE ? -EINVAL : 0;
}

/* Replaces the reservation at `vma` by the enclave's memory and records it. */
static int place(struct emu_vma vma)
{
    struct emu_enclave *enclave = vma.enclave;
    int rc = vma_insert(vma);
    if (rc || !enclave->created)
        return rc;
    emu_lock_take(&enclave->lock);
    rc = pages_attach(&vma);
    if (rc == 0)
        rc = pages_sync(enclave, vma.start, vma.end);
    emu_lock_drop(&enclave->lock);
    return rc;
}

static intptr_t map_enclave(struct emu_enclave *enclave, uintptr_t addr, size_t size, int prot,
                            int flags)
{
    size = page_up(size);
    const int both = MAP_FIXED | MAP_FIXED_NOREPLACE;
    prot &= PROT_READ | PROT_WRITE | PROT_EXEC;
    if (flags & both) {
        int rc = may_map(enclave, addr, addr + size, prot);
        if (rc && !(flags & MAP_FIXED_NOREPLACE))
            return rc;
    }
    void *at =
        mmap(raw_pointer(addr), size, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (flags & (both | MAP_32BIT)), -1, 0);
    if (at == MAP_FAILED)
        return -errno;
    uintptr_t start = (uintptr_t)at;
    int rc = may_map(enclave, start, start + size, prot);
    if (rc == 0)
        rc = place((struct emu_vma){
            .start = start, .end = start + size, .prot = prot, .enclave = enclave});
    if (rc == 0)
        return (intptr_t)start;
    ignore(vma_remove(start, start + size));
    munmap(at, size);
    return rc;
}

/* A mapping of something else; where it covers an enclave, the enclave is no longer there. */
static intptr_t map_other(uintptr_t addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    void *at = mmap(raw_pointer(addr), size, prot, flags, fd, offset);
    if (at == MAP_FAILED)
        return -errno;
    uintptr_t start = (uintptr_t)at;
    uintptr_t end = start + page_up(size);
    const struct emu_vma *covered = vma_next(start);
    if (covered && covered->start < end) {
        ignore(vma_remove(start, end));
        emu_table_sweep();
    }
    return (intptr_t)start;
}

static intptr_t mmap_locked(uintptr_t addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    struct emu_enclave *enclave = NULL;
    enum emu_file_kind kind = flags & MAP_ANONYMOUS ? EMU_FILE_NONE : emu_file_of(fd, &enclave);
    if (kind == EMU_FILE_NONE)
        return map_other(addr, size, prot, flags, fd, offset);
    if (kind == EMU_FILE_PROVISION)
        return -ENODEV;
    int rc = check_mmap(enclave, size, prot, flags, offset);
    return rc ? rc : map_enclave(enclave, addr, size, prot, flags);
}

intptr_t emu_mmap(uintptr_t addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    uint64_t mask = emu_signals_block();
    emu_table_lock();
    intptr_t rc = mmap_locked(addr, size, prot, flags, fd, offset);
    emu_table_unlock();
    emu_signals_restore(mask);
    return rc;
}

int emu_munmap(uintptr_t addr, size_t size)
{
    uint64_t mask = emu_signals_block();
    emu_table_lock();
    int rc = munmap(raw_pointer(addr), size) == 0 ? 0 : -errno;
    if (rc == 0)
        rc = vma_remove(addr, addr + page_up(size));
    if (rc == 0)
        emu_table_sweep();
    emu_table_unlock();
    emu_signals_restore(mask);
    return rc;
}

static int protect_vma(struct emu_vma vma)
{
    int rc = may_map(vma.enclave, vma.start, vma.end, vma.prot);
    if (rc == 0)
        rc = vma_insert(vma);
    if (rc)
        return rc;
    emu_lock_take(&vma.enclave->lock);
    rc = pages_sync(vma.enclave, vma.start, vma.end);
    emu_lock_drop(&vma.enclave->lock);
    return rc;
}

/* Goes through the range in the order of addresses, as Linux does, and stops at the first refusal.
 */
static int mprotect_locked(uintptr_t addr, size_t size, int prot)
{
    uintptr_t end = addr + page_up(size);
    if (addr % SGX_PAGE_SIZE || end < addr)
        return mprotect(raw_pointer(addr), size, prot) == 0 ? 0 : -errno;
    while (addr < end) {
        const struct emu_vma *vma = vma_next(addr);
        uintptr_t next = vma && vma->start < end ? vma->start : end;
        if (addr < next && mprotect(raw_pointer(addr), next - addr, prot) != 0)
            return -errno;
        if (next == end)
            break;
        if (addr < next)
            addr = next;
        struct emu_vma part = *vma;
        part.start = addr;
        part.end = vma->end < end ? vma->end : end;
        part.prot = prot & (PROT_READ | PROT_WRITE | PROT_EXEC);
        int rc = protect_vma(part);
        if (rc)
            return rc;
        addr = part.end;
    }
    return 0;
}

int emu_mprotect(uintptr_t addr, size_t size, int prot)
{
    uint64_t mask = emu_signals_block();
    emu_table_lock();
    int rc = mprotect_locked(addr, size, prot);
    emu_table_unlock();
    emu_signals_restore(mask);
    return rc;
}
