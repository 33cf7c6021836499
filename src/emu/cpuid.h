/* SPDX-License-Identifier: Apache-2.0
 * cpuid.h: what CPUID says about SGX on the emulated package.  [SDM3D 37.7.2] */
#ifndef CELLA_EMU_CPUID_H
#define CELLA_EMU_CPUID_H

#include <stdint.h>

struct emu_cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* `real` is what the CPU answers to EAX = leaf, ECX = subleaf; the result is what a program is to
 * see.  Only leaves 0, 7 and 12H differ.  Needs emu_start(). */
struct emu_cpuid emu_cpuid(uint32_t leaf, uint32_t subleaf, struct emu_cpuid real);

#endif
