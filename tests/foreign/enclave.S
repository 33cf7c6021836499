/* SPDX-License-Identifier: Apache-2.0
 * enclave.S: the enclave of the foreign hosts, a flat image with its entry at offset 0.
 *
 * EENTER: RDI names a piece, RSI points to three words of the host's { in, flag, out }, RBX is the TCS
 * and RCX the way back.  With CSSA 1 the pieces run in the exception handler; frame 0 of the state save
 * area lies one page behind the TCS.  There is no stack. */

        .set GPR, 0x2000 - 184          /* from the TCS: frame 0's register area */
        .set GPR_RAX, 0
        .set GPR_RIP, 136
        .set GPR_EXITINFO, 160

        .set GPR_URSP, 144
        .set GPR_URBP, 152

        .macro quit
        mov     %r15, %rbx
        mov     $4, %eax
        .byte   0x0f, 0x01, 0xd7
        .endm

/* The host may have resumed from another depth of its stack: its RSP and RBP are those of the last entry. */
        .macro leave
        mov     GPR + GPR_URSP(%r14), %rsp
        mov     GPR + GPR_URBP(%r14), %rbp
        quit
        .endm

        .text
        .globl  _start
_start:
        mov     %rcx, %r15              /* the way back */
        mov     %rbx, %r14              /* the TCS */
        test    %eax, %eax
        jnz     handler
        cmp     $(table_end - table) / 8, %rdi
        jae     bad
        lea     table(%rip), %rax
        mov     (%rax,%rdi,8), %rdx
        lea     _start(%rip), %rax
        add     %rdx, %rax
        jmp     *%rax
bad:
        movq    $-1, 16(%rsi)
        leave

        .balign 8
table:
        .quad   increment - _start      /* 0 */
        .quad   undefined - _start      /* 1 */
        .quad   raw_syscall - _start    /* 2 */
        .quad   touch - _start          /* 3: writes in to the enclave page at offset flag, reads it */
        .quad   spin - _start           /* 4: until the host sets flag; out counts */
        .quad   accept - _start         /* 5: EACCEPT of the page at offset in, SECINFO flags in flag */
        .quad   report - _start         /* 6: the report's MRENCLAVE goes to *in, 32 bytes */
        .quad   accept_copy - _start    /* 7: EACCEPTCOPY of page 0 to the page at offset in */
        .quad   extend - _start         /* 8: EMODPE of the page at offset in to flag */
        .quad   vectors - _start        /* 9: fills vector registers from in, spins, checks */
table_end:

increment:
        mov     (%rsi), %rax
        inc     %rax
        mov     %rax, 16(%rsi)
        leave

undefined:
        mov     $7, %eax
        ud2
        mov     %rax, 16(%rsi)          /* 8: the handler added one */
        leave

raw_syscall:
        mov     $39, %eax               /* getpid */
        syscall
        mov     %rax, 16(%rsi)          /* 4242 from the handler */
        leave

touch:
        lea     _start(%rip), %rax
        add     8(%rsi), %rax
        mov     (%rsi), %rdx
        mov     %rdx, (%rax)
        mov     (%rax), %rdx
        mov     %rdx, 16(%rsi)
        leave

spin:
        xor     %edx, %edx
1:      inc     %rdx
        pause
        cmpq    $0, 8(%rsi)
        je      1b
        mov     %rdx, 16(%rsi)
        leave

/* A SECINFO with the flags in RDX, in this TCS's own data (one line of 64 bytes each). */
        .macro  secinfo
        mov     %r14, %rbx
        and     $0x3f000, %ebx
        shr     $6, %ebx                /* TCS page number times 64 */
        lea     _start(%rip), %rax
        lea     DATA(%rax,%rbx), %rbx
        mov     %rdx, (%rbx)
        .endm

accept:
        mov     8(%rsi), %rdx
        secinfo
        lea     _start(%rip), %rcx
        add     (%rsi), %rcx
        mov     $5, %eax
        .byte   0x0f, 0x01, 0xd7
        mov     %rax, 16(%rsi)
        leave

accept_copy:
        mov     8(%rsi), %rdx
        secinfo
        lea     _start(%rip), %rdx
        lea     (%rdx), %rcx
        add     (%rsi), %rcx
        mov     $7, %eax
        .byte   0x0f, 0x01, 0xd7
        mov     %rax, 16(%rsi)
        leave

extend:
        mov     8(%rsi), %rdx
        secinfo
        lea     _start(%rip), %rcx
        add     (%rsi), %rcx
        mov     $6, %eax
        .byte   0x0f, 0x01, 0xd7
        movq    $0, 16(%rsi)
        leave

report:                                 /* DATA + 0x1000: TARGETINFO, report data, report */
        lea     _start(%rip), %rax
        lea     DATA + 0x1000(%rax), %rbx
        lea     DATA + 0x1200(%rax), %rcx
        lea     DATA + 0x1400(%rax), %rdx
        mov     $0, %eax
        .byte   0x0f, 0x01, 0xd7
        mov     (%rsi), %rax
        .irp    at, 64, 72, 80, 88
        mov     \at(%rdx), %rcx
        mov     %rcx, \at - 64(%rax)
        .endr
        movq    $0, 16(%rsi)
        leave

vectors:
        movq    (%rsi), %xmm0
        movq    (%rsi), %xmm15
        mov     (%rsi), %r8
1:      pause
        movq    %xmm0, %rax
        movq    %xmm15, %rdx
        cmp     %r8, %rax
        jne     2f
        cmp     %r8, %rdx
        jne     2f
        cmpq    $0, 8(%rsi)
        je      1b
        movq    $0, 16(%rsi)
        leave
2:      movq    $1, 16(%rsi)
        leave

/* #UD of `undefined`: RAX plus one, on behind it.  #UD of `syscall`: the result 4242.  Everything else is told to
 * the host and left as it is. */
handler:
        lea     GPR(%r14), %r8
        mov     GPR_EXITINFO(%r8), %eax
        mov     %rax, (%rsi)
        cmp     $0x80000306, %eax
        jne     3f
        mov     GPR_RIP(%r8), %rdx
        movzwl  (%rdx), %eax
        addq    $2, GPR_RIP(%r8)
        cmp     $0x050f, %eax
        je      2f
        incq    GPR_RAX(%r8)
        jmp     3f
2:      movq    $4242, GPR_RAX(%r8)
3:      quit

        .balign 4096
