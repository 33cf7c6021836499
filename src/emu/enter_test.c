/* SPDX-License-Identifier: Apache-2.0
 * enter_test.c: the contract of emu_enter(), and what EENTER and EEXIT do when all is well. */
#include "emu/context.h"
#include "emu/cpu_enclave_test.h"
#include "emu/thread.h"

enum { REFUSED = -22, HANDLER_CALLS = 3 };

TEST_BOTH(emu_enter_enters_and_exits)
{
    struct cpu_enclave enclave;
    cpu_start(mode, EMU_GUARD_AUTO);
    cpu_build(&enclave, &(struct cpu_options){0});
    for (int i = 0; i < 3; i++) {
        struct sgx_enclave_run run = {.tcs = cpu_tcs(&enclave, 0)};
        EXPECT_EQ(cpu_run(&run, piece_exit, 0, 0), 0);
        EXPECT_EQ(run.function, SGX_EEXIT);
        EXPECT_EQ(cpu_tcs_alias(&enclave, 0)->state, 0);
        EXPECT_EQ(emu_threads_inside(enclave.b.enclave), 0);
    }
}
