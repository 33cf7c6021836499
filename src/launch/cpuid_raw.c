/* SPDX-License-Identifier: Apache-2.0
 * cpuid_raw.c: see cpuid.h.  [Linux arch_prctl(2), SDM2A CPUID] */
#include "launch/cpuid.h"

#include <cpuid.h>

#include "emu/cpuid.h"
#include "launch/context.h"
#include "launch/sys_raw.h"

enum { SET_CPUID = 0x1012 }; /* arch_prctl: 0 makes CPUID fault */

bool cpuid_catch(void)
{
    return sys_call2(SYS_arch_prctl, SET_CPUID, 0) == 0;
}

bool cpuid_emulate(struct kernel_context *c)
{
    uint8_t code[2];
    if (program_read(code, c->rip, sizeof code) || code[0] != 0x0f || code[1] != 0xa2)
        return false;
    struct emu_cpuid real;
    uint32_t leaf = (uint32_t)c->rax;
    uint32_t subleaf = (uint32_t)c->rcx;
    sys_call2(SYS_arch_prctl, SET_CPUID, 1);
    __cpuid_count(leaf, subleaf, real.eax, real.ebx, real.ecx, real.edx);
    sys_call2(SYS_arch_prctl, SET_CPUID, 0);
    struct emu_cpuid seen = emu_cpuid(leaf, subleaf, real);
    c->rax = seen.eax;
    c->rbx = seen.ebx;
    c->rcx = seen.ecx;
    c->rdx = seen.edx;
    c->rip += sizeof code;
    return true;
}
