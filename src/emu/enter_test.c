/* SPDX-License-Identifier: Apache-2.0
 * enter_test.c: the contract of emu_enter(), which is that of __vdso_sgx_enter_enclave().
 * [Linux uapi asm/sgx.h] */
#include <setjmp.h>

#include "emu/context.h"
#include "emu/cpu_enclave_test.h"
#include "emu/outcome.h"
#include "emu/thread.h"

enum { REFUSED = -22 };

static struct cpu_enclave g_enclave;

static struct sgx_enclave_run start(enum emu_mode mode)
{
    cpu_start(mode, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, &(struct cpu_options){.threads = 2});
    return (struct sgx_enclave_run){.tcs = cpu_tcs(&g_enclave, 0)};
}

TEST_BOTH(emu_enter_enters_and_exits)
{
    struct sgx_enclave_run run = start(mode);
    for (int i = 0; i < 3; i++) {
        run.function = 0;
        EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
        EXPECT_EQ(run.function, SGX_EEXIT);
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->state, 0);
        EXPECT_EQ(emu_threads_inside(g_enclave.b.enclave), 0);
    }
}

TEST_BOTH(emu_enter_refuses_a_function_that_is_no_entry)
{
    struct sgx_enclave_run run = start(mode);
    const unsigned bad[] = {0, 1, 4, 5, 0x80000002u, ~0u};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT_EQ(cpu_call_enter(cpu_offset(piece_exit), 0, 0, bad[i], 0, 0, &run), REFUSED);
    EXPECT_EQ(run.function, 0);
}

TEST_BOTH(emu_enter_refuses_reserved_bytes_that_are_not_zero)
{
    struct sgx_enclave_run run = start(mode);
    for (size_t i = 0; i < sizeof run.reserved; i++) {
        run.reserved[i] = 1;
        EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), REFUSED);
        run.reserved[i] = 0;
    }
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
}

TEST_BOTH(emu_enter_passes_the_registers_that_enclu_does_not_use)
{
    struct sgx_enclave_run run = start(mode);
    uint64_t dump[19] = {0};
    uint64_t tcs = cpu_tcs(&g_enclave, 0);
    EXPECT_EQ(cpu_call_enter(0, (uintptr_t)dump, 0x1234, SGX_EENTER, 0x88, 0x99, &run), 0);
    EXPECT_EQ(dump[0], 0); /* RAX: CSSA */
    EXPECT_EQ(dump[2], 0x1234);
    EXPECT_EQ(dump[3], tcs);
    EXPECT_EQ(dump[7], 0);
    EXPECT_EQ(dump[8], 0x88);
    EXPECT_EQ(dump[9], 0x99);
    EXPECT_EQ(dump[17], tcs + CPU_FS);
    EXPECT_EQ(dump[18], tcs + CPU_GS);
}

TEST_BOTH(emu_enter_keeps_rbx_rbp_and_rsp_and_no_more)
{
    struct sgx_enclave_run run = start(mode);
    uint64_t dump[8] = {0};
    EXPECT_EQ(cpu_call_and_dump(&run, SGX_EENTER, dump, cpu_offset(piece_leave_regs)), 0);
    EXPECT_EQ(dump[0], 0xb0b);
    EXPECT_EQ(dump[1], 0xb1b);
    EXPECT_EQ(dump[2], dump[3]);
    EXPECT_EQ(dump[4], 0xcccc); /* R12 to R15 are the enclave's */
    EXPECT_EQ(dump[7], 0xffff);
    EXPECT_EQ(cpu_call_and_dump(&run, SGX_EENTER, dump, cpu_offset(piece_ud2)), 0);
    EXPECT_EQ(dump[0], 0xb0b);
    EXPECT_EQ(dump[1], 0xb1b);
    EXPECT_EQ(dump[2], dump[3]);
    EXPECT_EQ(dump[4], 0); /* the synthetic state */
    EXPECT_EQ(dump[7], 0);
}

