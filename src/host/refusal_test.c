/* SPDX-License-Identifier: Apache-2.0
 * refusal_test.c: each refusal names what is wrong and what to do. */
#include "host/refusal.h"

#include <errno.h>

#include "base/test.h"
#include "gate/entry.h"
#include "measure/mrenclave.h"
#include "measure/sign.h"

static const struct host_platform g_device = {.name = "/dev/sgx_enclave"};
static const struct host_platform g_emulator = {.name = "emulator", .emulated = true};

/* An enclave of no pages and a signature that fits it. */
static void make(struct measure_layout *l, struct sgx_sigstruct *s)
{
    static struct rsa_key *key;
    struct sign_options o;
    struct err e;
    uint8_t mrenclave[SHA256_SIZE];
    *l = (struct measure_layout){
        .info = {.elrange_size = 1 << 20, .ssaframesize = 1},
        .attributes = {.flags = SGX_ATTR_MODE64BIT, .xfrm = 3},
    };
    if (!key && rsa_key_new(&key, &e))
        test_skip(e.text);
    mrenclave_of_layout(l, mrenclave);
    sign_options_default(&o, l->attributes, l->miscselect);
    o.date = 0x20260102;
    if (sign_make(s, mrenclave, &o, key, &e))
        test_failed(__FILE__, __LINE__, "%s", e.text);
}

static int refuse(const struct measure_layout *l, const struct sgx_sigstruct *s, int rc,
                  struct err *e)
{
    return refusal_of_init(rc, &g_device, l, span_of(s, sizeof *s), e);
}

TEST(refusal_of_init_names_a_wrong_measurement)
{
    struct measure_layout l;
    struct sgx_sigstruct s;
    struct err e;
    make(&l, &s);
    l.info.elrange_size = 2 << 20;
    EXPECT_EQ(refuse(&l, &s, -EPERM, &e), -EPERM);
    EXPECT(strstr(e.text, "its pages give MRENCLAVE"));
}

TEST(refusal_of_init_names_wrong_attributes)
{
    struct measure_layout l;
    struct sgx_sigstruct s;
    struct err e;
    make(&l, &s);
    l.attributes.flags |= SGX_ATTR_DEBUG;
    EXPECT_EQ(refuse(&l, &s, -EPERM, &e), -EPERM);
    EXPECT(strstr(e.text, "its attributes are 0x6"));
    make(&l, &s);
    l.attributes.xfrm = 7;
    EXPECT_EQ(refuse(&l, &s, -EPERM, &e), -EPERM);
    EXPECT(strstr(e.text, "xfrm 0x7"));
    make(&l, &s);
    l.miscselect = 1;
    EXPECT_EQ(refuse(&l, &s, -EPERM, &e), -EPERM);
    EXPECT(strstr(e.text, "MISCSELECT is 0x1"));
}

TEST(refusal_of_init_names_a_bad_signature_or_format)
{
    struct measure_layout l;
    struct sgx_sigstruct s;
    struct err e;
    make(&l, &s);
    s.signature[7] ^= 1;
    EXPECT_EQ(refuse(&l, &s, -EPERM, &e), -EBADMSG);
    EXPECT(strstr(e.text, "host: EINIT refused the enclave: "));
    make(&l, &s);
    s.header[0] ^= 1;
    EXPECT_EQ(refuse(&l, &s, -EPERM, &e), -EBADMSG);
    EXPECT(strstr(e.text, "host: EINIT refused the enclave: "));
    EXPECT_EQ(refusal_of_init(-EINVAL, &g_device, &l, span_of(&s, 100), &e), -EBADMSG);
}

TEST(refusal_of_init_says_what_is_left_when_all_is_right)
{
    struct measure_layout l;
    struct sgx_sigstruct s;
    struct err e;
    make(&l, &s);
    EXPECT_EQ(refuse(&l, &s, -EACCES, &e), -EACCES);
    EXPECT(strstr(e.text, "/dev/sgx_provision"));
    EXPECT_EQ(refuse(&l, &s, -EBUSY, &e), -EBUSY);
    EXPECT(strstr(e.text, "try again"));
    EXPECT_EQ(refuse(&l, &s, 16, &e), -EPERM);
    EXPECT(strstr(e.text, "SGX error 16"));
    EXPECT_EQ(refuse(&l, &s, -EIO, &e), -EIO);
    EXPECT(strstr(e.text, "errno 5"));
}

TEST(refusal_of_pages_and_create_name_the_remedy)
{
    struct err e;
    struct sgx_secs secs = {.size = 1 << 20};
    EXPECT_EQ(refusal_of_pages(-ENOMEM, &g_emulator, 0x3000, &e), -ENOMEM);
    EXPECT(strstr(e.text, "0x3000") && strstr(e.text, "--epc"));
    EXPECT_EQ(refusal_of_pages(-ENOMEM, &g_device, 0x3000, &e), -ENOMEM);
    EXPECT(strstr(e.text, "end other enclaves"));
    EXPECT_EQ(refusal_of_pages(-EIO, &g_device, 0, &e), -EIO);
    EXPECT_EQ(refusal_of_create(-ENOTTY, &g_device, &secs, &e), -ENOTTY);
    EXPECT(strstr(e.text, "older than Linux 5.11"));
    EXPECT_EQ(refusal_of_create(-ENOMEM, &g_device, &secs, &e), -ENOMEM);
    EXPECT_EQ(refusal_of_create(-EINVAL, &g_device, &secs, &e), -EINVAL);
    EXPECT_EQ(refusal_of_create(5, &g_device, &secs, &e), -EIO);
}

/* Any number may come from an enclave that is not ours. */
TEST(refusals_of_the_enclave_survive_every_reason)
{
    struct sgx_enclave_run run = {.exception_vector = 14};
    struct err e;
    for (uint64_t reason = 0; reason < 0x10000; reason += 1) {
        EXPECT_EQ(refusal_of_enclave(reason, &e), -EFAULT);
        EXPECT_EQ(refusal_of_entry(reason, &e), -EBUSY);
        EXPECT(e.text[0] && !strstr(e.text, "(null)"));
    }
    EXPECT_EQ(refusal_of_enclave(UINT64_MAX, &e), -EFAULT);
    EXPECT_EQ(refusal_of_enclave(GATE_FATAL_STACK | 14 << 8, &e), -EFAULT);
    EXPECT(strstr(e.text, "(exception 14)"));
    EXPECT_EQ(refusal_of_exception(&run, GATE_REFUSED_CSSA, &e), -EFAULT);
    EXPECT(strstr(e.text, "exception 14 and another one"));
    EXPECT_EQ(refusal_of_eenter(&run, &e), -EIO);
    EXPECT(strstr(e.text, "memory is gone"));
}
