/* SPDX-License-Identifier: Apache-2.0
 * aex_test.c: what an AEX leaves in the SSA frame, byte for byte, and what it says about why.
 * [SDM3D 38.9, 40.3] */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

#include "emu/aex.h"
#include "emu/context.h"
#include "emu/cpu_enclave_test.h"
#include "emu/cpu_state_test.h"
#include "emu/outcome.h"
#include "emu/xstate.h"

static struct cpu_enclave g_enclave;
static struct sgx_enclave_run g_run;

static void build(enum emu_mode mode, const struct cpu_options *options)
{
    cpu_start(mode, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, options);
    g_run = (struct sgx_enclave_run){.tcs = cpu_tcs(&g_enclave, 0)};
}

static void expect_pattern_gpr(const struct sgx_gpr *gpr)
{
    EXPECT_EQ(gpr->rax, 0xa0a0a0a0a0a0a0a0);
    EXPECT_EQ(gpr->rbx, 0xb0b0b0b0b0b0b0b0);
    EXPECT_EQ(gpr->rcx, 0xc0c0c0c0c0c0c0c0);
    EXPECT_EQ(gpr->rdx, 0xd0d0d0d0d0d0d0d0);
    EXPECT_EQ(gpr->rdi, 0xd1d1d1d1d1d1d1d1);
    EXPECT_EQ(gpr->rbp, 0xe5e5e5e5e5e5e5e5);
    EXPECT_EQ(gpr->r8, 0x0808080808080808);
    EXPECT_EQ(gpr->r9, 0x0909090909090909);
    EXPECT_EQ(gpr->r10, 0x1010101010101010);
    EXPECT_EQ(gpr->r11, 0x1111111111111111);
    EXPECT_EQ(gpr->r12, 0x1212121212121212);
    EXPECT_EQ(gpr->r13, 0x1313131313131313);
    EXPECT_EQ(gpr->r14, 0x1414141414141414);
    EXPECT_EQ(gpr->r15, 0x1515151515151515);
    EXPECT_EQ(gpr->rsp, gpr->ursp); /* the piece runs on the host's stack */
    EXPECT_EQ(gpr->rflags & (FLAGS_STATUS | FLAG_DF | FLAG_TF),
              FLAG_CF | FLAG_PF | FLAG_ZF | FLAG_DF);
    EXPECT_EQ(gpr->rip, g_enclave.b.base + CPU_CODE + cpu_offset(piece_pattern_fault));
    EXPECT_EQ(gpr->exitinfo, 0x80000306); /* valid, hardware exception, #UD */
    EXPECT(bytes_are_zero(gpr->reserved, sizeof gpr->reserved));
    EXPECT_EQ(gpr->fsbase, g_run.tcs + CPU_FS);
    EXPECT_EQ(gpr->gsbase, g_run.tcs + CPU_GS);
}

TEST_BOTH(aex_writes_the_frame_byte_for_byte)
{
    enum { XSAVE_SIZE = 576, SENTINEL = 0xee };
    uint64_t back = 0;
    build(mode, &(struct cpu_options){0});
    uint8_t *frame = cpu_frame(&g_enclave, 0, 0);
    memset(frame, SENTINEL, CPU_PAGE);
    memset(frame + CPU_PAGE - sizeof(struct sgx_gpr), 0, sizeof(struct sgx_gpr));
    EXPECT_EQ(cpu_run(&g_run, piece_pattern, (uintptr_t)&back, 0), 0);
    EXPECT_EQ(g_run.exception_vector, SGX_VECTOR_UD);
    expect_pattern_gpr(cpu_gpr(&g_enclave, 0, 0));
    EXPECT_EQ(cpu_gpr(&g_enclave, 0, 0)->rsi, (uintptr_t)&back);

    EXPECT_EQ(get_le16(frame), 0x37f);           /* FCW */
    EXPECT_EQ(get_le16(frame + 2), 7 << 11);     /* FSW: one register is in use */
    EXPECT_EQ(frame[4], 0x80);                   /* FTW, abridged */
    EXPECT_EQ(get_le32(frame + 24), 0x1f80);     /* MXCSR */
    EXPECT_EQ(get_le64(frame + 32), 1ull << 63); /* ST0 is 1.0 */
    EXPECT_EQ(get_le16(frame + 40), 0x3fff);
    EXPECT_EQ(get_le64(frame + 160), 0x0808080808080808);           /* XMM0 */
    EXPECT_EQ(get_le64(frame + 160 + 15 * 16), 0x0909090909090909); /* XMM15 */
    EXPECT_EQ(get_le64(frame + 160 + 15 * 16 + 8), 0);
    EXPECT(bytes_are_zero(frame + 416, 512 - 416)); /* no software bytes */
    EXPECT_EQ(get_le64(frame + 512), 3);            /* XSTATE_BV */
    EXPECT(bytes_are_zero(frame + 520, XSAVE_SIZE - 520));
    for (size_t i = XSAVE_SIZE; i < CPU_PAGE - sizeof(struct sgx_gpr); i++)
        if (frame[i] != SENTINEL) {
            EXPECT_EQ(i, 0); /* nothing else is written */
            break;
        }

    cpu_gpr(&g_enclave, 0, 0)->rip += 2;
    EXPECT_EQ(cpu_resume(&g_run), 0);
    EXPECT_EQ(g_run.function, SGX_EEXIT);
}

