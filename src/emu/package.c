/* SPDX-License-Identifier: Apache-2.0
 * package.c: see package.h. */
#include "emu/package.h"

#include <cpuid.h>
#include <errno.h>
#include <stdatomic.h>

#include "emu/emu.h"
#include "emu/keys.h"
#include "sgx/arch.h"

enum { XSAVE_LEGACY_SIZE = 576 }; /* FXSAVE area and XSAVE header  [SDM1 13.4] */

static const uint64_t g_epc_default = 64ull << 30;

static struct emu_package g_package;
static uint32_t g_xsave_end[EMU_XFRM_COUNT]; /* where each component ends, standard format */
static _Atomic uint64_t g_epc_used;

__attribute__((target("xsave"))) static uint64_t read_xcr0(void)
{
    return (uint64_t)__builtin_ia32_xgetbv(0);
}

/* The state components that the OS has enabled, with their sizes.  [SDM1 13.5] */
static void learn_xsave(void)
{
    uint32_t a = 0;
    uint32_t b = 0;
    uint32_t c = 0;
    uint32_t d = 0;
    g_package.xfrm = SGX_XFRM_LEGACY;
    __cpuid_count(1, 0, a, b, c, d);
    const uint32_t osxsave = 1u << 27;
    if (!(c & osxsave))
        return;
    const uint64_t mpx = 0x18; /* gone from new CPUs and from Linux */
    uint64_t xcr0 = read_xcr0() & ~mpx;
    for (unsigned i = 2; i < EMU_XFRM_COUNT; i++) {
        if (!(xcr0 >> i & 1))
            continue;
        __cpuid_count(0xd, i, a, b, c, d);
        g_xsave_end[i] = a + b;
        g_package.xfrm |= 1ull << i;
    }
}

uint32_t emu_xsave_size(uint64_t xfrm)
{
    uint32_t size = XSAVE_LEGACY_SIZE;
    for (unsigned i = 2; i < EMU_XFRM_COUNT; i++)
        if (xfrm >> i & 1 && g_xsave_end[i] > size)
            size = g_xsave_end[i];
    return size;
}

int emu_package_start(const struct emu_options *options, struct err *e)
{
    uint64_t epc = options->epc_size ? options->epc_size : g_epc_default;
    if (epc % SGX_PAGE_SIZE != 0)
        return fail(e, -EINVAL, "emu: EPC size %llu is not a multiple of 4096",
                    (unsigned long long)epc);
    g_package = (struct emu_package){
        .epc_pages = epc / SGX_PAGE_SIZE,
        .attributes = SGX_ATTR_DEBUG | SGX_ATTR_MODE64BIT | SGX_ATTR_PROVISIONKEY |
                      SGX_ATTR_EINITTOKENKEY | SGX_ATTR_KSS,
        .miscselect = SGX_MISC_EXINFO,
        .sgx2 = true,
        .cpusvn = {1, 1},
    };
    learn_xsave();
    return emu_keys_start(options->secret_path, e);
}

const struct emu_package *emu_package(void)
{
    return &g_package;
}

int emu_epc_take(uint64_t count)
{
    uint64_t used = atomic_load(&g_epc_used);
    do {
        if (count > g_package.epc_pages - used)
            return -ENOMEM;
    } while (!atomic_compare_exchange_weak(&g_epc_used, &used, used + count));
    return 0;
}

void emu_epc_give(uint64_t count)
{
    atomic_fetch_sub(&g_epc_used, count);
}

uint64_t emu_epc_used(void)
{
    return atomic_load(&g_epc_used);
}
