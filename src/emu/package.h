/* SPDX-License-Identifier: Apache-2.0
 * package.h: the emulated CPU package: what it can do, its EPC and its secret.  One a process. */
#ifndef CELLA_EMU_PACKAGE_H
#define CELLA_EMU_PACKAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct emu_options;

enum {
    EMU_MAX_SIZE_64_LOG2 = 56, /* CPUID.12.0 EDX[15:8]: a 64-bit enclave is at most 2^this bytes */
    EMU_MAX_SIZE_32_LOG2 = 31,
    EMU_XFRM_COUNT = 8, /* XCR0 bits 0 to 7, without MPX; no PKRU, no AMX: see docs/decisions */
};

struct emu_package {
    uint64_t epc_pages;
    uint64_t attributes; /* the flags that ECREATE takes */
    uint64_t xfrm;       /* the XFRM bits that ECREATE takes */
    uint32_t miscselect;
    bool sgx2;
    uint8_t cpusvn[16];
};

/* Sets up the package's facts and reads or makes its secret. */
int emu_package_start(const struct emu_options *options, struct err *e) MUST_USE;

const struct emu_package *emu_package(void);

/* Bytes at the start of an SSA frame that XSAVE needs for `xfrm`, standard format. */
uint32_t emu_xsave_size(uint64_t xfrm);

/* Takes `count` EPC pages, or none and -ENOMEM. */
int emu_epc_take(uint64_t count) MUST_USE;
void emu_epc_give(uint64_t count);
uint64_t emu_epc_used(void);

#endif
