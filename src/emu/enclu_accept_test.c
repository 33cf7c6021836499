/* SPDX-License-Identifier: Apache-2.0
 * enclu_accept_test.c: EACCEPT, EACCEPTCOPY and EMODPE. */
#include <sys/mman.h>

#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"

enum {
    SIZE = 64 * 4096,
    INFO = 0,
    PAGE1 = 4096,
    PAGE2 = 8192,
    FREE = 20 * 4096,
    TCS_AT = 4 * 4096
};

static _Alignas(64) struct sgx_secinfo g_secinfo;

static void ready(struct builder *b)
{
    builder_package(0);
    builder_open(b, SIZE);
    builder_fill(b, 4, RW);
    EXPECT_EQ(builder_init(b), 0);
    EXPECT_EQ(emu_mmap(b->base, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, b->fd, 0),
              b->base);
}

/* Runs a leaf with SECINFO flags at INFO on the page at `offset`. */
static struct emu_outcome run(struct builder *b, enum sgx_enclu leaf, uint64_t flags,
                              uint64_t offset)
{
    struct sgx_secinfo s = {.flags = flags};
    memcpy(emu_enclave_alias(b->enclave, b->base + INFO), &s, sizeof s);
    struct emu_regs regs = {
        .rax = leaf, .rbx = b->base + INFO, .rcx = b->base + offset, .rdx = b->base + PAGE1};
    struct emu_outcome outcome = emu_enclu(b->enclave, leaf, &regs);
    if (!outcome.faulted && leaf != SGX_EMODPE)
        EXPECT_EQ(regs.rax, outcome.rax);
    return outcome;
}

static struct emu_outcome accept_page(struct builder *b, uint64_t flags, uint64_t offset)
{
    return run(b, SGX_EACCEPT, flags, offset);
}

static struct emu_outcome copy_page(struct builder *b, uint64_t flags, uint64_t offset)
{
    return run(b, SGX_EACCEPTCOPY, flags, offset);
}

static struct emu_outcome extend(struct builder *b, uint64_t flags, uint64_t offset)
{
    return run(b, SGX_EMODPE, flags, offset);
}

static void track(struct builder *b)
{
    EXPECT_CODE(encls_etrack(b->enclave), 0);
    encls_all_left(b->enclave);
}

static void trim(struct builder *b, uint64_t offset)
{
    g_secinfo.flags = TRIM;
    EXPECT_CODE(encls_emodt(b->enclave, b->base + offset, &g_secinfo), 0);
}

#define PENDING SGX_SECINFO_PENDING
#define MODIFIED SGX_SECINFO_MODIFIED

TEST(eaccept_takes_a_page_that_linux_adds_on_demand)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(accept_page(&b, RW | PENDING, FREE), 0);
    EXPECT(!emu_epcm_peek(b.enclave, b.base + FREE).pending);
    volatile uint8_t *seen = (volatile uint8_t *)(uintptr_t)(b.base + FREE);
    seen[0] = 1;
    EXPECT_EQ(*(uint8_t *)emu_enclave_alias(b.enclave, b.base + FREE), 1);
}

TEST(eaccept_agrees_to_fewer_permissions)
{
    struct builder b;
    ready(&b);
    g_secinfo.flags = SGX_SECINFO_R;
    EXPECT_CODE(encls_emodpr(b.enclave, b.base + PAGE1, &g_secinfo), 0);
    track(&b);
    EXPECT_CODE(accept_page(&b, REG | SGX_SECINFO_R | SGX_SECINFO_PR, PAGE1), 0);
    EXPECT(!emu_epcm_peek(b.enclave, b.base + PAGE1).pr);
}

TEST(eaccept_agrees_to_the_end_of_a_page_and_to_a_new_tcs)
{
    struct builder b;
    ready(&b);
    trim(&b, PAGE1);
    struct sgx_tcs *tcs = emu_enclave_alias(b.enclave, b.base + PAGE2);
    memset(tcs, 0, 4096);
    tcs->nssa = 1;
    g_secinfo.flags = TCS;
    EXPECT_CODE(encls_emodt(b.enclave, b.base + PAGE2, &g_secinfo), 0);
    track(&b);
    EXPECT_CODE(accept_page(&b, TRIM | MODIFIED, PAGE1), 0);
    EXPECT_CODE(accept_page(&b, TCS | MODIFIED, PAGE2), 0);
    struct emu_epcm epcm = emu_epcm_peek(b.enclave, b.base + PAGE2);
    EXPECT(epcm.type == SGX_PT_TCS && !epcm.modified);
}

