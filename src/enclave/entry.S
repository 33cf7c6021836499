/* SPDX-License-Identifier: Apache-2.0
 * entry.S: every way into the enclave and out of it.  [SDM3D 38.3, 40.4 EENTER EEXIT]
 *
 * At EENTER all registers but these are the host's: RAX is CSSA, RBX the TCS, RCX where EEXIT goes
 * to, FS and GS what the TCS says.  So: no use of the stack before RSP comes from measured pages,
 * RFLAGS, MXCSR and the x87 state are set before any C runs, and LFENCE stands before the first
 * branch and behind each check of what the host passed in (branch injection, LVI, bounds bypass).
 *
 * Exceptions are taken on a stack of their own (stage 1) and refused while RIP is between
 * enclave_entry and enclave_entry_end, so the moments in which RSP is not ours yet or no longer
 * ours cannot be interrupted to any profit.
 *
 * Each ENCLU is followed by two bytes, so that an emulator may put a 5-byte jump there. */
#include "enclave/context.h"
#include "enclave/thread.h"
#include "gate/entry.h"

#define LEAF_EEXIT 4

/* Clears x87, MXCSR and every vector component in XFRM.  Destroys RAX, RCX, RDX. */
.macro RESET_XSTATE
    movl    %gs:T_XFRM, %eax
    orl     $3, %eax
    xorl    %edx, %edx
    leaq    init_xstate(%rip), %rcx
    xrstor  (%rcx)
.endm

/* Behind a host call: x87 and MXCSR as C expects them.  What the host left in vector registers is
   harmless, they are the caller's to save.  XGETBV says which components are not in their first state.
   Destroys RAX, RCX, RDX. */
.macro ENTER_XSTATE
    cmpl    $0, %gs:T_QUICK
    je      81f
    movl    $1, %ecx
    xgetbv
    ldmxcsr init_xstate + 24(%rip)
    testb   $1, %al
    jz      82f
    fninit
    jmp     82f
81: RESET_XSTATE
82:
.endm

/* Before EEXIT: like RESET_XSTATE, but does only what is needed: most calls come with nothing or XMM
   registers alone in use. LFENCE, so that nobody runs on with a register that was not cleared. */
.macro LEAVE_XSTATE
    cmpl    $0, %gs:T_QUICK
    je      91f
    movl    $1, %ecx
    xgetbv
    andl    %gs:T_XFRM, %eax
    testl   $~2, %eax
    jnz     91f
    ldmxcsr init_xstate + 24(%rip)
    testl   %eax, %eax
    jz      92f
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    pxor    %xmm\n, %xmm\n
    .endr
    jmp     92f
91: RESET_XSTATE
92: lfence
.endm

    .section .text.entry, "ax", @progbits
    .p2align 6
    .globl  enclave_entry
    .hidden enclave_entry
    .type   enclave_entry, @function
enclave_entry:
    lfence
    cld
    testl   %eax, %eax
    jnz     .Lexception
    movq    %rsp, %gs:T_HOST_RSP
    movq    %rbp, %gs:T_HOST_RBP
    movq    %rcx, %gs:T_HOST_EXIT
    cmpq    $GATE_ENTER_RETURN, %rdi
    jne     .Lfirst
    cmpl    $THREAD_IN_HOST, %gs:T_STATE
    jne     .Lrefuse_state
    lfence
    movl    $THREAD_INSIDE, %gs:T_STATE
    movq    %gs:T_RSP, %rsp
    pushq   $0
    popfq
    movq    %gs:T_XSAVE, %rcx
    testq   %rcx, %rcx
    jnz     .Lrestore
    ENTER_XSTATE
    jmp     .Lrestored
.Lrestore:
    movl    %gs:T_XFRM, %eax
    xorl    %edx, %edx
    xrstor  (%rcx)
