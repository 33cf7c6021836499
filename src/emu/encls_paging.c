/* SPDX-License-Identifier: Apache-2.0
 * encls_paging.c: see encls_paging.h. */
#include "emu/encls_paging.h"

#include <openssl/evp.h>

#include "base/bytes.h"
#include "emu/encls.h"
#include "emu/keys.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/secinfo.h"

/* What the MAC covers besides the page.  [SDM3D 41.3 EWB] */
struct mac_header {
    uint64_t eid;
    uint64_t linaddr;
    struct sgx_secinfo secinfo;
    uint8_t zero[48];
};

SGX_ASSERT_SIZE(mac_header, 128);

/* What the CPU keeps in the reserved space of a SECS. */
struct secs_secret {
    struct emu_secs_hidden hidden;
    struct sha256 hash;
    uint64_t eid;
    uint32_t epoch;
};

static _Atomic uint64_t g_version = 1;

/* AES-128-GCM with the paging key; the version makes the nonce.  False when the MAC is wrong (or
 * the library fails). */
static bool crypt_page(bool encrypt, const struct mac_header *header, uint64_t version,
                       const void *in, void *out, uint8_t mac[16])
{
    uint8_t iv[12] = {0};
    put_le64(iv + 4, version);
    int size = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool fine =
        ctx &&
        EVP_CipherInit_ex(ctx, EVP_aes_128_gcm(), NULL, emu_paging_key(), iv, encrypt) == 1 &&
        EVP_CipherUpdate(ctx, NULL, &size, (const uint8_t *)header, sizeof *header) == 1 &&
        EVP_CipherUpdate(ctx, out, &size, in, SGX_PAGE_SIZE) == 1;
    if (fine && !encrypt)
        fine = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, mac) == 1;
    uint8_t rest[16];
    fine = fine && EVP_CipherFinal_ex(ctx, rest, &size) == 1;
    if (fine && encrypt)
        fine = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, mac) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return fine;
}

static bool operands_are_legal(const struct emu_eviction *e)
{
    return (uintptr_t)e->srcpge % SGX_PAGE_SIZE == 0 && (uintptr_t)e->pcmd % 128 == 0 &&
           e->index < EMU_VA_SLOT_COUNT;
}

struct emu_outcome encls_epa(struct emu_va *va, uint64_t type)
{
    if (type != SGX_PT_VA)
        return outcome_gp();
    if (va->valid)
        return outcome_epcm(0);
    memset(va->slot, 0, sizeof va->slot);
    va->valid = true;
    return outcome_ok();
}

/* Writes `page` out under a new version. */
static struct emu_outcome write_back(const struct mac_header *header, uint64_t enclaveid,
                                     const void *page, struct emu_eviction *to)
{
    uint64_t version = atomic_fetch_add(&g_version, 1);
    memset(to->pcmd, 0, sizeof *to->pcmd);
    if (!crypt_page(true, header, version, page, to->srcpge, to->pcmd->mac))
        return outcome_gp();
    to->pcmd->secinfo = header->secinfo;
    to->pcmd->enclaveid = enclaveid;
    to->linaddr = header->linaddr;
    bool occupied = to->va->slot[to->index] != 0;
    to->va->slot[to->index] = version;
    return occupied ? outcome_error(SGX_VA_SLOT_OCCUPIED) : outcome_ok();
}

static bool is_written(struct emu_outcome outcome)
{
    return !outcome.faulted && (outcome.rax == SGX_SUCCESS || outcome.rax == SGX_VA_SLOT_OCCUPIED);
}

static struct emu_outcome check_write(const struct emu_eviction *to)
{
    if (to->linaddr || !operands_are_legal(to))
        return outcome_gp();
    return to->va->valid ? outcome_ok() : outcome_epcm(0);
}

struct emu_outcome encls_ewb(struct emu_enclave *enclave, uint64_t linaddr, struct emu_eviction *to)
{
    if (linaddr % SGX_PAGE_SIZE || to->linaddr || !operands_are_legal(to))
        return outcome_gp();
    struct emu_slot *slot = emu_slot_at(enclave, linaddr);
    if (!slot || !slot->epcm.valid)
        return outcome_epcm(linaddr);
    if (!to->va->valid)
        return outcome_epcm(0);
    struct emu_epcm *epcm = &slot->epcm;
    if (!epcm->blocked)
        return outcome_error(SGX_PAGE_NOT_BLOCKED);
    if (!emu_tracked(enclave, slot->epoch))
        return outcome_error(SGX_NOT_TRACKED);
    struct mac_header header = {.eid = enclave->eid, .linaddr = linaddr};
    header.secinfo.flags =
        SGX_SECINFO_TYPE(epcm->type) | epcm->perm | (epcm->pending ? SGX_SECINFO_PENDING : 0) |
        (epcm->modified ? SGX_SECINFO_MODIFIED : 0) | (epcm->pr ? SGX_SECINFO_PR : 0);
    struct emu_outcome outcome =
        write_back(&header, enclave->eid, emu_page_alias(enclave, linaddr), to);
    if (!is_written(outcome))
        return outcome;
    *epcm = (struct emu_epcm){.valid = false};
    enclave->child_count--;
    emu_content_drop(enclave, linaddr, SGX_PAGE_SIZE);
    return outcome;
}

