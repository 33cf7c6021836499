/* SPDX-License-Identifier: Apache-2.0
 * driver_modify.c: the ioctls that change an initialised enclave: RESTRICT_PERMISSIONS,
 * MODIFY_TYPES, REMOVE_PAGES.  [Linux arch/x86/kernel/cpu/sgx/ioctl.c] */
#include <asm/sgx.h>
#include <errno.h>

#include "emu/driver.h"
#include "emu/encls.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/package.h"
#include "emu/pages.h"
#include "emu/secinfo.h"
#include "emu/table.h"
#include "emu/user_raw.h"

enum { TYPE_MAX = 0xff };

/* A change of a range, and how far it came. */
struct change {
    int (*page)(struct emu_enclave *enclave, uint64_t page, struct change *change);
    uint64_t wanted;
    uint64_t result; /* the code of the leaf that failed */
    uint64_t count;  /* bytes done */
};

static int check_ready(const struct emu_enclave *enclave)
{
    if (!emu_package()->sgx2)
        return -ENODEV;
    return emu_enclave_initialised(enclave) ? 0 : -EINVAL;
}

/* ETRACK, after which Linux interrupts every CPU that may run the enclave. */
static int track(struct emu_enclave *enclave)
{
    struct emu_outcome outcome = encls_etrack(enclave);
    if (!outcome_is_ok(outcome)) {
        encls_all_left(enclave);
        outcome = encls_etrack(enclave);
    }
    if (!outcome_is_ok(outcome))
        return -EFAULT;
    encls_all_left(enclave);
    return 0;
}

/* What Linux makes of a leaf's outcome. */
static int leaf_errno(struct emu_outcome outcome, uint64_t *result)
{
    if (outcome.faulted)
        return -EFAULT;
    *result = outcome.rax;
    return outcome.rax ? -EFAULT : 0;
}

static int restrict_page(struct emu_enclave *enclave, uint64_t page, struct change *change)
{
    struct emu_slot *slot = emu_slot_at(enclave, page);
    if (!(slot->driver & EMU_DRIVER_KNOWN))
        return -EFAULT;
    if (slot->driver_type != SGX_PT_REG)
        return -EINVAL;
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = change->wanted};
    int rc = leaf_errno(encls_emodpr(enclave, page, &secinfo), &change->result);
    return rc ? rc : track(enclave);
}

static int modify_page(struct emu_enclave *enclave, uint64_t page, struct change *change)
{
    uint64_t wanted = change->wanted;
    struct emu_slot *slot = emu_slot_at(enclave, page);
    if (!(slot->driver & EMU_DRIVER_KNOWN))
        return -EFAULT;
    bool to_tcs = slot->driver_type == SGX_PT_REG && wanted == SGX_PT_TCS;
    if (slot->driver_type != SGX_PT_REG &&
        !(slot->driver_type == SGX_PT_TCS && wanted == SGX_PT_TRIM))
        return -EINVAL;
    if (to_tcs && ~slot->driver & (EMU_DRIVER_R | EMU_DRIVER_W))
        return -EPERM;
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = SGX_SECINFO_TYPE(wanted)};
    int rc = leaf_errno(encls_emodt(enclave, page, &secinfo), &change->result);
    if (rc)
        return rc;
    if (to_tcs)
        slot->driver = EMU_DRIVER_KNOWN | EMU_DRIVER_R | EMU_DRIVER_W;
    rc = track(enclave);
    if (rc == 0)
        slot->driver_type = wanted & 0xf;
    return rc;
}

static int remove_page(struct emu_enclave *enclave, uint64_t page, struct change *change)
{
    (void)change;
    struct emu_slot *slot = emu_slot_at(enclave, page);
    if (!(slot->driver & EMU_DRIVER_KNOWN))
        return -EFAULT;
    if (slot->driver_type != SGX_PT_TRIM)
        return -EPERM;
    /* Linux asks by an EMODPR that faults once the enclave has accepted. */
    _Alignas(64) struct sgx_secinfo probe = {.flags = SGX_SECINFO_PERM};
    struct emu_outcome outcome = encls_emodpr(enclave, page, &probe);
    if (!outcome.faulted || outcome.vector != SGX_VECTOR_PF)
        return -EPERM;
    if (!outcome_is_ok(encls_eremove(enclave, page)))
        return -EPERM;
    slot->driver = 0;
    slot->driver_type = 0;
    driver_shrink(enclave);
    return 0;
}

/* Page after page until one is refused; then the real protections of what was done. */
static int change_range(struct emu_enclave *enclave, struct change *change, uint64_t offset,
                        uint64_t length)
{
    uint64_t first = enclave->base + offset;
    int rc = 0;
    emu_table_lock();
    emu_lock_take(&enclave->lock);
    for (; change->count < length; change->count += SGX_PAGE_SIZE) {
        rc = change->page(enclave, first + change->count, change);
        if (rc)
            break;
    }
    int synced = change->count ? pages_sync(enclave, first, first + change->count) : 0;
    emu_lock_drop(&enclave->lock);
    emu_table_unlock();
    return rc ? rc : synced;
}

int driver_restrict_permissions(struct emu_enclave *enclave, uint64_t arg)
{
    struct sgx_enclave_restrict_permissions args;
    int rc = check_ready(enclave);
    if (rc)
        return rc;
    if (user_read(&args, arg, sizeof args))
        return -EFAULT;
    if (driver_check_range(enclave, args.offset, args.length))
        return -EINVAL;
    if (args.permissions & ~SGX_SECINFO_PERM || perm_is_write_only(args.permissions))
        return -EINVAL;
    if (args.result || args.count)
        return -EINVAL;
    struct change change = {.page = restrict_page, .wanted = args.permissions};
    rc = change_range(enclave, &change, args.offset, args.length);
    args.result = change.result;
    args.count = change.count;
    return user_write(arg, &args, sizeof args) ? -EFAULT : rc;
}

int driver_modify_types(struct emu_enclave *enclave, uint64_t arg)
{
    struct sgx_enclave_modify_types args;
    int rc = check_ready(enclave);
    if (rc)
        return rc;
    if (user_read(&args, arg, sizeof args))
        return -EFAULT;
    if (driver_check_range(enclave, args.offset, args.length) || args.page_type > TYPE_MAX)
        return -EINVAL;
    if (args.result || args.count)
        return -EINVAL;
    struct change change = {.page = modify_page, .wanted = args.page_type};
    rc = -EINVAL;
    if (args.page_type == SGX_PT_TCS || args.page_type == SGX_PT_TRIM)
        rc = change_range(enclave, &change, args.offset, args.length);
    args.result = change.result;
    args.count = change.count;
    return user_write(arg, &args, sizeof args) ? -EFAULT : rc;
}

int driver_remove_pages(struct emu_enclave *enclave, uint64_t arg)
{
    struct sgx_enclave_remove_pages args;
    int rc = check_ready(enclave);
    if (rc)
        return rc;
    if (user_read(&args, arg, sizeof args))
        return -EFAULT;
    if (driver_check_range(enclave, args.offset, args.length) || args.count)
        return -EINVAL;
    struct change change = {.page = remove_page};
    rc = change_range(enclave, &change, args.offset, args.length);
    args.count = change.count;
    return user_write(arg, &args, sizeof args) ? -EFAULT : rc;
}
