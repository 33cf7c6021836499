/* SPDX-License-Identifier: Apache-2.0
 * system_test.c: the vDSO that every Linux program has stands in for the one of a machine with SGX.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/test.h"
#include "host/platform.h"
#include "host/system_raw.h"

TEST(system_vdso_find_finds_what_the_kernel_exports)
{
    struct timespec now = {0};
    int (*gettime)(clockid_t, struct timespec *) =
        (int (*)(clockid_t, struct timespec *))system_vdso_find("__vdso_clock_gettime");
    if (!gettime)
        test_skip("this kernel gives programs no vDSO");
    EXPECT_EQ(gettime(CLOCK_REALTIME, &now), 0);
    EXPECT(now.tv_sec > 1600000000);
}

TEST(system_vdso_find_knows_what_is_not_there)
{
    EXPECT_EQ(system_vdso_find("__vdso_no_such_function"), 0);
    EXPECT_EQ(system_vdso_find("__vdso_clock_gettim"), 0);
    EXPECT_EQ(system_vdso_find(""), 0);
}

TEST(system_mmap_reports_a_negative_errno)
{
    intptr_t at = system_mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(at > 0);
    EXPECT_EQ(system_mprotect((uintptr_t)at, 4096, PROT_READ | PROT_WRITE), 0);
    EXPECT_EQ(system_munmap((uintptr_t)at, 4096), 0);
    EXPECT_EQ(system_mprotect((uintptr_t)at, 4096, PROT_READ), -ENOMEM);
    EXPECT_EQ(system_mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -EINVAL);
    EXPECT_EQ(system_munmap(1, 4096), -EINVAL);
}

TEST(host_choice_parse_knows_three_words)
{
    enum host_choice c = HOST_AUTO;
    struct err e;
    EXPECT(host_choice_parse(&c, "trap", &e) == 0 && c == HOST_EMU_TRAP);
    EXPECT(host_choice_parse(&c, "fast", &e) == 0 && c == HOST_EMU_FAST);
    EXPECT(host_choice_parse(&c, "off", &e) == 0 && c == HOST_DEVICE);
    EXPECT_EQ(host_choice_parse(&c, "slow", &e), -EINVAL);
    EXPECT_STR(e.text, "--emu slow: expected trap, fast or off");
}

TEST(host_platform_find_takes_the_emulator_when_there_is_no_device)
{
    struct host_platform p;
    struct host_options o = {.choice = HOST_AUTO};
    struct err e;
    char state[] = "/tmp/host-test-XXXXXX";
    if (access("/dev/sgx_enclave", F_OK) == 0)
        test_skip("there is a device");
    REQUIRE(mkdtemp(state));
    setenv("XDG_STATE_HOME", state, 1);
    REQUIRE(host_platform_find(&p, &o, &e) == 0);
    EXPECT(p.emulated);
    EXPECT_STR(p.name, "emulator, fast mode");
    int fd = p.open_enclave(O_RDWR | O_CLOEXEC);
    EXPECT(fd >= 0);
    EXPECT_EQ(p.close(fd), 0);
}
