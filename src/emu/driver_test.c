/* SPDX-License-Identifier: Apache-2.0
 * driver_test.c: descriptors and ioctls of the two devices, and every errno of theirs.  [Linux
 * arch/x86/kernel/cpu/sgx/ioctl.c] */
#include <asm/sgx.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"
#include "emu/package.h"

enum { SIZE = 64 * 4096, FREE = 20 * 4096, TCS_AT = 4 * 4096 };

static void ready(struct builder *b)
{
    builder_package(0);
    builder_open(b, SIZE);
    builder_fill(b, 4, RW);
    EXPECT_EQ(builder_init(b), 0);
    EXPECT_EQ(emu_mmap(b->base, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, b->fd, 0),
              b->base);
}

static int io(struct builder *b, unsigned long request, void *arg)
{
    return emu_ioctl(b->fd, request, arg);
}

static void *nowhere(void)
{
    return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

TEST(a_descriptor_is_known_until_every_copy_is_closed)
{
    builder_package(0);
    int fd = emu_open_enclave(O_RDWR | O_CLOEXEC);
    EXPECT(fd >= 0 && emu_owns(fd));
    EXPECT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    int copy = dup(fd);
    EXPECT(emu_owns(copy));
    EXPECT_EQ(emu_close(fd), 0);
    EXPECT(!emu_owns(fd) && emu_owns(copy));
    EXPECT_EQ(emu_close(copy), 0);
    EXPECT_EQ(emu_close(copy), -EBADF);
    EXPECT(!emu_owns(0));
    EXPECT(!emu_owns(-1));
    int next = emu_open_provision(O_RDWR);
    EXPECT(next >= 0 && emu_owns(next));
    EXPECT(!(fcntl(next, F_GETFD) & FD_CLOEXEC));
    EXPECT_EQ(next, fd); /* the lowest free number, as open(2) gives it */
}

TEST(a_closed_enclave_gives_its_epc_back_once_it_is_unmapped)
{
    struct builder b;
    ready(&b);
    EXPECT_EQ(emu_epc_used(), 1 + 1 + 5); /* SECS, VA, four pages and a TCS */
    EXPECT_EQ(close(b.fd), 0);            /* by the kernel's own close() */
    EXPECT_EQ(emu_epc_used(), 7);
    EXPECT(emu_enclave_at(b.base));
    EXPECT_EQ(emu_munmap(b.base, SIZE), 0);
    EXPECT_EQ(emu_epc_used(), 0);
    EXPECT(!emu_enclave_at(b.base));
}

TEST(an_enclave_stays_while_a_thread_is_inside)
{
    struct builder b;
    ready(&b);
    unsigned ticket = emu_enclave_entered(b.enclave);
    EXPECT_EQ(emu_munmap(b.base, SIZE), 0);
    EXPECT_EQ(emu_close(b.fd), 0);
    EXPECT(emu_enclave_at(b.base));
    emu_enclave_left(b.enclave, ticket);
    int fd = emu_open_enclave(O_RDWR);
    EXPECT(!emu_enclave_at(b.base));
    EXPECT_EQ(emu_close(fd), 0);
}

TEST(unknown_ioctls_and_wrong_descriptors_are_refused)
{
    struct builder b;
    ready(&b);
    uint64_t arg[16] = {0};
    EXPECT_EQ(io(&b, 0xa4ff, arg), -ENOTTY);
    EXPECT_EQ(io(&b, SGX_IOC_VEPC_REMOVE_ALL, arg), -ENOTTY);
    EXPECT_EQ(emu_ioctl(emu_open_provision(O_RDWR), SGX_IOC_ENCLAVE_CREATE, arg), -ENOTTY);
    EXPECT_EQ(emu_ioctl(0, SGX_IOC_ENCLAVE_CREATE, arg), -ENOTTY);
    EXPECT_EQ(emu_ioctl(9999, SGX_IOC_ENCLAVE_CREATE, arg), -EBADF);
}

TEST(create_refuses_bad_pointers_a_second_time_and_what_ecreate_refuses)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    struct sgx_enclave_create args = {.src = (uintptr_t)nowhere()};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_CREATE, nowhere()), -EFAULT);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_CREATE, NULL), -EFAULT);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_CREATE, &args), -EFAULT);
    args.src = 1ull << 63;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_CREATE, &args), -EFAULT);
    b.secs->size = SIZE + 4096;
    EXPECT_EQ(builder_create(&b), -EINVAL);
    b.secs->size = SIZE;
    b.secs->attributes.xfrm = 0;
    EXPECT_EQ(builder_create(&b), -EIO);
    EXPECT_EQ(emu_epc_used(), 0);
    b.secs->attributes.xfrm = SGX_XFRM_LEGACY;
    EXPECT_EQ(builder_create(&b), 0);
    EXPECT_EQ(builder_create(&b), -EINVAL);
    EXPECT_EQ(emu_epc_used(), 2);
}

