/* SPDX-License-Identifier: Apache-2.0
 * driver_map_test.c: mappings of enclaves, what the page tables then allow, and page faults. */
#include <asm/sgx.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"
#include "emu/package.h"

enum { SIZE = 64 * 4096, FREE = 20 * 4096 };

#define PROT_RW (PROT_READ | PROT_WRITE)

static sigjmp_buf g_escape;

static void escape(int signal)
{
    (void)signal;
    siglongjmp(g_escape, 1);
}

/* What the real page tables let this process do at `addr`. */
static bool may_read(uint64_t addr)
{
    signal(SIGSEGV, escape);
    signal(SIGBUS, escape);
    if (sigsetjmp(g_escape, 1))
        return false;
    (void)*(volatile uint8_t *)(uintptr_t)addr;
    return true;
}

static bool may_write(uint64_t addr)
{
    signal(SIGSEGV, escape);
    signal(SIGBUS, escape);
    if (sigsetjmp(g_escape, 1))
        return false;
    *(volatile uint8_t *)(uintptr_t)addr = 1;
    return true;
}

static intptr_t map(struct builder *b, uint64_t offset, uint64_t size, int prot)
{
    return emu_mmap(b->base + offset, size, prot, MAP_SHARED | MAP_FIXED, b->fd, 0);
}

/* Pages 0 RW, 1 R, 2 RX, 3 RWX, 4 TCS; initialised, not mapped. */
static void mixed(struct builder *b)
{
    builder_package(0);
    builder_open(b, SIZE);
    EXPECT_EQ(builder_create(b), 0);
    EXPECT_EQ(builder_add(b, 0, RW, true), 0);
    EXPECT_EQ(builder_add(b, 4096, REG | SGX_SECINFO_R, true), 0);
    EXPECT_EQ(builder_add(b, 8192, RX, true), 0);
    EXPECT_EQ(builder_add(b, 12288, RWX, true), 0);
    EXPECT_EQ(builder_add(b, 16384, TCS, true), 0);
    builder_sign(b);
    EXPECT_EQ(builder_init(b), 0);
}

TEST(mmap_gives_no_more_than_secinfo_allows)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, 0, 4096, PROT_RW), b.base);
    EXPECT_EQ(map(&b, 0, 4096, PROT_RW | PROT_EXEC), -EACCES);
    EXPECT_EQ(map(&b, 4096, 4096, PROT_RW), -EACCES);
    EXPECT_EQ(map(&b, 4096, 4096, PROT_READ), b.base + 4096);
    EXPECT_EQ(map(&b, 8192, 4096, PROT_READ | PROT_EXEC), b.base + 8192);
    EXPECT_EQ(map(&b, 8192, 8192, PROT_RW | PROT_EXEC), -EACCES);
    EXPECT_EQ(map(&b, 16384, 4096, PROT_RW), b.base + 16384); /* a TCS is mapped read-write */
    EXPECT_EQ(map(&b, 16384, 4096, PROT_RW | PROT_EXEC), -EACCES);
    EXPECT_EQ(map(&b, FREE, 4096, PROT_RW | PROT_EXEC), b.base + FREE); /* no page, no limit */
    EXPECT(may_read(b.base) && may_write(b.base));
    EXPECT(may_read(b.base + 4096) && !may_write(b.base + 4096));
    EXPECT(!may_read(b.base + 16384));
    EXPECT(!may_read(b.base + FREE));
}

TEST(mmap_keeps_to_elrange_once_it_is_known)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, SIZE - 4096, 8192, PROT_READ), -EACCES);
    EXPECT_EQ(map(&b, (uint64_t)-4096, 8192, PROT_READ), -EACCES);
    EXPECT_EQ(emu_mmap(0, SIZE, PROT_READ, MAP_SHARED, b.fd, 0), -EACCES);
}

TEST(mmap_checks_its_arguments_as_linux_does)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, 0, 0, PROT_READ), -EINVAL);
    EXPECT_EQ(emu_mmap(b.base, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, b.fd, 0), -EINVAL);
    EXPECT_EQ(emu_mmap(b.base, 4096, PROT_READ, MAP_FIXED, b.fd, 0), -EINVAL);
    EXPECT_EQ(emu_mmap(b.base, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, b.fd, 8), -EINVAL);
    EXPECT_EQ(emu_mmap(b.base + 8, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, b.fd, 0), -EINVAL);
    EXPECT_EQ(emu_mmap(b.base, 4096, PROT_READ, MAP_SHARED, 9999, 0), -EBADF);
    int reader = emu_open_enclave(O_RDONLY);
    EXPECT_EQ(emu_mmap(0, 4096, PROT_RW, MAP_SHARED, reader, 0), -EACCES);
    EXPECT(emu_mmap(0, 4096, PROT_READ, MAP_SHARED, reader, 0) > 0);
    int writer = emu_open_enclave(O_WRONLY);
    EXPECT_EQ(emu_mmap(0, 4096, PROT_READ, MAP_SHARED, writer, 0), -EACCES);
    EXPECT_EQ(emu_mmap(0, 4096, PROT_READ, MAP_SHARED, emu_open_provision(O_RDWR), 0), -ENODEV);
}

