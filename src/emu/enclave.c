/* SPDX-License-Identifier: Apache-2.0
 * enclave.c: an enclave's memory, and the questions that others ask about it. */
#include "emu/enclave.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "emu/create.h"
#include "emu/fast.h"
#include "emu/model_priv.h"
#include "emu/package.h"
#include "emu/thread.h"
#include "emu/user_raw.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U /* Linux 6.3 */
#endif

#define OWN_MEMORY 0x200000000000ull /* between programs (low) and what mmap(NULL) gives (high) */
#define OWN_ROOM 0x300000000000ull
#define OWN_GAP 0x10000ull

struct emu_enclave *emu_enclave_new(int access)
{
    struct emu_enclave *enclave = calloc(1, sizeof *enclave);
    if (!enclave)
        return NULL;
    enclave->memfd = -1;
    enclave->access = access;
    return enclave;
}

void emu_enclave_free(struct emu_enclave *enclave)
{
    if (!enclave)
        return;
    emu_epc_give(enclave->child_count + enclave->va_pages + (enclave->created ? 1 : 0));
    fast_forget(enclave);
    emu_enclave_unreserve(enclave);
    bytes_wipe(&enclave->secs, sizeof enclave->secs);
    free(enclave);
}

/* Memory of the emulator's own, far from where the kernel puts what a program maps: a loader may
 * give a range back and take it again at the same address, as nothing else would be there on
 * hardware. */
static void *map_own(size_t size, int flags, int fd)
{
    static _Atomic uint64_t used;
    uint64_t step = (size + OWN_GAP) & ~(uint64_t)(SGX_PAGE_SIZE - 1);
    uint64_t hint = OWN_MEMORY + atomic_fetch_add(&used, step) % OWN_ROOM;
    void *at = mmap(raw_pointer(hint), size, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void *reserve_zeroes(size_t size)
{
    return map_own(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int make_backing(size_t size)
{
    int fd = memfd_create("sgx_enclave", MFD_CLOEXEC | MFD_EXEC);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("sgx_enclave", MFD_CLOEXEC);
    int kept = emu_fd_keep(fd);
    if (kept < 0)
        return kept;
    if (ftruncate(kept, (off_t)size) != 0) {
        int rc = -errno;
        close(kept);
        return rc;
    }
    return kept;
}

int emu_enclave_reserve(struct emu_enclave *enclave)
{
    size_t size = enclave->secs.size;
    enclave->memfd = make_backing(size);
    if (enclave->memfd < 0)
        return -ENOMEM;
    enclave->base = enclave->secs.base;
    enclave->size = size;
    enclave->page_count = size / SGX_PAGE_SIZE;
    enclave->alias = map_own(size, MAP_SHARED, enclave->memfd);
    enclave->slots = reserve_zeroes(enclave->page_count * sizeof *enclave->slots);
    enclave->chunks = reserve_zeroes(enclave->page_count / EMU_CHUNK_PAGES + 1);
    if (enclave->alias && enclave->slots && enclave->chunks)
        return 0;
    emu_enclave_unreserve(enclave);
    return -ENOMEM;
}

void emu_enclave_unreserve(struct emu_enclave *enclave)
{
    if (enclave->alias)
        munmap(enclave->alias, enclave->size);
    if (enclave->slots)
        munmap(enclave->slots, enclave->page_count * sizeof *enclave->slots);
    if (enclave->chunks)
        munmap(enclave->chunks, enclave->page_count / EMU_CHUNK_PAGES + 1);
    if (enclave->memfd >= 0)
        close(enclave->memfd);
    enclave->alias = NULL;
    enclave->slots = NULL;
    enclave->chunks = NULL;
    enclave->memfd = -1;
    enclave->size = 0;
    enclave->page_count = 0;
}

void emu_content_drop(struct emu_enclave *enclave, uint64_t addr, uint64_t size)
{
    int rc = fallocate(enclave->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                       (off_t)(addr - enclave->base), (off_t)size);
    if (rc != 0)
        memset(emu_page_alias(enclave, addr), 0, size);
}

uint64_t emu_enclave_base(const struct emu_enclave *enclave)
{
    return enclave->base;
}

uint64_t emu_enclave_size(const struct emu_enclave *enclave)
{
    return enclave->size;
}

const struct sgx_secs *emu_enclave_secs(const struct emu_enclave *enclave)
{
    return &enclave->secs;
}

bool emu_enclave_initialised(const struct emu_enclave *enclave)
{
    return enclave->secs.attributes.flags & SGX_ATTR_INIT;
}

struct emu_slot *emu_slot_at(const struct emu_enclave *enclave, uint64_t addr)
{
    uint64_t offset = addr - enclave->base;
    return offset < enclave->size ? &enclave->slots[offset / SGX_PAGE_SIZE] : NULL;
}

void *emu_enclave_alias(const struct emu_enclave *enclave, uint64_t addr)
{
    uint64_t offset = addr - enclave->base;
    return offset < enclave->size ? enclave->alias + offset : NULL;
}

struct emu_epcm emu_epcm_peek(const struct emu_enclave *enclave, uint64_t addr)
{
    const struct emu_slot *slot = emu_slot_at(enclave, addr);
    return slot ? slot->epcm : (struct emu_epcm){.valid = false};
}

void emu_chunks_use(struct emu_enclave *enclave, size_t first, size_t count)
{
    size_t last = (first + count - 1) / EMU_CHUNK_PAGES;
    for (size_t chunk = first / EMU_CHUNK_PAGES; chunk <= last; chunk++)
        enclave->chunks[chunk] = 1;
}

unsigned emu_enclave_entered(struct emu_enclave *enclave)
{
    for (;;) {
        unsigned ticket = atomic_load(&enclave->entry_epoch) & 1;
        atomic_fetch_add(&enclave->inside[ticket], 1);
        if ((atomic_load(&enclave->entry_epoch) & 1) == ticket)
            return ticket;
        atomic_fetch_sub(&enclave->inside[ticket], 1);
    }
}

void emu_enclave_left(struct emu_enclave *enclave, unsigned ticket)
{
    atomic_fetch_sub(&enclave->inside[ticket], 1);
}

bool emu_has_threads_since(const struct emu_enclave *enclave, unsigned parity)
{
    return atomic_load(&enclave->inside[parity]) || emu_threads_since(enclave, parity);
}

bool emu_has_threads(const struct emu_enclave *enclave)
{
    return emu_has_threads_since(enclave, 0) || emu_has_threads_since(enclave, 1);
}

bool emu_tracked(const struct emu_enclave *enclave, uint32_t then)
{
    uint32_t cycles = enclave->epoch - then;
    if (cycles == 0)
        return false;
    /* ETRACK begins a cycle only when the one before is complete. */
    return cycles > 1 || enclave->cycle_done ||
           !emu_has_threads_since(enclave, (enclave->epoch + 1) & 1);
}
