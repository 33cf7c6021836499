/* SPDX-License-Identifier: Apache-2.0
 * cpu_state_test.h: what the self-check of the test enclave loads and stores; for C and assembler.
 */
#ifndef CELLA_EMU_CPU_STATE_TEST_H
#define CELLA_EMU_CPU_STATE_TEST_H

/* Offsets in struct cpu_registers. */
#define S_VECTOR 0
#define S_MASK 2048
#define S_X87 2112
#define S_RED 2240
#define S_GPR 2368
#define S_FLAGS 2480
#define S_FS 2488
#define S_GS 2496
#define S_SP 2504
#define S_MXCSR 2512
#define S_OUT 2560 /* the size; struct cpu_state has `in`, then `out` */
#define S_BACK 5120
#define S_HOST_SP 5128
#define S_HOST_BP 5136
#define S_FAULT 5144
#define S_LEVEL 5152

#ifndef __ASSEMBLER__
#include <stdint.h>

struct cpu_registers {
    uint8_t vector[32][64];
    uint64_t mask[8];
    uint8_t x87[8][16];
    uint64_t red_zone[16];
    uint64_t gpr[14];
    uint64_t flags;
    uint64_t fs;
    uint64_t gs;
    uint64_t sp;
    uint32_t mxcsr;
    uint32_t unused[11];
};

struct cpu_state {
    struct cpu_registers in;
    struct cpu_registers out;
    uint64_t back, host_sp, host_bp, fault, level;
};

_Static_assert(sizeof(struct cpu_registers) == S_OUT, "struct cpu_registers");

/* Fills `in` with something that depends on `seed`; `level` as piece_check takes it. */
void cpu_state_fill(struct cpu_state *state, uint64_t seed, unsigned level);

/* The name of the first thing in which `out` is not `in`, NULL when all is the same.  `tcs_group`:
 * the address of the TCS, which decides FS, GS and RSP. */
const char *cpu_state_difference(const struct cpu_state *state, unsigned level, uint64_t tcs_group);

/* What XCR0 has: 0 SSE, 1 AVX, 2 AVX-512; and the XFRM that goes with it. */
unsigned cpu_state_level(void);
uint64_t cpu_state_xfrm(unsigned level);
#endif

#endif
