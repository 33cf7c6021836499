/* SPDX-License-Identifier: Apache-2.0
 * entry.S: the few places where the launcher must be exact to the instruction. */
#include "launch/layout.h"

        .text

/* void launch_restorer(void): where a handler returns to.  RSP is at the ucontext.  When the
 * context is the program's and a signal was noted meanwhile, delivers it first.  From
 * launch_restorer to launch_restorer_end everything may be done again: a signal that arrives in
 * between is noted and sends RIP back to the start, so that none is overlooked. */
        .globl  launch_restorer, launch_restorer_end
        .type   launch_restorer, @function
        .cfi_startproc
        nop     /* unwinders look up the call site by the byte before */
launch_restorer:
        mov     UC_RSP(%rsp), %rcx
        xor     %rsp, %rcx
        test    $-BLOCK_SIZE, %rcx
        jz      1f              /* back into the launcher: nothing to deliver here */
        mov     %rsp, %rcx
        and     $-BLOCK_SIZE, %rcx
        cmpq    $0, BLOCK_OWNER+THREAD_READY(%rcx)
        jne     2f
1:      mov     $15, %eax       /* rt_sigreturn */
        syscall
launch_restorer_end:
        hlt
2:      mov     %rsp, %rdi
        mov     %rsp, %rbp      /* the frame's own RBP comes from the ucontext */
        and     $-64, %rsp
        cld
        call    launch_deliver_late
        mov     %rbp, %rsp
        jmp     launch_restorer
        .cfi_endproc
        .size   launch_restorer, . - launch_restorer

/* long launch_forward(struct launch_thread *t, long nr, const long args[6]): a system call with
 * the program's own signal mask.  A signal noted before the kernel got hold of it ends it with
 * -512, so that it can be done again after the handler; trap_raw.c sends RIP to
 * launch_forward_abort when it is in launch_forward_begin ..= launch_forward_call. */
        .globl  launch_forward, launch_forward_begin, launch_forward_call, launch_forward_abort
        .type   launch_forward, @function
        .cfi_startproc
launch_forward:
        mov     %rsi, %rax
        mov     %rdi, %rcx
        mov     %rdx, %r11
        mov     (%r11), %rdi
        mov     8(%r11), %rsi
        mov     16(%r11), %rdx
        mov     24(%r11), %r10
        mov     32(%r11), %r8
        mov     40(%r11), %r9
launch_forward_begin:
        cmpq    $0, THREAD_READY(%rcx)
        jne     launch_forward_abort
launch_forward_call:
        syscall
        ret
launch_forward_abort:
        mov     $-512, %rax
        ret
        .cfi_endproc
        .size   launch_forward, . - launch_forward

/* long launch_copy(void *to, const void *from, size_t size): 0, or -14 (-EFAULT) when memory was
 * missing; trap_raw.c sends RIP from launch_copy .. launch_copy_end to launch_copy_fault. */
        .globl  launch_copy, launch_copy_end, launch_copy_fault, launch_copy_string
        .type   launch_copy, @function
        .cfi_startproc
launch_copy:
        mov     %rdx, %rcx
        rep movsb
        xor     %eax, %eax
        ret
/* long launch_copy_string(char *to, const char *from, size_t size): the length, or -14, or -36
 * (-ENAMETOOLONG) when no zero byte is among the first `size`. */
launch_copy_string:
        xor     %eax, %eax
1:      cmp     %rdx, %rax
        jae     3f
        mov     (%rsi,%rax), %cl
        mov     %cl, (%rdi,%rax)
        test    %cl, %cl
        jz      2f
        inc     %rax
        jmp     1b
2:      ret
3:      mov     $-36, %rax
        ret
launch_copy_end:
launch_copy_fault:
        mov     $-14, %rax
        ret
        .cfi_endproc
        .size   launch_copy, . - launch_copy

/* long launch_clone(unsigned long flags, void *stack, int *ptid, int *ctid, struct launch_thread
 * *t): clone(2) without CLONE_SETTLS.  With a stack, the child calls launch_thread_begin(t) there
 * and never returns; without one both return. */
        .globl  launch_clone
        .type   launch_clone, @function
        .cfi_startproc
launch_clone:
        mov     %rcx, %r10
        mov     %r8, %r9
        xor     %r8d, %r8d
        mov     $56, %eax
        test    %rsi, %rsi
        jz      1f
        syscall
        test    %rax, %rax
        jz      2f
        ret
1:      syscall
        ret
2:      xor     %ebp, %ebp
        mov     %r9, %rdi
        call    launch_thread_begin
        hlt
        .cfi_endproc
        .size   launch_clone, . - launch_clone

/* void launch_thread_end(struct launch_thread *t, long status): gives the block away and leaves
 * the thread; the stack is not touched once the block is free.  All signals are blocked. */
        .globl  launch_thread_end
        .type   launch_thread_end, @function
        .cfi_startproc
launch_thread_end:
        mov     $60, %eax
        mov     %rdi, %rcx
        mov     %rsi, %rdi
        movl    $0, THREAD_STATE(%rcx)
        syscall
        hlt
        .cfi_endproc
        .size   launch_thread_end, . - launch_thread_end

/* void launch_resume(void *ucontext): loads the context as rt_sigreturn does. */
        .globl  launch_resume
        .type   launch_resume, @function
        .cfi_startproc
launch_resume:
        mov     %rdi, %rsp
        jmp     launch_restorer
        .cfi_endproc
        .size   launch_resume, . - launch_resume

/* void launch_jump(void *stack, void *entry): starts the program as the kernel would. */
        .globl  launch_jump
        .type   launch_jump, @function
        .cfi_startproc
launch_jump:
        mov     %rdi, %rsp
        push    %rsi
        xor     %eax, %eax
        wrfsbase %rax
        xor     %ebx, %ebx
        xor     %ecx, %ecx
        xor     %edx, %edx
        xor     %esi, %esi
        xor     %edi, %edi
        xor     %ebp, %ebp
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        xor     %r12d, %r12d
        xor     %r13d, %r13d
        xor     %r14d, %r14d
        xor     %r15d, %r15d
        ret
        .cfi_endproc
        .size   launch_jump, . - launch_jump

        .section .note.GNU-stack,"",@progbits
