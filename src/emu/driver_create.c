/* SPDX-License-Identifier: Apache-2.0
 * driver_create.c: the ioctls that build an enclave: CREATE, ADD_PAGES, INIT, PROVISION. */
#include <asm/sgx.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "emu/driver.h"
#include "emu/encls.h"
#include "emu/fast.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/package.h"
#include "emu/pages.h"
#include "emu/secinfo.h"
#include "emu/table.h"
#include "emu/user_raw.h"
#include "emu/zeroes_raw.h"

enum { BOUNCE_PAGES = 16, VENDOR_INTEL = 0x8086 };

/* Attributes that any program may give its enclaves.  [Linux asm/sgx.h SGX_ATTR_UNPRIV_MASK] */
#define ATTR_UNPRIVILEGED (SGX_ATTR_DEBUG | SGX_ATTR_MODE64BIT | SGX_ATTR_KSS | SGX_ATTR_AEXNOTIFY)

int driver_check_range(const struct emu_enclave *enclave, uint64_t offset, uint64_t length)
{
    if (offset % SGX_PAGE_SIZE || length % SGX_PAGE_SIZE || length == 0)
        return -EINVAL;
    if (offset + length < offset || offset + length > enclave->size)
        return -EINVAL;
    return 0;
}

int driver_grow(struct emu_enclave *enclave)
{
    uint64_t va = enclave->driver_pages % EMU_VA_SLOTS == 0 ? 1 : 0;
    int rc = emu_epc_take(1 + va);
    if (rc)
        return rc;
    enclave->va_pages += va;
    enclave->driver_pages++;
    return 0;
}

void driver_shrink(struct emu_enclave *enclave)
{
    enclave->driver_pages--;
    emu_epc_give(1);
}

/* Undoes a driver_grow() whose page never came to be, its VA page included. */
static void ungrow(struct emu_enclave *enclave)
{
    driver_shrink(enclave);
    if (enclave->driver_pages % EMU_VA_SLOTS)
        return;
    enclave->va_pages--;
    emu_epc_give(1);
}

static int create_locked(struct emu_enclave *enclave, const struct sgx_secs *secs)
{
    if (!secs->size || secs->size & (secs->size - 1))
        return -EINVAL;
    int rc = driver_grow(enclave);
    if (rc)
        return rc;
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = SGX_SECINFO_TYPE(SGX_PT_SECS)};
    struct emu_pageinfo info = {.srcpge = secs, .secinfo = &secinfo};
    bool no_memory = false;
    if (!outcome_is_ok(encls_ecreate(enclave, &info, &no_memory))) {
        ungrow(enclave);
        return no_memory ? -ENOMEM : -EIO;
    }
    enclave->attributes_mask = ATTR_UNPRIVILEGED;
    return 0;
}

