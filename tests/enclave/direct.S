/* SPDX-License-Identifier: Apache-2.0
 * direct.S: EENTER without the vDSO, so that every register can be looked at right behind EEXIT. */
#define TCS 0
#define IN_RDI 8
#define IN_RSI 16
#define MASK 24
#define POISON 160
#define OUT 32
#define XSAVE 192

    .text
    .globl  direct_enter
    .type   direct_enter, @function
direct_enter:                           /* void direct_enter(struct direct *d) */
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    subq    $8, %rsp
    stmxcsr (%rsp)
    fnstcw  4(%rsp)
    pushq   %rdi
    movq    %rdi, %r8
    movq    TCS(%rdi), %rbx
    movq    IN_RSI(%rdi), %rsi
    movq    IN_RDI(%rdi), %rdi
    leaq    aep(%rip), %rcx
    movl    $2, %eax
    cmpl    $0, POISON(%r8)
    je      1f
    fninit                              /* a full x87 stack, odd precision, no exception masked */
    .rept 8
    fldpi
    .endr
    fldcw   odd_fcw(%rip)
    ldmxcsr odd_mxcsr(%rip)
    pushq   $0x40ed7                    /* CF PF AF ZF SF DF OF AC */
    popfq
1:  enclu
    .byte   0x66, 0x90
    movq    %rax, -8(%rsp)
    movq    (%rsp), %rax
    movq    %rbx, OUT + 8(%rax)
    movq    %rcx, OUT + 16(%rax)
    movq    %rdx, OUT + 24(%rax)
    movq    %rbp, OUT + 32(%rax)
    movq    %rsi, OUT + 40(%rax)
    movq    %rdi, OUT + 48(%rax)
    movq    %r8, OUT + 56(%rax)
    movq    %r9, OUT + 64(%rax)
    movq    %r10, OUT + 72(%rax)
    movq    %r11, OUT + 80(%rax)
    movq    %r12, OUT + 88(%rax)
    movq    %r13, OUT + 96(%rax)
    movq    %r14, OUT + 104(%rax)
    movq    %r15, OUT + 112(%rax)
    movq    -8(%rsp), %rcx
    movq    %rcx, OUT(%rax)
    pushfq
    popq    OUT + 120(%rax)
    pushq   $0x202
    popfq
    movq    %rax, %rdi
    movl    MASK(%rdi), %eax
    xorl    %edx, %edx
    xsave   XSAVE(%rdi)
    addq    $8, %rsp
    cld
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

aep:
    enclu                               /* RAX is 3 here: ERESUME */

    .section .rodata
odd_fcw:
    .word   0x0c00
odd_mxcsr:
    .long   0xe040                      /* round to zero, flush to zero, denormals are zeros */

    .section .note.GNU-stack, "", @progbits