TEST(mmap_is_refused_when_read_implies_exec)
{
    struct builder b;
    mixed(&b);
    EXPECT(personality(READ_IMPLIES_EXEC) != -1);
    EXPECT_EQ(map(&b, 0, 4096, PROT_READ), -EACCES);
}

TEST(a_range_reserved_before_create_becomes_the_enclave)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    intptr_t area = emu_mmap(0, 2ul * SIZE, PROT_NONE, MAP_SHARED, b.fd, 0);
    REQUIRE(area > 0);
    b.base = ((uintptr_t)area + SIZE - 1) & ~(uint64_t)(SIZE - 1);
    b.secs->base = b.base;
    builder_fill(&b, 2, RW);
    EXPECT_EQ(emu_mprotect(b.base, 8192, PROT_RW), 0);
    EXPECT(!may_read(b.base)); /* before EINIT */
    EXPECT_EQ(builder_init(&b), 0);
    EXPECT(may_read(b.base) && may_write(b.base + 4096));
    EXPECT_EQ(*(uint8_t *)emu_enclave_alias(b.enclave, b.base + 4096), 1);
    EXPECT(emu_enclave_at(b.base + SIZE - 1) == b.enclave);
    EXPECT(emu_enclave_at(b.base + SIZE) == NULL);
}

TEST(a_range_given_back_before_create_is_still_free_after_it)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, 16 * 4096ul);
    EXPECT_EQ(emu_munmap((uintptr_t)b.base, b.size), 0);
    EXPECT_EQ(builder_create(&b), 0); /* the emulator takes memory of its own here */
    void *at = (void *)(uintptr_t)b.base;
    EXPECT(mmap(at, b.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
           at);
}

TEST(mprotect_changes_parts_of_a_mapping)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, 0, 16384, PROT_READ), b.base);
    EXPECT_EQ(emu_mprotect(b.base, 4096, PROT_RW), 0);
    EXPECT(may_write(b.base) && !may_write(b.base + 12288));
    EXPECT_EQ(emu_mprotect(b.base + 12288, 4096, PROT_RW), 0);
    EXPECT(may_write(b.base + 12288) && !may_write(b.base + 4096) && may_read(b.base + 4096));
    EXPECT_EQ(emu_mprotect(b.base, 16384, PROT_RW), -EACCES); /* page 1 is read-only */
    EXPECT_EQ(emu_mprotect(b.base, 4096, PROT_NONE), 0);
    EXPECT(!may_read(b.base) && may_read(b.base + 4096));
    EXPECT_EQ(emu_mprotect(b.base + 8, 4096, PROT_NONE), -EINVAL);
    EXPECT_EQ(emu_mprotect(b.base, 4096, PROT_READ), 0);
    EXPECT(may_read(b.base) && !may_write(b.base));
}

TEST(mprotect_and_munmap_of_other_memory_go_to_the_kernel)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, 0, 4096, PROT_READ), b.base);
    intptr_t area = emu_mmap(0, 12288, PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(area > 0);
    EXPECT_EQ(emu_mprotect((uintptr_t)area, 4096, PROT_NONE), 0);
    EXPECT(!may_read((uintptr_t)area) && may_write((uintptr_t)area + 4096));
    EXPECT_EQ(emu_munmap((uintptr_t)area, 12288), 0);
    EXPECT_EQ(emu_mprotect((uintptr_t)area, 4096, PROT_READ), -ENOMEM);
    EXPECT_EQ(emu_munmap((uintptr_t)area + 1, 4096), -EINVAL);
}

TEST(other_memory_mapped_over_an_enclave_hides_it)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, 0, 16384, PROT_READ), b.base);
    EXPECT_EQ(
        emu_mmap(b.base + 4096, 4096, PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
        b.base + 4096);
    EXPECT(may_write(b.base + 4096));
    EXPECT_EQ(*(uint8_t *)emu_enclave_alias(b.enclave, b.base + 4096), 0);
    struct emu_outcome fault;
    EXPECT(!emu_page_fault(b.enclave, b.base + 4096, SGX_SECINFO_R, &fault));
    EXPECT(!(fault.errcode & 0x8000));
}

TEST(one_enclave_mapped_where_another_was_is_the_one_that_counts)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, 0, SIZE, PROT_NONE), b.base);
    struct builder c;
    builder_open(&c, SIZE);
    c.base = b.base;
    c.secs->base = b.base;
    EXPECT_EQ(builder_create(&c), 0);
    EXPECT(emu_enclave_at(b.base) == b.enclave);
    EXPECT_EQ(map(&c, 0, SIZE, PROT_NONE), b.base);
    EXPECT(emu_enclave_at(b.base) != b.enclave && emu_enclave_at(b.base));
}

static bool faults(struct builder *b, uint64_t offset, unsigned kind, uint32_t errcode, int signal)
{
    struct emu_outcome fault = {.faulted = false};
    if (emu_page_fault(b->enclave, b->base + offset, kind, &fault))
        return false;
    EXPECT_EQ(fault.vector, SGX_VECTOR_PF);
    EXPECT_EQ(fault.addr, b->base + offset);
    EXPECT_EQ(fault.errcode, errcode);
    EXPECT_EQ(fault.signal, signal);
    return true;
}