/* Mappings that were made before CREATE get the memory that belongs there. */
static int attach_mappings(struct emu_enclave *enclave)
{
    uint64_t end = enclave->base + enclave->size;
    for (const struct emu_vma *vma = vma_next(enclave->base); vma && vma->start < end;
         vma = vma_next(vma->end)) {
        int rc = vma->enclave == enclave ? pages_attach(vma) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

int driver_create(struct emu_enclave *enclave, uint64_t arg)
{
    struct sgx_enclave_create args;
    if (enclave->created)
        return -EINVAL;
    if (user_read(&args, arg, sizeof args))
        return -EFAULT;
    auto_free struct sgx_secs *secs = aligned_alloc(SGX_PAGE_SIZE, sizeof *secs);
    if (!secs)
        return -ENOMEM;
    if (user_read(secs, args.src, sizeof *secs))
        return -EFAULT;
    emu_table_lock();
    emu_table_sweep(); /* what was closed behind our back gives its EPC back now */
    emu_lock_take(&enclave->lock);
    int rc = create_locked(enclave, secs);
    if (rc == 0)
        rc = attach_mappings(enclave);
    if (rc == 0)
        emu_table_publish(enclave);
    emu_lock_drop(&enclave->lock);
    emu_table_unlock();
    return rc;
}

static int check_secinfo(const struct sgx_secinfo *s)
{
    unsigned type = secinfo_type(s);
    if (type != SGX_PT_REG && type != SGX_PT_TCS)
        return -EINVAL;
    if (perm_is_write_only(s->flags) || (type == SGX_PT_TCS && secinfo_perm(s)))
        return -EINVAL;
    if (s->flags & SGX_SECINFO_STATE || !secinfo_reserved_is_zero(s))
        return -EINVAL;
    return 0;
}

/* A TCS is mapped read-write whatever its SECINFO says. */
static void note_page(struct emu_slot *slot, const struct sgx_secinfo *s)
{
    unsigned perm = secinfo_perm(s);
    if (secinfo_type(s) == SGX_PT_TCS)
        perm = EMU_DRIVER_R | EMU_DRIVER_W;
    slot->driver = (EMU_DRIVER_KNOWN | perm) & 0xf;
    slot->driver_type = secinfo_type(s) & 0xf;
}

static int measure_page(struct emu_enclave *enclave, uint64_t linaddr)
{
    for (uint64_t at = 0; at < SGX_PAGE_SIZE; at += SGX_EEXTEND_SIZE)
        if (!outcome_is_ok(encls_eextend(enclave, linaddr + at)))
            return -EIO;
    return 0;
}

struct adding {
    struct emu_enclave *enclave;
    const struct sgx_secinfo *secinfo;
    bool measure;
    uint8_t *bounce; /* BOUNCE_PAGES pages, aligned to a page */
};

/* EADD and EEXTEND of one page. */
static int add_page(const struct adding *a, uint64_t linaddr, const uint8_t *content)
{
    struct emu_enclave *enclave = a->enclave;
    int rc = driver_grow(enclave);
    if (rc)
        return rc;
    struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (slot->driver & EMU_DRIVER_KNOWN) {
        ungrow(enclave);
        return -EBUSY;
    }
    struct emu_pageinfo info = {
        .linaddr = linaddr, .srcpge = content, .secinfo = a->secinfo, .secs = enclave};
    if (!outcome_is_ok(encls_eadd(enclave, &info))) {
        ungrow(enclave);
        return -EIO;
    }
    note_page(slot, a->secinfo);
    return a->measure ? measure_page(enclave, linaddr) : 0;
}

/* As many of `count` zero pages as there is EPC for and that are not there yet. */
static int add_zeroes(const struct adding *a, uint64_t linaddr, size_t count, size_t *done)
{
    struct emu_enclave *enclave = a->enclave;
    struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    int rc = 0;
    size_t fit = 0;
    while (fit < count && rc == 0) {
        rc = slot[fit].driver & EMU_DRIVER_KNOWN ? -EBUSY : driver_grow(enclave);
        if (rc == 0)
            fit++;
    }
    struct emu_outcome outcome = encls_eadd_zeroes(enclave, linaddr, fit, a->secinfo, done);
    for (size_t i = 0; i < *done; i++)
        note_page(&slot[i], a->secinfo);
    for (size_t i = *done; i < fit; i++)
        ungrow(enclave);
    return outcome_is_ok(outcome) ? rc : -EIO;
}

/* Copies up to BOUNCE_PAGES pages and adds them; zero pages among them are not copied further. */
static int add_copied(const struct adding *a, uint64_t src, uint64_t linaddr, uint64_t size,
                      uint64_t *done)
{
    size_t part = BOUNCE_PAGES * SGX_PAGE_SIZE;
    if (part > size)
        part = size;
    if (user_read(a->bounce, src, part) != 0) {
        part = SGX_PAGE_SIZE;
        if (user_read(a->bounce, src, part) != 0)
            return -EFAULT;
    }
    bool holes = !a->measure && secinfo_type(a->secinfo) == SGX_PT_REG;
    int rc = 0;
    while (*done < part && rc == 0) {
        size_t pages = 0;
        if (holes && zeroes_page(a->bounce + *done))
            rc = add_zeroes(a, linaddr + *done, 1, &pages);
        else
            rc = add_page(a, linaddr + *done, a->bounce + *done);
        *done += rc == 0 ? SGX_PAGE_SIZE : 0;
    }
    return rc;
}

/* Adds up to `size` bytes; *done says how many.  Zero pages of a regular, unmeasured area are never
 * copied: they stay holes in the backing memory. */
static int add_some(const struct adding *a, uint64_t src, uint64_t linaddr, uint64_t size,
                    uint64_t *done)
{
    *done = 0;
    size_t zeroes = 0;
    if (!a->measure && secinfo_type(a->secinfo) == SGX_PT_REG)
        zeroes = zeroes_prefix(src, size);
    if (!zeroes)
        return add_copied(a, src, linaddr, size, done);
    size_t pages = 0;
    int rc = add_zeroes(a, linaddr, zeroes / SGX_PAGE_SIZE, &pages);
    *done = pages * SGX_PAGE_SIZE;
    return rc;
}

/* True when enclaves that were closed behind our back gave EPC back. */
static bool reclaim(void)
{
    uint64_t before = emu_epc_used();
    emu_table_lock();
    emu_table_sweep();
    emu_table_unlock();
    return emu_epc_used() < before;
}

static int add_all(const struct adding *a, struct sgx_enclave_add_pages *args)
{
    const uint64_t most = 64ull << 20; /* bytes under one hold of the lock */
    int rc = 0;
    args->count = 0;
    while (args->count < args->length && rc == 0) {
        uint64_t left = args->length - args->count;
        uint64_t done = 0;
        emu_lock_take(&a->enclave->lock);
        rc = add_some(a, args->src + args->count, a->enclave->base + args->offset + args->count,
                      left < most ? left : most, &done);
        emu_lock_drop(&a->enclave->lock);
        args->count += done;
        if (rc == -ENOMEM && reclaim())
            rc = 0;
    }
    return rc;
}

int driver_add_pages(struct emu_enclave *enclave, uint64_t arg)
{
    struct sgx_enclave_add_pages args;
    _Alignas(64) struct sgx_secinfo secinfo;
    if (!enclave->created || emu_enclave_initialised(enclave))
        return -EINVAL;
    if (user_read(&args, arg, sizeof args))
        return -EFAULT;
    if (args.src % SGX_PAGE_SIZE || driver_check_range(enclave, args.offset, args.length))
        return -EINVAL;
    if (user_read(&secinfo, args.secinfo, sizeof secinfo))
        return -EFAULT;
    if (check_secinfo(&secinfo))
        return -EINVAL;
    auto_free uint8_t *bounce = aligned_alloc(SGX_PAGE_SIZE, BOUNCE_PAGES * SGX_PAGE_SIZE);
    if (!bounce)
        return -ENOMEM;
    struct adding adding = {.enclave = enclave,
                            .secinfo = &secinfo,
                            .measure = args.flags & SGX_PAGE_MEASURE,
                            .bounce = bounce};
    int rc = add_all(&adding, &args);
    if (user_write(arg, &args, sizeof args))
        return -EFAULT;
    return rc;
}

/* What a SIGSTRUCT insists on has to exist on this CPU. */
static int check_required(const struct sgx_sigstruct *s)
{
    const struct emu_package *p = emu_package();
    uint64_t flags = s->attributes.flags & s->attribute_mask.flags;
    if (flags & ~p->attributes)
        return -EINVAL;
    if (s->miscselect & s->miscmask & ~p->miscselect)
        return -EINVAL;
    return s->attributes.xfrm & s->attribute_mask.xfrm & ~p->xfrm ? -EINVAL : 0;
}

static int init_checked(struct emu_enclave *enclave, const struct sgx_sigstruct *s)
{
    if (enclave->secs.attributes.flags & ~enclave->attributes_mask)
        return -EACCES;
    int rc = check_required(s);
    if (rc)
        return rc;
    emu_table_lock();
    emu_lock_take(&enclave->lock);
    struct emu_outcome outcome = encls_einit(enclave, s);
    if (outcome.faulted)
        rc = -EIO;
    else if (outcome.rax)
        rc = -EPERM;
    else
        rc = pages_sync(enclave, enclave->base, enclave->base + enclave->size);
    if (rc == 0)
        fast_prepare(enclave);
    emu_lock_drop(&enclave->lock);
    emu_table_unlock();
    return rc;
}

int driver_init(struct emu_enclave *enclave, uint64_t arg)
{
    struct sgx_enclave_init args;
    if (!enclave->created || emu_enclave_initialised(enclave))
        return -EINVAL;
    if (user_read(&args, arg, sizeof args))
        return -EFAULT;
    auto_free struct sgx_sigstruct *s = aligned_alloc(SGX_PAGE_SIZE, SGX_PAGE_SIZE);
    if (!s)
        return -ENOMEM;
    if (user_read(s, args.sigstruct, sizeof *s))
        return -EFAULT;
    if (s->vendor != 0 && s->vendor != VENDOR_INTEL)
        return -EINVAL;
    return init_checked(enclave, s);
}

int driver_provision(struct emu_enclave *enclave, uint64_t arg)
{
    struct sgx_enclave_provision args;
    if (user_read(&args, arg, sizeof args))
        return -EFAULT;
    emu_table_lock();
    enum emu_file_kind kind = emu_file_of((int)args.fd, NULL);
    emu_table_unlock();
    if (kind != EMU_FILE_PROVISION)
        return -EINVAL;
    enclave->attributes_mask |= SGX_ATTR_PROVISIONKEY;
    return 0;
}
