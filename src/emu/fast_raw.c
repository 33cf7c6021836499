/* SPDX-License-Identifier: Apache-2.0
 * fast_raw.c: makes enclaves and threads ready for the fast mode.  See fast.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu/cpu_raw.h"
#include "emu/fast_priv.h"
#include "emu/model_priv.h"
#include "emu/thread_priv.h"
#include "emu/transit.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum {
    STUB_SIZE = 0x4000,
    THUNK_SIZE = 16,
    JUMP_SIZE = 5,
    ENCLU_BYTES = 3,
    STUB_STEP = 0x200000, /* between places that are tried for a stub */
    STUB_TRIES = 512,     /* in each direction: 1 GiB */
};

#define OWNER_SHARED (~0ull) /* more than one TCS has this GS base */
#define REACH 0x7fff0000ll   /* of a jump, with some room */

/* Read by enter.S. */
__attribute__((visibility("hidden"))) uint8_t g_emu_fast;
__attribute__((visibility("hidden"))) _Atomic uint64_t g_emu_map_stamp;

/* Where EEXIT of a TCS finds its thread when the enclave has no stub: nowhere. */
static struct fast_owner g_nobody;
static bool g_verbose;

void fast_start(bool on, bool verbose)
{
    g_verbose = verbose;
    g_emu_fast = on ? FAST_BY_GS : FAST_OFF;
}

void fast_use_tls(void)
{
    if (g_emu_fast)
        g_emu_fast = FAST_BY_TLS;
}

void fast_mappings_changed(void)
{
    atomic_fetch_add(&g_emu_map_stamp, 1);
}

static bool reaches(uint64_t from, uint64_t to)
{
    int64_t distance = (int64_t)(to - from);
    return distance < REACH && distance > -REACH;
}

static void put_jump(uint8_t *at, uint64_t addr, uint64_t to)
{
    int32_t distance = (int32_t)(to - (addr + JUMP_SIZE));
    at[0] = 0xe9;
    memcpy(at + 1, &distance, sizeof distance);
}

/* How an EEXIT site looks, and which bytes become the jump. */
struct site {
    uint64_t addr; /* of the first byte that is replaced */
    bool has_mov;  /* `mov $4, %eax` is among them */
};

static bool is_rex_like(uint8_t byte)
{
    return byte >= 0x40 && byte <= 0x4f;
}

/* `p` points at 0f 01 d7; `before` and `after` bytes of code are around it. */
static bool site_at(const uint8_t *p, uint64_t addr, size_t before, size_t after, struct site *site)
{
    static const uint8_t mov32[] = {0xb8, 4, 0, 0, 0};
    static const uint8_t mov64[] = {0x48, 0xc7, 0xc0, 4, 0, 0, 0};
    if (after >= JUMP_SIZE && p[3] == 0x0f && p[4] == 0x0b) {
        *site = (struct site){.addr = addr};
        return true;
    }
    if (before >= sizeof mov64 && memcmp(p - sizeof mov64, mov64, sizeof mov64) == 0) {
        *site = (struct site){.addr = addr - sizeof mov64, .has_mov = true};
        return true;
    }
    if (before > sizeof mov32 && memcmp(p - sizeof mov32, mov32, sizeof mov32) == 0 &&
        !is_rex_like(p[-(int)sizeof mov32 - 1])) {
        *site = (struct site){.addr = addr - sizeof mov32, .has_mov = true};
        return true;
    }
    return false;
}

