/* SPDX-License-Identifier: Apache-2.0
 * fast_test.c: that the fast mode is fast, and falls back where it must. */
#include <stdlib.h>
#include <time.h>

#include "emu/cpu_enclave_test.h"
#include "emu/fast_priv.h"
#include "emu/thread.h"

enum { LOOPS = 200000, RUNS = 7 };

static struct cpu_enclave g_enclave;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* The best of a few runs: the machine is shared. */
static double round_trip_ns(struct sgx_enclave_run *run)
{
    double best = 1e12;
    for (int i = 0; i < RUNS; i++) {
        double start = now_ns();
        for (int n = 0; n < LOOPS; n++)
            ignore(cpu_run(run, piece_exit, 0, 0));
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
    double each = round_trip_ns(&run);
    fprintf(stderr, "  EENTER and EEXIT by jumps: %.1f ns\n", each);
    EXPECT(each < 1000); /* a trap takes more on any machine; the aim is 30 */
}
