/* SPDX-License-Identifier: Apache-2.0
 * cpuid.c: see cpuid.h. */
#include "emu/cpuid.h"

#include <stdbool.h>

#include "emu/package.h"
#include "sgx/arch.h"

enum {
    LEAF_MAX = 0,
    LEAF_FEATURES = 7,
    LEAF_SGX = 0x12,
    FEATURE_SGX = 1 << 2,     /* 7.0 EBX */
    FEATURE_SGX_LC = 1 << 30, /* 7.0 ECX: the launch key's hash can be written */
    SGX1 = 1 << 0,            /* 12.0 EAX */
    SGX2 = 1 << 1,
    EPC_SECTION = 1,   /* 12.2 EAX[3:0]: there is a section */
    EPC_PROTECTED = 1, /* 12.2 ECX[3:0]: confidentiality and integrity */
};

/* Where the EPC would lie in physical memory; nothing uses it. */
static const uint64_t g_epc_address = 1ull << 40;

static struct emu_cpuid capabilities(void)
{
    const struct emu_package *p = emu_package();
    return (struct emu_cpuid){.eax = SGX1 | (p->sgx2 ? (uint32_t)SGX2 : 0),
                              .ebx = p->miscselect,
                              .edx = EMU_MAX_SIZE_64_LOG2 << 8 | EMU_MAX_SIZE_32_LOG2};
}

static struct emu_cpuid attributes(void)
{
    const struct emu_package *p = emu_package();
    return (struct emu_cpuid){.eax = (uint32_t)p->attributes,
                              .ebx = (uint32_t)(p->attributes >> 32),
                              .ecx = (uint32_t)p->xfrm,
                              .edx = (uint32_t)(p->xfrm >> 32)};
}

/* Address and size go by bits 31 to 12 and 51 to 32. */
static struct emu_cpuid epc_section(void)
{
    const uint32_t low = 0xfffff000;
    uint64_t size = emu_package()->epc_pages * SGX_PAGE_SIZE;
    return (struct emu_cpuid){.eax = ((uint32_t)g_epc_address & low) | EPC_SECTION,
                              .ebx = (uint32_t)(g_epc_address >> 32),
                              .ecx = ((uint32_t)size & low) | EPC_PROTECTED,
                              .edx = (uint32_t)(size >> 32)};
}

struct emu_cpuid emu_cpuid(uint32_t leaf, uint32_t subleaf, struct emu_cpuid real)
{
    if (leaf == LEAF_MAX && real.eax < LEAF_SGX)
        real.eax = LEAF_SGX;
    if (leaf == LEAF_FEATURES && subleaf == 0) {
        real.ebx |= FEATURE_SGX;
        real.ecx |= FEATURE_SGX_LC;
    }
    if (leaf != LEAF_SGX)
        return real;
    switch (subleaf) {
    case 0:
        return capabilities();
    case 1:
        return attributes();
    case 2:
        return epc_section();
    default:
        return (struct emu_cpuid){.eax = 0};
    }
}
