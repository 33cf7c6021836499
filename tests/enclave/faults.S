/* SPDX-License-Identifier: Apache-2.0
 * faults.S: see faults.h. */
#define IN_FLAGS 120
#define FUNCTION 128
#define XFRM 136
#define OUT 144
#define RED_IN 272
#define RED_OUT 400
#define XSAVE_IN 576
#define XSAVE_BEFORE 4672
#define XSAVE_AFTER 8768

    .text

/* name, bytes of one instruction; then a return */
.macro FAULT name, bytes:vararg
    .globl  \name
    .hidden \name
    .type   \name, @function
\name:
    .byte   \bytes
    ret
.endm

    FAULT   fault_ud, 0x0f, 0x0b                /* ud2 */
    FAULT   fault_de, 0x48, 0xf7, 0xf0          /* div %rax; RAX is 0 */
    FAULT   fault_read, 0x48, 0x3b, 0x00        /* cmp (%rax), %rax */
    FAULT   fault_write, 0x48, 0x89, 0x00       /* mov %rax, (%rax) */

    .globl  fault_nothing
    .hidden fault_nothing
    .type   fault_nothing, @function
fault_nothing:
    ret

.macro EACH_GPR op, base
    \op     %rbx, \base + 8
    \op     %rcx, \base + 16
    \op     %rdx, \base + 24
    \op     %rbp, \base + 32
    \op     %rsi, \base + 40
    \op     %rdi, \base + 48
    \op     %r8, \base + 56
    \op     %r9, \base + 64
    \op     %r10, \base + 72
    \op     %r11, \base + 80
    \op     %r12, \base + 88
    \op     %r13, \base + 96
    \op     %r14, \base + 104
    \op     %r15, \base + 112
.endm

.macro STORE reg, offset
    movq    \reg, \offset(%rax)
.endm

.macro LOAD reg, offset
    movq    \offset(%rax), \reg
.endm

    /* void fault_run(struct registers *r) */
    .globl  fault_run
    .hidden fault_run
    .type   fault_run, @function
fault_run:
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    subq    $8, %rsp
    stmxcsr (%rsp)
    fnstcw  4(%rsp)
    pushq   %rdi                        /* 8(%rsp) below: the block */
    pushq   FUNCTION(%rdi)              /* (%rsp): what to call */

    movl    XFRM(%rdi), %eax
    xorl    %edx, %edx
    xrstor  XSAVE_IN(%rdi)
    xsave   XSAVE_BEFORE(%rdi)

    /* The called function's red zone: its return address lies at -8(%rsp). */
    movq    %rdi, %rax
    xorl    %ecx, %ecx
1:  movq    RED_IN(%rax,%rcx,8), %rdx
    movq    %rdx, -136(%rsp,%rcx,8)
    incl    %ecx
    cmpl    $16, %ecx
    jb      1b

    pushq   IN_FLAGS(%rax)              /* over the place of the return address */
    popfq
    EACH_GPR LOAD, 0
    movq    (%rax), %rax
    call    *(%rsp)
    movq    %rax, -8(%rsp)
    movq    8(%rsp), %rax
    EACH_GPR STORE, OUT
    movq    -8(%rsp), %rbx
    movq    %rbx, OUT(%rax)
    pushfq
    popq    OUT + 120(%rax)
    cld
    xorl    %ecx, %ecx
2:  movq    -136(%rsp,%rcx,8), %rdx
    movq    %rdx, RED_OUT(%rax,%rcx,8)
    incl    %ecx
    cmpl    $16, %ecx
    jb      2b

    movq    %rax, %rdi
    movl    XFRM(%rdi), %eax
    xorl    %edx, %edx
    xsave   XSAVE_AFTER(%rdi)

    addq    $16, %rsp
    fninit
    ldmxcsr (%rsp)
    fldcw   4(%rsp)
    addq    $8, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    ret

    .section .note.GNU-stack, "", @progbits
