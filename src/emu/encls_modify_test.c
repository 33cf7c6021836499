/* SPDX-License-Identifier: Apache-2.0
 * encls_modify_test.c: EAUG, EMODPR, EMODT, EREMOVE, EBLOCK, ETRACK, EDBGRD and EDBGWR. */
#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"

enum { SIZE = 64 * 4096, FREE = 20 * 4096, TCS_AT = 4 * 4096 };

static _Alignas(64) struct sgx_secinfo g_secinfo[2];

static void ready(struct builder *b)
{
    builder_package(0);
    builder_open(b, SIZE);
    builder_finish(b, 4, RWX);
}

static void not_ready(struct builder *b)
{
    builder_package(0);
    builder_open(b, SIZE);
    builder_fill(b, 4, RWX);
}

static const struct sgx_secinfo *with(uint64_t flags)
{
    g_secinfo[0] = (struct sgx_secinfo){.flags = flags};
    return g_secinfo;
}

static const struct sgx_secinfo *misaligned(uint64_t flags)
{
    uint8_t *at = (uint8_t *)g_secinfo + 8;
    struct sgx_secinfo s = {.flags = flags};
    memcpy(at, &s, sizeof s);
    return (const struct sgx_secinfo *)at;
}

static struct emu_outcome augment(struct builder *b, uint64_t offset)
{
    struct emu_pageinfo info = {.linaddr = b->base + offset, .secs = b->enclave};
    return encls_eaug(b->enclave, &info);
}

TEST(eaug_adds_a_pending_page_of_zeroes)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(augment(&b, FREE), 0);
    struct emu_epcm epcm = emu_epcm_peek(b.enclave, b.base + FREE);
    EXPECT(epcm.valid && epcm.pending && !epcm.modified && !epcm.pr && !epcm.blocked);
    EXPECT(epcm.type == SGX_PT_REG && epcm.perm == (SGX_SECINFO_R | SGX_SECINFO_W));
    EXPECT(bytes_are_zero(emu_enclave_alias(b.enclave, b.base + FREE), 4096));
}

TEST(eaug_refuses_a_misaligned_address_a_source_and_a_secinfo)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(augment(&b, FREE + 8));
    struct emu_pageinfo info = {.linaddr = b.base + FREE, .srcpge = b.page, .secs = b.enclave};
    EXPECT_GP(encls_eaug(b.enclave, &info));
    info.srcpge = NULL;
    info.secinfo = with(SGX_SECINFO_TYPE(SGX_PT_SS_FIRST) | SGX_SECINFO_R | SGX_SECINFO_W);
    EXPECT_GP(encls_eaug(b.enclave, &info));
}

TEST(eaug_faults_on_a_valid_page_and_without_a_secs)
{
    struct builder b;
    ready(&b);
    EXPECT_EPCM_PF(augment(&b, 0), b.base);
    struct emu_pageinfo info = {.linaddr = 4096};
    EXPECT_EPCM_PF(encls_eaug(builder_bare(), &info), 0);
}

TEST(eaug_refuses_an_enclave_before_einit_and_an_address_outside)
{
    struct builder b;
    not_ready(&b);
    EXPECT_GP(augment(&b, FREE));
    EXPECT_EQ(builder_init(&b), 0);
    EXPECT_GP(augment(&b, SIZE));
}

TEST(emodpr_takes_permissions_away_and_gives_none)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(encls_emodpr(b.enclave, b.base, with(SGX_SECINFO_R | SGX_SECINFO_W)), 0);
    struct emu_epcm epcm = emu_epcm_peek(b.enclave, b.base);
    EXPECT(epcm.pr && epcm.perm == (SGX_SECINFO_R | SGX_SECINFO_W));
    EXPECT_CODE(encls_emodpr(b.enclave, b.base, with(SGX_SECINFO_R | SGX_SECINFO_X)), 0);
    EXPECT_EQ(emu_epcm_peek(b.enclave, b.base).perm, SGX_SECINFO_R);
}

