/* SPDX-License-Identifier: Apache-2.0
 * transit_test.c: what EENTER, ERESUME and EEXIT refuse.  [SDM3D 41.4]  In both modes, and always
 * after a good entry, so that the fast mode has something that it must not trust. */
#include <pthread.h>
#include <sys/mman.h>

#include "emu/cpu_enclave_test.h"
#include "emu/model_priv.h"
#include "emu/outcome.h"
#include "emu/thread.h"
#include "emu/transit.h"

enum {
    TCS_FAULT = EMU_PF_SGX | EMU_PF_PRESENT | EMU_PF_USER,
    SSA_FAULT = TCS_FAULT | EMU_PF_WRITE,
};
#define NOT_CANONICAL 0x0000800000000000ull

static struct cpu_enclave g_enclave;
static struct sgx_enclave_run g_run;

static void build(enum emu_mode mode, const struct cpu_options *options)
{
    cpu_start(mode, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, options);
    g_run = (struct sgx_enclave_run){.tcs = cpu_tcs(&g_enclave, 0)};
    EXPECT_EQ(cpu_run(&g_run, piece_exit, 0, 0), 0);
    EXPECT_EQ(cpu_run(&g_run, piece_exit, 0, 0), 0);
    EXPECT_EQ(g_run.function, SGX_EEXIT);
}

static void start(enum emu_mode mode)
{
    build(mode, &(struct cpu_options){.threads = 2});
}

/* Leaves a frame to resume. */
static void fault_once(void)
{
    EXPECT_EQ(cpu_run(&g_run, piece_ud2, 0, 0), 0);
    EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->cssa, 1);
    cpu_gpr(&g_enclave, 0, 0)->rip += 2;
}

static struct sgx_tcs *tcs(void)
{
    return cpu_tcs_alias(&g_enclave, 0);
}

static struct sgx_secs *secs(void)
{
    return &g_enclave.b.enclave->secs;
}

static struct emu_epcm *epcm(uint64_t addr)
{
    return &emu_slot_at(g_enclave.b.enclave, addr)->epcm;
}

static uint64_t frame_addr(unsigned frame)
{
    return cpu_tcs(&g_enclave, 0) + CPU_PAGE + (uint64_t)frame * CPU_PAGE;
}

/* The leaf is refused with this exception, nothing of it has happened, and `function` says which.
 */
#define EXPECT_REFUSED(leaf, vector, error, addr)                                       \
    do {                                                                                \
        uint32_t cssa_ = tcs()->cssa;                                                   \
        g_run.function = 0;                                                             \
        EXPECT_EQ(cpu_call_enter(cpu_offset(piece_exit), 0, 0, leaf, 0, 0, &g_run), 0); \
        EXPECT_EQ(g_run.function, leaf);                                                \
        EXPECT_EQ(g_run.exception_vector, vector);                                      \
        EXPECT_EQ(g_run.exception_error_code, error);                                   \
        EXPECT_EQ(g_run.exception_addr, addr);                                          \
        EXPECT_EQ(tcs()->cssa, cssa_);                                                  \
        EXPECT_EQ(emu_threads_inside(g_enclave.b.enclave), 0);                          \
    } while (0)

#define REFUSES_GP(leaf) EXPECT_REFUSED(leaf, SGX_VECTOR_GP, 0, 0)
#define REFUSES_PF(leaf, error, addr) EXPECT_REFUSED(leaf, SGX_VECTOR_PF, error, addr)

/* Changes a field for the length of one refusal. */
#define WITH(place, value, expectation) \
    do {                                \
        __auto_type kept_ = (place);    \
        (place) = (value);              \
        expectation;                    \
        (place) = kept_;                \
    } while (0)

/* Both leaves, with a frame to resume and a free one. */
#define BOTH_LEAVES(place, value, what)        \
    do {                                       \
        WITH(place, value, what(SGX_EENTER));  \
        WITH(place, value, what(SGX_ERESUME)); \
    } while (0)

TEST_BOTH(entries_refuse_a_misaligned_tcs)
{
    start(mode);
    fault_once();
    BOTH_LEAVES(g_run.tcs, g_run.tcs + 8, REFUSES_GP);
    BOTH_LEAVES(g_run.tcs, g_run.tcs + 2048, REFUSES_GP);
}

