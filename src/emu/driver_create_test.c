/* SPDX-License-Identifier: Apache-2.0 */
#include <asm/sgx.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "base/test.h"
#include "emu/builder_test.h"

TEST(an_enclave_is_built_and_its_pages_are_seen_where_they_are_mapped)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, 16 * 4096);
    memset(b.page, 0x5a, 4096);
    builder_finish(&b, 4, RW);
    REQUIRE(b.enclave);
    EXPECT(emu_enclave_initialised(b.enclave));
    volatile uint8_t *seen = (volatile uint8_t *)(uintptr_t)b.base;
    EXPECT_EQ(seen[0], 0x5a);
    seen[1] = 7;
    uint8_t *alias = emu_enclave_alias(b.enclave, b.base + 1);
    EXPECT_EQ(*alias, 7);
}

TEST(a_gigabyte_of_unmeasured_zeroes_is_added_without_being_copied)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, 2ull << 30);
    EXPECT_EQ(builder_create(&b), 0);
    size_t size = 1ull << 30;
    void *zeroes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    b.secinfo->flags = RW;
    struct sgx_enclave_add_pages args = {
        .src = (uintptr_t)zeroes, .length = size, .secinfo = (uintptr_t)b.secinfo};
    struct timespec t0;
    struct timespec t1;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    EXPECT_EQ(emu_ioctl(b.fd, SGX_IOC_ENCLAVE_ADD_PAGES, &args), 0);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    EXPECT_EQ(args.count, size);
    double ms = (double)(t1.tv_sec - t0.tv_sec) * 1e3 + (double)(t1.tv_nsec - t0.tv_nsec) / 1e6;
    printf("1 GiB of zeroes: %.1f ms\n", ms);
}
