/* SPDX-License-Identifier: Apache-2.0
 * vdso.h: the vDSO that the program sees: the kernel's functions and __vdso_sgx_enter_enclave. */
#ifndef CELLA_LAUNCH_VDSO_H
#define CELLA_LAUNCH_VDSO_H

#include <stdint.h>

#include "base/err.h"

/* Maps it; *addr goes into AT_SYSINFO_EHDR. */
int vdso_map(uint64_t *addr, struct err *e) MUST_USE;

#endif
