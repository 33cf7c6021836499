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
    mov %eax, -8(%rsp)
    mov RUN_RESERVED(%rbx), %rax /* 27 words, in two chains */
    mov RUN_RESERVED + 8(%rbx), %rcx
    .set at, RUN_RESERVED + 16
    .rept (RUN_SIZE - RUN_RESERVED) / 16 - 1
    or at(%rbx), %rax
    or at + 8(%rbx), %rcx
    .set at, at + 16
    .endr
    or RUN_SIZE - 8(%rbx), %rax
    or %rcx, %rax
    jne .Lrefuse
    mov -8(%rsp), %eax
    mov RUN_TCS(%rbx), %rbx
    cmpb $0, g_emu_fast(%rip)
    jne emu_enter_fast
    lea emu_enter_enclu(%rip), %rcx

emu_enter_enclu: /* the entry and, with RAX = 3, the AEP */
    .byte 0x0f, 0x01, 0xd7
emu_enter_left:
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

/* The fast mode: fast.h.  RAX is the leaf, RBX the TCS; only RAX, RBX and RCX may change.  The AEP is
 * emu_enter_fast, so ERESUME comes here too.  What the labels mean for a signal: fast_roll.c. */
    .globl emu_enter_fast, emu_fast_enter, emu_fast_enter_known, emu_fast_enter_tried
    .globl emu_fast_enter_took, emu_fast_enter_busy, emu_fast_enter_early, emu_fast_enter_end
    .globl emu_fast_resume, emu_fast_resume_known, emu_fast_resume_tried, emu_fast_resume_took
    .globl emu_fast_resume_load, emu_fast_resume_counted, emu_fast_resume_busy
    .globl emu_fast_resume_early, emu_fast_resume_end
    .hidden emu_enter_fast, emu_fast_enter, emu_fast_enter_known, emu_fast_enter_tried
    .hidden emu_fast_enter_took, emu_fast_enter_busy, emu_fast_enter_early, emu_fast_enter_end
    .hidden emu_fast_resume, emu_fast_resume_known, emu_fast_resume_tried, emu_fast_resume_took
    .hidden emu_fast_resume_load, emu_fast_resume_counted, emu_fast_resume_busy
    .hidden emu_fast_resume_early, emu_fast_resume_end
    .hidden g_emu_self, g_emu_fast, g_emu_arena, g_emu_arena_size, g_emu_map_stamp

    /* RCX = the block of this thread, when it knows the TCS in RBX.  In library mode FS is the
     * library's, and its TLS has the block; else the GS base is its address.  Changes RAX. */
    .macro find_thread leaf
    cmpb $FAST_BY_TLS, g_emu_fast(%rip)
    jne 1f
    mov g_emu_self@gottpoff(%rip), %rcx
    mov %fs:(%rcx), %rcx
    test %rcx, %rcx
    jz emu_fast_\leaf\()_early
    jmp 2f
1:  rdgsbase %rcx
    mov %rcx, %rax
    sub g_emu_arena(%rip), %rax
    cmp g_emu_arena_size(%rip), %rax
    jae emu_fast_\leaf\()_early
    test $((1 << BLOCK_SIZE_LOG2) - 1), %eax
    jnz emu_fast_\leaf\()_early
2:  cmp %rbx, F_TCS(%rcx)
    jne emu_fast_\leaf\()_early
    .endm

    /* The thread is outside; the mappings, the TCS's page and its flags are as they were when it was
     * last here.  RBX = the TCS's alias.  Changes RAX. */
    .macro check_tcs leaf
    cmpq $0, T_INSIDE(%rcx)
    jne .L\leaf\()_late
    mov g_emu_map_stamp(%rip), %rax
    cmp %rax, F_STAMP(%rcx)
    jne .L\leaf\()_late
    mov F_TCS_SLOT(%rcx), %rax
    mov (%rax), %rax
    cmp %rax, F_TCS_WORD(%rcx)
    jne .L\leaf\()_late
    mov F_ALIAS(%rcx), %rbx
    cmpq $0, TCS_FLAGS(%rbx)
    jne .L\leaf\()_late
    .endm

    /* RAX, the index of a frame, becomes its GPR area, also in T_GPR.  Changes RBX. */
    .macro check_frame leaf
    mov F_SSA_SLOT(%rcx), %rbx
    mov (%rbx,%rax,8), %ebx
    and $SLOT_SSA_MASK, %ebx
    cmp $SLOT_SSA, %ebx
    jne .L\leaf\()_late
    shl $PAGE_LOG2, %rax
    add F_GPR(%rcx), %rax
    mov %rax, T_GPR(%rcx)
    .endm

    /* Says that the thread is inside, then tries to take the TCS: CF when it was busy.  RBX = its
     * alias.  A GS base that an exit stub has left is nobody's.  Changes RAX. */
    .macro take_tcs
    mov F_EPOCH(%rcx), %rbx
    mov (%rbx), %ebx
    mov %ebx, T_EPOCH(%rcx)
    movw $0, T_DEBUG(%rcx)
    rdfsbase %rbx
    mov %rbx, T_HOST_FS(%rcx)
    rdgsbase %rbx
    cmp %rbx, F_GS(%rcx)
    cmove T_LAZY_GS(%rcx), %rbx
    mov %rbx, T_HOST_GS(%rcx)
    lea emu_enter_fast(%rip), %rbx
    mov %rbx, T_AEP(%rcx)
    mov F_ENCLAVE(%rcx), %rax
    mov %rax, T_INSIDE(%rcx)
    mov F_ALIAS(%rcx), %rbx
    lock btsq $0, TCS_STATE(%rbx)
    .endm

    /* WRGSBASE is slow on some CPUs, RDGSBASE is not.  Changes RAX. */
    .macro set_gs from, temporary
    mov \from, %rax
    rdgsbase \temporary
    cmp %rax, \temporary
    je 3f
    wrgsbase %rax
