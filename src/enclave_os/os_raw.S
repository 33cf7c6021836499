/* SPDX-License-Identifier: Apache-2.0
 * os_raw.S: copies that may fault, the change of stacks, vector state. */
    .text
/* size_t os_copy_raw(void *to, const void *from, size_t size) */
    .globl os_copy_raw, os_copy_start, os_copy_end, os_copy_fault
    .hidden os_copy_raw, os_copy_start, os_copy_end, os_copy_fault
    .type os_copy_raw, @function
os_copy_raw:
    mov %rdx, %r8
    mov %rdx, %rcx
    shr $3, %rcx
os_copy_start:
    rep movsq
    and $7, %edx
    jz 2f
    mov (%rsi), %rax            /* whole words on the host's side, see os_copy_in() */
    mov %rdx, %rcx
1:  movb %al, (%rdi)
    shr $8, %rax
    inc %rdi
    dec %rcx
    jnz 1b
2:  xor %eax, %eax
    ret

/* size_t os_copy_bytes_raw(void *to, const void *from, size_t size) */
    .globl os_copy_bytes_raw
    .hidden os_copy_bytes_raw
    .type os_copy_bytes_raw, @function
os_copy_bytes_raw:
    mov %rdx, %r8
    mov %rdx, %rcx
    rep movsb
    xor %eax, %eax
    ret
os_copy_end:
os_copy_fault:
    mov %r8, %rax
    ret
    .size os_copy_raw, . - os_copy_raw

/* void os_switch(stack_top, run, arg) */
    .globl os_switch
    .hidden os_switch
    .type os_switch, @function
os_switch:
    mov %rdi, %rsp
    and $-16, %rsp
    sub $16, %rsp
    movl $0x1f80, (%rsp)
    ldmxcsr (%rsp)
    fninit
    xor %ebp, %ebp
    mov %rdx, %rdi
    call *%rsi
    ud2
    .size os_switch, . - os_switch

/* void os_vectors_save(area, mask), os_vectors_load(area, mask) */
    .globl os_vectors_save, os_vectors_load
    .hidden os_vectors_save, os_vectors_load
    .type os_vectors_save, @function
    .type os_vectors_load, @function
os_vectors_save:
    mov %esi, %eax
    xor %edx, %edx
    xsave (%rdi)
    ret
os_vectors_load:
    mov %esi, %eax
    xor %edx, %edx
    xrstor (%rdi)
    ret
    .section .note.GNU-stack, "", @progbits
