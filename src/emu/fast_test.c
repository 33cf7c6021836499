/* SPDX-License-Identifier: Apache-2.0
 * fast_test.c: that the fast mode is fast, and falls back where it must. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "emu/cpu_enclave_test.h"
#include "emu/cpu_raw.h"
#include "emu/fast_priv.h"
#include "emu/thread.h"

enum { LOOPS = 20000, RUNS = 15, TRAP_NS = 1000 /* a trap takes more on any machine */ };

static struct cpu_enclave g_enclave;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* The best of a few runs: the machine is shared. */
static double round_trip_ns(struct sgx_enclave_run *run, const char *piece)
{
    double best = 1e12;
    for (int i = 0; i < RUNS; i++) {
        double start = now_ns();
        for (int n = 0; n < LOOPS; n++)
            ignore(cpu_run(run, piece, 0, 0));
        double each = (now_ns() - start) / LOOPS;
        best = each < best ? each : best;
    }
    return best;
}

TEST(a_fast_round_trip_takes_nanoseconds)
{
    cpu_start(EMU_FAST, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, &(struct cpu_options){0});
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
    EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    double each = round_trip_ns(&run, piece_exit);
    fprintf(stderr, "  EENTER and EEXIT by jumps: %.1f ns\n", each);
    EXPECT(each < TRAP_NS);
}

TEST(exits_as_other_people_write_them_are_fast_too)
{
    cpu_start(EMU_FAST, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, &(struct cpu_options){0});
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
    const char *const pieces[] = {piece_exit_mov32, piece_exit_mov64};
    for (size_t i = 0; i < ARRAY_COUNT(pieces); i++) {
        EXPECT_EQ(cpu_run(&run, pieces[i], 0, 0), 0);
        EXPECT_EQ(run.function, SGX_EEXIT);
        EXPECT(round_trip_ns(&run, pieces[i]) < TRAP_NS);
    }
}

TEST(an_enclu_whose_leaf_is_not_certain_keeps_trapping)
{
    cpu_start(EMU_FAST, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, &(struct cpu_options){0});
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
    const uint8_t *code = emu_enclave_alias(g_enclave.b.enclave, g_enclave.b.base + CPU_CODE);
    EXPECT(memcmp(code + cpu_offset(piece_exit_decoy_mov), piece_exit_decoy_mov, 9) == 0);
    EXPECT(memcmp(code + cpu_offset(piece_exit_far), piece_exit_far, 16) == 0);
    EXPECT(memcmp(code + cpu_offset(piece_exit_mov32), piece_exit_mov32, 16) != 0);
    const char *const pieces[] = {piece_exit_far, piece_exit_decoy};
    for (size_t i = 0; i < ARRAY_COUNT(pieces); i++) {
        EXPECT_EQ(cpu_run(&run, pieces[i], 0, 0), 0);
        EXPECT_EQ(run.function, SGX_EEXIT);
    }
}

static void share_gs(struct sgx_tcs *tcs)
{
    tcs->ogsbase = CPU_GROUPS + CPU_GS;
}

static void *enter_often(void *arg)
{
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, (unsigned)(uintptr_t)arg)};
    for (int i = 0; i < 2000; i++) {
        EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
        EXPECT_EQ(run.function, SGX_EEXIT);
    }
    return NULL;
}

TEST(tcss_that_share_a_gs_base_leave_by_the_right_thread)
{
    enum { COUNT = 4 };
    cpu_start(EMU_FAST, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, &(struct cpu_options){.threads = COUNT, .spoil = share_gs});
    pthread_t threads[COUNT];
    for (uintptr_t i = 0; i < COUNT; i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, enter_often, (void *)i), 0);
    for (size_t i = 0; i < COUNT; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < COUNT; i++)
        EXPECT_EQ(cpu_tcs_alias(&g_enclave, i)->state, 0);
}

TEST(patching_does_not_change_mrenclave_or_let_the_program_write_code)
{
    cpu_start(EMU_FAST, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, &(struct cpu_options){0}); /* EINIT compares with an own hash */
    EXPECT(fast_sites(g_enclave.b.enclave) > 10);
    uint64_t code = g_enclave.b.base + CPU_CODE;
    EXPECT_EQ(emu_mprotect(code, CPU_PAGE, PROT_READ | PROT_WRITE), -EACCES);
}

TEST(a_gs_base_of_the_programs_own_survives)
{
    static uint64_t mine;
    cpu_start(EMU_FAST, EMU_GUARD_AUTO);
    cpu_build(&g_enclave, &(struct cpu_options){0});
    struct sgx_enclave_run run = {.tcs = cpu_tcs(&g_enclave, 0)};
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
    cpu_set_gs((uintptr_t)&mine);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
        EXPECT_EQ(run.function, SGX_EEXIT);
        EXPECT_EQ(cpu_gs(), (uintptr_t)&mine);
    }
}