TEST(a_page_fault_says_whether_page_tables_or_epcm_refused)
{
    struct builder b;
    mixed(&b);
    EXPECT(faults(&b, 0, SGX_SECINFO_R, 0x4, SIGSEGV)); /* not mapped */
    EXPECT_EQ(map(&b, 0, 4096, PROT_RW), b.base);
    struct emu_outcome fault;
    EXPECT(emu_page_fault(b.enclave, b.base, SGX_SECINFO_W, &fault)); /* nothing wrong: again */
    EXPECT(faults(&b, 0, SGX_SECINFO_X, 0x15, SIGSEGV));              /* page tables */
    EXPECT_EQ(map(&b, 4096, 4096, PROT_READ), b.base + 4096);
    EXPECT(faults(&b, 4096, SGX_SECINFO_W, 0x7, SIGSEGV));
    EXPECT_EQ(map(&b, 16384, 4096, PROT_RW), b.base + 16384);
    EXPECT(faults(&b, 16384, SGX_SECINFO_R, 0x8005, SIGSEGV)); /* a TCS */
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = SGX_SECINFO_R};
    EXPECT_CODE(encls_emodpr(b.enclave, b.base, &secinfo), 0);
    EXPECT(faults(&b, 0, SGX_SECINFO_W, 0x8007, SIGSEGV));
}

TEST(a_page_fault_adds_a_page_to_an_initialised_enclave)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, FREE, 8192, PROT_RW), b.base + FREE);
    uint64_t used = emu_epc_used();
    EXPECT(faults(&b, FREE, SGX_SECINFO_W, 0x8007, SIGSEGV)); /* pending */
    EXPECT_EQ(emu_epc_used(), used + 1);
    EXPECT(emu_epcm_peek(b.enclave, b.base + FREE).pending);
    EXPECT(faults(&b, FREE, SGX_SECINFO_R, 0x8005, SIGSEGV));
    EXPECT_EQ(emu_epc_used(), used + 1);
}

TEST(a_page_fault_without_epc_is_a_bus_error)
{
    builder_package(7ull * 4096); /* SECS, VA, five pages */
    struct builder b;
    builder_open(&b, SIZE);
    builder_fill(&b, 4, RW);
    EXPECT_EQ(builder_init(&b), 0);
    EXPECT_EQ(map(&b, FREE, 4096, PROT_RW), b.base + FREE);
    EXPECT(faults(&b, FREE, SGX_SECINFO_W, 0x6, SIGBUS));
}

TEST(a_mapping_older_and_wider_than_its_page_is_a_bus_error)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    EXPECT_EQ(builder_create(&b), 0);
    EXPECT_EQ(map(&b, 0, SIZE, PROT_RW), b.base); /* before there are pages */
    EXPECT_EQ(builder_add(&b, 0, REG | SGX_SECINFO_R, true), 0);
    builder_sign(&b);
    EXPECT_EQ(builder_init(&b), 0);
    EXPECT(!may_read(b.base));
    EXPECT(faults(&b, 0, SGX_SECINFO_R, 0x4, SIGBUS));
    EXPECT_EQ(emu_mprotect(b.base, 4096, PROT_READ), 0);
    EXPECT(may_read(b.base));
}

TEST(accepting_and_restricting_reach_the_real_page_tables)
{
    struct builder b;
    mixed(&b);
    EXPECT_EQ(map(&b, 0, 4096, PROT_RW), b.base);
    EXPECT_EQ(map(&b, 12288, 4096, PROT_RW), b.base + 12288);
    EXPECT(may_write(b.base + 12288));
    struct sgx_enclave_restrict_permissions args = {
        .offset = 12288, .length = 4096, .permissions = SGX_SECINFO_R};
    EXPECT_EQ(emu_ioctl(b.fd, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), 0);
    EXPECT(may_read(b.base + 12288) && !may_write(b.base + 12288));
    struct sgx_secinfo s = {.flags = RW};
    memcpy(emu_enclave_alias(b.enclave, b.base), &s, sizeof s);
    struct emu_regs regs = {.rbx = b.base, .rcx = b.base + 12288};
    EXPECT_CODE(emu_enclu(b.enclave, SGX_EMODPE, &regs), 0);
    EXPECT(may_write(b.base + 12288));
}

TEST(an_enclave_at_the_bottom_of_the_address_space_and_one_of_64_gib_can_be_built)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, 1ull << 36);
    b.base = 0;
    b.secs->base = 0;
    builder_fill(&b, 1, RW); /* pages that nobody can map, which is allowed */
    EXPECT_EQ(builder_init(&b), 0);
    EXPECT_EQ(emu_page_fault(b.enclave, 0, SGX_SECINFO_R, &(struct emu_outcome){0}), false);
    EXPECT(emu_enclave_at(0x10000) == b.enclave);
    EXPECT(emu_enclave_at((1ull << 36) - 1) == b.enclave);
}
