/* SPDX-License-Identifier: Apache-2.0
 * cpu_code_test.S: what the test enclave executes, and how tests get there.
 *
 * The enclave: EENTER goes to cpu_code_entry, which jumps to the piece at offset RDI, with RCX the
 * way back and R10 the CSSA; piece 0 dumps the registers as EENTER left them.  Every ENCLU stands
 * with two bytes of padding, as in our images. */
#include "emu/cpu_state_test.h"
#include "emu/thread_layout.h"

    .macro exit_enclave
    mov %rcx, %rbx
    mov $LEAF_EEXIT, %eax
    .byte 0x0f, 0x01, 0xd7
    ud2
    .endm

    /* The same for code that faults and is resumed, maybe from elsewhere: the stack of the host is
     * where EENTER or ERESUME has stored it, in the frame of the CSSA in R10. */
    .macro exit_resumed
    rdgsbase %rax
    mov %r10, %rbx
    shl $12, %rbx
    add %rbx, %rax
    mov -5 * 4096 - 40(%rax), %rsp
    mov -5 * 4096 - 32(%rax), %rbp
    exit_enclave
    .endm

    .macro mark name
    .globl \name
    .hidden \name
\name:
    .endm

    .macro piece name
    .globl \name
    .hidden \name
    .p2align 4
\name:
    .endm

    .section .rodata
    .p2align 12
piece cpu_code_start
piece cpu_code_entry
    test %rdi, %rdi
    jz dump
    mov %rax, %r10
    lea cpu_code_start(%rip), %rax
    add %rdi, %rax
    jmp *%rax

dump: /* RSI: 19 words */
    mov %rax, 0(%rsi)
    mov %rcx, 8(%rsi)
    mov %rdx, 16(%rsi)
    mov %rbx, 24(%rsi)
    mov %rsp, 32(%rsi)
    mov %rbp, 40(%rsi)
    mov %rsi, 48(%rsi)
    mov %rdi, 56(%rsi)
    mov %r8, 64(%rsi)
    mov %r9, 72(%rsi)
    mov %r10, 80(%rsi)
    mov %r11, 88(%rsi)
    mov %r12, 96(%rsi)
    mov %r13, 104(%rsi)
    mov %r14, 112(%rsi)
    mov %r15, 120(%rsi)
    pushfq
    pop 128(%rsi)
    rdfsbase %rax
    mov %rax, 136(%rsi)
    rdgsbase %rax
    mov %rax, 144(%rsi)
mark piece_exit
    exit_enclave

piece piece_exit_to /* RSI */
    mov %rsi, %rcx
    exit_enclave

piece piece_exit_mov32 /* as other people write it */
    mov %rcx, %rbx
    mov $LEAF_EEXIT, %eax
    .byte 0x0f, 0x01, 0xd7
    nop
    int3

piece piece_exit_mov64
    mov %rcx, %rbx
    .byte 0x48, 0xc7, 0xc0, 4, 0, 0, 0 /* mov $4, %rax */
    .byte 0x0f, 0x01, 0xd7
    nop
    int3

piece piece_exit_far /* the leaf is not set right before, so it traps */
    mov %rcx, %rbx
    mov $LEAF_EEXIT, %eax
    nop
    .byte 0x0f, 0x01, 0xd7
    nop
    int3

piece piece_exit_decoy /* ends in the bytes of mov $4, %eax, but is mov $4, %r8d */
    mov %rcx, %rbx
    mov $LEAF_EEXIT, %eax
mark piece_exit_decoy_mov
    mov $4, %r8d
    .byte 0x0f, 0x01, 0xd7
    nop
    int3

piece piece_leave_regs /* every register that EEXIT passes on, and the flags */
    mov %rcx, %rbx
    mov $0x1111, %edi
    mov $0x2222, %esi
    mov $0x3333, %edx
    mov $0x8888, %r8d
    mov $0x9999, %r9d
    mov $0xaaaa, %r10d
    mov $0xbbbb, %r11d
    mov $0xcccc, %r12d
    mov $0xdddd, %r13d
    mov $0xeeee, %r14d
    mov $0xffff, %r15d
    mov $LEAF_EEXIT, %eax
    .byte 0x0f, 0x01, 0xd7
    ud2

