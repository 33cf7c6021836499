/* SPDX-License-Identifier: Apache-2.0
 * blocking.S: a system call that is not made once a word of host memory is not 0; see kick.c.
 *
 * long host_blocking(number, a, b, c, d, const uint64_t *word): a handler of the kick signal that
 * interrupts it between host_blocking_start and host_blocking_call goes on at
 * host_blocking_abort. */
    .text
    .globl host_blocking, host_blocking_start, host_blocking_call, host_blocking_abort
    .hidden host_blocking, host_blocking_start, host_blocking_call, host_blocking_abort
    .type host_blocking, @function
host_blocking:
    .cfi_startproc
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %rcx
    xor %r8d, %r8d
    xor %r9d, %r9d
host_blocking_start:
    cmpq $0, (%rcx)
    jne host_blocking_abort
host_blocking_call:
    syscall
    ret
host_blocking_abort:
    mov $-4, %rax /* EINTR */
    ret
    .cfi_endproc
    .size host_blocking, . - host_blocking
    .section .note.GNU-stack, "", @progbits