TEST_BOTH(entries_fault_on_a_tcs_outside_the_epc)
{
    start(mode);
    static _Alignas(4096) uint8_t page[4096];
    fault_once();
    uint64_t place = (uintptr_t)page;
    WITH(g_run.tcs, place, REFUSES_PF(SGX_EENTER, TCS_FAULT, place));
    WITH(g_run.tcs, place, REFUSES_PF(SGX_ERESUME, TCS_FAULT, place));
    WITH(g_run.tcs, 0x7000, REFUSES_PF(SGX_EENTER, EMU_PF_USER, 0x7000));
}

TEST_BOTH(entries_refuse_an_aep_that_is_not_canonical)
{
    start(mode);
    fault_once();
    /* emu_enter() chooses the AEP, so the check itself is asked. */
    for (unsigned leaf = SGX_EENTER; leaf <= SGX_ERESUME; leaf++) {
        struct transit_entry entry;
        struct emu_outcome outcome =
            transit_check(&entry, g_run.tcs, NOT_CANONICAL, leaf == SGX_ERESUME);
        EXPECT(outcome.faulted && outcome.vector == SGX_VECTOR_GP);
    }
}

TEST_BOTH(entries_fault_on_a_tcs_that_the_epcm_refuses)
{
    start(mode);
    fault_once();
    struct emu_epcm *page = epcm(g_run.tcs);
    const struct emu_epcm good = *page;
    struct emu_epcm bad[5] = {good, good, good, good, good};
    bad[0].type = SGX_PT_REG;
    bad[1].blocked = true;
    bad[2].pending = true;
    bad[3].modified = true;
    bad[4].type = SGX_PT_TRIM;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        *page = bad[i];
        REFUSES_PF(SGX_EENTER, TCS_FAULT, g_run.tcs);
        REFUSES_PF(SGX_ERESUME, TCS_FAULT, g_run.tcs);
        *page = good;
    }
    EXPECT_EQ(cpu_resume(&g_run), 0);
    EXPECT_EQ(g_run.function, SGX_EEXIT);
}

TEST_BOTH(entries_fault_on_a_tcs_that_is_not_there)
{
    start(mode);
    uint64_t nowhere = g_enclave.b.base + CPU_SIZE - CPU_PAGE;
    WITH(g_run.tcs, nowhere, REFUSES_PF(SGX_EENTER, TCS_FAULT, nowhere)); /* added, and pending */
}

TEST_BOTH(entries_fault_on_a_tcs_that_is_not_mapped)
{
    start(mode);
    fault_once();
    EXPECT_EQ(emu_mprotect(g_run.tcs, CPU_PAGE, PROT_NONE), 0);
    REFUSES_PF(SGX_EENTER, EMU_PF_USER | EMU_PF_WRITE, g_run.tcs);
    REFUSES_PF(SGX_ERESUME, EMU_PF_USER | EMU_PF_WRITE, g_run.tcs);
}

TEST_BOTH(entries_refuse_a_misaligned_ossa_ofsbase_or_ogsbase)
{
    start(mode);
    fault_once();
    /* What the fast mode has copied cannot change: only EADD writes a TCS.  So ask the check. */
    uint64_t *const fields[] = {&tcs()->ossa, &tcs()->ofsbase, &tcs()->ogsbase};
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
        struct transit_entry entry;
        *fields[i] += 8;
        EXPECT_EQ(transit_check(&entry, g_run.tcs, 0, false).vector, SGX_VECTOR_GP);
        EXPECT_EQ(transit_check(&entry, g_run.tcs, 0, true).vector, SGX_VECTOR_GP);
        *fields[i] -= 8;
    }
}

TEST_BOTH(entries_refuse_reserved_tcs_flags)
{
    start(mode);
    fault_once();
    BOTH_LEAVES(tcs()->flags, 2, REFUSES_GP);
    BOTH_LEAVES(tcs()->flags, 1ull << 63, REFUSES_GP);
}

TEST_BOTH(entries_refuse_dbgoptin_in_a_production_enclave)
{
    build(mode, &(struct cpu_options){.is_production = true});
    fault_once();
    BOTH_LEAVES(tcs()->flags, SGX_TCS_DBGOPTIN, REFUSES_GP);
}

TEST(entries_refuse_an_enclave_that_is_not_initialised)
{
    start(EMU_TRAP);
    fault_once();
    struct transit_entry entry;
    uint64_t flags = secs()->attributes.flags;
    secs()->attributes.flags &= ~SGX_ATTR_INIT;
    EXPECT(transit_check(&entry, g_run.tcs, 0, false).faulted);
    EXPECT(transit_check(&entry, g_run.tcs, 0, true).faulted);
    secs()->attributes.flags = flags;
    EXPECT(!transit_check(&entry, g_run.tcs, 0, true).faulted);
}