piece piece_push /* leaves two words on the host's stack */
    pushq $0x77
    pushq $0x78
    exit_enclave

piece piece_ud2
    ud2
    exit_resumed

piece piece_syscall
    mov $39, %eax /* getpid */
    syscall
    exit_resumed

piece piece_int80
    mov $20, %eax
    int $0x80
    exit_resumed

piece piece_int3
    int3
    exit_resumed

piece piece_int_n
    int $0x20
    exit_resumed

piece piece_in
    in %dx, %al
    exit_resumed

piece piece_divide
    xor %edx, %edx
    xor %eax, %eax
    div %edx
    exit_resumed

piece piece_gp /* an address that is not canonical */
    mov $0x8000000000000000, %rax
    mov (%rax), %rax
    exit_resumed

piece piece_trap_flag /* sets TF, as far as it may */
    pushfq
    orq $0x100, (%rsp)
    popfq
    nop
    nop
    exit_resumed

piece piece_load /* from RSI into RDX */
    mov (%rsi), %rdx
    exit_resumed

piece piece_store /* RDX to RSI */
    mov %rdx, (%rsi)
    exit_resumed

piece piece_call /* RSI: runs what is there; it returns */
    push %rcx
    call *%rsi
    pop %rcx
    exit_enclave

piece piece_spin /* says 1 at RSI, then waits until the word at RDX is not 0 */
    movq $1, (%rsi)
1:  pause
    cmpq $0, (%rdx)
    je 1b
    exit_resumed

piece piece_alone /* RSI: a word that is nobody's; RDX: my number; UD2 when somebody else is there */
    xor %eax, %eax
    lock cmpxchg %rdx, (%rsi)
    jne 1f
    .rept 10
    pause
    .endr
    mov %rdx, %rax
    xor %edx, %edx
    lock cmpxchg %rdx, (%rsi)
    jne 1f
    exit_enclave
1:  ud2

piece piece_skip /* RSI: a GPR area; RDX is added to its RIP */
    add %rdx, 136(%rsi)
    exit_enclave

piece piece_leaf /* ENCLU with EAX = RSI, RBX = RDX, RCX = R8, RDX = R9; RAX goes to RDX */
    mov %rcx, %r11
    mov %rdx, %rbx
    mov %r9, %rdx
    mov %r8, %rcx
    mov %esi, %eax
mark piece_leaf_enclu
    .byte 0x0f, 0x01, 0xd7
    xchg %ax, %ax
    mov %rax, %rdx
    mov %r11, %rcx
    exit_enclave

/* A pattern in every register, then a fault; the way back is kept at RSI. */
piece piece_pattern
    mov %rcx, (%rsi)
    mov $0xa0a0a0a0a0a0a0a0, %rax
    mov $0xb0b0b0b0b0b0b0b0, %rbx
    mov $0xc0c0c0c0c0c0c0c0, %rcx
    mov $0xd0d0d0d0d0d0d0d0, %rdx
    mov $0xd1d1d1d1d1d1d1d1, %rdi
    mov $0xe5e5e5e5e5e5e5e5, %rbp
    mov $0x0808080808080808, %r8
    mov $0x0909090909090909, %r9
    mov $0x1010101010101010, %r10
    mov $0x1111111111111111, %r11
    mov $0x1212121212121212, %r12
    mov $0x1313131313131313, %r13
    mov $0x1414141414141414, %r14
    mov $0x1515151515151515, %r15
    movq %r8, %xmm0
    movq %r9, %xmm15
    fld1
    cmp %eax, %eax
    stc
    std
mark piece_pattern_fault
    ud2
    cld
    fstp %st(0)
    mov (%rsi), %rcx
    mov %rax, %rdx
    xor %r10d, %r10d
    exit_resumed