struct emu_outcome encls_ewb_secs(struct emu_enclave *enclave, struct emu_eviction *to)
{
    struct emu_outcome outcome = check_write(to);
    if (outcome.faulted)
        return outcome;
    if (!enclave->created)
        return outcome_epcm(0);
    if (enclave->child_count)
        return outcome_error(SGX_CHILD_PRESENT);
    struct emu_measure *m = &enclave->measure;
    sha256_update(&m->hash, m->buffer, m->filled);
    m->filled = 0;
    struct sgx_secs page = enclave->secs;
    struct secs_secret secret = {
        .hidden = enclave->hidden, .hash = m->hash, .eid = enclave->eid, .epoch = enclave->epoch};
    memcpy(page.reserved4, &secret, sizeof secret);
    struct mac_header header = {.secinfo.flags = SGX_SECINFO_TYPE(SGX_PT_SECS)};
    outcome = write_back(&header, enclave->eid, &page, to);
    if (!is_written(outcome))
        return outcome;
    memset(&enclave->secs, 0, sizeof enclave->secs);
    enclave->created = false;
    return outcome;
}

struct emu_outcome encls_ewb_va(struct emu_va *va, struct emu_eviction *to)
{
    if (va == to->va)
        return outcome_gp();
    struct emu_outcome outcome = check_write(to);
    if (outcome.faulted)
        return outcome;
    if (!va->valid)
        return outcome_epcm(0);
    struct mac_header header = {.secinfo.flags = SGX_SECINFO_TYPE(SGX_PT_VA)};
    outcome = write_back(&header, 0, va->slot, to);
    if (is_written(outcome))
        va->valid = false;
    return outcome;
}

/* Decrypts into `page` and frees the version slot, so that nothing can be loaded twice. */
static struct emu_outcome load(const struct emu_eviction *from, uint64_t eid, void *page)
{
    struct emu_pcmd pcmd = *from->pcmd;
    struct mac_header header = {.eid = eid, .linaddr = from->linaddr, .secinfo = pcmd.secinfo};
    memcpy(header.zero, pcmd.reserved, sizeof pcmd.reserved);
    uint64_t version = from->va->slot[from->index];
    if (!crypt_page(false, &header, version, from->srcpge, page, pcmd.mac))
        return outcome_error(SGX_MAC_COMPARE_FAIL);
    from->va->slot[from->index] = 0;
    return outcome_ok();
}

static struct emu_outcome check_load(const struct emu_eviction *from)
{
    if (!operands_are_legal(from))
        return outcome_gp();
    return from->va->valid ? outcome_ok() : outcome_epcm(0);
}

struct emu_outcome encls_eld(struct emu_enclave *enclave, const struct emu_eviction *from,
                             bool blocked)
{
    struct emu_outcome outcome = check_load(from);
    if (outcome.faulted)
        return outcome;
    struct emu_slot *slot = emu_slot_at(enclave, from->linaddr);
    if (from->linaddr % SGX_PAGE_SIZE || !slot)
        return outcome_gp();
    if (slot->epcm.valid)
        return outcome_epcm(from->linaddr);
    if (!enclave->created)
        return outcome_epcm(0);
    struct sgx_secinfo secinfo = from->pcmd->secinfo;
    unsigned type = secinfo_type(&secinfo);
    if (type != SGX_PT_REG && type != SGX_PT_TCS && type != SGX_PT_TRIM)
        return outcome_gp();
    uint8_t page[SGX_PAGE_SIZE];
    outcome = load(from, enclave->eid, page);
    if (!outcome_is_ok(outcome))
        return outcome;
    memcpy(emu_page_alias(enclave, from->linaddr), page, sizeof page);
    bytes_wipe(page, sizeof page);
    slot->epcm = (struct emu_epcm){
        .valid = true,
        .type = (uint8_t)type,
        .perm = secinfo_perm(&secinfo),
        .pending = secinfo.flags & SGX_SECINFO_PENDING,
        .modified = secinfo.flags & SGX_SECINFO_MODIFIED,
        .pr = secinfo.flags & SGX_SECINFO_PR,
        .blocked = blocked,
    };
    slot->epoch = enclave->epoch;
    enclave->child_count++;
    return outcome_ok();
}

struct emu_outcome encls_eld_secs(struct emu_enclave *enclave, const struct emu_eviction *from)
{
    struct emu_outcome outcome = check_load(from);
    if (outcome.faulted)
        return outcome;
    if (enclave->created)
        return outcome_epcm(0);
    if (secinfo_type(&from->pcmd->secinfo) != SGX_PT_SECS)
        return outcome_gp();
    struct sgx_secs page;
    outcome = load(from, 0, &page);
    if (!outcome_is_ok(outcome))
        return outcome;
    struct secs_secret secret;
    memcpy(&secret, page.reserved4, sizeof secret);
    memset(page.reserved4, 0, sizeof secret);
    enclave->secs = page;
    enclave->hidden = secret.hidden;
    enclave->measure.hash = secret.hash;
    enclave->measure.filled = 0;
    enclave->eid = secret.eid;
    enclave->epoch = secret.epoch;
    enclave->created = true;
    bytes_wipe(&page, sizeof page);
    return outcome_ok();
}

struct emu_outcome encls_eld_va(struct emu_va *va, const struct emu_eviction *from)
{
    struct emu_outcome outcome = check_load(from);
    if (outcome.faulted)
        return outcome;
    if (va->valid)
        return outcome_epcm(0);
    if (secinfo_type(&from->pcmd->secinfo) != SGX_PT_VA)
        return outcome_gp();
    outcome = load(from, 0, va->slot);
    if (outcome_is_ok(outcome))
        va->valid = true;
    return outcome;
}