TEST(emodpr_refuses_misaligned_operands_and_bad_secinfo)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(encls_emodpr(b.enclave, b.base, misaligned(SGX_SECINFO_R)));
    EXPECT_GP(encls_emodpr(b.enclave, b.base + 8, with(SGX_SECINFO_R)));
    EXPECT_GP(encls_emodpr(b.enclave, b.base, with(0x80)));
    EXPECT_GP(encls_emodpr(b.enclave, b.base, with(SGX_SECINFO_W)));
}

TEST(emodpr_faults_on_pages_that_are_not_there_or_not_regular)
{
    struct builder b;
    ready(&b);
    EXPECT_EPCM_PF(encls_emodpr(b.enclave, b.base + FREE, with(SGX_SECINFO_R)), b.base + FREE);
    EXPECT_EPCM_PF(encls_emodpr(b.enclave, b.base + SIZE, with(SGX_SECINFO_R)), b.base + SIZE);
    EXPECT_EPCM_PF(encls_emodpr(b.enclave, b.base + TCS_AT, with(SGX_SECINFO_R)), b.base + TCS_AT);
}

TEST(emodpr_leaves_pending_and_modified_pages_alone)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(augment(&b, FREE), 0);
    EXPECT_CODE(encls_emodpr(b.enclave, b.base + FREE, with(SGX_SECINFO_R)),
                SGX_PAGE_NOT_MODIFIABLE);
    EXPECT_CODE(encls_emodt(b.enclave, b.base, with(TRIM)), 0);
    EXPECT_CODE(encls_emodpr(b.enclave, b.base, with(SGX_SECINFO_R)), SGX_PAGE_NOT_MODIFIABLE);
}

TEST(emodpr_refuses_an_enclave_before_einit)
{
    struct builder b;
    not_ready(&b);
    EXPECT_GP(encls_emodpr(b.enclave, b.base, with(SGX_SECINFO_R)));
}

TEST(emodt_makes_regular_pages_tcs_or_trim_and_trims_a_tcs)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(encls_emodt(b.enclave, b.base, with(TCS)), 0);
    EXPECT_CODE(encls_emodt(b.enclave, b.base + 4096, with(TRIM)), 0);
    EXPECT_CODE(encls_emodt(b.enclave, b.base + TCS_AT, with(TRIM)), 0);
    struct emu_epcm epcm = emu_epcm_peek(b.enclave, b.base);
    EXPECT(epcm.type == SGX_PT_TCS && epcm.modified && epcm.perm == 0 && !epcm.pr);
    EXPECT_EQ(emu_epcm_peek(b.enclave, b.base + TCS_AT).type, SGX_PT_TRIM);
}

TEST(emodt_refuses_misaligned_operands_bad_secinfo_and_other_types)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(encls_emodt(b.enclave, b.base, misaligned(TRIM)));
    EXPECT_GP(encls_emodt(b.enclave, b.base + 8, with(TRIM)));
    EXPECT_GP(encls_emodt(b.enclave, b.base, with(TRIM | 0x40)));
    for (unsigned type = 0; type < 256; type++)
        if (type != SGX_PT_TCS && type != SGX_PT_TRIM)
            EXPECT_GP(encls_emodt(b.enclave, b.base, with(SGX_SECINFO_TYPE(type))));
}

TEST(emodt_faults_on_pages_that_are_not_there_or_of_another_type)
{
    struct builder b;
    ready(&b);
    EXPECT_EPCM_PF(encls_emodt(b.enclave, b.base + FREE, with(TRIM)), b.base + FREE);
    EXPECT_EPCM_PF(encls_emodt(b.enclave, b.base + TCS_AT, with(TCS)), b.base + TCS_AT);
    EXPECT_CODE(encls_emodt(b.enclave, b.base, with(TRIM)), 0);
    EXPECT_EPCM_PF(encls_emodt(b.enclave, b.base, with(TRIM)), b.base);
}

TEST(emodt_leaves_pending_and_modified_pages_alone)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(augment(&b, FREE), 0);
    EXPECT_CODE(encls_emodt(b.enclave, b.base + FREE, with(TRIM)), SGX_PAGE_NOT_MODIFIABLE);
    EXPECT_CODE(encls_emodt(b.enclave, b.base, with(TCS)), 0);
    EXPECT_CODE(encls_emodt(b.enclave, b.base, with(TRIM)), SGX_PAGE_NOT_MODIFIABLE);
}

