/* SPDX-License-Identifier: Apache-2.0
 * enter.S: a call of __vdso_sgx_enter_enclave that is a proper C function.  The vDSO keeps RBX, RBP and
 * RSP only; the enclave comes back with all other registers and the floating-point control words
 * as it likes. */

    /* int host_enter_call(const struct host_entry *e): function, RDI, RSI, leaf, run. */
    .text
    .globl  host_enter_call
    .hidden host_enter_call
    .type   host_enter_call, @function
host_enter_call:
    .cfi_startproc
    pushq   %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq    %rsp, %rbp
    .cfi_def_cfa_register %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    subq    $8, %rsp
    stmxcsr (%rsp)
    fnstcw  4(%rsp)
    movq    %rdi, %rax
    movq    8(%rax), %rdi
    movq    16(%rax), %rsi
    xorl    %edx, %edx
    movl    24(%rax), %ecx
    xorl    %r8d, %r8d
    xorl    %r9d, %r9d
    subq    $8, %rsp
    pushq   32(%rax)                    /* the seventh argument: run */
    call    *(%rax)
    addq    $16, %rsp
    cld
    ldmxcsr (%rsp)
    fldcw   4(%rsp)
    addq    $8, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size   host_enter_call, . - host_enter_call
    .section .note.GNU-stack, "", @progbits