/* The self-check: every register from struct cpu_state at RSI (in), some time, a fault at one place
 * if R8 says so, then every register back into it (out).  R9: 0 SSE, 1 AVX, 2 AVX-512. */
    .macro each_vector insn, last, stride, base
    .set n, 0
    .rept \last + 1
    vector_one \insn, %n, (\base + n * \stride)
    .set n, n + 1
    .endr
    .endm

    .altmacro
    .macro load_sse n, at
    movdqu \at(%rsi), %xmm\n
    .endm
    .macro store_sse n, at
    movdqu %xmm\n, \at(%rsi)
    .endm
    .macro load_avx n, at
    vmovdqu \at(%rsi), %ymm\n
    .endm
    .macro store_avx n, at
    vmovdqu %ymm\n, \at(%rsi)
    .endm
    .macro load_512 n, at
    vmovdqu64 \at(%rsi), %zmm\n
    .endm
    .macro store_512 n, at
    vmovdqu64 %zmm\n, \at(%rsi)
    .endm
    .macro load_mask n, at
    kmovq \at(%rsi), %k\n
    .endm
    .macro store_mask n, at
    kmovq %k\n, \at(%rsi)
    .endm
    .macro vector_one insn, n, at
    \insn \n, %(\at)
    .endm

    .macro load_pattern
    fninit
    .set n, 0
    .rept 8
    fldt S_X87 + 16 * n(%rsi)
    .set n, n + 1
    .endr
    ldmxcsr S_MXCSR(%rsi)
    cmp $1, %r9
    ja 2f
    je 1f
    each_vector load_sse, 15, 64, S_VECTOR
    jmp 3f
1:  each_vector load_avx, 15, 64, S_VECTOR
    jmp 3f
2:  each_vector load_512, 31, 64, S_VECTOR
    each_vector load_mask, 7, 8, S_MASK
3:
    .endm

piece piece_check
    mov %rcx, S_BACK(%rsi)
    mov %rsp, S_HOST_SP(%rsi)
    mov %rbp, S_HOST_BP(%rsi)
    mov %r8, S_FAULT(%rsi)
    mov %r9, S_LEVEL(%rsi)
    rdgsbase %rsp
    add $2048, %rsp
    load_pattern
    .set n, 0
    .rept 16
    mov S_RED + 8 * n(%rsi), %rax
    mov %rax, -128 + 8 * n(%rsp)
    .set n, n + 1
    .endr
    lea -128(%rsp), %rsp
    pushq S_FLAGS(%rsi)
    cmpq $0, S_FAULT(%rsi)
    mov S_GPR(%rsi), %rax
    mov S_GPR + 8(%rsi), %rbx
    mov S_GPR + 16(%rsi), %rcx
    mov S_GPR + 24(%rsi), %rdx
    mov S_GPR + 32(%rsi), %rdi
    mov S_GPR + 40(%rsi), %rbp
    mov S_GPR + 48(%rsi), %r8
    mov S_GPR + 56(%rsi), %r9
    mov S_GPR + 64(%rsi), %r10
    mov S_GPR + 72(%rsi), %r11
    mov S_GPR + 80(%rsi), %r12
    mov S_GPR + 88(%rsi), %r13
    mov S_GPR + 96(%rsi), %r14
    mov S_GPR + 104(%rsi), %r15
    je 1f
    popfq
    lea 128(%rsp), %rsp
    .rept 20
    pause
    .endr
    ud2
    .rept 20
    pause
    .endr
    jmp 2f
1:  popfq
    lea 128(%rsp), %rsp
    .rept 40
    pause
    .endr
2:  mov %rax, S_GPR + S_OUT(%rsi)
    mov %rbx, S_GPR + 8 + S_OUT(%rsi)
    mov %rcx, S_GPR + 16 + S_OUT(%rsi)
    mov %rdx, S_GPR + 24 + S_OUT(%rsi)
    mov %rdi, S_GPR + 32 + S_OUT(%rsi)
    mov %rbp, S_GPR + 40 + S_OUT(%rsi)
    mov %r8, S_GPR + 48 + S_OUT(%rsi)
    mov %r9, S_GPR + 56 + S_OUT(%rsi)
    mov %r10, S_GPR + 64 + S_OUT(%rsi)
    mov %r11, S_GPR + 72 + S_OUT(%rsi)
    mov %r12, S_GPR + 80 + S_OUT(%rsi)
    mov %r13, S_GPR + 88 + S_OUT(%rsi)
    mov %r14, S_GPR + 96 + S_OUT(%rsi)
    mov %r15, S_GPR + 104 + S_OUT(%rsi)
    .set n, 0
    .rept 16
    mov -128 + 8 * n(%rsp), %rax
    mov %rax, S_RED + 8 * n + S_OUT(%rsi)
    .set n, n + 1
    .endr
    lea -128(%rsp), %rsp
    pushfq
    popq S_FLAGS + S_OUT(%rsi)
    cld
    lea 128(%rsp), %rsp
    rdfsbase %rax
    mov %rax, S_FS + S_OUT(%rsi)
    rdgsbase %rax
    mov %rax, S_GS + S_OUT(%rsi)
    mov %rsp, S_SP + S_OUT(%rsi)
    mov S_LEVEL(%rsi), %r9
    stmxcsr S_MXCSR + S_OUT(%rsi)
    .set n, 7
    .rept 8
    fstpt S_X87 + 16 * n + S_OUT(%rsi)
    .set n, n - 1
    .endr
    cmp $1, %r9
    ja 2f
    je 1f
    each_vector store_sse, 15, 64, S_VECTOR + S_OUT
    jmp 3f