TEST(emodt_refuses_an_enclave_before_einit)
{
    struct builder b;
    not_ready(&b);
    EXPECT_GP(encls_emodt(b.enclave, b.base, with(TRIM)));
}

TEST(eremove_frees_a_page_and_forgets_its_content)
{
    struct builder b;
    ready(&b);
    memset(emu_enclave_alias(b.enclave, b.base), 0x55, 4096);
    EXPECT_CODE(encls_eremove(b.enclave, b.base), 0);
    EXPECT(!emu_epcm_peek(b.enclave, b.base).valid);
    EXPECT(bytes_are_zero(emu_enclave_alias(b.enclave, b.base), 4096));
    EXPECT_CODE(encls_eremove(b.enclave, b.base), 0); /* unused already: nothing to do */
}

TEST(eremove_refuses_a_misaligned_address_and_faults_outside_the_epc)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(encls_eremove(b.enclave, b.base + 8));
    EXPECT_EPCM_PF(encls_eremove(b.enclave, b.base + SIZE), b.base + SIZE);
}

TEST(eremove_waits_for_threads_inside_unless_the_page_was_trimmed_and_accepted)
{
    struct builder b;
    ready(&b);
    unsigned ticket = emu_enclave_entered(b.enclave);
    EXPECT_CODE(encls_eremove(b.enclave, b.base), SGX_ENCLAVE_ACT);
    EXPECT_CODE(encls_emodt(b.enclave, b.base, with(TRIM)), 0);
    EXPECT_CODE(encls_eremove(b.enclave, b.base), SGX_ENCLAVE_ACT);
    EXPECT_CODE(encls_etrack(b.enclave), 0);
    encls_all_left(b.enclave);
    struct sgx_secinfo accept = {.flags = TRIM | SGX_SECINFO_MODIFIED};
    memcpy(emu_enclave_alias(b.enclave, b.base + 4096), &accept, sizeof accept);
    struct emu_regs regs = {.rbx = b.base + 4096, .rcx = b.base};
    EXPECT_CODE(emu_enclu(b.enclave, SGX_EACCEPT, &regs), 0);
    EXPECT_CODE(encls_eremove(b.enclave, b.base), 0);
    emu_enclave_left(b.enclave, ticket);
    EXPECT_CODE(encls_eremove(b.enclave, b.base + 4096), 0);
}

TEST(eremove_keeps_a_secs_that_has_pages)
{
    struct builder b;
    not_ready(&b);
    EXPECT_CODE(encls_eremove_secs(b.enclave), SGX_CHILD_PRESENT);
    for (uint64_t at = 0; at <= TCS_AT; at += 4096)
        EXPECT_CODE(encls_eremove(b.enclave, b.base + at), 0);
    EXPECT_CODE(encls_eremove_secs(b.enclave), 0);
}

TEST(eblock_blocks_once)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(encls_eblock(b.enclave, b.base + 8));
    EXPECT_CODE(encls_eblock(b.enclave, b.base + FREE), SGX_PG_INVLD);
    EXPECT_CODE(encls_eblock(b.enclave, b.base), 0);
    EXPECT(emu_epcm_peek(b.enclave, b.base).blocked);
    EXPECT_CODE(encls_eblock(b.enclave, b.base), SGX_BLKSTATE);
    EXPECT_CODE(encls_eblock(b.enclave, b.base + TCS_AT), 0);
}

TEST(eblock_refuses_secs_and_va_pages)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(encls_eblock_secs(b.enclave), SGX_PG_IS_SECS);
    EXPECT_CODE(encls_eblock_va(), SGX_NOTBLOCKABLE);
}

TEST(etrack_waits_until_those_who_were_inside_have_left)
{
    struct builder b;
    ready(&b);
    unsigned before = emu_enclave_entered(b.enclave);
    EXPECT_CODE(encls_etrack(b.enclave), 0);
    EXPECT_CODE(encls_etrack(b.enclave), SGX_PREV_TRK_INCMPL);
    unsigned after = emu_enclave_entered(b.enclave);
    EXPECT_CODE(encls_etrack(b.enclave), SGX_PREV_TRK_INCMPL);
    emu_enclave_left(b.enclave, before);
    EXPECT_CODE(encls_etrack(b.enclave), 0);
    EXPECT_CODE(encls_etrack(b.enclave), SGX_PREV_TRK_INCMPL);
    emu_enclave_left(b.enclave, after);
    EXPECT_CODE(encls_etrack(b.enclave), 0);
    EXPECT_CODE(encls_etrack(b.enclave), 0);
}

