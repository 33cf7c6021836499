/* SPDX-License-Identifier: Apache-2.0
 * encls_paging_test.c: EPA, EWB, ELDB and ELDU. */
#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"
#include "emu/encls_paging.h"

enum { SIZE = 64 * 4096 };

struct paging {
    struct builder b;
    struct emu_va *va;
    struct emu_eviction e;
};

static void ready(struct paging *p)
{
    static struct emu_va va;
    builder_package(0);
    builder_open(&p->b, SIZE);
    builder_finish(&p->b, 2, RW);
    memset(emu_enclave_alias(p->b.enclave, p->b.base), 0x6b, 4096);
    p->va = &va;
    EXPECT_CODE(encls_epa(p->va, SGX_PT_VA), 0);
    p->e = (struct emu_eviction){
        .srcpge = builder_page(), .pcmd = builder_page(), .va = p->va, .index = 3};
}

static void block_and_track(struct paging *p)
{
    EXPECT_CODE(encls_eblock(p->b.enclave, p->b.base), 0);
    EXPECT_CODE(encls_etrack(p->b.enclave), 0);
    encls_all_left(p->b.enclave);
}

static void evict(struct paging *p)
{
    block_and_track(p);
    EXPECT_CODE(encls_ewb(p->b.enclave, p->b.base, &p->e), 0);
}

TEST(epa_makes_a_version_array)
{
    static struct emu_va va = {.slot = {7}};
    builder_package(0);
    EXPECT_GP(encls_epa(&va, SGX_PT_REG));
    EXPECT_CODE(encls_epa(&va, SGX_PT_VA), 0);
    EXPECT(va.valid && va.slot[0] == 0);
    EXPECT_EPCM_PF(encls_epa(&va, SGX_PT_VA), 0);
}

TEST(ewb_encrypts_a_page_and_eldu_brings_it_back)
{
    struct paging p;
    ready(&p);
    evict(&p);
    EXPECT_EQ(p.e.linaddr, p.b.base);
    EXPECT(!emu_epcm_peek(p.b.enclave, p.b.base).valid);
    EXPECT(p.va->slot[3] != 0);
    EXPECT(bytes_are_zero(emu_enclave_alias(p.b.enclave, p.b.base), 4096));
    const uint8_t *cipher = p.e.srcpge;
    EXPECT(!(cipher[0] == 0x6b && cipher[1] == 0x6b && cipher[2] == 0x6b));
    EXPECT_EQ(p.e.pcmd->secinfo.flags, RW);
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, false), 0);
    struct emu_epcm epcm = emu_epcm_peek(p.b.enclave, p.b.base);
    EXPECT(epcm.valid && !epcm.blocked && epcm.type == SGX_PT_REG &&
           epcm.perm == (SGX_SECINFO_R | SGX_SECINFO_W));
    const uint8_t *page = emu_enclave_alias(p.b.enclave, p.b.base);
    EXPECT(page[0] == 0x6b && page[4095] == 0x6b);
    EXPECT_EQ(p.va->slot[3], 0);
}

TEST(eldb_leaves_the_page_blocked)
{
    struct paging p;
    ready(&p);
    evict(&p);
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, true), 0);
    EXPECT(emu_epcm_peek(p.b.enclave, p.b.base).blocked);
}

TEST(ewb_refuses_a_page_that_is_not_blocked_or_not_tracked)
{
    struct paging p;
    ready(&p);
    EXPECT_CODE(encls_ewb(p.b.enclave, p.b.base, &p.e), SGX_PAGE_NOT_BLOCKED);
    EXPECT_CODE(encls_eblock(p.b.enclave, p.b.base), 0);
    EXPECT_CODE(encls_ewb(p.b.enclave, p.b.base, &p.e), SGX_NOT_TRACKED);
    unsigned ticket = emu_enclave_entered(p.b.enclave);
    EXPECT_CODE(encls_etrack(p.b.enclave), 0);
    EXPECT_CODE(encls_ewb(p.b.enclave, p.b.base, &p.e), SGX_NOT_TRACKED);
    emu_enclave_left(p.b.enclave, ticket);
    EXPECT_CODE(encls_ewb(p.b.enclave, p.b.base, &p.e), 0);
}

TEST(ewb_refuses_misaligned_operands_and_a_linaddr)
{
    struct paging p;
    ready(&p);
    block_and_track(&p);
    EXPECT_GP(encls_ewb(p.b.enclave, p.b.base + 8, &p.e));
    struct emu_eviction e = p.e;
    e.linaddr = p.b.base;
    EXPECT_GP(encls_ewb(p.b.enclave, p.b.base, &e));
    e = p.e;
    e.srcpge = (uint8_t *)p.e.srcpge + 64;
    EXPECT_GP(encls_ewb(p.b.enclave, p.b.base, &e));
    e = p.e;
    e.pcmd = (struct emu_pcmd *)((uint8_t *)p.e.pcmd + 64);
    EXPECT_GP(encls_ewb(p.b.enclave, p.b.base, &e));
    e = p.e;
    e.index = EMU_VA_SLOT_COUNT;
    EXPECT_GP(encls_ewb(p.b.enclave, p.b.base, &e));
}

