/* SPDX-License-Identifier: Apache-2.0
 * fault.c: see fault.h.  [Linux arch/x86/kernel/cpu/sgx/encl.c, sgx_vma_fault()] */
#include "emu/fault.h"

#include <signal.h>
#include <sys/mman.h>

#include "emu/driver.h"
#include "emu/encls.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/package.h"
#include "emu/pages.h"
#include "emu/table.h"

static int prot_of_kind(unsigned kind)
{
    return kind == SGX_SECINFO_X ? PROT_EXEC : kind == SGX_SECINFO_W ? PROT_WRITE : PROT_READ;
}

uint32_t fault_access_bits(unsigned kind)
{
    return EMU_PF_USER | (kind == SGX_SECINFO_W   ? EMU_PF_WRITE
                          : kind == SGX_SECINFO_X ? EMU_PF_FETCH
                                                  : 0u);
}

static struct emu_outcome walk_fault(uint64_t addr, unsigned kind, uint32_t bits, int signal)
{
    struct emu_outcome fault = outcome_pf(addr, bits | fault_access_bits(kind));
    fault.signal = (uint8_t)signal;
    return fault;
}

/* Linux gives a page added on demand every permission that a mapping could ask for; the enclave
 * decides by EACCEPT and EMODPE. */
static bool add_on_demand(struct emu_enclave *enclave, uint64_t addr)
{
    if (!emu_package()->sgx2 || !emu_enclave_initialised(enclave) || driver_grow(enclave) != 0)
        return false;
    struct emu_pageinfo info = {.linaddr = addr & ~(uint64_t)(SGX_PAGE_SIZE - 1), .secs = enclave};
    if (!outcome_is_ok(encls_eaug(enclave, &info))) {
        driver_shrink(enclave);
        return false;
    }
    struct emu_slot *slot = emu_slot_at(enclave, addr);
    slot->driver = EMU_DRIVER_KNOWN | EMU_DRIVER_R | EMU_DRIVER_W | EMU_DRIVER_X;
    slot->driver_type = SGX_PT_REG;
    return true;
}

struct emu_outcome fault_walk(struct emu_enclave *enclave, uint64_t addr, unsigned kind)
{
    const struct emu_vma *vma = vma_at(addr);
    if (!vma || vma->enclave != enclave)
        return walk_fault(addr, kind, 0, SIGSEGV);
    const struct emu_slot *slot = emu_slot_at(enclave, addr);
    bool known = slot->driver & EMU_DRIVER_KNOWN;
    /* x86 has no page that can be written or executed and not be read. */
    bool allowed = kind == SGX_SECINFO_R ? vma->prot != PROT_NONE : vma->prot & prot_of_kind(kind);
    if (!allowed)
        return walk_fault(addr, kind, known && vma->prot ? EMU_PF_PRESENT : 0, SIGSEGV);
    if (!known && !add_on_demand(enclave, addr))
        return walk_fault(addr, kind, 0, SIGBUS);
    if (!pages_may_be_seen(vma, slot))
        return walk_fault(addr, kind, 0, SIGBUS);
    return outcome_ok();
}

static bool epcm_allows(const struct emu_epcm *epcm, unsigned kind)
{
    return epcm->valid && !epcm->blocked && !epcm->pending && !epcm->modified &&
           epcm->type == SGX_PT_REG && epcm->perm & kind;
}

static bool fault_locked(struct emu_enclave *enclave, uint64_t addr, unsigned kind,
                         struct emu_outcome *fault)
{
    if (!emu_slot_at(enclave, addr)) {
        *fault = walk_fault(addr, kind, 0, SIGSEGV);
        return false;
    }
    *fault = fault_walk(enclave, addr, kind);
    if (fault->faulted)
        return false;
    if (!epcm_allows(&emu_slot_at(enclave, addr)->epcm, kind)) {
        *fault = walk_fault(addr, kind, EMU_PF_SGX | EMU_PF_PRESENT, SIGSEGV);
        return false;
    }
    uint64_t page = addr & ~(uint64_t)(SGX_PAGE_SIZE - 1);
    if (pages_sync(enclave, page, page + SGX_PAGE_SIZE) == 0)
        return true;
    *fault = walk_fault(addr, kind, 0, SIGBUS);
    return false;
}

bool emu_page_fault(struct emu_enclave *enclave, uint64_t addr, unsigned kind,
                    struct emu_outcome *fault)
{
    emu_table_lock();
    emu_lock_take(&enclave->lock);
    bool again = fault_locked(enclave, addr, kind, fault);
    emu_lock_drop(&enclave->lock);
    emu_table_unlock();
    return again;
}
