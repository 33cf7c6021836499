/* SPDX-License-Identifier: Apache-2.0
 * vdso.h: the ELF image with clock functions that every program finds through AT_SYSINFO_EHDR. */
#ifndef CELLA_LIBOS_VDSO_VDSO_H
#define CELLA_LIBOS_VDSO_VDSO_H

#include <stdint.h>

struct mm;

/* Maps it into a fresh address space; without it programs use system calls. */
void vdso_map(struct mm *mm);
/* 0 when it is not mapped. */
uint64_t vdso_address(void);

#endif