TEST_BOTH(emu_enter_reports_exceptions_inside_as_the_vdso_does)
{
    static const struct {
        const char *piece;
        uint64_t rsi;
        unsigned vector;
        unsigned error;
        uint64_t addr;
    } rows[] = {
        {piece_ud2, 0, SGX_VECTOR_UD, 0, 0},
        {piece_divide, 0, SGX_VECTOR_DE, 0, 0},
        {piece_gp, 0, SGX_VECTOR_GP, 0, 0},
        {piece_syscall, 0, SGX_VECTOR_UD, 0, 0},
        {piece_int80, 0, SGX_VECTOR_UD, 0, 0},
        {piece_int_n, 0, SGX_VECTOR_UD, 0, 0},
        {piece_in, 0, SGX_VECTOR_UD, 0, 0},
        {piece_load, 0x1234, SGX_VECTOR_PF, EMU_PF_USER, 0x1000},
        {piece_store, 0x5678, SGX_VECTOR_PF, EMU_PF_USER | EMU_PF_WRITE, 0x5000},
        {piece_call, 0x7001, SGX_VECTOR_PF, EMU_PF_USER | EMU_PF_FETCH, 0x7000},
    };
    struct sgx_enclave_run fresh = start(mode);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct sgx_enclave_run run = fresh;
        run.exception_addr = 77;
        EXPECT_EQ(cpu_run(&run, rows[i].piece, rows[i].rsi, 0), 0);
        EXPECT_EQ(run.function, SGX_ERESUME);
        EXPECT_EQ(run.exception_vector, rows[i].vector);
        EXPECT_EQ(run.exception_error_code, rows[i].error);
        EXPECT_EQ(run.exception_addr, rows[i].addr);
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->cssa, 1);
        cpu_tcs_alias(&g_enclave, 0)->cssa = 0;
    }
}

TEST_BOTH(emu_enter_reports_a_refused_write_with_the_sgx_bit)
{
    struct sgx_enclave_run run = start(mode);
    uint64_t tcs = run.tcs;
    EXPECT_EQ(cpu_run(&run, piece_store, tcs + 8, 0), 0);
    EXPECT_EQ(run.exception_vector, SGX_VECTOR_PF);
    EXPECT_EQ(run.exception_error_code, EMU_PF_SGX | EMU_PF_PRESENT | EMU_PF_USER | EMU_PF_WRITE);
    EXPECT_EQ(run.exception_addr, tcs);
}

TEST_BOTH(emu_enter_reports_a_refused_eenter_at_its_own_enclu)
{
    struct sgx_enclave_run run = start(mode);
    run.tcs += 8;
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    EXPECT_EQ(run.function, SGX_EENTER);
    EXPECT_EQ(run.exception_vector, SGX_VECTOR_GP);
    EXPECT_EQ(run.exception_error_code, 0);
    EXPECT_EQ(run.exception_addr, 0);
    run.tcs = 0x4000;
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    EXPECT_EQ(run.exception_vector, SGX_VECTOR_PF);
    EXPECT_EQ(run.exception_addr, 0x4000);
}

TEST_BOTH(emu_enter_handles_a_fault_and_resumes)
{
    struct sgx_enclave_run run = start(mode);
    uint64_t gpr = cpu_gpr_addr(&g_enclave, 0, 0);
    for (int i = 0; i < 100; i++) {
        EXPECT_EQ(cpu_run(&run, piece_ud2, 0, 0), 0);
        EXPECT_EQ(run.function, SGX_ERESUME);
        EXPECT_EQ(cpu_run(&run, piece_skip, gpr, 2), 0); /* the second SSA frame */
        EXPECT_EQ(run.function, SGX_EEXIT);
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->cssa, 1);
        EXPECT_EQ(cpu_resume(&run), 0);
        EXPECT_EQ(run.function, SGX_EEXIT);
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, 0)->cssa, 0);
    }
}

/* What a user handler saw, and what it shall say. */
static struct {
    int calls;
    int result[4];
    long rdi, rsi, rdx, r8, r9;
    uint64_t pushed[2];
    uint64_t misaligned;
    unsigned function;
    struct sgx_enclave_run *run;
    jmp_buf *jump;
} g_seen;

static int on_exit_of(long rdi, long rsi, long rdx, long rsp, long r8, long r9,
                      struct sgx_enclave_run *run)
{
    g_seen.rdi = rdi;
    g_seen.rsi = rsi;
    g_seen.rdx = rdx;
    g_seen.r8 = r8;
    g_seen.r9 = r9;
    memcpy(g_seen.pushed, (const void *)(uintptr_t)rsp, sizeof g_seen.pushed);
    g_seen.run = run;
    g_seen.function = run->function;
    g_seen.misaligned = ((uintptr_t)__builtin_frame_address(0) & 15);
    if (g_seen.jump)
        longjmp(*g_seen.jump, 1);
    return g_seen.result[g_seen.calls++];
}

