/* SPDX-License-Identifier: Apache-2.0
 * user_raw.S: the only instructions of the kernel that touch application memory.  Leaf functions
 * without a stack frame; a fault in one of them resumes at user_access_fault, which returns rcx. */
    .text
    .globl user_access_start
    .globl user_access_end
    .globl user_access_fault
user_access_start:

/* size_t user_copy_raw(void *to, const void *from, size_t size): bytes that were not copied */
    .globl user_copy_raw
    .type user_copy_raw, @function
user_copy_raw:
    mov %rdx, %rcx
    rep movsb
    mov %rcx, %rax
    ret

/* size_t user_fill_raw(void *to, int value, size_t size) */
    .globl user_fill_raw
    .type user_fill_raw, @function
user_fill_raw:
    mov %rdx, %rcx
    mov %esi, %eax
    rep stosb
    mov %rcx, %rax
    ret

/* size_t user_string_raw(char *to, const char *from, size_t room): length without the zero byte;
 * `room` when there was none in so many bytes; ~0 on a fault */
    .globl user_string_raw
    .type user_string_raw, @function
user_string_raw:
    mov $-1, %rcx
    xor %eax, %eax
1:  cmp %rdx, %rax
    je 2f
    movzbl (%rsi,%rax), %r8d
    movb %r8b, (%rdi,%rax)
    test %r8b, %r8b
    je 2f
    inc %rax
    jmp 1b
2:  ret

/* size_t user_load32_raw(const uint32_t *from, uint32_t *to): 0, or 1 on a fault; store64: from a
 * kernel value */
    .globl user_load32_raw
    .type user_load32_raw, @function
user_load32_raw:
    mov $1, %ecx
    mov (%rdi), %eax
    mov %eax, (%rsi)
    xor %eax, %eax
    ret

    .globl user_store32_raw
    .type user_store32_raw, @function
user_store32_raw:
    mov $1, %ecx
    mov %esi, (%rdi)
    xor %eax, %eax
    ret

/* size_t user_cas32_raw(uint32_t *at, uint32_t *expected, uint32_t desired): *expected gets what was
 * found; 0, or 1 on a fault */
    .globl user_cas32_raw
    .type user_cas32_raw, @function
user_cas32_raw:
    mov $1, %ecx
    mov (%rsi), %eax
    lock cmpxchg %edx, (%rdi)
    mov %eax, (%rsi)
    xor %eax, %eax
    ret

/* size_t user_xsave_raw(void *area, uint64_t mask): 0, or 1 on a fault */
    .globl user_xsave_raw
    .type user_xsave_raw, @function
user_xsave_raw:
    mov $1, %ecx
    mov %esi, %eax
    mov %rsi, %rdx
    shr $32, %rdx
    xsave64 (%rdi)
    xor %eax, %eax
    ret

user_access_fault:
    mov %rcx, %rax
    ret
user_access_end:
    .section .note.GNU-stack,"",@progbits