TEST_BOTH(aex_and_eresume_keep_all_vector_state)
{
    unsigned level = cpu_state_level();
    build(mode, &(struct cpu_options){.xfrm = cpu_state_xfrm(level)});
    struct cpu_state *state = aligned_alloc(64, (sizeof *state + 63) / 64 * 64);
    for (uint64_t seed = 0; state && seed < 50; seed++) {
        cpu_state_fill(state, seed, level);
        EXPECT_EQ(cpu_call_enter(cpu_offset(piece_check), (uintptr_t)state, 0, SGX_EENTER, 1, level,
                                 &g_run),
                  0);
        EXPECT_EQ(g_run.exception_vector, SGX_VECTOR_UD);
        cpu_gpr(&g_enclave, 0, 0)->rip += 2;
        EXPECT_EQ(cpu_resume(&g_run), 0);
        EXPECT_EQ(g_run.function, SGX_EEXIT);
        EXPECT(cpu_state_difference(state, level, g_run.tcs) == NULL);
    }
    free(state);
}

TEST_BOTH(exinfo_is_written_when_miscselect_asks)
{
    build(mode, &(struct cpu_options){.miscselect = SGX_MISC_EXINFO});
    struct sgx_gpr *gpr = cpu_gpr(&g_enclave, 0, 0);
    const struct sgx_exinfo *exinfo = (const struct sgx_exinfo *)(const void *)gpr - 1;
    EXPECT_EQ(cpu_run(&g_run, piece_store, 0x5678, 0), 0);
    EXPECT_EQ(gpr->exitinfo, 0x8000030e);
    EXPECT_EQ(exinfo->maddr, 0x5678); /* with the offset that CR2 loses */
    EXPECT_EQ(exinfo->errcd, EMU_PF_USER | EMU_PF_WRITE);
    EXPECT_EQ(exinfo->reserved, 0);
    cpu_tcs_alias(&g_enclave, 0)->cssa = 0;
    EXPECT_EQ(cpu_run(&g_run, piece_gp, 0, 0), 0);
    EXPECT_EQ(gpr->exitinfo, 0x8000030d);
    EXPECT_EQ(exinfo->maddr, 0);
    EXPECT_EQ(exinfo->errcd, 0);
}

TEST_BOTH(page_and_protection_faults_are_not_told_without_exinfo)
{
    build(mode, &(struct cpu_options){0});
    struct sgx_gpr *gpr = cpu_gpr(&g_enclave, 0, 0);
    EXPECT_EQ(cpu_run(&g_run, piece_store, 0x5678, 0), 0);
    EXPECT_EQ(gpr->exitinfo, 0);
    cpu_tcs_alias(&g_enclave, 0)->cssa = 0;
    EXPECT_EQ(cpu_run(&g_run, piece_gp, 0, 0), 0);
    EXPECT_EQ(gpr->exitinfo, 0);
    cpu_tcs_alias(&g_enclave, 0)->cssa = 0;
    EXPECT_EQ(cpu_run(&g_run, piece_divide, 0, 0), 0);
    EXPECT_EQ(gpr->exitinfo, 0x80000300);
}

