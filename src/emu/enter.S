/* SPDX-License-Identifier: Apache-2.0
 * enter.S: emu_enter(), with the contract of __vdso_sgx_enter_enclave() in asm/sgx.h, and the
 * restorer of signal handlers.
 *
 * As in the vDSO, RBX, RBP and RSP come back as they were and nothing else does: R12 to R15 are
 * what the enclave left in them, and zero after an exception.  The frame:
 *   16(%rbp) run    8(%rbp) return address    (%rbp) caller's RBP    -8(%rbp) caller's RBX */
#include "emu/thread_layout.h"

    .text
    .globl emu_enter, emu_enter_enclu, emu_enter_exception, emu_restorer, emu_attach_stub
    .hidden emu_enter_enclu, emu_enter_exception, emu_restorer, emu_attach_stub

    .type emu_enter, @function
    .p2align 6
emu_enter:
    .cfi_startproc
    push %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    mov %rsp, %rbp
    .cfi_def_cfa_register %rbp
    push %rbx
    .cfi_offset %rbx, -24
    mov %ecx, %eax

.Lleaf: /* EAX: the leaf that is asked for */
    lea -LEAF_EENTER(%rax), %ecx
    cmp $(LEAF_ERESUME - LEAF_EENTER), %ecx
    ja .Lrefuse
    mov 16(%rbp), %rbx
    mov $RUN_RESERVED, %ecx
.Lreserved:
    cmpq $0, (%rbx,%rcx)
    jne .Lrefuse
    add $8, %ecx
    cmp $RUN_SIZE, %ecx
    jne .Lreserved
    mov RUN_TCS(%rbx), %rbx
    lea emu_enter_enclu(%rip), %rcx

emu_enter_enclu: /* the entry and, with RAX = 3, the AEP */
    .byte 0x0f, 0x01, 0xd7

    /* EEXIT comes here by convention: the enclave got this address in RCX. */
    mov 16(%rbp), %rbx
    movl $LEAF_EEXIT, RUN_FUNCTION(%rbx)

.Lleft:
    cmpq $0, RUN_HANDLER(%rbx)
    jne .Lhandler
    xor %eax, %eax
.Lreturn:
    pop %rbx
    leave
    .cfi_def_cfa %rsp, 8
    ret

    .cfi_def_cfa %rbp, 16
.Lrefuse:
    mov $-22, %eax /* EINVAL */
    jmp .Lreturn

emu_enter_exception: /* RAX: the leaf; RDI, RSI, RDX: vector, error code, address */
    mov 16(%rbp), %rbx
    mov %eax, RUN_FUNCTION(%rbx)
    mov %di, RUN_VECTOR(%rbx)
    mov %si, RUN_ERROR_CODE(%rbx)
    mov %rdx, RUN_ADDR(%rbx)
    jmp .Lleft

    /* handler(rdi, rsi, rdx, rsp, r8, r9, run): what the enclave pushed stays below its RSP. */
.Lhandler:
    mov %rsp, %rcx
    mov RUN_HANDLER(%rbx), %rax
    mov %rbx, %r10
    mov %rsp, %rbx /* kept by the callee */
    and $-16, %rsp
    push %r10 /* alignment */
    push %r10
    cld
    lfence
    call *%rax
    mov %rbx, %rsp
    test %eax, %eax
    jle .Lreturn
    jmp .Lleaf
    .cfi_endproc
    .size emu_enter, . - emu_enter

    /* The unwinder knows a signal frame by these very instructions. */
    .type emu_restorer, @function
    .p2align 4
emu_restorer:
    mov $15, %rax /* rt_sigreturn */
    syscall
    .size emu_restorer, . - emu_restorer

    /* Runs where a thread without a block stood at an ENCLU: Linux takes no new alternate stack from
     * a handler that runs on the old one.  (%rsp) is where to go on, 8(%rsp) a stack_t, then the red
     * zone; no register changes. */
    .type emu_attach_stub, @function
    .p2align 4
emu_attach_stub:
    pushfq
    push %rax
    push %rcx
    push %rsi
    push %rdi
    push %r11
    mov $131, %eax /* sigaltstack */
    lea 56(%rsp), %rdi
    xor %esi, %esi
    syscall
    pop %r11
    pop %rdi
    pop %rsi
    pop %rcx
    pop %rax
    popfq
    ret $(24 + 128)
    .size emu_attach_stub, . - emu_attach_stub

    .section .note.GNU-stack, "", @progbits
