/* SPDX-License-Identifier: Apache-2.0
 * host.S: see host_raw.h. */
    .text
/* long host_blocking(nr, a, b, c, d, token): rdi rsi rdx rcx r8 r9 */
    .globl host_blocking, host_blocking_start, host_blocking_call, host_blocking_abort
    .type host_blocking, @function
host_blocking:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %rcx
    xor %r8d, %r8d
    xor %r9d, %r9d
host_blocking_start:
    cmpl $0, (%rcx)
    jne host_blocking_abort
host_blocking_call:
    syscall
    ret
host_blocking_abort:
    mov $-4, %rax
    ret
    .size host_blocking, . - host_blocking

/* long host_clone(flags, stack_top, start, arg) */
    .globl host_clone
    .type host_clone, @function
host_clone:
    mov %rdx, %r8
    mov %rcx, %r9
    xor %edx, %edx
    xor %r10d, %r10d
    mov $56, %eax
    syscall
    test %rax, %rax
    jz 1f
    ret
1:  xor %ebp, %ebp
    and $-16, %rsp
    mov %r9, %rdi
    call *%r8
    ud2
    .size host_clone, . - host_clone

/* void host_switch(stack_top, run, arg) */
    .globl host_switch
    .type host_switch, @function
host_switch:
    mov %rdi, %rsp
    and $-16, %rsp
    xor %ebp, %ebp
    mov %rdx, %rdi
    call *%rsi
    ud2
    .size host_switch, . - host_switch
    .section .note.GNU-stack,"",@progbits