static int add_raw(struct builder *b, struct sgx_enclave_add_pages args)
{
    return io(b, SGX_IOC_ENCLAVE_ADD_PAGES, &args);
}

TEST(add_pages_checks_state_range_and_pointers)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    b.secinfo->flags = RW;
    struct sgx_enclave_add_pages good = {
        .src = (uintptr_t)b.page, .length = 4096, .secinfo = (uintptr_t)b.secinfo};
    EXPECT_EQ(add_raw(&b, good), -EINVAL); /* before CREATE */
    EXPECT_EQ(builder_create(&b), 0);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_ADD_PAGES, nowhere()), -EFAULT);
    struct sgx_enclave_add_pages args = good;
    args.src += 8;
    EXPECT_EQ(add_raw(&b, args), -EINVAL);
    args = good;
    args.offset = 8;
    EXPECT_EQ(add_raw(&b, args), -EINVAL);
    args = good;
    args.length = 0;
    EXPECT_EQ(add_raw(&b, args), -EINVAL);
    args.length = 4097;
    EXPECT_EQ(add_raw(&b, args), -EINVAL);
    args = good;
    args.offset = SIZE;
    EXPECT_EQ(add_raw(&b, args), -EINVAL);
    args.offset = (uint64_t)-4096;
    EXPECT_EQ(add_raw(&b, args), -EINVAL);
    args = good;
    args.secinfo = (uintptr_t)nowhere();
    EXPECT_EQ(add_raw(&b, args), -EFAULT);
    args = good;
    args.src = (uintptr_t)nowhere();
    EXPECT_EQ(add_raw(&b, args), -EFAULT);
    EXPECT_EQ(add_raw(&b, good), 0);
    EXPECT_EQ(add_raw(&b, good), -EBUSY); /* the page is there */
}

TEST(add_pages_refuses_bad_secinfo)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    EXPECT_EQ(builder_create(&b), 0);
    static const uint64_t bad[] = {SGX_SECINFO_TYPE(SGX_PT_SECS),
                                   SGX_SECINFO_TYPE(SGX_PT_VA),
                                   TRIM,
                                   REG | SGX_SECINFO_W,
                                   TCS | SGX_SECINFO_R,
                                   RW | SGX_SECINFO_PENDING,
                                   RW | SGX_SECINFO_MODIFIED,
                                   RW | SGX_SECINFO_PR,
                                   RW | 0x40,
                                   RW | 1ull << 63};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT_EQ(builder_add(&b, 0, bad[i], false), -EINVAL);
    b.secinfo->reserved[0] = 1;
    EXPECT_EQ(builder_add(&b, 0, RW, false), -EINVAL);
    memset(b.secinfo->reserved, 0, sizeof b.secinfo->reserved);
    b.page[4095] = 1; /* a reserved byte of a TCS: EADD's own refusal */
    EXPECT_EQ(builder_add(&b, 0, TCS, false), -EIO);
    EXPECT_EQ(builder_add(&b, 0, RW, false), 0);
}

TEST(add_pages_says_how_far_it_came)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    EXPECT_EQ(builder_create(&b), 0);
    EXPECT_EQ(builder_add(&b, 3ull * 4096, RW, false), 0);
    uint8_t *source =
        mmap(NULL, 8ul * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    source[4096] = 1;
    struct sgx_enclave_add_pages args = {
        .src = (uintptr_t)source, .length = 8ul * 4096, .secinfo = (uintptr_t)b.secinfo};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_ADD_PAGES, &args), -EBUSY);
    EXPECT_EQ(args.count, 3 * 4096);
    EXPECT_EQ(*(uint8_t *)emu_enclave_alias(b.enclave, b.base + 4096), 1);
    EXPECT_EQ(mprotect(source + 2ul * 4096, 4096, PROT_NONE), 0);
    args.offset = 8ul * 4096;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_ADD_PAGES, &args), -EFAULT);
    EXPECT_EQ(args.count, 2 * 4096);
    EXPECT_EQ(emu_epc_used(), 2 + 1 + 3 + 2);
}

