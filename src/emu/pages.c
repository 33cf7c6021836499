/* SPDX-License-Identifier: Apache-2.0
 * pages.c: see pages.h.  Runs of pages with the same protection become one mprotect; the kernel
 * joins neighbours again. */
#include "emu/pages.h"

#include <errno.h>
#include <sys/mman.h>

#include "emu/model_priv.h"
#include "emu/user_raw.h"

static int prot_of(unsigned perm)
{
    return (perm & SGX_SECINFO_R ? PROT_READ : 0) | (perm & SGX_SECINFO_W ? PROT_WRITE : 0) |
           (perm & SGX_SECINFO_X ? PROT_EXEC : 0);
}

bool pages_may_be_seen(const struct emu_vma *vma, const struct emu_slot *slot)
{
    return slot->driver & EMU_DRIVER_KNOWN && !(vma->prot & ~prot_of(slot->driver));
}

int pages_effective(const struct emu_vma *vma, const struct emu_slot *slot)
{
    const struct emu_epcm *epcm = &slot->epcm;
    if (!epcm->valid || epcm->blocked || epcm->pending || epcm->modified ||
        epcm->type != SGX_PT_REG || !pages_may_be_seen(vma, slot))
        return PROT_NONE;
    return vma->prot & prot_of(epcm->perm);
}

/* The first page from `first` on, before `end`, that has another protection than `first`. */
static size_t run_end(const struct emu_vma *vma, size_t first, size_t end, int prot)
{
    const struct emu_enclave *enclave = vma->enclave;
    size_t i = first + 1;
    while (i < end) {
        if (i % EMU_CHUNK_PAGES == 0 && !enclave->chunks[i / EMU_CHUNK_PAGES]) {
            if (prot != PROT_NONE)
                return i;
            i += EMU_CHUNK_PAGES;
            continue;
        }
        if (pages_effective(vma, &enclave->slots[i]) != prot)
            return i;
        i++;
    }
    return end;
}

static int sync_vma(const struct emu_vma *vma, uint64_t start, uint64_t end)
{
    const struct emu_enclave *enclave = vma->enclave;
    size_t i = (start - enclave->base) / SGX_PAGE_SIZE;
    size_t last = (end - enclave->base) / SGX_PAGE_SIZE;
    while (i < last) {
        int prot = pages_effective(vma, &enclave->slots[i]);
        size_t next = run_end(vma, i, last, prot);
        void *at = raw_pointer(enclave->base + i * SGX_PAGE_SIZE);
        if (mprotect(at, (next - i) * SGX_PAGE_SIZE, prot) != 0)
            return -errno;
        i = next;
    }
    return 0;
}

int pages_sync(struct emu_enclave *enclave, uint64_t start, uint64_t end)
{
    if (!emu_enclave_initialised(enclave))
        return 0;
    int rc = 0;
    uint64_t limit = enclave->base + enclave->size;
    if (start < enclave->base)
        start = enclave->base;
    if (end > limit)
        end = limit;
    for (const struct emu_vma *vma = vma_next(start); vma && vma->start < end;
         vma = vma_next(vma->end)) {
        if (vma->enclave != enclave)
            continue;
        int result =
            sync_vma(vma, vma->start > start ? vma->start : start, vma->end < end ? vma->end : end);
        rc = rc ? rc : result;
    }
    return rc;
}

int pages_attach(const struct emu_vma *vma)
{
    const struct emu_enclave *enclave = vma->enclave;
    uint64_t start = vma->start > enclave->base ? vma->start : enclave->base;
    uint64_t limit = enclave->base + enclave->size;
    uint64_t end = vma->end < limit ? vma->end : limit;
    if (start >= end)
        return 0;
    void *at =
        mmap(raw_pointer(start), end - start, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
             enclave->memfd, (off_t)(start - enclave->base));
    return at == MAP_FAILED ? -errno : 0;
}