3:
    .endm

    /* What the next exit needs.  Changes RAX. */
    .macro save_outside
    mov T_AEP(%rcx), %rax
    mov %rax, TCS_AEP(%rbx)
    mov F_GS_OWNER(%rcx), %rax
    mov %rcx, (%rax)
    mov T_GPR(%rcx), %rax
    mov %rsp, GPR_URSP(%rax)
    mov %rbp, GPR_URBP(%rax)
    .endm

    .p2align 6
emu_enter_fast:
    cmp $LEAF_EENTER, %eax
    jne .Lfast_other

emu_fast_enter:
    find_thread enter
emu_fast_enter_known:
    check_tcs enter
    mov TCS_CSSA(%rbx), %eax
    cmp TCS_NSSA(%rbx), %eax
    jae .Lenter_late
    check_frame enter
    take_tcs
emu_fast_enter_tried:
    jc emu_fast_enter_busy
emu_fast_enter_took:
    save_outside
    mov F_TARGET(%rcx), %rax
    mov %rax, -8(%rsp)
    mov F_FS(%rcx), %rax
    wrfsbase %rax
    mov TCS_CSSA(%rbx), %eax
    mov %eax, -16(%rsp)
    set_gs F_GS(%rcx), %rbx
    mov -16(%rsp), %eax
    mov F_TCS(%rcx), %rbx
    lea emu_enter_left(%rip), %rcx
    jmp *-8(%rsp)
emu_fast_enter_busy:
    movq $0, T_INSIDE(%rcx)
.Lenter_late:
    mov F_TCS(%rcx), %rbx
emu_fast_enter_early: /* RBX is the TCS */
    mov $LEAF_EENTER, %eax
    lea emu_enter_fast(%rip), %rcx
    jmp emu_enter_enclu
emu_fast_enter_end:

.Lfast_other:
    cmp $LEAF_ERESUME, %eax
    jne emu_enter_enclu
emu_fast_resume:
    find_thread resume
emu_fast_resume_known:
    check_tcs resume
    mov TCS_CSSA(%rbx), %eax
    sub $1, %eax
    jb .Lresume_late
    check_frame resume
    testl $FLAGS_SLOW, GPR_RFLAGS(%rax)
    jnz .Lresume_late
    mov GPR_GSBASE(%rax), %rbx
    cmp %rbx, F_GS(%rcx)
    jne .Lresume_late
    mov GPR_RIP(%rax), %rbx
    or GPR_FSBASE(%rax), %rbx
    shr $47, %rbx
    jnz .Lresume_late
    mov F_XFRM(%rcx), %rbx
    not %rbx
    test %rbx, GPR_SIZE - PAGE_BYTES + XSTATE_BV(%rax)
    jnz .Lresume_late
    mov GPR_SIZE - PAGE_BYTES + XCOMP_BV(%rax), %rbx
    or GPR_SIZE - PAGE_BYTES + XCOMP_BV + 8(%rax), %rbx
    jnz .Lresume_late
    mov %rdx, T_SAVED_RDX(%rcx)
    take_tcs
emu_fast_resume_tried:
    jc emu_fast_resume_busy
emu_fast_resume_took:
    save_outside
    mov T_GPR(%rcx), %rbx
    mov F_XFRM(%rcx), %rax
    mov %rax, %rdx
    shr $32, %rdx
emu_fast_resume_load:
    xrstor64 GPR_SIZE - PAGE_BYTES(%rbx)
    mov GPR_RIP(%rbx), %rax
    mov %rax, T_IRET(%rcx)
    movq $USER_CS, T_IRET + 8(%rcx)
    mov GPR_RFLAGS(%rbx), %rax
    and $FLAGS_RESUMED, %eax
    or $FLAGS_FIXED, %eax
    mov %rax, T_IRET + 16(%rcx)
    mov GPR_RSP(%rbx), %rax
    mov %rax, T_IRET + 24(%rcx)
    movq $USER_SS, T_IRET + 32(%rcx)
    mov GPR_FSBASE(%rbx), %rax
    wrfsbase %rax
    set_gs GPR_GSBASE(%rbx), %rdx
    mov T_TCS_ALIAS(%rcx), %rax
    decl TCS_CSSA(%rax)
emu_fast_resume_counted:
    lea T_IRET(%rcx), %rsp
    mov %rbx, %rax
    mov GPR_RCX(%rax), %rcx
    mov GPR_RDX(%rax), %rdx
    mov GPR_RBX(%rax), %rbx
    mov GPR_RBP(%rax), %rbp
    mov GPR_RSI(%rax), %rsi
    mov GPR_RDI(%rax), %rdi
    mov GPR_R8(%rax), %r8
    mov GPR_R9(%rax), %r9
    mov GPR_R10(%rax), %r10
    mov GPR_R11(%rax), %r11
    mov GPR_R12(%rax), %r12
    mov GPR_R13(%rax), %r13
    mov GPR_R14(%rax), %r14
    mov GPR_R15(%rax), %r15
    mov GPR_RAX(%rax), %rax
    iretq
emu_fast_resume_busy:
    movq $0, T_INSIDE(%rcx)
.Lresume_late:
    mov F_TCS(%rcx), %rbx
emu_fast_resume_early:
    mov $LEAF_ERESUME, %eax
    lea emu_enter_fast(%rip), %rcx
    jmp emu_enter_enclu
emu_fast_resume_end:
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