TEST(etrack_faults_without_a_secs)
{
    builder_package(0);
    EXPECT_EPCM_PF(encls_etrack(builder_bare()), 0);
}

TEST(edbgrd_and_edbgwr_reach_a_debug_enclave)
{
    struct builder b;
    ready(&b);
    uint64_t value = 0;
    EXPECT_CODE(encls_edbgwr(b.enclave, b.base + 64, 0x1122334455667788ull), 0);
    EXPECT_CODE(encls_edbgrd(b.enclave, b.base + 64, &value), 0);
    EXPECT(value == 0x1122334455667788ull);
    EXPECT_CODE(encls_edbgwr(b.enclave, b.base + TCS_AT + 8, SGX_TCS_DBGOPTIN), 0);
    EXPECT_CODE(encls_edbgrd(b.enclave, b.base + TCS_AT + 8, &value), 0);
    EXPECT_EQ(value, SGX_TCS_DBGOPTIN);
}

TEST(edbgrd_and_edbgwr_refuse_misaligned_addresses_and_fault_outside)
{
    struct builder b;
    ready(&b);
    uint64_t value = 0;
    EXPECT_GP(encls_edbgrd(b.enclave, b.base + 4, &value));
    EXPECT_GP(encls_edbgwr(b.enclave, b.base + 4, 0));
    EXPECT_EPCM_PF(encls_edbgrd(b.enclave, b.base + FREE, &value), b.base + FREE);
    EXPECT_EPCM_PF(encls_edbgwr(b.enclave, b.base + FREE, 0), b.base + FREE);
}

TEST(edbgrd_and_edbgwr_fault_on_a_trimmed_page)
{
    struct builder b;
    ready(&b);
    uint64_t value = 0;
    EXPECT_CODE(encls_emodt(b.enclave, b.base, with(TRIM)), 0);
    EXPECT_EPCM_PF(encls_edbgrd(b.enclave, b.base, &value), b.base);
    EXPECT_EPCM_PF(encls_edbgwr(b.enclave, b.base, 0), b.base);
}

TEST(edbgrd_and_edbgwr_leave_pending_and_modified_pages_alone)
{
    struct builder b;
    ready(&b);
    uint64_t value = 0;
    EXPECT_CODE(augment(&b, FREE), 0);
    EXPECT_CODE(encls_edbgrd(b.enclave, b.base + FREE, &value), SGX_PAGE_NOT_DEBUGGABLE);
    EXPECT_CODE(encls_edbgwr(b.enclave, b.base + FREE, 0), SGX_PAGE_NOT_DEBUGGABLE);
    EXPECT_CODE(encls_emodt(b.enclave, b.base, with(TCS)), 0);
    EXPECT_CODE(encls_edbgrd(b.enclave, b.base, &value), SGX_PAGE_NOT_DEBUGGABLE);
}

TEST(edbgrd_and_edbgwr_keep_to_the_fields_of_a_tcs)
{
    struct builder b;
    ready(&b);
    uint64_t value = 0;
    EXPECT_CODE(encls_edbgrd(b.enclave, b.base + TCS_AT + 64, &value), 0);
    EXPECT_GP(encls_edbgrd(b.enclave, b.base + TCS_AT + 72, &value));
    EXPECT_GP(encls_edbgwr(b.enclave, b.base + TCS_AT, 0));
    EXPECT_GP(encls_edbgwr(b.enclave, b.base + TCS_AT + 16, 0));
}

TEST(edbgrd_and_edbgwr_refuse_an_enclave_without_debug)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    b.secs->attributes.flags &= ~SGX_ATTR_DEBUG;
    builder_finish(&b, 1, RW);
    uint64_t value = 7;
    EXPECT_GP(encls_edbgrd(b.enclave, b.base, &value));
    EXPECT_GP(encls_edbgwr(b.enclave, b.base, 0));
    EXPECT_EQ(value, 7);
}