TEST(eaccept_refuses_misaligned_operands)
{
    struct builder b;
    ready(&b);
    struct emu_regs regs = {.rbx = b.base + 32, .rcx = b.base + FREE};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPT, &regs));
    EXPECT_GP(accept_page(&b, RW | PENDING, FREE + 64));
}

TEST(eaccept_refuses_operands_outside_elrange)
{
    struct builder b;
    ready(&b);
    struct emu_regs regs = {.rbx = b.base + SIZE, .rcx = b.base + FREE};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPT, &regs));
    EXPECT_GP(accept_page(&b, RW | PENDING, SIZE));
}

TEST(eaccept_refuses_reserved_bits_in_secinfo)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(accept_page(&b, RW | PENDING | 0x40, FREE));
    struct sgx_secinfo s = {.flags = RW | PENDING, .reserved = {[55] = 1}};
    memcpy(emu_enclave_alias(b.enclave, b.base + INFO), &s, sizeof s);
    struct emu_regs regs = {.rbx = b.base + INFO, .rcx = b.base + FREE};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPT, &regs));
}

TEST(eaccept_faults_where_the_epcm_refuses_its_secinfo)
{
    struct builder b;
    ready(&b);
    struct emu_regs regs = {.rbx = b.base + TCS_AT, .rcx = b.base + FREE};
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EACCEPT, &regs), b.base + TCS_AT);
    regs.rbx = b.base + FREE + 4096; /* pending once Linux has added it */
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EACCEPT, &regs), b.base + FREE + 4096);
    trim(&b, PAGE1);
    regs.rbx = b.base + PAGE1;
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EACCEPT, &regs), b.base + PAGE1);
    EXPECT_CODE(encls_eblock(b.enclave, b.base + PAGE2), 0);
    regs.rbx = b.base + PAGE2;
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EACCEPT, &regs), b.base + PAGE2);
}

TEST(eaccept_refuses_combinations_that_no_change_makes)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(accept_page(&b, RW, FREE)); /* neither PENDING nor PR */
    EXPECT_GP(accept_page(&b, RW | PENDING | MODIFIED, FREE));
    EXPECT_GP(accept_page(&b, TCS, FREE));
    EXPECT_GP(accept_page(&b, TCS | MODIFIED | PENDING, FREE));
    EXPECT_GP(accept_page(&b, TRIM | MODIFIED | SGX_SECINFO_PR, FREE));
    EXPECT_GP(accept_page(&b, SGX_SECINFO_TYPE(SGX_PT_SECS) | MODIFIED, FREE));
    EXPECT_GP(accept_page(&b, SGX_SECINFO_TYPE(SGX_PT_VA) | MODIFIED, FREE));
}

TEST(eaccept_faults_on_a_blocked_page)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(encls_eblock(b.enclave, b.base + PAGE1), 0);
    EXPECT_EPCM_PF(accept_page(&b, RW | SGX_SECINFO_PR, PAGE1), b.base + PAGE1);
}

TEST(eaccept_says_when_the_page_is_not_as_expected)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(accept_page(&b, REG | SGX_SECINFO_R | PENDING, FREE), SGX_PAGE_ATTRIBUTES_MISMATCH);
    EXPECT_CODE(accept_page(&b, RWX | PENDING, FREE), SGX_PAGE_ATTRIBUTES_MISMATCH);
    EXPECT_CODE(accept_page(&b, TCS | MODIFIED, FREE), SGX_PAGE_ATTRIBUTES_MISMATCH);
    EXPECT_CODE(accept_page(&b, RW | SGX_SECINFO_PR, FREE), SGX_PAGE_ATTRIBUTES_MISMATCH);
    EXPECT(emu_epcm_peek(b.enclave, b.base + FREE).pending);
    EXPECT_CODE(accept_page(&b, RW | PENDING, PAGE1), SGX_PAGE_ATTRIBUTES_MISMATCH);
    EXPECT_CODE(accept_page(&b, TRIM | MODIFIED, PAGE1), SGX_PAGE_ATTRIBUTES_MISMATCH);
}

