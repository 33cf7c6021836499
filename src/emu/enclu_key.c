/* SPDX-License-Identifier: Apache-2.0
 * enclu_key.c: EGETKEY.  [SDM3D 41.4 EGETKEY] */
#include "base/bytes.h"
#include "emu/enclu.h"
#include "emu/keys.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/package.h"

#define POLICY_KSS                                                                    \
    (SGX_KEYPOLICY_NOISVPRODID | SGX_KEYPOLICY_CONFIGID | SGX_KEYPOLICY_ISVFAMILYID | \
     SGX_KEYPOLICY_ISVEXTPRODID)
#define POLICY_ALL (SGX_KEYPOLICY_MRENCLAVE | SGX_KEYPOLICY_MRSIGNER | POLICY_KSS)

/* What is refused with #GP. */
static bool request_is_legal(const struct sgx_keyrequest *r, const struct sgx_secs *secs)
{
    if (r->reserved1 || r->cet_mask || r->keypolicy & ~POLICY_ALL ||
        !bytes_are_zero(r->reserved2, sizeof r->reserved2))
        return false;
    bool uses_kss = r->keypolicy & POLICY_KSS || r->configsvn;
    return secs->attributes.flags & SGX_ATTR_KSS || !uses_kss;
}

/* No component of a CPUSVN may be above the CPU's. */
static bool cpusvn_is_known(const uint8_t requested[16])
{
    const uint8_t *current = emu_package()->cpusvn;
    for (size_t i = 0; i < 16; i++)
        if (requested[i] > current[i])
            return false;
    return true;
}

/* The attribute that a key's name asks for. */
static enum sgx_error check_name(const struct sgx_keyrequest *r, const struct sgx_secs *secs)
{
    switch (r->keyname) {
    case SGX_KEY_SEAL:
    case SGX_KEY_REPORT:
        return SGX_SUCCESS;
    case SGX_KEY_EINITTOKEN:
        return secs->attributes.flags & SGX_ATTR_EINITTOKENKEY ? SGX_SUCCESS
                                                               : SGX_INVALID_ATTRIBUTE;
    case SGX_KEY_PROVISION:
    case SGX_KEY_PROVISION_SEAL:
        return secs->attributes.flags & SGX_ATTR_PROVISIONKEY ? SGX_SUCCESS : SGX_INVALID_ATTRIBUTE;
    default:
        return SGX_INVALID_KEYNAME;
    }
}

static enum sgx_error check_versions(const struct sgx_keyrequest *r, const struct sgx_secs *secs)
{
    if (r->keyname == SGX_KEY_REPORT) /* takes the current ones, whatever is asked */
        return SGX_SUCCESS;
    if (!cpusvn_is_known(r->cpusvn))
        return SGX_INVALID_CPUSVN;
    bool with_config = r->keyname == SGX_KEY_SEAL || r->keyname == SGX_KEY_PROVISION_SEAL;
    if (r->isvsvn > secs->isvsvn || (with_config && r->configsvn > secs->configsvn))
        return SGX_INVALID_ISVSVN;
    return SGX_SUCCESS;
}

/* Inputs that the policy of a SEAL or PROVISION_SEAL key chooses. */
static void add_policy(struct emu_key_material *m, const struct sgx_keyrequest *r,
                       const struct emu_enclave *enclave)
{
    const struct sgx_secs *secs = &enclave->secs;
    m->keypolicy = r->keypolicy;
    if (r->keypolicy & SGX_KEYPOLICY_NOISVPRODID)
        m->isvprodid = 0;
    if (r->keypolicy & SGX_KEYPOLICY_CONFIGID) {
        memcpy(m->configid, secs->configid, sizeof m->configid);
        m->configsvn = r->configsvn;
    }
    if (r->keypolicy & SGX_KEYPOLICY_ISVFAMILYID)
        memcpy(m->isvfamilyid, enclave->hidden.isvfamilyid, sizeof m->isvfamilyid);
    if (r->keypolicy & SGX_KEYPOLICY_ISVEXTPRODID)
        memcpy(m->isvextprodid, enclave->hidden.isvextprodid, sizeof m->isvextprodid);
}