.Lrestored:
    movq    %gs:T_FS_BASE, %rax
    wrfsbase %rax
    movq    %rsi, %rax
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    xorl    %esi, %esi
    xorl    %edi, %edi
    xorl    %r8d, %r8d
    xorl    %r9d, %r9d
    xorl    %r10d, %r10d
    xorl    %r11d, %r11d
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    ret

    /* START or THREAD on an idle TCS: a new stack. */
.Lfirst:
    leaq    -GATE_ENTER_START(%rdi), %rax
    cmpq    $(GATE_ENTER_THREAD - GATE_ENTER_START), %rax
    ja      .Lrefuse_state
    cmpl    $THREAD_IDLE, %gs:T_STATE
    jne     .Lrefuse_state
    lfence
    movl    $THREAD_INSIDE, %gs:T_STATE
    movq    %rbx, %r12
    movq    %gs:T_PLACE_TCS, %rax       /* zero before the first entry, like all that is not measured */
    movq    %gs:T_PLACE_STACK_HIGH, %rsp
    testq   %rax, %rax
    jnz     .Lplaced
    movq    %gs:T_TCS, %rax
    movq    %gs:T_STACK_HIGH, %rsp
.Lplaced:
    subq    %rax, %r12                  /* the enclave's base */
    addq    %r12, %rsp
    pushq   $0
    popfq
    RESET_XSTATE
    xorl    %ebp, %ebp
    xorl    %r8d, %r8d
    xorl    %r9d, %r9d
    xorl    %r10d, %r10d
    xorl    %r11d, %r11d
    xorl    %r13d, %r13d
    xorl    %r14d, %r14d
    xorl    %r15d, %r15d
    leaq    DATA_PAGE_SIZE(%rbx), %rdx  /* struct thread */
    movq    %r12, %rcx
    call    enclave_begin               /* (kind, boot, thread, base) -> RDI, RSI of EEXIT */
    movq    %rax, %rdi
    movq    %rdx, %rsi
    jmp     .Lleave

.Lrefuse_state:
    movl    $GATE_LEAVE_REFUSED, %edi
    movl    $GATE_REFUSED_STATE, %esi
    jmp     .Lleave

    /* int64_t enclave_leave(uint64_t call, uint64_t argument): a host call. */
    .globl  enclave_leave
    .hidden enclave_leave
    .type   enclave_leave, @function
enclave_leave:
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    rdfsbase %rax
    movq    %rax, %gs:T_FS_BASE
    movq    %gs:T_XSAVE, %rcx
    testq   %rcx, %rcx
    jz      .Lsaved
    movl    %gs:T_XFRM, %eax
    xorl    %edx, %edx
    xsave   (%rcx)
.Lsaved:
    movq    %rsp, %gs:T_RSP
    movl    $THREAD_IN_HOST, %gs:T_STATE
.Lleave:
    LEAVE_XSTATE
    movq    %gs:T_HOST_EXIT, %rbx
    movq    %gs:T_HOST_RSP, %rsp
    movq    %gs:T_HOST_RBP, %rbp
.Lleave_clean:
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    xorl    %r8d, %r8d
    xorl    %r9d, %r9d
    xorl    %r10d, %r10d
    xorl    %r11d, %r11d
    xorl    %r12d, %r12d
    xorl    %r13d, %r13d
    xorl    %r14d, %r14d
    xorl    %r15d, %r15d
    movl    $LEAF_EEXIT, %eax
    cmpl    %ecx, %ecx                  /* all arithmetic flags have known values */
    enclu
    ud2

    /* void enclave_thread_done(void): ends the thread's stay; its TCS may be entered anew. */
    .globl  enclave_thread_done
    .hidden enclave_thread_done
    .type   enclave_thread_done, @function
enclave_thread_done:
    movl    $GATE_LEAVE_DONE, %edi
    xorl    %esi, %esi
    movl    $THREAD_IDLE, %gs:T_STATE
    jmp     .Lleave

    /* CSSA is not 0: stage 1, on its own stack at the end of the first data page.  The host's RSP,
       RBP and exit address stay in registers, those in struct thread belong to what was
       interrupted.  Stage 1 is compiled for general registers only: it neither minds what the host left
       in the others nor leaves anything in them. */
