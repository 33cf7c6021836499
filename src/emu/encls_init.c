/* SPDX-License-Identifier: Apache-2.0
 * encls_init.c: EINIT.  [SDM3D 41.3 EINIT] */
#include "base/bytes.h"
#include "emu/encls.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/rsa3.h"

enum { VENDOR_INTEL = 0x8086, EXPONENT = 3 };

static bool header_is_legal(const struct sgx_sigstruct *s)
{
    static const uint8_t header[16] = {0x06, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 0x01};
    static const uint8_t header2[16] = {0x01, 0x01, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 0x01};
    return memcmp(s->header, header, sizeof header) == 0 &&
           memcmp(s->header2, header2, sizeof header2) == 0 &&
           (s->vendor == 0 || s->vendor == VENDOR_INTEL) && s->exponent == EXPONENT;
}

/* CET is not enumerated: its two bytes count as reserved. */
static bool reserved_is_zero(const struct sgx_sigstruct *s)
{
    return bytes_are_zero(s->reserved1, sizeof s->reserved1) && s->cet_attributes == 0 &&
           s->cet_mask == 0 && bytes_are_zero(s->reserved2, sizeof s->reserved2) &&
           bytes_are_zero(s->reserved3, sizeof s->reserved3) &&
           bytes_are_zero(s->reserved4, sizeof s->reserved4);
}

static bool kss_is_legal(const struct sgx_sigstruct *s, const struct sgx_secs *secs)
{
    return secs->attributes.flags & SGX_ATTR_KSS ||
           (bytes_are_zero(s->isvfamilyid, sizeof s->isvfamilyid) &&
            bytes_are_zero(s->isvextprodid, sizeof s->isvextprodid));
}

static bool attributes_fit(const struct sgx_sigstruct *s, const struct sgx_secs *secs)
{
    const struct sgx_attributes mask = s->attribute_mask;
    return (secs->attributes.flags & mask.flags) == (s->attributes.flags & mask.flags) &&
           (secs->attributes.xfrm & mask.xfrm) == (s->attributes.xfrm & mask.xfrm) &&
           (secs->miscselect & s->miscmask) == (s->miscselect & s->miscmask);
}

static void commit(struct emu_enclave *enclave, const struct sgx_sigstruct *s,
                   const uint8_t mrenclave[SHA256_SIZE])
{
    struct sgx_secs *secs = &enclave->secs;
    memcpy(secs->mrenclave, mrenclave, SHA256_SIZE);
    sha256(s->modulus, sizeof s->modulus, secs->mrsigner);
    memcpy(enclave->hidden.isvfamilyid, s->isvfamilyid, sizeof s->isvfamilyid);
    memcpy(enclave->hidden.isvextprodid, s->isvextprodid, sizeof s->isvextprodid);
    secs->isvprodid = s->isvprodid;
    secs->isvsvn = s->isvsvn;
    secs->attributes.flags |= SGX_ATTR_INIT;
}

struct emu_outcome encls_einit(struct emu_enclave *enclave, const struct sgx_sigstruct *sigstruct)
{
    if ((uintptr_t)sigstruct % SGX_PAGE_SIZE)
        return outcome_gp();
    struct sgx_sigstruct s = *sigstruct;
    if (!header_is_legal(&s) || !reserved_is_zero(&s))
        return outcome_error(SGX_INVALID_SIG_STRUCT);
    if (!rsa3_verify(&s))
        return outcome_error(SGX_INVALID_SIGNATURE);
    if (!enclave->created)
        return outcome_epcm(0);
    if (emu_enclave_initialised(enclave))
        return outcome_gp();
    if (!kss_is_legal(&s, &enclave->secs))
        return outcome_error(SGX_INVALID_SIG_STRUCT);
    struct emu_measure measure = enclave->measure;
    uint8_t mrenclave[SHA256_SIZE];
    emu_measure_end(&measure, mrenclave);
    if (memcmp(s.enclavehash, mrenclave, SHA256_SIZE) != 0)
        return outcome_error(SGX_INVALID_MEASUREMENT);
    if (!attributes_fit(&s, &enclave->secs))
        return outcome_error(SGX_INVALID_ATTRIBUTE);
    commit(enclave, &s, mrenclave);
    return outcome_ok();
}