TEST(entries_refuse_a_32_bit_enclave)
{
    start(EMU_TRAP);
    fault_once();
    BOTH_LEAVES(secs()->attributes.flags, SGX_ATTR_INIT | SGX_ATTR_DEBUG, REFUSES_GP);
}

TEST(entries_refuse_an_xfrm_that_xcr0_lacks)
{
    start(EMU_TRAP);
    fault_once();
    BOTH_LEAVES(secs()->attributes.xfrm, SGX_XFRM_LEGACY | 1ull << 62, REFUSES_GP);
}

TEST_BOTH(eenter_refuses_when_no_ssa_frame_is_free)
{
    start(mode);
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT_EQ(cpu_run(&g_run, piece_ud2, 0, 0), 0);
        EXPECT_EQ(g_run.exception_vector, SGX_VECTOR_UD);
        EXPECT_EQ(tcs()->cssa, i + 1);
    }
    REFUSES_GP(SGX_EENTER);
    for (uint32_t i = 3; i > 0; i--) { /* and the frames are still good, last in first out */
        cpu_gpr(&g_enclave, 0, i - 1)->rip += 2;
        EXPECT_EQ(cpu_resume(&g_run), 0);
        EXPECT_EQ(g_run.function, SGX_EEXIT);
        EXPECT_EQ(tcs()->cssa, i - 1);
    }
}

TEST_BOTH(eresume_refuses_when_there_is_nothing_to_resume)
{
    start(mode);
    REFUSES_GP(SGX_ERESUME);
}

TEST_BOTH(entries_refuse_a_busy_tcs)
{
    start(mode);
    fault_once();
    BOTH_LEAVES(tcs()->state, 1, REFUSES_GP);
}

TEST_BOTH(entries_fault_on_an_ssa_page_that_the_epcm_refuses)
{
    start(mode);
    fault_once(); /* ERESUME uses frame 0, EENTER frame 1 */
    for (unsigned frame = 0; frame < 2; frame++) {
        struct emu_epcm *page = epcm(frame_addr(frame));
        const struct emu_epcm good = *page;
        struct emu_epcm bad[6] = {good, good, good, good, good, good};
        bad[0].type = SGX_PT_TCS;
        bad[1].blocked = true;
        bad[2].pending = true;
        bad[3].modified = true;
        bad[4].perm = SGX_SECINFO_R;
        bad[5].perm = SGX_SECINFO_R | SGX_SECINFO_X;
        for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
            *page = bad[i];
            REFUSES_PF(frame ? SGX_EENTER : SGX_ERESUME, SSA_FAULT, frame_addr(frame));
            *page = good;
        }
    }
}

TEST(entries_fault_on_an_ssa_frame_outside_the_epc)
{
    start(EMU_TRAP);
    fault_once();
    uint64_t outside = g_enclave.b.base + CPU_SIZE;
    WITH(tcs()->ossa, CPU_SIZE, REFUSES_PF(SGX_ERESUME, EMU_PF_USER, outside));
    WITH(tcs()->ossa, CPU_SIZE - CPU_PAGE, REFUSES_PF(SGX_EENTER, EMU_PF_USER, outside));
}

TEST(eenter_refuses_entry_fs_and_gs_that_are_not_canonical)
{
    start(EMU_TRAP);
    WITH(tcs()->oentry, NOT_CANONICAL, REFUSES_GP(SGX_EENTER));
    WITH(tcs()->ofsbase, NOT_CANONICAL, REFUSES_GP(SGX_EENTER));
    WITH(tcs()->ogsbase, NOT_CANONICAL, REFUSES_GP(SGX_EENTER));
}

TEST_BOTH(eresume_refuses_rip_fs_and_gs_that_are_not_canonical)
{
    start(mode);
    fault_once();
    struct sgx_gpr *gpr = cpu_gpr(&g_enclave, 0, 0);
    WITH(gpr->rip, NOT_CANONICAL, REFUSES_GP(SGX_ERESUME));
    WITH(gpr->fsbase, NOT_CANONICAL, REFUSES_GP(SGX_ERESUME));
    WITH(gpr->gsbase, NOT_CANONICAL, REFUSES_GP(SGX_ERESUME));
    EXPECT_EQ(cpu_resume(&g_run), 0);
    EXPECT_EQ(g_run.function, SGX_EEXIT);
}