TEST(add_pages_measures_many_pages_as_one_by_one)
{
    builder_package(0);
    struct builder one;
    struct builder many;
    builder_open(&one, SIZE);
    builder_open(&many, SIZE);
    EXPECT_EQ(builder_create(&one), 0);
    EXPECT_EQ(builder_create(&many), 0);
    uint8_t *source = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    source[7ul * 4096 + 5] = 9; /* zeroes, then not, then zeroes */
    many.secinfo->flags = RW;
    struct sgx_enclave_add_pages args = {
        .src = (uintptr_t)source, .length = SIZE, .secinfo = (uintptr_t)many.secinfo};
    EXPECT_EQ(io(&many, SGX_IOC_ENCLAVE_ADD_PAGES, &args), 0);
    for (uint64_t at = 0; at < SIZE; at += 4096) {
        one.page[5] = at == 7ul * 4096 ? 9 : 0;
        EXPECT_EQ(builder_add(&one, at, RW, false), 0);
    }
    builder_sign(&one);
    EXPECT_EQ(builder_init(&one), 0);
    EXPECT_CODE(encls_einit(many.enclave, one.sigstruct), 0);
    EXPECT(memcmp(emu_enclave_alias(many.enclave, many.base), source, SIZE) == 0);
}

TEST(epc_is_counted_over_all_enclaves_and_runs_out)
{
    builder_package(10ull * 4096);
    struct builder a;
    struct builder b;
    builder_open(&a, SIZE);
    builder_open(&b, SIZE);
    EXPECT_EQ(builder_create(&a), 0); /* 2: SECS and VA */
    EXPECT_EQ(builder_create(&b), 0); /* 4 */
    for (uint64_t i = 0; i < 5; i++)
        EXPECT_EQ(builder_add(&a, i * 4096, RW, false), 0); /* 9 */
    void *zeroes = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sgx_enclave_add_pages args = {
        .src = (uintptr_t)zeroes, .length = SIZE, .secinfo = (uintptr_t)a.secinfo};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_ADD_PAGES, &args), -ENOMEM);
    EXPECT_EQ(args.count, 4096);
    EXPECT_EQ(builder_add(&a, 5ull * 4096, RW, false), -ENOMEM);
    struct builder c;
    builder_open(&c, SIZE);
    EXPECT_EQ(builder_create(&c), -ENOMEM);
    EXPECT_EQ(emu_close(a.fd), 0);
    EXPECT_EQ(builder_create(&c), 0);
}

TEST(every_512_pages_cost_a_version_array_as_in_linux)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, 2048ull * 4096);
    EXPECT_EQ(builder_create(&b), 0);
    void *zeroes = mmap(NULL, 1024ull * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    b.secinfo->flags = RW;
    struct sgx_enclave_add_pages args = {
        .src = (uintptr_t)zeroes, .length = 511ull * 4096, .secinfo = (uintptr_t)b.secinfo};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_ADD_PAGES, &args), 0);
    EXPECT_EQ(emu_epc_used(), 2 + 511);
    args.offset = 511ull * 4096;
    args.length = 4096;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_ADD_PAGES, &args), 0);
    EXPECT_EQ(emu_epc_used(), 2 + 512 + 1);
}

TEST(init_checks_state_pointers_and_vendor)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    EXPECT_EQ(builder_init(&b), -EINVAL); /* before CREATE */
    builder_fill(&b, 1, RW);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_INIT, nowhere()), -EFAULT);
    struct sgx_enclave_init args = {.sigstruct = (uintptr_t)nowhere()};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_INIT, &args), -EFAULT);
    b.sigstruct->vendor = 0x8087;
    EXPECT_EQ(builder_init(&b), -EINVAL);
    b.sigstruct->vendor = 0x8086;
    builder_sign_again(&b);
    EXPECT_EQ(builder_init(&b), 0);
    EXPECT_EQ(builder_init(&b), -EINVAL);
    EXPECT_EQ(builder_add(&b, FREE, RW, false), -EINVAL);
}

