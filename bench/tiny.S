/* SPDX-License-Identifier: Apache-2.0
 * tiny.S: the smallest enclave that can be measured: no runtime, nothing is cleared, so that only the CPU's
 * (or the emulator's) own work is in the figures.  RDI at EENTER picks:
 *   0  EEXIT at once
 *   1  RSI times EREPORT about itself, EEXIT
 *   2  RSI times EGETKEY of a seal key, EEXIT
 *   3  RSI times UD2, EEXIT; each UD2 is an AEX, and an entry with CSSA 1 steps over it */
    .section .text.entry, "ax", @progbits
    .globl  enclave_entry
    .type   enclave_entry, @function
enclave_entry:
    testl   %eax, %eax
    jnz     step_over
    movq    %rcx, %r8
    testl   %edi, %edi
    jz      leave
    cmpl    $2, %edi
    jb      reports
    je      keys
faults:
    ud2
    decq    %rsi
    jnz     faults
    jmp     leave

reports:
    leaq    targetinfo(%rip), %rbx
    leaq    reportdata(%rip), %rcx
    leaq    output(%rip), %rdx
    xorl    %eax, %eax
    enclu
    .byte   0x66, 0x90
    decq    %rsi
    jnz     reports
    jmp     leave

keys:
    leaq    keyrequest(%rip), %rbx
    movw    $4, (%rbx)                  /* KEYNAME: SEAL */
    movw    $2, 2(%rbx)                 /* KEYPOLICY: MRSIGNER */
    leaq    output(%rip), %rcx
    movl    $1, %eax
    enclu
    .byte   0x66, 0x90
    decq    %rsi
    jnz     keys

leave:
    movq    %r8, %rbx
    movl    $4, %eax
    enclu
    ud2

    /* The struct enclave_thread behind the TCS says where SSA frame 0 is; its RIP lies 48 bytes before
       the end (184 - 136). */
step_over:
    movq    %rbx, %rdx
    subq    4096 + 8(%rbx), %rdx        /* the enclave's base */
    addq    4096 + 32(%rbx), %rdx       /* SSA frame 0 */
    addq    4096 + 56(%rbx), %rdx       /* its end */
    addq    $2, -48(%rdx)
    movq    %rcx, %rbx
    movl    $4, %eax
    enclu
    ud2

    .bss
    .p2align 12
targetinfo:
    .zero   512
keyrequest:
    .zero   512
output:
    .zero   512
reportdata:
    .zero   128

    .section .note.GNU-stack, "", @progbits
