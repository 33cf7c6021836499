/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/path.h"

#include "base/test.h"

TEST(path_knows_both_names_of_each_device)
{
    EXPECT_EQ(path_kind("/dev/sgx_enclave", 7), PATH_ENCLAVE);
    EXPECT_EQ(path_kind("/dev/sgx/enclave", 7), PATH_ENCLAVE);
    EXPECT_EQ(path_kind("/dev/sgx_provision", 7), PATH_PROVISION);
    EXPECT_EQ(path_kind("/dev/sgx/provision", 7), PATH_PROVISION);
}

TEST(path_ignores_doubled_slashes_and_dots)
{
    EXPECT_EQ(path_kind("//dev/./sgx_enclave", 7), PATH_ENCLAVE);
    EXPECT_EQ(path_kind("/./dev///sgx/././enclave", 7), PATH_ENCLAVE);
}

TEST(path_leaves_everything_else_alone)
{
    EXPECT_EQ(path_kind("/dev/sgx_enclave2", 7), PATH_PLAIN);
    EXPECT_EQ(path_kind("/dev/sgx_enclav", 7), PATH_PLAIN);
    EXPECT_EQ(path_kind("/tmp/dev/sgx_enclave", 7), PATH_PLAIN);
    EXPECT_EQ(path_kind("dev/sgx_enclave", 7), PATH_PLAIN);
    EXPECT_EQ(path_kind("/dev/sgx_vepc", 7), PATH_PLAIN);
    EXPECT_EQ(path_kind("", 7), PATH_PLAIN);
    EXPECT_EQ(
        path_kind("/usr/bin/a/path/that/is/much/longer/than/any/name/that/counts/here/exe", 7),
        PATH_PLAIN);
}

TEST(path_of_the_program_is_only_its_own)
{
    EXPECT_EQ(path_kind("/proc/self/exe", 7), PATH_EXE);
    EXPECT_EQ(path_kind("/proc/thread-self/exe", 7), PATH_EXE);
    EXPECT_EQ(path_kind("/proc/7/exe", 7), PATH_EXE);
    EXPECT_EQ(path_kind("/proc/7/task/9/exe", 7), PATH_EXE);
    EXPECT_EQ(path_kind("/proc/8/exe", 7), PATH_PLAIN);
    EXPECT_EQ(path_kind("/proc//exe", 7), PATH_PLAIN);
    EXPECT_EQ(path_kind("/proc/7/task//exe", 7), PATH_PLAIN);
    EXPECT_EQ(path_kind("/proc/99999999999999999999/exe", 7), PATH_PLAIN);
}

TEST(path_worth_a_look_is_told_by_its_last_component)
{
    EXPECT(path_may_be_ours("sgx_enclave"));
    EXPECT(path_may_be_ours("../dev/sgx_enclave"));
    EXPECT(path_may_be_ours("exe"));
    EXPECT(!path_may_be_ours("/dev/null"));
    EXPECT(!path_may_be_ours(""));
}