/* Where a stub can be put so that a jump from `site` reaches it, in memory that nobody uses. */
static uint8_t *stub_map(const struct emu_enclave *enclave, uint64_t site)
{
    uint64_t end = enclave->base + enclave->size;
    for (uint64_t i = 0; i < 2 * STUB_TRIES; i++) {
        uint64_t step = i / 2 * STUB_STEP;
        uint64_t at = i % 2 == 0 ? end + step : enclave->base - STUB_SIZE - step;
        if (!reaches(site, at) || (i % 2 && enclave->base < STUB_SIZE + step))
            continue;
        void *stub = mmap(cpu_ptr(at), STUB_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (stub == cpu_ptr(at))
            return stub;
        if (stub != MAP_FAILED)
            munmap(stub, STUB_SIZE);
    }
    return NULL;
}

static void put_word(uint8_t *stub, const char *label, uint64_t value)
{
    memcpy(stub + (cpu_addr(label) - cpu_addr(fast_exit_begin)), &value, sizeof value);
}

static bool stub_make(struct emu_enclave *enclave, struct fast_enclave *fast, uint64_t site)
{
    uint8_t *stub = stub_map(enclave, site);
    if (!stub)
        return false;
    memcpy(stub, fast_exit_begin, FAST_EXIT_SIZE);
    put_word(stub, fast_exit_base, enclave->base);
    put_word(stub, fast_exit_size, enclave->size);
    put_word(stub, fast_exit_owners, cpu_addr(fast->owners));
    fast->stub = cpu_addr(stub);
    fast->thunks = (FAST_EXIT_SIZE + THUNK_SIZE - 1) / THUNK_SIZE * THUNK_SIZE;
    return true;
}

/* `mov $4, %eax; jmp exit`; 0 when the stub is full. */
static uint64_t thunk_add(struct fast_enclave *fast)
{
    if (fast->thunks + THUNK_SIZE > STUB_SIZE)
        return 0;
    uint64_t addr = fast->stub + fast->thunks;
    uint8_t *at = cpu_ptr(addr);
    static const uint8_t mov[] = {0xb8, 4, 0, 0, 0};
    memcpy(at, mov, sizeof mov);
    put_jump(at + sizeof mov, addr + sizeof mov, fast->stub);
    fast->thunks += THUNK_SIZE;
    return addr;
}

static void patch(struct emu_enclave *enclave, const struct site *site)
{
    struct fast_enclave *fast = enclave->fast;
    if (!fast->stub && !stub_make(enclave, fast, site->addr))
        return;
    if (!reaches(site->addr, fast->stub))
        return;
    uint64_t to = site->has_mov ? thunk_add(fast) : fast->stub;
    if (to) {
        put_jump(emu_enclave_alias(enclave, site->addr), site->addr, to);
        fast->sites++;
    }
}

/* Code in [start, end), which is contiguous and executable. */
static void patch_run(struct emu_enclave *enclave, uint64_t start, uint64_t end)
{
    static const uint8_t enclu[ENCLU_BYTES] = {0x0f, 0x01, 0xd7};
    const uint8_t *code = emu_enclave_alias(enclave, start);
    const uint8_t *last = code + (end - start);
    const uint8_t *p = code;
    while ((p = memmem(p, (size_t)(last - p), enclu, sizeof enclu))) {
        struct site site;
        if (site_at(p, start + (uint64_t)(p - code), (size_t)(p - code), (size_t)(last - p), &site))
            patch(enclave, &site);
        p += ENCLU_BYTES;
    }
}

static bool is_code(const struct emu_slot *slot)
{
    return slot->epcm.valid && slot->epcm.type == SGX_PT_REG && slot->epcm.perm & SGX_SECINFO_X;
}

/* Pages of zeroes that nobody has touched are holes of the memfd; reading them would fill them. */
static void patch_data(struct emu_enclave *enclave, uint64_t start, uint64_t end)
{
    off_t last = (off_t)(end - enclave->base);
    off_t from = lseek(enclave->memfd, (off_t)(start - enclave->base), SEEK_DATA);
    while (from >= 0 && from < last) {
        off_t to = lseek(enclave->memfd, from, SEEK_HOLE);
        if (to < 0 || to > last)
            to = last;
        patch_run(enclave, enclave->base + (uint64_t)from, enclave->base + (uint64_t)to);
        from = lseek(enclave->memfd, to, SEEK_DATA);
    }
}

static void patch_all(struct emu_enclave *enclave)
{
    size_t i = 0;
    while (i < enclave->page_count) {
        if (i % EMU_CHUNK_PAGES == 0 && !enclave->chunks[i / EMU_CHUNK_PAGES]) {
            i += EMU_CHUNK_PAGES;
            continue;
        }
        size_t first = i;
        while (i < enclave->page_count && is_code(&enclave->slots[i]))
            i++;
        if (i > first)
            patch_data(enclave, enclave->base + first * SGX_PAGE_SIZE,
                       enclave->base + i * SGX_PAGE_SIZE);
        else
            i++;
    }
}

void fast_prepare(struct emu_enclave *enclave)
{
    if (!g_emu_fast)
        return;
    struct fast_enclave *fast = calloc(1, sizeof *fast);
    if (!fast)
        return;
    fast->owners_size = enclave->page_count * sizeof *fast->owners;
    fast->owners = mmap(NULL, fast->owners_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fast->owners == MAP_FAILED) {
        free(fast);
        return;
    }
    enclave->fast = fast;
    patch_all(enclave);
    if (fast->stub)
        ignore(mprotect(cpu_ptr(fast->stub), STUB_SIZE, PROT_READ | PROT_EXEC));
    if (g_verbose)
        fprintf(stderr, "emu: %u EEXIT sites of the enclave at 0x%llx are jumps now%s\n",
                fast->sites, (unsigned long long)enclave->base,
                fast->sites ? "" : "; the others trap (no such site, or no room within 2 GiB)");
}

void fast_forget(struct emu_enclave *enclave)
{
    struct fast_enclave *fast = enclave->fast;
    if (!fast)
        return;
    fast_mappings_changed();
    if (fast->stub)
        munmap(cpu_ptr(fast->stub), STUB_SIZE);
    munmap(fast->owners, fast->owners_size);
    free(fast);
    enclave->fast = NULL;
}

unsigned fast_sites(const struct emu_enclave *enclave)
{
    return enclave->fast ? enclave->fast->sites : 0;
}

/* The owner entry of a GS base that is this TCS's alone, or NULL. */
static struct fast_owner *owner_of(const struct emu_enclave *enclave, uint64_t gs, uint64_t tcs)
{
    uint64_t offset = gs - enclave->base;
    if (gs % SGX_PAGE_SIZE || offset >= enclave->size)
        return NULL;
    struct fast_owner *owner = &enclave->fast->owners[offset / SGX_PAGE_SIZE];
    uint64_t before = 0;
    if (atomic_compare_exchange_strong(&owner->tcs, &before, tcs) || before == tcs)
        return owner;
    if (before != OWNER_SHARED) {
        owner->tcs = OWNER_SHARED;
        fast_mappings_changed(); /* the other TCS must be learned again, without an owner */
    }
    owner->thread = NULL;
    return NULL;
}

static bool is_user_address(uint64_t addr)
{
    return addr >> 47 == 0;
}

void fast_learn(struct emu_thread *thread, const struct transit_entry *entry)
{
    struct emu_enclave *enclave = entry->enclave;
    const struct sgx_tcs *tcs = entry->tcs;
    thread->fast.tcs = 0;
    if (!enclave->fast || enclave->secs.ssaframesize != 1 || tcs->flags)
        return;
    uint64_t frame = enclave->base + tcs->ossa;
    struct fast_owner *owner = owner_of(enclave, enclave->base + tcs->ogsbase, entry->tcs_addr);
    uint64_t stamp = atomic_load(&g_emu_map_stamp);
    struct emu_fast_tcs fast = {
        .tcs = entry->tcs_addr,
        .stamp = stamp,
        .enclave = enclave,
        .alias = entry->tcs,
        .tcs_slot = emu_slot_at(enclave, entry->tcs_addr),
        .ssa_slot = emu_slot_at(enclave, frame),
        .gpr = emu_enclave_alias(enclave, frame + SGX_PAGE_SIZE - sizeof(struct sgx_gpr)),
        .fs = enclave->base + tcs->ofsbase,
        .gs = enclave->base + tcs->ogsbase,
        .target = enclave->base + tcs->oentry,
        .owner = owner ? owner : &g_nobody,
        .epoch = &enclave->entry_epoch,
        .xfrm = enclave->secs.attributes.xfrm,
    };
    uint64_t last = frame + (uint64_t)tcs->nssa * SGX_PAGE_SIZE;
    if (last - enclave->base > enclave->size || last < frame || !is_user_address(fast.fs) ||
        !is_user_address(fast.gs) || !is_user_address(fast.target))
        return;
    memcpy(&fast.tcs_word, fast.tcs_slot, sizeof fast.tcs_word);
    if (owner && entry->gs == fast.gs)
        owner->thread = thread;
    thread->lazy_gs = g_emu_fast == FAST_BY_TLS ? thread->self : ~0ull;
    thread->fast = fast;
}
