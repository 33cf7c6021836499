/* SPDX-License-Identifier: Apache-2.0
 * system_raw.h: what Linux itself offers, with addresses as numbers. */
#ifndef CELLA_HOST_SYSTEM_RAW_H
#define CELLA_HOST_SYSTEM_RAW_H

#include <asm/sgx.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* mmap, munmap, mprotect with a negative errno as their failure. */
intptr_t system_mmap(uintptr_t addr, size_t size, int prot, int flags, int fd, off_t offset);
int system_munmap(uintptr_t addr, size_t size);
int system_mprotect(uintptr_t addr, size_t size, int prot);

/* The address of a function of the running kernel's vDSO, or 0. */
uintptr_t system_vdso_find(const char *name);

/* __vdso_sgx_enter_enclave of the running kernel, or NULL. */
vdso_sgx_enter_enclave_t system_vdso_enter(void);

#endif
