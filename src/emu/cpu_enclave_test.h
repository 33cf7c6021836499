/* SPDX-License-Identifier: Apache-2.0
 * cpu_enclave_test.h: a small enclave for the tests of the CPU in motion.
 *
 * Pages: nothing below CPU_CODE (so that ELRANGE may start at 0), code, two of data, then for each
 * thread a group of eight: TCS, SSA frames, and the pages that FS and GS point to. */
#ifndef CELLA_EMU_CPU_ENCLAVE_TEST_H
#define CELLA_EMU_CPU_ENCLAVE_TEST_H

#include <asm/sgx.h>

#include "base/test.h"
#include "emu/builder_test.h"

enum {
    CPU_PAGE = 4096,
    CPU_CODE = 16 * CPU_PAGE,
    CPU_DATA = 8 * CPU_PAGE, /* from CPU_CODE */
    CPU_GROUPS = 32 * CPU_PAGE,
    CPU_GROUP = 8 * CPU_PAGE,
    CPU_FS = 6 * CPU_PAGE, /* in a group */
    CPU_GS = 7 * CPU_PAGE,
    CPU_SIZE = 0x400000,
};

struct cpu_enclave {
    struct builder b;
    unsigned nssa;
    unsigned frame_pages;
};

struct cpu_options {
    unsigned threads; /* 0: 1 */
    unsigned nssa;    /* 0: 3 */
    uint64_t xfrm;    /* 0: legacy */
    uint32_t miscselect;
    bool is_production;                 /* DEBUG is not set */
    bool is_low;                        /* ELRANGE starts at 0 */
    void (*spoil)(struct sgx_tcs *tcs); /* changes each TCS before it is added; may be NULL */
};

/* emu_start() with a secret of its own; the mode is that of the running test. */
void cpu_start(enum emu_mode mode, enum emu_guard guard);

void cpu_build(struct cpu_enclave *enclave, const struct cpu_options *options);
uint64_t cpu_tcs(const struct cpu_enclave *enclave, unsigned thread);
struct sgx_tcs *cpu_tcs_alias(const struct cpu_enclave *enclave, unsigned thread);
/* The GPR area of a frame, in the alias; and as the enclave addresses it. */
struct sgx_gpr *cpu_gpr(const struct cpu_enclave *enclave, unsigned thread, unsigned frame);
uint64_t cpu_gpr_addr(const struct cpu_enclave *enclave, unsigned thread, unsigned frame);
/* The start of a frame, in the alias. */
uint8_t *cpu_frame(const struct cpu_enclave *enclave, unsigned thread, unsigned frame);

/* cpu_code_test.S */
typedef char cpu_piece[];
extern cpu_piece cpu_code_start, cpu_code_end, piece_exit, piece_exit_to, piece_leave_regs,
    piece_push, piece_ud2, piece_syscall, piece_int80, piece_int3, piece_int_n, piece_in,
    piece_divide, piece_gp, piece_trap_flag, piece_load, piece_store, piece_call, piece_spin,
    piece_skip, piece_check, piece_exit_mov32, piece_exit_mov64, piece_exit_far, piece_exit_decoy,
    piece_exit_decoy_mov, piece_alone, piece_leaf, piece_leaf_enclu, piece_pattern,
    piece_pattern_fault;
extern cpu_piece cpu_enclu_site, cpu_enclu_aep, cpu_enclu_after;

struct cpu_regs {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi;
};

int cpu_call_enter(uint64_t rdi, uint64_t rsi, uint64_t rdx, unsigned function, uint64_t r8,
                   uint64_t r9, struct sgx_enclave_run *run);
int cpu_call_and_dump(struct sgx_enclave_run *run, unsigned function, uint64_t dump[8],
                      uint64_t piece);
void cpu_enclu(struct cpu_regs *regs);

/* The offset of a piece in the enclave, which is also what RDI takes. */
static inline uint64_t cpu_offset(const char *piece)
{
    return (uintptr_t)piece - (uintptr_t)cpu_code_start;
}

/* EENTER through emu_enter() with that piece; the results of EEXIT or of an exception are in *run.
 */
static inline int cpu_run(struct sgx_enclave_run *run, const char *piece, uint64_t rsi,
                          uint64_t rdx)
{
    return cpu_call_enter(cpu_offset(piece), rsi, rdx, SGX_EENTER, 0, 0, run);
}

static inline int cpu_resume(struct sgx_enclave_run *run)
{
    return cpu_call_enter(0, 0, 0, SGX_ERESUME, 0, 0, run);
}

/* A test that runs in both modes. */
#define TEST_BOTH(test_name)                          \
    static void test_name##_body(enum emu_mode mode); \
    TEST(test_name##_in_trap_mode)                    \
    {                                                 \
        test_name##_body(EMU_TRAP);                   \
    }                                                 \
    TEST(test_name##_in_fast_mode)                    \
    {                                                 \
        test_name##_body(EMU_FAST);                   \
    }                                                 \
    static void test_name##_body(enum emu_mode mode)

#endif