TEST(eaccept_waits_for_the_tracking_cycle)
{
    struct builder b;
    ready(&b);
    unsigned ticket = emu_enclave_entered(b.enclave);
    trim(&b, PAGE1);
    EXPECT_CODE(accept_page(&b, TRIM | MODIFIED, PAGE1), SGX_NOT_TRACKED); /* no ETRACK yet */
    EXPECT_CODE(encls_etrack(b.enclave), 0);
    EXPECT_CODE(accept_page(&b, TRIM | MODIFIED, PAGE1), SGX_NOT_TRACKED); /* somebody is inside */
    emu_enclave_left(b.enclave, ticket);
    EXPECT_CODE(accept_page(&b, TRIM | MODIFIED, PAGE1), 0);
}

TEST(eaccept_refuses_a_tcs_that_eadd_would_refuse)
{
    struct builder b;
    ready(&b);
    struct sgx_tcs *tcs = emu_enclave_alias(b.enclave, b.base + PAGE1);
    memset(tcs, 0, 4096);
    g_secinfo.flags = TCS;
    EXPECT_CODE(encls_emodt(b.enclave, b.base + PAGE1, &g_secinfo), 0);
    track(&b);
    EXPECT_GP(accept_page(&b, TCS | MODIFIED, PAGE1)); /* CSSA 0 is not below NSSA 0 */
    tcs->nssa = 1;
    tcs->reserved[100] = 1;
    EXPECT_GP(accept_page(&b, TCS | MODIFIED, PAGE1));
    tcs->reserved[100] = 0;
    tcs->flags = SGX_TCS_DBGOPTIN;
    EXPECT_GP(accept_page(&b, TCS | MODIFIED, PAGE1));
    tcs->flags = 0;
    tcs->aep = 1;
    EXPECT_GP(accept_page(&b, TCS | MODIFIED, PAGE1));
    tcs->aep = 0;
    tcs->state = 1;
    EXPECT_GP(accept_page(&b, TCS | MODIFIED, PAGE1));
    tcs->state = 0;
    EXPECT_CODE(accept_page(&b, TCS | MODIFIED, PAGE1), 0);
}

TEST(eaccept_meets_the_page_tables_before_the_epcm)
{
    struct builder b;
    ready(&b);
    EXPECT_EQ(emu_mprotect(b.base + FREE, 4096, PROT_NONE), 0);
    EXPECT_PAGING_PF(accept_page(&b, RW | PENDING, FREE), b.base + FREE);
    EXPECT(!emu_epcm_peek(b.enclave, b.base + FREE).valid);
}

TEST(eacceptcopy_fills_a_pending_page_with_another)
{
    struct builder b;
    ready(&b);
    memset(emu_enclave_alias(b.enclave, b.base + PAGE1), 0x3c, 4096);
    EXPECT_CODE(copy_page(&b, RX, FREE), 0);
    struct emu_epcm epcm = emu_epcm_peek(b.enclave, b.base + FREE);
    EXPECT(!epcm.pending && epcm.perm == (SGX_SECINFO_R | SGX_SECINFO_X));
    EXPECT_EQ(*(uint8_t *)emu_enclave_alias(b.enclave, b.base + FREE + 4095), 0x3c);
}

TEST(eacceptcopy_refuses_misaligned_operands_and_operands_outside_elrange)
{
    struct builder b;
    ready(&b);
    struct emu_regs good = {.rbx = b.base + INFO, .rcx = b.base + FREE, .rdx = b.base + PAGE1};
    struct emu_regs regs = good;
    regs.rbx += 32;
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs));
    regs = good;
    regs.rcx += 64;
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs));
    regs = good;
    regs.rdx += 64;
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs));
    regs = good;
    regs.rbx = b.base + SIZE;
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs));
    regs = good;
    regs.rcx = b.base + SIZE;
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs));
    regs = good;
    regs.rdx = b.base - 4096;
    EXPECT_GP(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs));
}

