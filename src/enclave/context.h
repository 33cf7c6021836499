/* SPDX-License-Identifier: Apache-2.0
 * context.h: the registers at an exception inside the enclave, as a handler sees and edits them;
 * for C and for entry.S. */
#ifndef CELLA_ENCLAVE_CONTEXT_H
#define CELLA_ENCLAVE_CONTEXT_H

#define CTX_RAX 0
#define CTX_RCX 8
#define CTX_RDX 16
#define CTX_RBX 24
#define CTX_RSP 32
#define CTX_RBP 40
#define CTX_RSI 48
#define CTX_RDI 56
#define CTX_R8 64
#define CTX_R9 72
#define CTX_R10 80
#define CTX_R11 88
#define CTX_R12 96
#define CTX_R13 104
#define CTX_R14 112
#define CTX_R15 120
#define CTX_RFLAGS 128
#define CTX_RIP 136
#define CTX_FS_BASE 144
#define CTX_XSAVE 192

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* Lies on the interrupted thread's stack, below its red zone, aligned to 64; the XSAVE area follows
 * directly. */
struct exception_context {
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags, rip;
    uint64_t fs_base;
    uint64_t vector;  /* SGX_VECTOR_* */
    uint64_t address; /* #PF and #GP: EXINFO.MADDR */
    uint64_t errcode; /* #PF and #GP: EXINFO.ERRCD */
    uint64_t reserved[2];
    uint8_t xsave[]; /* standard format, XFRM's components */
};

_Static_assert(offsetof(struct exception_context, rsp) == CTX_RSP, "CTX_RSP");
_Static_assert(offsetof(struct exception_context, r15) == CTX_R15, "CTX_R15");
_Static_assert(offsetof(struct exception_context, rip) == CTX_RIP, "CTX_RIP");
_Static_assert(offsetof(struct exception_context, fs_base) == CTX_FS_BASE, "CTX_FS_BASE");
_Static_assert(offsetof(struct exception_context, xsave) == CTX_XSAVE, "CTX_XSAVE");
#endif

#endif