TEST_BOTH(a_user_handler_gets_the_registers_at_exit_and_decides)
{
    struct sgx_enclave_run run = start(mode);
    run.user_handler = (uintptr_t)on_exit_of;
    const int results[] = {0, -5, -2147483647 - 1};
    for (size_t i = 0; i < ARRAY_COUNT(results); i++) {
        g_seen.calls = 0;
        g_seen.result[0] = results[i];
        EXPECT_EQ(cpu_run(&run, piece_leave_regs, 0, 0), results[i]);
        EXPECT_EQ(g_seen.calls, 1);
        EXPECT_EQ(g_seen.rdi, 0x1111);
        EXPECT_EQ(g_seen.rsi, 0x2222);
        EXPECT_EQ(g_seen.rdx, 0x3333);
        EXPECT_EQ(g_seen.r8, 0x8888);
        EXPECT_EQ(g_seen.r9, 0x9999);
        EXPECT_EQ(g_seen.function, SGX_EEXIT);
        EXPECT_EQ(g_seen.misaligned, 0);
        EXPECT(g_seen.run == &run);
    }
}

TEST_BOTH(a_user_handler_may_ask_for_another_leaf)
{
    struct sgx_enclave_run run = start(mode);
    run.user_handler = (uintptr_t)on_exit_of;
    g_seen.result[0] = 7;
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), REFUSED);
    EXPECT_EQ(g_seen.calls, 1);
    /* ERESUME with nothing to resume: the handler is told, and gives up. */
    g_seen.calls = 0;
    g_seen.result[0] = SGX_ERESUME;
    g_seen.result[1] = -9;
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), -9);
    EXPECT_EQ(g_seen.calls, 2);
    EXPECT_EQ(run.function, SGX_ERESUME);
    EXPECT_EQ(run.exception_vector, SGX_VECTOR_GP);
}

TEST_BOTH(a_user_handler_is_called_for_exceptions_too)
{
    struct sgx_enclave_run run = start(mode);
    run.user_handler = (uintptr_t)on_exit_of;
    g_seen.result[0] = -3;
    EXPECT_EQ(cpu_run(&run, piece_ud2, 0, 0), -3);
    EXPECT_EQ(g_seen.function, SGX_ERESUME);
    EXPECT_EQ(run.exception_vector, SGX_VECTOR_UD);
}

TEST_BOTH(a_user_handler_finds_what_the_enclave_pushed)
{
    struct sgx_enclave_run run = start(mode);
    static jmp_buf jump;
    run.user_handler = (uintptr_t)on_exit_of;
    g_seen.jump = &jump;
    if (setjmp(jump) == 0) {
        ignore(cpu_run(&run, piece_push, 0, 0));
        test_failed(__FILE__, __LINE__, "the handler did not jump");
    }
    EXPECT_EQ(g_seen.pushed[0], 0x78);
    EXPECT_EQ(g_seen.pushed[1], 0x77);
    g_seen.jump = NULL;
    g_seen.calls = 0;
    g_seen.result[0] = 0;
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
}

static int g_depth;
static struct sgx_enclave_run g_inner;

static int on_exit_enter_again(long rdi, long rsi, long rdx, long rsp, long r8, long r9,
                               struct sgx_enclave_run *run)
{
    (void)rdi, (void)rsi, (void)rdx, (void)rsp, (void)r8, (void)r9, (void)run;
    g_depth++;
    EXPECT_EQ(cpu_run(&g_inner, piece_exit, 0, 0), 0);
    return 0;
}

TEST_BOTH(a_user_handler_may_enter_through_another_tcs)
{
    struct sgx_enclave_run run = start(mode);
    g_inner = (struct sgx_enclave_run){.tcs = cpu_tcs(&g_enclave, 1)};
    run.user_handler = (uintptr_t)on_exit_enter_again;
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    EXPECT_EQ(g_depth, 1);
    EXPECT_EQ(g_inner.function, SGX_EEXIT);
}
