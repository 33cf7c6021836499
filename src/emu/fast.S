/* SPDX-License-Identifier: Apache-2.0
 * fast.S: the exit stub, which is copied next to an enclave, and runs with the enclave's registers.
 *
 * RBX is the target, RAX is 4.  RCX is free, because EEXIT writes the AEP there; RAX becomes free
 * too; flags pass through EEXIT, so they are kept: in AH and AL from fast_exit_flags_in_ax on, in
 * T_SCRATCH from fast_exit_flags_kept on, live again from fast_exit_flags_live on.  See fast_roll.c
 * for what a signal at each place means. */
#include "emu/thread_layout.h"

    .macro label name
    .globl \name
    .hidden \name
\name:
    .endm

    .section .rodata
    .p2align 6
label fast_exit_begin
    lea -LEAF_EEXIT(%rax), %rcx
    jrcxz 1f
label fast_exit_trap /* not EEXIT after all, or not for us */
    .byte 0x0f, 0x01, 0xd7
    ud2
1:  lahf
    seto %al
label fast_exit_flags_in_ax
    mov %rbx, %rcx
    shr $47, %rcx
    jnz fast_exit_slow
    rdgsbase %rcx
    test $(PAGE_BYTES - 1), %ecx
    jnz fast_exit_slow
    sub fast_exit_base(%rip), %rcx
    cmp fast_exit_size(%rip), %rcx
    jae fast_exit_slow
    shr $(PAGE_LOG2 - 4), %rcx /* struct fast_owner has 16 bytes */
    add fast_exit_owners(%rip), %rcx
    cmpq $-1, 8(%rcx) /* OWNER_SHARED */
    je fast_exit_slow
    mov (%rcx), %rcx
    test %rcx, %rcx
    jz fast_exit_slow
    cmpw $0, T_DEBUG(%rcx)
    jne fast_exit_slow
    cmpq $0, T_INSIDE(%rcx)
    je fast_exit_slow
    mov %rax, T_SCRATCH(%rcx)
label fast_exit_flags_kept
    mov T_HOST_FS(%rcx), %rax
    wrfsbase %rax
    mov T_HOST_GS(%rcx), %rax
    cmp %rax, T_LAZY_GS(%rcx)
    je 2f
    wrgsbase %rax
2:
    mov T_TCS_ALIAS(%rcx), %rax
    movq $0, T_INSIDE(%rcx)
    movq $0, TCS_STATE(%rax)
label fast_exit_released
    mov T_SCRATCH(%rcx), %rax
    mov T_AEP(%rcx), %rcx
    add $127, %al /* OF */
    sahf
label fast_exit_flags_live
    mov $LEAF_EEXIT, %eax
    jmp *%rbx
label fast_exit_slow
    add $127, %al
    sahf
label fast_exit_slow_flags_live
    mov $LEAF_EEXIT, %eax
    jmp fast_exit_trap

    .p2align 3
label fast_exit_base
    .quad 0
label fast_exit_size
    .quad 0
label fast_exit_owners
    .quad 0
label fast_exit_end

    .section .note.GNU-stack, "", @progbits
