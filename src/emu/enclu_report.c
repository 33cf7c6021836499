/* SPDX-License-Identifier: Apache-2.0
 * enclu_report.c: EREPORT.  [SDM3D 41.4 EREPORT] */
#include "base/bytes.h"
#include "crypto/cmac.h"
#include "emu/enclu.h"
#include "emu/keys.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/package.h"

static void fill_body(struct sgx_report_body *body, const struct emu_enclave *enclave,
                      const void *reportdata)
{
    const struct sgx_secs *secs = &enclave->secs;
    memcpy(body->cpusvn, emu_package()->cpusvn, sizeof body->cpusvn);
    body->miscselect = secs->miscselect;
    memcpy(body->isvextprodid, enclave->hidden.isvextprodid, sizeof body->isvextprodid);
    body->attributes = secs->attributes;
    memcpy(body->mrenclave, secs->mrenclave, sizeof body->mrenclave);
    memcpy(body->mrsigner, secs->mrsigner, sizeof body->mrsigner);
    memcpy(body->configid, secs->configid, sizeof body->configid);
    body->isvprodid = secs->isvprodid;
    body->isvsvn = secs->isvsvn;
    body->configsvn = secs->configsvn;
    memcpy(body->isvfamilyid, enclave->hidden.isvfamilyid, sizeof body->isvfamilyid);
    memcpy(body->reportdata, reportdata, sizeof body->reportdata);
}

/* The key that the enclave described by `target` gets from EGETKEY(REPORT). */
static void derive_report_key(const struct sgx_targetinfo *target, uint8_t key[EMU_KEY_SIZE])
{
    struct emu_key_material m = {
        .keyname = SGX_KEY_REPORT,
        .attributes = target->attributes,
        .miscselect = target->miscselect,
        .configsvn = target->configsvn,
    };
    memcpy(m.cpusvn, emu_package()->cpusvn, sizeof m.cpusvn);
    memcpy(m.ownerepoch, emu_owner_epoch(), sizeof m.ownerepoch);
    memcpy(m.mrenclave, target->mrenclave, sizeof m.mrenclave);
    memcpy(m.keyid, emu_report_keyid(), sizeof m.keyid);
    memcpy(m.configid, target->configid, sizeof m.configid);
    emu_key_derive(&m, key);
}

struct emu_outcome enclu_ereport(struct emu_enclave *enclave, const struct emu_regs *regs)
{
    struct emu_outcome outcome = enclu_operand(enclave, regs->rbx, 512, SGX_SECINFO_R);
    if (!outcome.faulted)
        outcome = enclu_operand(enclave, regs->rcx, 128, SGX_SECINFO_R);
    if (!outcome.faulted)
        outcome = enclu_operand(enclave, regs->rdx, 512, SGX_SECINFO_W);
    if (outcome.faulted)
        return outcome;
    struct sgx_targetinfo target;
    memcpy(&target, emu_enclave_alias(enclave, regs->rbx), sizeof target);
    struct sgx_report report = {.mac = {0}};
    fill_body(&report.body, enclave, emu_enclave_alias(enclave, regs->rcx));
    memcpy(report.keyid, emu_report_keyid(), sizeof report.keyid);
    uint8_t key[EMU_KEY_SIZE];
    derive_report_key(&target, key);
    aes128_cmac(key, &report.body, sizeof report.body, report.mac);
    bytes_wipe(key, sizeof key);
    memcpy(emu_enclave_alias(enclave, regs->rdx), &report, sizeof report);
    return outcome_ok();
}
