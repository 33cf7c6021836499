/* SPDX-License-Identifier: Apache-2.0
 * entry.S: the ways into the kernel and out of it.  Offsets: platform/platform.h.
 * The kernel runs on the thread's kernel stack with the application's vector registers and FS base
 * live.  Whatever interrupts a thread between libos_exit and libos_exit_end makes it start again at
 * libos_exit (kernel_trap), so that no signal is overlooked on the way out. */
    .text

/* Rewritten syscall sites jump here: rax number, rcx return address, the rest as for `syscall`.  */
    .globl libos_entry
    .type libos_entry, @function
    .p2align 6
libos_entry:
    mov %rsp, %gs:16
    mov %gs:8, %rsp
    pushq %gs:16
    pushfq
    push %rcx
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    call libos_syscall
    jmp libos_exit
    .size libos_entry, . - libos_entry

/* kernel_trap() resumes here; rsp points to the register frame. */
    .globl libos_trap_entry
    .type libos_trap_entry, @function
libos_trap_entry:
    mov %rsp, %rdi
    call libos_trap
    jmp libos_exit
    .size libos_trap_entry, . - libos_trap_entry

/* Back to the application, with what the register frame says. */
    .globl libos_exit
    .globl libos_exit_end
    .type libos_exit, @function
    .p2align 4
libos_exit:
    mov %gs:8, %rsp
    sub $144, %rsp
    cmpq $0, %gs:48
    jne 1f
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    popq %gs:24
    popfq
    mov (%rsp), %rsp
    jmp *%gs:24
1:  mov %rsp, %rdi
    call libos_exit_work
    jmp libos_exit
libos_exit_end:
    .size libos_exit, . - libos_exit

/* void libos_leave(void): the first way to the application of a new thread. */
    .globl libos_leave
    .type libos_leave, @function
libos_leave:
    jmp libos_exit
    .size libos_leave, . - libos_leave
    .section .note.GNU-stack,"",@progbits