TEST_BOTH(eresume_refuses_an_xsave_area_that_xrstor_refuses)
{
    start(mode);
    fault_once();
    uint8_t *frame = cpu_frame(&g_enclave, 0, 0);
    WITH(frame[512], 0x07, REFUSES_GP(SGX_ERESUME));     /* XSTATE_BV above XFRM */
    WITH(frame[512 + 7], 0x80, REFUSES_GP(SGX_ERESUME)); /* reserved */
    WITH(frame[520 + 7], 0x80, REFUSES_GP(SGX_ERESUME)); /* the compacted form */
    WITH(frame[520], 0x03, REFUSES_GP(SGX_ERESUME));     /* XCOMP_BV */
    WITH(frame[528], 0x01, REFUSES_GP(SGX_ERESUME));     /* header bytes 16 to 23 */
    WITH(frame[24 + 3], 0x80, REFUSES_GP(SGX_ERESUME));  /* MXCSR */
    EXPECT_EQ(cpu_resume(&g_run), 0);
    EXPECT_EQ(g_run.function, SGX_EEXIT);
}

/* Runs piece_leaf at CSSA 0 and expects #GP there; the frame is dropped. */
static void expect_gp_inside(uint64_t leaf, uint64_t rbx, uint64_t rcx)
{
    EXPECT_EQ(cpu_call_enter(cpu_offset(piece_leaf), leaf, rbx, SGX_EENTER, rcx, 0, &g_run), 0);
    EXPECT_EQ(g_run.function, SGX_ERESUME);
    EXPECT_EQ(g_run.exception_vector, SGX_VECTOR_GP);
    EXPECT_EQ(cpu_gpr(&g_enclave, 0, 0)->rip,
              g_enclave.b.base + CPU_CODE + cpu_offset(piece_leaf_enclu));
    tcs()->cssa = 0;
}

TEST_BOTH(entries_are_refused_inside_an_enclave)
{
    start(mode);
    expect_gp_inside(SGX_EENTER, cpu_tcs(&g_enclave, 1), 0);
    expect_gp_inside(SGX_ERESUME, cpu_tcs(&g_enclave, 1), 0);
}

TEST_BOTH(unknown_leaves_are_refused_inside_an_enclave)
{
    start(mode);
    const uint64_t leaves[] = {8, 9, 10, 0x7fffffff, 0x80000000, 0xffffffff};
    for (size_t i = 0; i < ARRAY_COUNT(leaves); i++)
        expect_gp_inside(leaves[i], 0, 0);
}

TEST_BOTH(eexit_refuses_a_target_that_is_not_canonical)
{
    start(mode);
    EXPECT_EQ(cpu_run(&g_run, piece_exit_to, NOT_CANONICAL, 0), 0);
    EXPECT_EQ(g_run.function, SGX_ERESUME);
    EXPECT_EQ(g_run.exception_vector, SGX_VECTOR_GP);
    EXPECT_EQ(tcs()->cssa, 1);
    EXPECT_EQ(cpu_gpr(&g_enclave, 0, 0)->rbx, NOT_CANONICAL);
    EXPECT_EQ(cpu_gpr(&g_enclave, 0, 0)->rax, SGX_EEXIT);
}

/* All threads through all TCSs at once: an entry succeeds or finds the TCS busy, never anything
 * else, and the enclave sees itself alone on its TCS. */
enum { CROWD = 64, TCS_COUNT = 8, ROUNDS = 300 };

static void *crowd(void *arg)
{
    uint64_t self = (uintptr_t)arg;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        unsigned which = (unsigned)((self + i) % TCS_COUNT);
        struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, which)};
        uint64_t word = g_enclave.b.base + CPU_CODE + CPU_DATA + which * 8ull;
        EXPECT_EQ(cpu_run(&run, piece_alone, word, self), 0);
        bool was_busy = run.function == SGX_EENTER && run.exception_vector == SGX_VECTOR_GP;
        EXPECT(was_busy || run.function == SGX_EEXIT);
    }
    return NULL;
}

TEST_BOTH(threads_that_fight_for_a_tcs_never_share_it)
{
    build(mode, &(struct cpu_options){.threads = TCS_COUNT});
    pthread_t threads[CROWD];
    for (uintptr_t i = 0; i < CROWD; i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, crowd, (void *)(i + 1)), 0);
    for (size_t i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < TCS_COUNT; i++)
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, i)->state, 0);
    EXPECT_EQ(emu_threads_inside(g_enclave.b.enclave), 0);
}
