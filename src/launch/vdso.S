/* SPDX-License-Identifier: Apache-2.0
 * vdso.S: the vDSO that the program sees: a shared object of its own, carried inside sgx-emu and
 * mapped anew for every program, with a page of addresses behind it (vdso_slots.h) which the
 * launcher fills in.  [Linux Documentation/ABI/stable/vdso] */
#include "launch/vdso_slots.h"

        .text

/* The kernel's function when it has one, else the system call. */
        .macro  forward name, slot, nr
        .globl  __vdso_\name
        .type   __vdso_\name, @function
        .weak   \name
        .type   \name, @function
        .cfi_startproc
__vdso_\name:
\name:
        cmpq    $0, vdso_slots+8*\slot(%rip)
        je      1f
        jmp     *vdso_slots+8*\slot(%rip)
1:      mov     $\nr, %eax
        syscall
        ret
        .cfi_endproc
        .size   __vdso_\name, . - __vdso_\name
        .size   \name, . - \name
        .endm

        forward clock_gettime, SLOT_CLOCK_GETTIME, 228
        forward gettimeofday, SLOT_GETTIMEOFDAY, 96
        forward clock_getres, SLOT_CLOCK_GETRES, 229
        forward getcpu, SLOT_GETCPU, 309
        forward time, SLOT_TIME, 201

/* A library that finds this asks first whether it works; -ENOSYS says no. */
        .globl  __vdso_getrandom
        .type   __vdso_getrandom, @function
        .cfi_startproc
__vdso_getrandom:
        cmpq    $0, vdso_slots+8*SLOT_GETRANDOM(%rip)
        je      1f
        jmp     *vdso_slots+8*SLOT_GETRANDOM(%rip)
1:      mov     $-38, %rax
        ret
        .cfi_endproc
        .size   __vdso_getrandom, . - __vdso_getrandom

        .globl  __vdso_sgx_enter_enclave
        .type   __vdso_sgx_enter_enclave, @function
        .cfi_startproc
__vdso_sgx_enter_enclave:
        jmp     *vdso_slots+8*SLOT_SGX_ENTER_ENCLAVE(%rip)
        .cfi_endproc
        .size   __vdso_sgx_enter_enclave, . - __vdso_sgx_enter_enclave

        .section .note.GNU-stack,"",@progbits