TEST(eacceptcopy_refuses_bad_secinfo)
{
    struct builder b;
    ready(&b);
    EXPECT_GP(copy_page(&b, RW | 0x80, FREE));
    EXPECT_GP(copy_page(&b, REG | SGX_SECINFO_W, FREE));
    EXPECT_GP(copy_page(&b, TCS, FREE));
    EXPECT_GP(copy_page(&b, TRIM, FREE));
}

TEST(eacceptcopy_faults_where_the_epcm_refuses_secinfo_or_source)
{
    struct builder b;
    ready(&b);
    struct emu_regs regs = {.rbx = b.base + TCS_AT, .rcx = b.base + FREE, .rdx = b.base + PAGE1};
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs), b.base + TCS_AT);
    struct sgx_secinfo s = {.flags = RW};
    memcpy(emu_enclave_alias(b.enclave, b.base + INFO), &s, sizeof s);
    regs = (struct emu_regs){.rbx = b.base, .rcx = b.base + FREE, .rdx = b.base + TCS_AT};
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs), b.base + TCS_AT);
    regs.rdx = b.base + FREE + 4096;
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EACCEPTCOPY, &regs), b.base + FREE + 4096);
    trim(&b, PAGE1);
    EXPECT_EPCM_PF(copy_page(&b, RW, FREE), b.base + PAGE1);
}

TEST(eacceptcopy_says_when_the_destination_is_not_pending)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(copy_page(&b, RW, PAGE2), SGX_PAGE_ATTRIBUTES_MISMATCH);
    EXPECT_CODE(copy_page(&b, RW, TCS_AT), SGX_PAGE_ATTRIBUTES_MISMATCH);
    EXPECT_CODE(copy_page(&b, RW, FREE), 0);
    EXPECT_CODE(copy_page(&b, RW, FREE), SGX_PAGE_ATTRIBUTES_MISMATCH);
}

TEST(emodpe_adds_permissions_and_takes_none)
{
    struct builder b;
    ready(&b);
    EXPECT_CODE(extend(&b, REG | SGX_SECINFO_X, PAGE1), 0);
    EXPECT_EQ(emu_epcm_peek(b.enclave, b.base + PAGE1).perm,
              SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X);
    EXPECT_CODE(extend(&b, REG, PAGE1), 0);
    EXPECT_EQ(emu_epcm_peek(b.enclave, b.base + PAGE1).perm,
              SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X);
}

TEST(emodpe_refuses_misaligned_operands_operands_outside_elrange_and_bad_secinfo)
{
    struct builder b;
    ready(&b);
    struct emu_regs regs = {.rbx = b.base + 32, .rcx = b.base + PAGE1};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EMODPE, &regs));
    EXPECT_GP(extend(&b, RWX, PAGE1 + 8));
    regs = (struct emu_regs){.rbx = b.base + SIZE, .rcx = b.base + PAGE1};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EMODPE, &regs));
    EXPECT_GP(extend(&b, RWX, SIZE));
    EXPECT_GP(extend(&b, RWX | 0x40, PAGE1));
}

TEST(emodpe_faults_on_pages_that_are_not_plain_regular_ones)
{
    struct builder b;
    ready(&b);
    EXPECT_EPCM_PF(extend(&b, RWX, TCS_AT), b.base + TCS_AT);
    EXPECT_EPCM_PF(extend(&b, RWX, FREE), b.base + FREE); /* pending */
    trim(&b, PAGE1);
    EXPECT_EPCM_PF(extend(&b, RWX, PAGE1), b.base + PAGE1);
    EXPECT_CODE(encls_eblock(b.enclave, b.base + PAGE2), 0);
    EXPECT_EPCM_PF(extend(&b, RWX, PAGE2), b.base + PAGE2);
    struct emu_regs regs = {.rbx = b.base + TCS_AT, .rcx = b.base + INFO};
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EMODPE, &regs), b.base + TCS_AT);
}

TEST(emodpe_refuses_write_without_read)
{
    struct builder b;
    ready(&b);
    g_secinfo.flags = 0;
    EXPECT_CODE(encls_emodpr(b.enclave, b.base + PAGE1, &g_secinfo), 0);
    EXPECT_GP(extend(&b, REG | SGX_SECINFO_W, PAGE1));
    EXPECT_CODE(extend(&b, RW, PAGE1), 0);
}