TEST(ewb_faults_on_an_invalid_page_or_version_array)
{
    struct paging p;
    ready(&p);
    block_and_track(&p);
    static struct emu_va empty;
    struct emu_eviction e = p.e;
    e.va = &empty;
    EXPECT_EPCM_PF(encls_ewb(p.b.enclave, p.b.base, &e), 0);
    EXPECT_EPCM_PF(encls_ewb(p.b.enclave, p.b.base + 30ull * 4096, &p.e), p.b.base + 30ull * 4096);
}

TEST(ewb_says_when_the_version_slot_was_occupied)
{
    struct paging p;
    ready(&p);
    p.va->slot[3] = 99;
    block_and_track(&p);
    EXPECT_CODE(encls_ewb(p.b.enclave, p.b.base, &p.e), SGX_VA_SLOT_OCCUPIED);
    EXPECT(!emu_epcm_peek(p.b.enclave, p.b.base).valid);
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, false), 0);
}

TEST(ewb_keeps_a_secs_that_has_pages_and_evicts_one_that_has_none)
{
    struct paging p;
    ready(&p);
    EXPECT_CODE(encls_ewb_secs(p.b.enclave, &p.e), SGX_CHILD_PRESENT);
    struct sgx_secs before = *emu_enclave_secs(p.b.enclave);
    for (uint64_t at = 0; at < 3ull * 4096; at += 4096)
        EXPECT_CODE(encls_eremove(p.b.enclave, p.b.base + at), 0);
    EXPECT_CODE(encls_ewb_secs(p.b.enclave, &p.e), 0);
    EXPECT_EPCM_PF(encls_etrack(p.b.enclave), 0);
    EXPECT_CODE(encls_eld_secs(p.b.enclave, &p.e), 0);
    EXPECT(memcmp(&before, emu_enclave_secs(p.b.enclave), sizeof before) == 0);
    EXPECT_CODE(encls_etrack(p.b.enclave), 0);
}

TEST(ewb_evicts_a_version_array_into_another_and_never_into_itself)
{
    struct paging p;
    ready(&p);
    static struct emu_va second;
    EXPECT_CODE(encls_epa(&second, SGX_PT_VA), 0);
    second.slot[9] = 1234;
    struct emu_eviction e = p.e;
    e.va = &second;
    EXPECT_GP(encls_ewb_va(&second, &e));
    EXPECT_CODE(encls_ewb_va(&second, &p.e), 0);
    EXPECT(!second.valid);
    memset(second.slot, 0, sizeof second.slot);
    EXPECT_CODE(encls_eld_va(&second, &p.e), 0);
    EXPECT(second.valid && second.slot[9] == 1234);
    EXPECT_EPCM_PF(encls_eld_va(&second, &p.e), 0);
}

TEST(eldu_refuses_a_page_that_was_changed_or_moved)
{
    struct paging p;
    ready(&p);
    evict(&p);
    ((uint8_t *)p.e.srcpge)[4095] ^= 1;
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, false), SGX_MAC_COMPARE_FAIL);
    ((uint8_t *)p.e.srcpge)[4095] ^= 1;
    p.e.pcmd->secinfo.flags |= SGX_SECINFO_X;
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, false), SGX_MAC_COMPARE_FAIL);
    p.e.pcmd->secinfo.flags &= ~SGX_SECINFO_X;
    p.e.pcmd->mac[0] ^= 1;
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, false), SGX_MAC_COMPARE_FAIL);
    p.e.pcmd->mac[0] ^= 1;
    struct emu_eviction elsewhere = p.e;
    elsewhere.linaddr += 30ull * 4096;
    EXPECT_CODE(encls_eld(p.b.enclave, &elsewhere, false), SGX_MAC_COMPARE_FAIL);
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, false), 0);
}

TEST(eldu_refuses_to_load_a_page_twice_or_into_another_enclave)
{
    struct paging p;
    ready(&p);
    evict(&p);
    struct builder other;
    builder_open(&other, SIZE);
    EXPECT_EQ(builder_create(&other), 0);
    struct emu_eviction e = p.e;
    e.linaddr = other.base;
    EXPECT_CODE(encls_eld(other.enclave, &e, false), SGX_MAC_COMPARE_FAIL);
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, false), 0);
    EXPECT_EPCM_PF(encls_eld(p.b.enclave, &p.e, false), p.b.base);
    EXPECT_CODE(encls_eremove(p.b.enclave, p.b.base), 0);
    EXPECT_CODE(encls_eld(p.b.enclave, &p.e, false), SGX_MAC_COMPARE_FAIL); /* a replay */
}

TEST(eldu_refuses_misaligned_operands_and_faults_without_va_or_secs)
{
    struct paging p;
    ready(&p);
    evict(&p);
    struct emu_eviction e = p.e;
    e.srcpge = (uint8_t *)e.srcpge + 8;
    EXPECT_GP(encls_eld(p.b.enclave, &e, false));
    e = p.e;
    e.pcmd = (struct emu_pcmd *)((uint8_t *)e.pcmd + 64);
    EXPECT_GP(encls_eld(p.b.enclave, &e, false));
    static struct emu_va empty;
    e = p.e;
    e.va = &empty;
    EXPECT_EPCM_PF(encls_eld(p.b.enclave, &e, false), 0);
    p.e.pcmd->secinfo.flags = SGX_SECINFO_TYPE(SGX_PT_SECS);
    EXPECT_GP(encls_eld(p.b.enclave, &p.e, false));
    EXPECT_EPCM_PF(encls_eld_secs(p.b.enclave, &p.e), 0); /* there is a SECS */
}
