/* SPDX-License-Identifier: Apache-2.0
 * stress_test.c: the device used by many threads at once, and across fork(2). */
#include <asm/sgx.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"
#include "emu/package.h"

enum { SIZE = 64 * 4096, THREADS = 4, ROUNDS = 60 };

static struct builder g_shared;

/* Builds enclaves and throws them away, while all use one together. */
static void *work(void *arg)
{
    static _Alignas(4096) uint8_t pages[THREADS][3][4096];
    size_t self = (size_t)(uintptr_t)arg;
    struct sgx_secs *secs = (struct sgx_secs *)(void *)pages[self][0];
    void *area = mmap(NULL, 2ul * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    secs->size = SIZE;
    secs->base = ((uintptr_t)area + SIZE - 1) & ~(uint64_t)(SIZE - 1);
    secs->ssaframesize = 1;
    secs->attributes.flags = SGX_ATTR_MODE64BIT;
    secs->attributes.xfrm = SGX_XFRM_LEGACY;
    struct sgx_secinfo *secinfo = (struct sgx_secinfo *)(void *)pages[self][1];
    secinfo->flags = RW;
    for (int round = 0; round < ROUNDS; round++) {
        int fd = emu_open_enclave(O_RDWR);
        struct sgx_enclave_create create = {.src = (uintptr_t)secs};
        EXPECT_EQ(emu_ioctl(fd, SGX_IOC_ENCLAVE_CREATE, &create), 0);
        struct sgx_enclave_add_pages add = {.src = (uintptr_t)pages[self][2],
                                            .length = 4096,
                                            .secinfo = (uintptr_t)secinfo,
                                            .flags = SGX_PAGE_MEASURE};
        EXPECT_EQ(emu_ioctl(fd, SGX_IOC_ENCLAVE_ADD_PAGES, &add), 0);
        EXPECT_EQ(emu_mmap(secs->base, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0), secs->base);
        struct emu_regs regs = {.rbx = g_shared.base,
                                .rcx = g_shared.base + 4096,
                                .rdx = g_shared.base + 4096 * (1 + self)};
        EXPECT_CODE(emu_enclu(g_shared.enclave, SGX_EREPORT, &regs), 0);
        struct emu_outcome fault;
        uint64_t fresh = g_shared.base + (20 + (uint64_t)round / 2) * 4096;
        EXPECT(!emu_page_fault(g_shared.enclave, fresh, SGX_SECINFO_W, &fault));
        EXPECT_EQ(fault.errcode, 0x8007);
        EXPECT_EQ(emu_close(fd), 0);
        /* Not munmap(): another thread's memory could come to lie there. */
        EXPECT_EQ(
            emu_mmap(secs->base, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
            secs->base);
    }
    return NULL;
}

static void share(void)
{
    builder_package(0);
    builder_open(&g_shared, SIZE);
    builder_fill(&g_shared, 6, RW);
    EXPECT_EQ(builder_init(&g_shared), 0);
    EXPECT_EQ(emu_mmap(g_shared.base, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                       g_shared.fd, 0),
              g_shared.base);
}

TEST(threads_build_use_and_drop_enclaves_at_once)
{
    share();
    uint64_t before = emu_epc_used();
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, work, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    EXPECT_EQ(emu_close(emu_open_enclave(O_RDWR)), 0); /* sweeps */
    EXPECT_EQ(emu_epc_used(), before + ROUNDS / 2);
}

TEST(a_fork_while_others_use_the_device_leaves_no_lock_behind)
{
    share();
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, NULL, work, NULL), 0);
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(10);
            int fd = emu_open_enclave(O_RDWR);
            struct emu_regs regs = {
                .rbx = g_shared.base, .rcx = g_shared.base + 4096, .rdx = g_shared.base + 8192};
            bool fine = fd >= 0 && emu_close(fd) == 0 &&
                        !emu_enclu(g_shared.enclave, SGX_EREPORT, &regs).faulted;
            _exit(fine ? 0 : 1);
        }
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    pthread_join(thread, NULL);
}

TEST(epc_of_enclaves_that_were_closed_quietly_is_used_again)
{
    builder_package(8ull * 4096);
    struct builder a;
    struct builder b;
    builder_open(&a, SIZE);
    builder_open(&b, SIZE);
    EXPECT_EQ(builder_create(&a), 0);
    EXPECT_EQ(builder_create(&b), 0);
    for (uint64_t i = 0; i < 3; i++)
        EXPECT_EQ(builder_add(&a, i * 4096, RW, false), 0);
    EXPECT_EQ(close(a.fd), 0); /* not by emu_close() */
    for (uint64_t i = 0; i < 6; i++)
        EXPECT_EQ(builder_add(&b, i * 4096, RW, false), 0);
    EXPECT_EQ(emu_epc_used(), 8);
}
