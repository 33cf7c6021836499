/* SPDX-License-Identifier: Apache-2.0 */
#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/cpuid.h"

static struct emu_cpuid ask(uint32_t leaf, uint32_t subleaf)
{
    return emu_cpuid(leaf, subleaf, (struct emu_cpuid){1, 2, 4, 8});
}

TEST(cpuid_announces_sgx1_sgx2_and_launch_control)
{
    builder_package(256ull << 20);
    EXPECT_EQ(ask(0, 0).eax, 0x12);
    EXPECT_EQ(emu_cpuid(0, 0, (struct emu_cpuid){.eax = 0x20}).eax, 0x20);
    EXPECT_EQ(ask(7, 0).ebx, 2 | 1 << 2);
    EXPECT_EQ(ask(7, 0).ecx, 4 | 1 << 30);
    EXPECT_EQ(ask(7, 1).ebx, 2);
    EXPECT_EQ(ask(0x12, 0).eax, 3);
    EXPECT_EQ(ask(0x12, 0).ebx, SGX_MISC_EXINFO);
    EXPECT_EQ(ask(0x12, 0).edx, 56 << 8 | 31);
}

TEST(cpuid_says_which_attributes_ecreate_takes)
{
    builder_package(256ull << 20);
    struct emu_cpuid r = ask(0x12, 1);
    EXPECT_EQ(r.eax, 0xb6); /* DEBUG, MODE64BIT, PROVISIONKEY, EINITTOKENKEY, KSS */
    EXPECT_EQ(r.ebx, 0);
    EXPECT_EQ(r.ecx & 3, 3);
    EXPECT_EQ(r.ecx & ~0xe7u, 0); /* no MPX, PKRU or AMX */
}

TEST(cpuid_says_how_large_the_epc_is)
{
    builder_package((64ull << 30) + 4096);
    struct emu_cpuid r = ask(0x12, 2);
    EXPECT_EQ(r.eax & 0xf, 1);
    EXPECT_EQ(r.ecx & 0xf, 1);
    EXPECT_EQ((uint64_t)r.edx << 32 | (r.ecx & 0xfffff000), (64ull << 30) + 4096);
    EXPECT_EQ(ask(0x12, 3).eax, 0);
}