TEST(init_says_eperm_when_einit_refuses_and_einval_for_what_the_cpu_lacks)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    builder_fill(&b, 1, RW);
    b.sigstruct->signature[0] ^= 1;
    EXPECT_EQ(builder_init(&b), -EPERM);
    builder_sign(&b);
    b.sigstruct->attributes.flags |= SGX_ATTR_CET;
    builder_sign_again(&b);
    EXPECT_EQ(builder_init(&b), -EINVAL);
    builder_sign(&b);
    b.sigstruct->attributes.xfrm |= 1ull << 18;
    builder_sign_again(&b);
    EXPECT_EQ(builder_init(&b), -EINVAL);
    builder_sign(&b);
    b.sigstruct->miscselect = 2;
    builder_sign_again(&b);
    EXPECT_EQ(builder_init(&b), -EINVAL);
    builder_sign(&b);
    EXPECT_EQ(builder_init(&b), 0);
}

TEST(init_refuses_a_sigstruct_that_insists_on_the_init_bit)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    builder_fill(&b, 1, RW);
    b.sigstruct->attributes.flags |= SGX_ATTR_INIT;
    b.sigstruct->attribute_mask.flags |= SGX_ATTR_INIT;
    builder_sign_again(&b);
    EXPECT_EQ(builder_init(&b), -EINVAL);
}

TEST(create_says_enomem_when_the_address_space_is_too_small_for_the_model)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    b.secs->base = 0;
    b.secs->size = 1ull << 50; /* a CPU would take it */
    EXPECT_EQ(builder_create(&b), -ENOMEM);
    EXPECT_EQ(emu_epc_used(), 0);
    b.secs->size = 1ull << 60; /* no CPU would */
    EXPECT_EQ(builder_create(&b), -EIO);
}

TEST(provisionkey_needs_the_provision_device)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    b.secs->attributes.flags |= SGX_ATTR_PROVISIONKEY;
    builder_fill(&b, 1, RW);
    EXPECT_EQ(builder_init(&b), -EACCES);
    struct sgx_enclave_provision args = {.fd = 9999};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_PROVISION, &args), -EINVAL);
    args.fd = (unsigned)b.fd;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_PROVISION, &args), -EINVAL);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_PROVISION, nowhere()), -EFAULT);
    args.fd = (unsigned)emu_open_provision(O_RDONLY);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_PROVISION, &args), 0);
    EXPECT_EQ(builder_init(&b), 0);
}

TEST(einittokenkey_is_never_given_to_a_program)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    b.secs->attributes.flags |= SGX_ATTR_EINITTOKENKEY;
    builder_fill(&b, 1, RW);
    EXPECT_EQ(builder_init(&b), -EACCES);
}

TEST(restrict_permissions_checks_its_arguments)
{
    builder_package(0);
    struct builder early;
    builder_open(&early, SIZE);
    builder_fill(&early, 1, RW);
    struct sgx_enclave_restrict_permissions good = {.length = 4096, .permissions = SGX_SECINFO_R};
    struct sgx_enclave_restrict_permissions args = good;
    EXPECT_EQ(io(&early, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EINVAL); /* before INIT */
    struct builder b;
    ready(&b);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, nowhere()), -EFAULT);
    args.offset = 1;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EINVAL);
    args = good;
    args.permissions = 8;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EINVAL);
    args.permissions = SGX_SECINFO_W;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EINVAL);
    args = good;
    args.result = 1;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EINVAL);
    args = good;
    args.count = 1;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EINVAL);
    args = good;
    args.offset = (uint64_t)FREE;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EFAULT); /* no page */
    args.offset = (uint64_t)TCS_AT;
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EINVAL);
    EXPECT_EQ(args.count, 0);
}

TEST(restrict_permissions_stops_at_a_page_it_cannot_change_and_says_where)
{
    struct builder b;
    ready(&b);
    struct sgx_enclave_restrict_permissions args = {.length = 8ull * 4096,
                                                    .permissions = SGX_SECINFO_R};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EINVAL); /* at the TCS */
    EXPECT_EQ(args.count, 4 * 4096);
    EXPECT_EQ(emu_epcm_peek(b.enclave, b.base + 3ull * 4096).perm, SGX_SECINFO_R);
    struct emu_pageinfo info = {.linaddr = b.base + FREE, .secs = b.enclave};
    struct emu_outcome fault;
    EXPECT(!emu_page_fault(b.enclave, info.linaddr, SGX_SECINFO_R, &fault)); /* now pending */
    args = (struct sgx_enclave_restrict_permissions){
        .offset = FREE, .length = 4096, .permissions = SGX_SECINFO_R};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS, &args), -EFAULT);
    EXPECT_EQ(args.result, SGX_PAGE_NOT_MODIFIABLE);
}