TEST(exitinfo_follows_the_table)
{
    struct aex_event event = {.is_exception = true};
    const uint8_t told[] = {0, 1, 3, 5, 6, 16, 17, 19};
    for (unsigned vector = 0; vector < 256; vector++) {
        event.vector = (uint8_t)vector;
        bool always = memchr(told, (int)vector, sizeof told) != NULL;
        bool with_exinfo = vector == 13 || vector == 14;
        uint32_t type = vector == 3 ? 6 : 3;
        uint32_t value = 0x80000000u | type << 8 | vector;
        EXPECT_EQ(aex_exitinfo(&event, 0), always ? value : 0);
        EXPECT_EQ(aex_exitinfo(&event, SGX_MISC_EXINFO), always || with_exinfo ? value : 0);
    }
    event.is_exception = false;
    EXPECT_EQ(aex_exitinfo(&event, SGX_MISC_EXINFO), 0);
}

TEST_BOTH(int3_is_ud_unless_the_tcs_opted_in_to_debugging)
{
    build(mode, &(struct cpu_options){0});
    EXPECT_EQ(cpu_run(&g_run, piece_int3, 0, 0), 0);
    EXPECT_EQ(g_run.exception_vector, SGX_VECTOR_UD);
    EXPECT_EQ(cpu_gpr(&g_enclave, 0, 0)->exitinfo, 0x80000306);
    EXPECT_EQ(cpu_gpr(&g_enclave, 0, 0)->rip, g_enclave.b.base + CPU_CODE + cpu_offset(piece_int3));
}

static volatile int g_traps;
static volatile uint64_t g_trap_rax;
static volatile uint32_t g_trap_exitinfo;
static volatile uint64_t g_trap_rip;

/* Goes on behind an INT3; single steps go on by themselves. */
static void on_trap(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    struct sgx_gpr *gpr = cpu_gpr(&g_enclave, 0, 0);
    g_traps++;
    g_trap_rax = context_get(context, REG_RAX);
    g_trap_exitinfo = gpr->exitinfo;
    g_trap_rip = gpr->rip;
    EXPECT_EQ(gpr->rflags & FLAG_TF, 0);
    if ((gpr->exitinfo & 0xff) == SGX_VECTOR_BP)
        gpr->rip++;
}

TEST_BOTH(bp_and_db_of_an_opted_in_tcs_stay_signals)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    build(mode, &(struct cpu_options){0});
    EXPECT_EQ(emu_sigaction(SIGTRAP, &action, NULL), 0);
    cpu_tcs_alias(&g_enclave, 0)->flags = SGX_TCS_DBGOPTIN;
    EXPECT_EQ(cpu_run(&g_run, piece_int3, 0, 0), 0);
    EXPECT_EQ(g_run.function, SGX_EEXIT);
    EXPECT_EQ(g_traps, 1);
    EXPECT_EQ(g_trap_rax, SGX_ERESUME);
    EXPECT_EQ(g_trap_exitinfo, 0x80000603); /* a software exception, of the fault class */
    EXPECT_EQ(g_trap_rip, g_enclave.b.base + CPU_CODE + cpu_offset(piece_int3));
    EXPECT_EQ(cpu_run(&g_run, piece_trap_flag, 0, 0), 0);
    EXPECT_EQ(g_run.function, SGX_EEXIT);
    EXPECT_EQ(g_traps, 2);
    EXPECT_EQ(g_trap_exitinfo, 0x80000301);
}

TEST_BOTH(an_enclave_that_did_not_opt_in_cannot_step_itself)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    build(mode, &(struct cpu_options){0});
    EXPECT_EQ(emu_sigaction(SIGTRAP, &action, NULL), 0);
    EXPECT_EQ(cpu_run(&g_run, piece_trap_flag, 0, 0), 0);
    EXPECT_EQ(g_run.function, SGX_EEXIT);
    EXPECT_EQ(g_traps, 0);
    EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->cssa, 0);
}

TEST(xstate_sizes_follow_cpuid)
{
    xstate_start();
    EXPECT_EQ(xstate_size(SGX_XFRM_LEGACY), 576);
    if (cpu_state_level() >= 1)
        EXPECT_EQ(xstate_size(SGX_XFRM_LEGACY | SGX_XFRM_AVX), 576 + 256);
}