1:  each_vector store_avx, 15, 64, S_VECTOR + S_OUT
    vzeroupper
    jmp 3f
2:  each_vector store_512, 31, 64, S_VECTOR + S_OUT
    each_vector store_mask, 7, 8, S_MASK + S_OUT
    vzeroupper
3:  movl $0x1f80, -4(%rsp)
    ldmxcsr -4(%rsp)
    mov S_BACK(%rsi), %rcx
    mov S_HOST_BP(%rsi), %rbp
    mov S_HOST_SP(%rsi), %rsp
    exit_enclave
    .noaltmacro
piece cpu_code_end

    .text

/* int cpu_call_enter(rdi, rsi, rdx, function, r8, r9, run): emu_enter() for C callers, as anybody has
 * to wrap it. */
    .globl cpu_call_enter
    .hidden cpu_call_enter
cpu_call_enter:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    sub $8, %rsp
    pushq 64(%rsp)
    call emu_enter
    lea 16(%rsp), %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* int cpu_call_and_dump(run, function, dump, piece): the same, with known values in RBX, RBP and R12
 * to R15 before; RBX, RBP, RSP before and after, R12 to R15 are stored: 8 words. */
    .globl cpu_call_and_dump
    .hidden cpu_call_and_dump
cpu_call_and_dump:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rcx /* the piece */
    push %rdx /* the dump */
    push %rdi /* run */
    mov $0xb0b, %ebx
    mov $0xb1b, %ebp
    mov $0x12, %r12d
    mov $0x13, %r13d
    mov $0x14, %r14d
    mov $0x15, %r15d
    mov %esi, %ecx
    mov 16(%rsp), %rdi
    mov 8(%rsp), %rdx
    mov %rsp, 16(%rdx)
    xor %esi, %esi
    xor %edx, %edx
    call emu_enter
    mov 8(%rsp), %rdx
    mov %rbx, 0(%rdx)
    mov %rbp, 8(%rdx)
    mov %rsp, 24(%rdx)
    mov %r12, 32(%rdx)
    mov %r13, 40(%rdx)
    mov %r14, 48(%rdx)
    mov %r15, 56(%rdx)
    add $24, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* void cpu_enclu(struct cpu_regs *regs): ENCLU right here, with RAX, RBX, RCX, RDX, RSI, RDI from
 * the struct and back into it.  cpu_enclu_site is the instruction, cpu_enclu_aep an AEP of its own. */
    .globl cpu_enclu, cpu_enclu_site, cpu_enclu_aep, cpu_enclu_after
    .hidden cpu_enclu, cpu_enclu_site, cpu_enclu_aep, cpu_enclu_after
cpu_enclu:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdi
    mov %rsp, %rbp
    mov 0(%rdi), %rax
    mov 8(%rdi), %rbx
    mov 16(%rdi), %rcx
    mov 24(%rdi), %rdx
    mov 32(%rdi), %rsi
    mov 40(%rdi), %rdi
cpu_enclu_site:
    .byte 0x0f, 0x01, 0xd7
cpu_enclu_after:
    mov %rbp, %rsp
    xchg %rdi, (%rsp)
    mov %rax, 0(%rdi)
    mov %rbx, 8(%rdi)
    mov %rcx, 16(%rdi)
    mov %rdx, 24(%rdi)
    mov %rsi, 32(%rdi)
    pop 40(%rdi)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
cpu_enclu_aep:
    .byte 0x0f, 0x01, 0xd7
    ud2

    .section .note.GNU-stack, "", @progbits
