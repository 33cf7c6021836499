/* SPDX-License-Identifier: Apache-2.0
 * hostmem_test.c: what the host may say, and where its memory may lie. */
#include "enclave/hostmem.h"

#include "base/test.h"
#include "gate/gate.h"

TEST(host_count_lets_in_counts_up_to_what_was_asked)
{
    EXPECT_EQ(host_count(0, 0), 0);
    EXPECT_EQ(host_count(0, 100), 0);
    EXPECT_EQ(host_count(100, 100), 100);
    EXPECT_EQ(host_count(101, 100), -EPROTO);
    EXPECT_EQ(host_count(1, 0), -EPROTO);
    EXPECT_EQ(host_count(INT64_MAX, 100), -EPROTO);
    EXPECT_EQ(host_count(INT64_MAX, UINT64_MAX), INT64_MAX);
}

TEST(host_count_lets_in_errnos_and_nothing_below)
{
    EXPECT_EQ(host_count(-1, 0), -1);
    EXPECT_EQ(host_count(-4095, 0), -4095);
    EXPECT_EQ(host_count(-4096, 0), -EPROTO);
    EXPECT_EQ(host_count(INT64_MIN, 100), -EPROTO);
    EXPECT_EQ(host_status(0), 0);
    EXPECT_EQ(host_status(1), -EPROTO);
    EXPECT_EQ(host_status(-EAGAIN), -EAGAIN);
}

TEST(range_is_outside_knows_both_edges_of_elrange)
{
    const uint64_t base = 0x100000;
    const uint64_t size = 0x100000;
    EXPECT(range_is_outside(0x80000, 0x80000, base, size));
    EXPECT(!range_is_outside(0x80000, 0x80001, base, size));
    EXPECT(!range_is_outside(0x100000, 1, base, size));
    EXPECT(!range_is_outside(0x1fffff, 1, base, size));
    EXPECT(range_is_outside(0x200000, 1, base, size));
    EXPECT(!range_is_outside(0x80000, 0x200000, base, size)); /* reaches over it */
    EXPECT(!range_is_outside(0x1fffff, 0x10, base, size));
}

TEST(range_is_outside_refuses_null_kernel_addresses_and_wrapping)
{
    EXPECT(!range_is_outside(0, 8, 0x100000, 0x100000));
    EXPECT(!range_is_outside(UINT64_MAX, 1, 0x100000, 0x100000));
    EXPECT(!range_is_outside(0x200000, UINT64_MAX, 0x100000, 0x100000));
    EXPECT(!range_is_outside(0x200000, UINT64_MAX - 0x1fffff, 0x100000, 0x100000));
    EXPECT(!range_is_outside(0x7ffffffff000, 1, 0x100000, 0x100000));
    EXPECT(range_is_outside(0x7fffffffeff8, 8, 0x100000, 0x100000));
    EXPECT(!range_is_outside(0xffff800000000000, 8, 0x100000, 0x100000));
}

TEST(range_is_outside_with_an_enclave_at_address_zero)
{
    EXPECT(!range_is_outside(0x10000, 8, 0, 1ull << 36));
    EXPECT(!range_is_outside((1ull << 36) - 8, 8, 0, 1ull << 36));
    EXPECT(range_is_outside(1ull << 36, 8, 0, 1ull << 36));
}

TEST(gate_structs_are_whole_words_without_padding)
{
    /* gate.h proves it at compile time; here the numbers once, so that a change is noticed. */
    EXPECT_EQ(sizeof(struct gate_exit), 8);
    EXPECT_EQ(sizeof(struct gate_read), 24);
    EXPECT_EQ(sizeof(struct gate_clock), 24);
    EXPECT_EQ(sizeof(struct gate_wait), 24);
    EXPECT_EQ(GATE_EXIT, 0);
    EXPECT_EQ(GATE_CALL_COUNT, 47);
    EXPECT(GATE_CALL_COUNT < GATE_LEAVE_RESUME);
}