.Lexception:
    cmpl    $1, %eax
    jne     .Lrefuse_cssa
    cmpq    $GATE_ENTER_EXCEPTION, %rdi
    je      .Lkind_known
    cmpq    $GATE_ENTER_KICK, %rdi
    jne     .Lrefuse_cssa
.Lkind_known:
    lfence
    movq    %rdi, %rsi
    movq    %rsp, %r12
    movq    %rbp, %r13
    movq    %rcx, %r14
    leaq    2 * DATA_PAGE_SIZE(%rbx), %rsp
    pushq   $0
    popfq
    xorl    %ebp, %ebp
    leaq    DATA_PAGE_SIZE(%rbx), %rdi
    call    exception_stage1            /* (thread, kind) -> RDI, RSI of EEXIT */
    movq    %rax, %rdi
    movq    %rdx, %rsi
    movq    %r12, %rsp
    movq    %r13, %rbp
    movq    %r14, %rbx
    jmp     .Lleave_clean

.Lrefuse_cssa:
    movl    $GATE_LEAVE_REFUSED, %edi
    movl    $GATE_REFUSED_CSSA, %esi
    movq    %rcx, %rbx
    jmp     .Lleave_clean

    /* Stage 2: ERESUME lands here with RDI = RSP = the context, on the interrupted stack. */
    .globl  exception_stage2
    .hidden exception_stage2
    .type   exception_stage2, @function
exception_stage2:
    movq    %rdi, %rbx
    xorl    %ebp, %ebp
    call    exception_dispatch
    movq    %rbx, %rdi
    movl    %gs:T_XFRM, %eax
    orl     $3, %eax
    xorl    %edx, %edx
    xrstor  CTX_XSAVE(%rdi)
    movq    CTX_FS_BASE(%rdi), %rax
    wrfsbase %rax
    movq    CTX_RIP(%rdi), %rax
    movq    %rax, %gs:T_RESUME_RIP
    pushq   CTX_RFLAGS(%rdi)
    popfq
    movq    CTX_RAX(%rdi), %rax
    movq    CTX_RCX(%rdi), %rcx
    movq    CTX_RDX(%rdi), %rdx
    movq    CTX_RBX(%rdi), %rbx
    movq    CTX_RBP(%rdi), %rbp
    movq    CTX_RSI(%rdi), %rsi
    movq    CTX_R8(%rdi), %r8
    movq    CTX_R9(%rdi), %r9
    movq    CTX_R10(%rdi), %r10
    movq    CTX_R11(%rdi), %r11
    movq    CTX_R12(%rdi), %r12
    movq    CTX_R13(%rdi), %r13
    movq    CTX_R14(%rdi), %r14
    movq    CTX_R15(%rdi), %r15
    movq    CTX_RSP(%rdi), %rsp
    movq    CTX_RDI(%rdi), %rdi
    jmp     *%gs:T_RESUME_RIP
    .globl  enclave_entry_end
    .hidden enclave_entry_end
enclave_entry_end:

    /* ENCLU leaves that come back: uint64_t enclu_leaf(leaf, rbx, rcx, rdx) returns RAX. */
    .section .text.enclu, "ax", @progbits
    .globl  enclu_leaf
    .hidden enclu_leaf
    .type   enclu_leaf, @function
enclu_leaf:
    pushq   %rbx
    movq    %rdi, %rax
    movq    %rsi, %rbx
    xchgq   %rdx, %rcx                  /* C's third argument is RDX, ENCLU wants it in RCX */
    enclu
    .byte   0x66, 0x90
    popq    %rbx
    ret

    /* XSAVE area in the init state, but MXCSR with all exceptions masked and their flags set: on
       CPUs with MXCSR-dependent timing (MCDT) this value makes timing independent of the data. */
    .section .rodata, "a", @progbits
    .p2align 6
init_xstate:
    .fill   24, 1, 0
    .long   0x1fbf
    .fill   576 - 28, 1, 0

    .section .note.GNU-stack, "", @progbits