/* Inputs of every key but REPORT. */
static void add_request(struct emu_key_material *m, const struct sgx_keyrequest *r,
                        const struct emu_enclave *enclave)
{
    const struct sgx_secs *secs = &enclave->secs;
    const uint64_t always = SGX_ATTR_INIT | SGX_ATTR_DEBUG;
    bool masks = r->keyname != SGX_KEY_EINITTOKEN;
    m->attributes.flags = secs->attributes.flags & (r->attribute_mask.flags | always);
    m->attributes.xfrm = secs->attributes.xfrm & r->attribute_mask.xfrm;
    m->miscselect = secs->miscselect & r->miscmask;
    if (masks) {
        m->attribute_mask = r->attribute_mask;
        m->miscmask = ~r->miscmask;
    }
    memcpy(m->cpusvn, r->cpusvn, sizeof m->cpusvn);
    m->isvsvn = r->isvsvn;
    m->isvprodid = secs->isvprodid;
    if (r->keyname != SGX_KEY_SEAL)
        memcpy(m->mrsigner, secs->mrsigner, sizeof m->mrsigner);
}

static void add_report(struct emu_key_material *m, const struct sgx_keyrequest *r,
                       const struct sgx_secs *secs)
{
    m->attributes = secs->attributes;
    m->miscselect = secs->miscselect;
    m->configsvn = secs->configsvn;
    memcpy(m->configid, secs->configid, sizeof m->configid);
    memcpy(m->mrenclave, secs->mrenclave, sizeof m->mrenclave);
    memcpy(m->cpusvn, emu_package()->cpusvn, sizeof m->cpusvn);
    memcpy(m->ownerepoch, emu_owner_epoch(), sizeof m->ownerepoch);
    memcpy(m->keyid, r->keyid, sizeof m->keyid);
}

/* The table in the SDM's section on EGETKEY, row by row. */
static void gather(struct emu_key_material *m, const struct sgx_keyrequest *r,
                   const struct emu_enclave *enclave)
{
    const struct sgx_secs *secs = &enclave->secs;
    m->keyname = r->keyname;
    if (r->keyname == SGX_KEY_REPORT) {
        add_report(m, r, secs);
        return;
    }
    add_request(m, r, enclave);
    if (r->keyname == SGX_KEY_SEAL || r->keyname == SGX_KEY_EINITTOKEN) {
        memcpy(m->ownerepoch, emu_owner_epoch(), sizeof m->ownerepoch);
        memcpy(m->keyid, r->keyid, sizeof m->keyid);
    }
    if (r->keyname == SGX_KEY_SEAL || r->keyname == SGX_KEY_PROVISION_SEAL)
        add_policy(m, r, enclave);
    if (r->keyname != SGX_KEY_SEAL)
        return;
    if (r->keypolicy & SGX_KEYPOLICY_MRENCLAVE)
        memcpy(m->mrenclave, secs->mrenclave, sizeof m->mrenclave);
    if (r->keypolicy & SGX_KEYPOLICY_MRSIGNER)
        memcpy(m->mrsigner, secs->mrsigner, sizeof m->mrsigner);
}

struct emu_outcome enclu_egetkey(struct emu_enclave *enclave, const struct emu_regs *regs)
{
    struct emu_outcome outcome = enclu_operand(enclave, regs->rbx, 512, SGX_SECINFO_R);
    if (!outcome.faulted)
        outcome = enclu_operand(enclave, regs->rcx, 16, SGX_SECINFO_W);
    if (outcome.faulted)
        return outcome;
    struct sgx_keyrequest r;
    memcpy(&r, emu_enclave_alias(enclave, regs->rbx), sizeof r);
    if (!request_is_legal(&r, &enclave->secs))
        return outcome_gp();
    enum sgx_error error = check_name(&r, &enclave->secs);
    if (error == SGX_SUCCESS)
        error = check_versions(&r, &enclave->secs);
    if (error != SGX_SUCCESS)
        return outcome_error(error);
    struct emu_key_material m = {.keyname = 0};
    gather(&m, &r, enclave);
    emu_key_derive(&m, emu_enclave_alias(enclave, regs->rcx));
    return outcome_ok();
}