static int modify(struct builder *b, uint64_t offset, uint64_t type)
{
    struct sgx_enclave_modify_types args = {.offset = offset, .length = 4096, .page_type = type};
    return io(b, SGX_IOC_ENCLAVE_MODIFY_TYPES, &args);
}

static int remove_pages(struct builder *b, uint64_t offset)
{
    struct sgx_enclave_remove_pages args = {.offset = offset, .length = 4096};
    return io(b, SGX_IOC_ENCLAVE_REMOVE_PAGES, &args);
}

static void accept_at(struct builder *b, uint64_t flags, uint64_t offset)
{
    struct sgx_secinfo s = {.flags = flags};
    memcpy(emu_enclave_alias(b->enclave, b->base), &s, sizeof s);
    struct emu_regs regs = {.rbx = b->base, .rcx = b->base + offset};
    EXPECT_CODE(emu_enclu(b->enclave, SGX_EACCEPT, &regs), 0);
}

TEST(modify_types_checks_its_arguments)
{
    struct builder b;
    ready(&b);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_MODIFY_TYPES, nowhere()), -EFAULT);
    EXPECT_EQ(modify(&b, 1, SGX_PT_TRIM), -EINVAL);
    EXPECT_EQ(modify(&b, 0, SGX_PT_REG), -EINVAL);
    EXPECT_EQ(modify(&b, 0, SGX_PT_SECS), -EINVAL);
    EXPECT_EQ(modify(&b, 0, 0x104), -EINVAL);
    EXPECT_EQ(modify(&b, FREE, SGX_PT_TRIM), -EFAULT);
    EXPECT_EQ(modify(&b, TCS_AT, SGX_PT_TCS), -EINVAL);
    struct sgx_enclave_modify_types args = {.length = 4096, .page_type = SGX_PT_TRIM, .count = 1};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_MODIFY_TYPES, &args), -EINVAL);
    struct builder early;
    builder_open(&early, SIZE);
    builder_fill(&early, 1, RW);
    EXPECT_EQ(modify(&early, 0, SGX_PT_TRIM), -EINVAL);
}

TEST(modify_types_makes_a_tcs_only_of_pages_added_read_write)
{
    builder_package(0);
    struct builder b;
    builder_open(&b, SIZE);
    builder_fill(&b, 2, RX);
    EXPECT_EQ(builder_init(&b), 0);
    EXPECT_EQ(modify(&b, 0, SGX_PT_TCS), -EPERM);
    EXPECT_EQ(modify(&b, 0, SGX_PT_TRIM), 0);
}

TEST(a_page_is_trimmed_accepted_and_removed)
{
    struct builder b;
    ready(&b);
    uint64_t used = emu_epc_used();
    EXPECT_EQ(remove_pages(&b, 4096), -EPERM);
    EXPECT_EQ(remove_pages(&b, FREE), -EFAULT);
    EXPECT_EQ(modify(&b, 4096, SGX_PT_TRIM), 0);
    EXPECT_EQ(modify(&b, 4096, SGX_PT_TRIM), -EINVAL);
    EXPECT_EQ(remove_pages(&b, 4096), -EPERM); /* not accepted yet */
    accept_at(&b, TRIM | SGX_SECINFO_MODIFIED, 4096);
    EXPECT_EQ(remove_pages(&b, 4096), 0);
    EXPECT(!emu_epcm_peek(b.enclave, b.base + 4096).valid);
    EXPECT_EQ(emu_epc_used(), used - 1);
    EXPECT_EQ(remove_pages(&b, 4096), -EFAULT);
    struct sgx_enclave_remove_pages args = {.length = 4096, .count = 1};
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_REMOVE_PAGES, &args), -EINVAL);
    EXPECT_EQ(io(&b, SGX_IOC_ENCLAVE_REMOVE_PAGES, nowhere()), -EFAULT);
    accept_at(&b, RW | SGX_SECINFO_PENDING, 4096); /* and comes back, fresh */
    EXPECT(bytes_are_zero(emu_enclave_alias(b.enclave, b.base + 4096), 4096));
}

TEST(a_trimmed_page_cannot_be_read_any_more)
{
    struct builder b;
    ready(&b);
    EXPECT_EQ(modify(&b, 4096, SGX_PT_TRIM), 0);
    struct emu_outcome fault;
    EXPECT(!emu_page_fault(b.enclave, b.base + 4096, SGX_SECINFO_R, &fault));
    EXPECT_EQ(fault.errcode, 0x8005);
}
