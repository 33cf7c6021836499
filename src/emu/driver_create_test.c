/* SPDX-License-Identifier: Apache-2.0 */
#include <asm/sgx.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/model_priv.h"
#include "emu/zeroes_raw.h"

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
    EXPECT_EQ(emu_ioctl(b.fd, SGX_IOC_ENCLAVE_ADD_PAGES, &args), 0);
    EXPECT_EQ(args.count, size);
    struct stat st;
    EXPECT_EQ(fstat(b.enclave->memfd, &st), 0);
    EXPECT_EQ(st.st_blocks, 0);
    EXPECT(emu_epcm_peek(b.enclave, b.base + size - 4096).valid);
    EXPECT(!emu_epcm_peek(b.enclave, b.base + size).valid);
}

TEST(zeroes_are_found_in_memory_that_was_touched_and_in_memory_that_was_not)
{
    size_t size = 64ul * 4096;
    uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t addr = (uintptr_t)memory;
    EXPECT_EQ(zeroes_prefix(addr, size), size);
    memory[5 * 4096] = 0; /* present, and zero */
    EXPECT_EQ(zeroes_prefix(addr, size), size);
    for (size_t at = 0; at < 4096; at += 509) {
        memory[9 * 4096 + at] = 1;
        EXPECT_EQ(zeroes_prefix(addr, size), 9 * 4096);
        EXPECT_EQ(zeroes_prefix(addr + 9 * 4096, size - 9 * 4096), 0);
        memory[9 * 4096 + at] = 0;
    }
    memory[9 * 4096 + 4095] = 1;
    EXPECT_EQ(zeroes_prefix(addr, size), 9 * 4096);
    EXPECT_EQ(mprotect(memory, 4096, PROT_NONE), 0);
    EXPECT_EQ(zeroes_prefix(addr, size), 0);
    EXPECT_EQ(munmap(memory, 4096), 0);
    EXPECT_EQ(zeroes_prefix(addr, size), 0);
    EXPECT_EQ(zeroes_prefix(~0xfffull, 4096), 0);
}
