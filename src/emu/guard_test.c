/* SPDX-License-Identifier: Apache-2.0
 * guard_test.c: a system call inside an enclave is #UD, whichever way it is caught, and the host's
 * own go on. */
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/cpu_enclave_test.h"
#include "emu/start.h"

static struct cpu_enclave g_enclave;

static void expect_ud(struct sgx_enclave_run *run, const char *piece, unsigned thread)
{
    EXPECT_EQ(cpu_run(run, piece, 0, 0), 0);
    EXPECT_EQ(run->function, SGX_ERESUME);
    EXPECT_EQ(run->exception_vector, SGX_VECTOR_UD);
    const struct sgx_gpr *gpr = cpu_gpr(&g_enclave, thread, 0);
    const uint8_t *code = emu_enclave_alias(g_enclave.b.enclave, gpr->rip);
    EXPECT(code && ((code[0] == 0x0f && code[1] == 0x05) || (code[0] == 0xcd && code[1] == 0x80)));
    EXPECT_EQ(gpr->exitinfo, 0x80000306);
    cpu_tcs_alias(&g_enclave, thread)->cssa = 0;
}

static void *enter_from_another_thread(void *arg)
{
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 1)};
    (void)arg;
    expect_ud(&run, piece_syscall, 1);
    expect_ud(&run, piece_int80, 1);
    EXPECT_EQ(syscall(SYS_gettid), gettid());
    return NULL;
}

static void run_with(enum emu_mode mode, enum emu_guard guard, bool is_low)
{
    cpu_start(mode, guard);
    cpu_build(&g_enclave, &(struct cpu_options){.threads = 2, .is_low = is_low});
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
    for (int i = 0; i < 3; i++) {
        expect_ud(&run, piece_syscall, 0);
        expect_ud(&run, piece_int80, 0);
        EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
        EXPECT_EQ(run.function, SGX_EEXIT);
        EXPECT_EQ(syscall(SYS_getpid), getpid());
    }
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, NULL, enter_from_another_thread, NULL), 0);
    pthread_join(thread, NULL);
}

/* ELRANGE from 0 needs the lowest pages, which a sanitizer or the system may want for itself. */
TEST_BOTH(dispatch_with_the_enclave_lowest)
{
    run_with(mode, EMU_GUARD_SUD_LOW, true);
}

TEST_BOTH(dispatch_on_the_range_of_the_enclave)
{
    struct emu_options options = {.guard = EMU_GUARD_SUD_INCLUSIVE};
    struct err e;
    if (emu_start_cpu(&options, &e) == -ENOTSUP)
        test_skip("this kernel has no inclusive dispatch (Linux 6.17)");
    run_with(mode, EMU_GUARD_SUD_INCLUSIVE, false);
}

TEST_BOTH(seccomp_filter_on_the_instruction_pointer)
{
    run_with(mode, EMU_GUARD_SECCOMP, false);
}

TEST_BOTH(a_guard_chosen_by_itself_for_an_enclave_at_0)
{
    run_with(mode, EMU_GUARD_AUTO, true);
}

TEST(the_low_guard_refuses_an_enclave_with_code_below_it)
{
    cpu_start(EMU_TRAP, EMU_GUARD_SUD_LOW);
    cpu_build(&g_enclave, &(struct cpu_options){.threads = 1});
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        /* The program itself is mapped below what mmap() gives. */
        struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
        ignore(cpu_run(&run, piece_exit, 0, 0));
        _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 70);
}

TEST(two_enclaves_in_turn_are_both_guarded)
{
    struct cpu_enclave other;
    cpu_start(EMU_FAST, EMU_GUARD_AUTO);
    cpu_build(&other, &(struct cpu_options){0});
    cpu_build(&g_enclave, &(struct cpu_options){0});
    struct sgx_enclave_run here = {.tcs = cpu_tcs(&g_enclave, 0)};
    struct sgx_enclave_run there = {.tcs = cpu_tcs(&other, 0)};
    for (int i = 0; i < 3; i++) {
        expect_ud(&here, piece_syscall, 0);
        EXPECT_EQ(cpu_run(&there, piece_syscall, 0, 0), 0);
        EXPECT_EQ(there.exception_vector, SGX_VECTOR_UD);
        cpu_tcs_alias(&other, 0)->cssa = 0;
    }
}

TEST(a_cpu_without_fsgsbase_gets_a_sentence)
{
    struct err e = {.code = 0};
    EXPECT_EQ(start_check_cpu(0, &e), -ENOTSUP);
    EXPECT(strstr(e.text, "FSGSBASE"));
    EXPECT_EQ(start_check_cpu(2, &e), 0);
}
