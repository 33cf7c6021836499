/* SPDX-License-Identifier: Apache-2.0
 * enclu_key_test.c: EGETKEY: its refusals, and what each key depends on.  [SDM3D 41.4 EGETKEY] */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asm/sgx.h>
#include <errno.h>
#include <stdlib.h>

#include "base/test.h"
#include "emu/builder_test.h"
#include "emu/encls.h"
#include "emu/keys.h"
#include "emu/package.h"

enum { SIZE = 64 * 4096, REQUEST = 0, KEY = 4096 };

#define PRIVILEGED (SGX_ATTR_PROVISIONKEY | SGX_ATTR_EINITTOKENKEY | SGX_ATTR_KSS)

/* What tells enclaves apart. */
struct identity {
    uint64_t flags; /* besides MODE64BIT */
    uint64_t xfrm;
    uint32_t miscselect;
    uint16_t isvprodid, isvsvn, configsvn;
    uint8_t configid, family, extended; /* first byte of each */
    uint8_t content;                    /* of the only page, hence MRENCLAVE */
};

static struct identity usual(void)
{
    return (struct identity){.flags = PRIVILEGED,
                             .xfrm = SGX_XFRM_LEGACY,
                             .miscselect = SGX_MISC_EXINFO,
                             .isvprodid = 1,
                             .isvsvn = 5,
                             .configsvn = 5,
                             .configid = 1,
                             .family = 1,
                             .extended = 1};
}

static void enclave_of(struct builder *b, struct identity id)
{
    builder_open(b, SIZE);
    b->secs->attributes.flags = SGX_ATTR_MODE64BIT | id.flags;
    b->secs->attributes.xfrm = id.xfrm;
    b->secs->miscselect = id.miscselect;
    b->secs->configid[0] = id.configid;
    b->secs->configsvn = id.configsvn;
    EXPECT_EQ(builder_create(b), 0);
    memset(b->page, id.content, 4096);
    EXPECT_EQ(builder_add(b, 0, RW, true), 0);
    EXPECT_EQ(builder_add(b, 4096, RW, true), 0);
    builder_sign(b);
    b->sigstruct->isvprodid = id.isvprodid;
    b->sigstruct->isvsvn = id.isvsvn;
    b->sigstruct->isvfamilyid[0] = id.family;
    b->sigstruct->isvextprodid[0] = id.extended;
    builder_sign_again(b);
    /* Past the driver, which keeps EINITTOKENKEY to itself. */
    EXPECT_CODE(encls_einit(b->enclave, b->sigstruct), 0);
    EXPECT_EQ(emu_mmap(b->base, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, b->fd, 0),
              b->base);
}

struct key {
    uint8_t bytes[16];
};

static struct emu_outcome get(struct builder *b, const struct sgx_keyrequest *r)
{
    memcpy(emu_enclave_alias(b->enclave, b->base + REQUEST), r, sizeof *r);
    struct emu_regs regs = {.rax = SGX_EGETKEY, .rbx = b->base + REQUEST, .rcx = b->base + KEY};
    struct emu_outcome outcome = emu_enclu(b->enclave, SGX_EGETKEY, &regs);
    if (!outcome.faulted)
        EXPECT_EQ(regs.rax, outcome.rax);
    return outcome;
}

static struct key key_of(struct builder *b, struct sgx_keyrequest r)
{
    struct key key;
    EXPECT_CODE(get(b, &r), 0);
    memcpy(&key, emu_enclave_alias(b->enclave, b->base + KEY), sizeof key);
    return key;
}

static bool same(struct key a, struct key b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static struct sgx_keyrequest request(enum sgx_key_name name, uint16_t policy)
{
    return (struct sgx_keyrequest){.keyname = (uint16_t)name, .keypolicy = policy};
}

static const uint16_t g_names[] = {SGX_KEY_EINITTOKEN, SGX_KEY_PROVISION, SGX_KEY_PROVISION_SEAL,
                                   SGX_KEY_REPORT, SGX_KEY_SEAL};

TEST(egetkey_gives_equal_keys_for_equal_inputs_and_another_for_each_name)
{
    builder_package(0);
    struct builder b;
    struct builder twin;
    enclave_of(&b, usual());
    enclave_of(&twin, usual());
    struct key seen[ARRAY_COUNT(g_names)];
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++) {
        seen[i] = key_of(&b, request(g_names[i], SGX_KEYPOLICY_MRSIGNER));
        EXPECT(same(seen[i], key_of(&twin, request(g_names[i], SGX_KEYPOLICY_MRSIGNER))));
        for (size_t j = 0; j < i; j++)
            EXPECT(!same(seen[i], seen[j]));
    }
}

/* Which keys change when this input of the enclave does: one bit for each key name. */
enum {
    EINITTOKEN = 1 << SGX_KEY_EINITTOKEN,
    PROVISION = 1 << SGX_KEY_PROVISION,
    PROVISION_SEAL = 1 << SGX_KEY_PROVISION_SEAL,
    REPORT = 1 << SGX_KEY_REPORT,
    SEAL = 1 << SGX_KEY_SEAL,
    ALL = 31,
};

static void expect_changes(struct identity other, uint16_t policy, unsigned changed)
{
    struct builder b;
    struct builder c;
    enclave_of(&b, usual());
    enclave_of(&c, other);
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++) {
        struct sgx_keyrequest r = request(g_names[i], policy);
        bool differs = !same(key_of(&b, r), key_of(&c, r));
        if (differs != !!(changed & 1u << g_names[i]))
            test_failed(__FILE__, __LINE__, "policy %x, key %u: differs %d, expected keys %x",
                        policy, g_names[i], differs, changed);
    }
}

TEST(egetkey_separates_by_the_identity_of_the_enclave)
{
    builder_package(0);
    struct identity other = usual();
    other.content = 1;
    expect_changes(other, 0, REPORT);
    expect_changes(other, SGX_KEYPOLICY_MRENCLAVE, REPORT | SEAL);
    other = usual();
    other.isvprodid = 2;
    expect_changes(other, 0, EINITTOKEN | PROVISION | PROVISION_SEAL | SEAL);
    expect_changes(other, SGX_KEYPOLICY_NOISVPRODID, EINITTOKEN | PROVISION);
    other = usual();
    other.isvsvn = 6; /* the request says which; the enclave's own does not count */
    expect_changes(other, 0, 0);
}

TEST(egetkey_separates_by_key_separation_and_sharing_fields)
{
    builder_package(0);
    struct identity other = usual();
    other.family = 2;
    expect_changes(other, 0, 0);
    expect_changes(other, SGX_KEYPOLICY_ISVFAMILYID, PROVISION_SEAL | SEAL);
    other = usual();
    other.extended = 2;
    expect_changes(other, 0, 0);
    expect_changes(other, SGX_KEYPOLICY_ISVEXTPRODID, PROVISION_SEAL | SEAL);
    other = usual();
    other.configid = 2;
    expect_changes(other, 0, REPORT);
    expect_changes(other, SGX_KEYPOLICY_CONFIGID, REPORT | PROVISION_SEAL | SEAL);
    other = usual();
    other.configsvn = 6;
    expect_changes(other, SGX_KEYPOLICY_CONFIGID, REPORT);
}

TEST(egetkey_separates_by_attributes_and_debug_always)
{
    builder_package(0);
    struct identity other = usual();
    other.flags |= SGX_ATTR_DEBUG; /* in every key, whatever the mask */
    expect_changes(other, 0, ALL);
    other = usual();
    other.miscselect = 0; /* the mask is 0 */
    expect_changes(other, 0, REPORT);
}

TEST(egetkey_separates_by_masked_attributes)
{
    builder_package(0);
    struct builder b;
    struct builder c;
    struct identity other = usual();
    other.miscselect = 0;
    enclave_of(&b, usual());
    enclave_of(&c, other);
    struct sgx_keyrequest r = request(SGX_KEY_SEAL, SGX_KEYPOLICY_MRSIGNER);
    r.miscmask = SGX_MISC_EXINFO;
    EXPECT(!same(key_of(&b, r), key_of(&c, r)));
    r.miscmask = 0;
    EXPECT(same(key_of(&b, r), key_of(&c, r)));
    if (!(emu_package()->xfrm & SGX_XFRM_AVX))
        test_skip("no AVX here");
    other = usual();
    other.xfrm |= SGX_XFRM_AVX;
    struct builder d;
    enclave_of(&d, other);
    EXPECT(same(key_of(&b, r), key_of(&d, r)));
    r.attribute_mask.xfrm = SGX_XFRM_AVX;
    EXPECT(!same(key_of(&b, r), key_of(&d, r)));
}

/* Which keys change when this part of the request does. */
static void expect_request_changes(struct builder *b, struct sgx_keyrequest r, unsigned changed)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++) {
        struct sgx_keyrequest plain = request(g_names[i], 0);
        r.keyname = g_names[i];
        bool differs = !same(key_of(b, plain), key_of(b, r));
        EXPECT_EQ(differs, !!(changed & 1u << g_names[i]));
    }
}

TEST(egetkey_separates_by_every_field_of_the_request)
{
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    struct sgx_keyrequest r = {.keyid = {1}};
    expect_request_changes(&b, r, EINITTOKEN | REPORT | SEAL);
    r = (struct sgx_keyrequest){.isvsvn = 4};
    expect_request_changes(&b, r, EINITTOKEN | PROVISION | PROVISION_SEAL | SEAL);
    r = (struct sgx_keyrequest){.cpusvn = {1}};
    expect_request_changes(&b, r, EINITTOKEN | PROVISION | PROVISION_SEAL | SEAL);
    r = (struct sgx_keyrequest){.attribute_mask.flags = 1ull << 40}; /* no enclave has the bit */
    expect_request_changes(&b, r, PROVISION | PROVISION_SEAL | SEAL);
    r = (struct sgx_keyrequest){.miscmask = 1u << 31};
    expect_request_changes(&b, r, PROVISION | PROVISION_SEAL | SEAL);
    r = (struct sgx_keyrequest){.keypolicy = SGX_KEYPOLICY_MRSIGNER};
    expect_request_changes(&b, r, PROVISION_SEAL | SEAL);
}

TEST(egetkey_gives_the_same_keys_after_a_restart_and_others_with_another_secret)
{
    const char *path = builder_package(0);
    struct key keys[2][ARRAY_COUNT(g_names)];
    for (int start = 0; start < 2; start++) {
        struct builder b;
        enclave_of(&b, usual());
        for (size_t i = 0; i < ARRAY_COUNT(g_names); i++)
            keys[start][i] = key_of(&b, request(g_names[i], 0));
        builder_package(0); /* reads the file again, with a new boot's KEYID */
    }
    EXPECT(memcmp(keys[0], keys[1], sizeof keys[0]) == 0);
    EXPECT_EQ(unlink(path), 0);
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++)
        EXPECT(!same(keys[0][i], key_of(&b, request(g_names[i], 0))));
}

TEST(egetkey_leaves_the_owner_epoch_out_of_provisioning_keys)
{
    const char *path = builder_package(0);
    struct key before[ARRAY_COUNT(g_names)];
    struct builder b;
    enclave_of(&b, usual());
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++)
        before[i] = key_of(&b, request(g_names[i], 0));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(pwrite(fd, "another owner...", 16, 32), 16);
    close(fd);
    builder_package(0);
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++) {
        bool provisioning = g_names[i] == SGX_KEY_PROVISION || g_names[i] == SGX_KEY_PROVISION_SEAL;
        EXPECT_EQ(same(before[i], key_of(&b, request(g_names[i], 0))), provisioning);
    }
}

TEST(egetkey_refuses_misaligned_operands)
{
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    struct emu_regs regs = {.rbx = b.base + 256, .rcx = b.base + KEY};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EGETKEY, &regs));
    regs = (struct emu_regs){.rbx = b.base, .rcx = b.base + KEY + 8};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EGETKEY, &regs));
}

TEST(egetkey_refuses_operands_outside_elrange)
{
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    struct emu_regs regs = {.rbx = b.base + SIZE, .rcx = b.base + KEY};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EGETKEY, &regs));
    regs = (struct emu_regs){.rbx = b.base, .rcx = b.base - 4096};
    EXPECT_GP(emu_enclu(b.enclave, SGX_EGETKEY, &regs));
}

TEST(egetkey_faults_where_the_epcm_refuses_its_operands)
{
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    uint64_t fresh = b.base + 20ull * 4096;
    struct emu_regs regs = {.rbx = fresh, .rcx = b.base + KEY};
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EGETKEY, &regs), fresh); /* pending */
    regs = (struct emu_regs){.rbx = b.base, .rcx = fresh};
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EGETKEY, &regs), fresh);
    _Alignas(64) struct sgx_secinfo secinfo = {.flags = SGX_SECINFO_R};
    EXPECT_CODE(encls_emodpr(b.enclave, b.base + KEY, &secinfo), 0);
    regs = (struct emu_regs){.rbx = b.base, .rcx = b.base + KEY};
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EGETKEY, &regs), b.base + KEY); /* no W */
    EXPECT_CODE(encls_eblock(b.enclave, b.base), 0);
    EXPECT_EPCM_PF(emu_enclu(b.enclave, SGX_EGETKEY, &regs), b.base);
}

TEST(egetkey_refuses_reserved_fields_and_policy_bits)
{
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    struct sgx_keyrequest r = request(SGX_KEY_SEAL, 0x40);
    EXPECT_GP(get(&b, &r));
    r = request(SGX_KEY_SEAL, 0x8000);
    EXPECT_GP(get(&b, &r));
    r = request(SGX_KEY_SEAL, 0);
    r.reserved1 = 1;
    EXPECT_GP(get(&b, &r));
    r = request(SGX_KEY_SEAL, 0);
    r.cet_mask = 1;
    EXPECT_GP(get(&b, &r));
    r = request(SGX_KEY_SEAL, 0);
    r.reserved2[433] = 1;
    EXPECT_GP(get(&b, &r));
}

TEST(egetkey_refuses_kss_policies_and_configsvn_without_kss)
{
    builder_package(0);
    struct builder b;
    struct identity plain = {.xfrm = SGX_XFRM_LEGACY, .isvsvn = 1};
    enclave_of(&b, plain);
    for (unsigned policy = 4; policy <= 0x20; policy <<= 1) {
        struct sgx_keyrequest r = request(SGX_KEY_SEAL, policy & 0xffff);
        EXPECT_GP(get(&b, &r));
    }
    struct sgx_keyrequest r = request(SGX_KEY_SEAL, 0);
    r.configsvn = 1;
    EXPECT_GP(get(&b, &r));
    r.configsvn = 0;
    EXPECT_CODE(get(&b, &r), 0);
}

TEST(egetkey_refuses_a_cpusvn_above_the_current_one)
{
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++)
        for (size_t component = 0; component < 16; component++) {
            struct sgx_keyrequest r = request(g_names[i], 0);
            memcpy(r.cpusvn, emu_package()->cpusvn, 16);
            r.cpusvn[component]++;
            EXPECT_CODE(get(&b, &r), g_names[i] == SGX_KEY_REPORT ? 0 : SGX_INVALID_CPUSVN);
        }
}

TEST(egetkey_refuses_an_isvsvn_or_configsvn_above_the_enclaves)
{
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    for (size_t i = 0; i < ARRAY_COUNT(g_names); i++) {
        bool report = g_names[i] == SGX_KEY_REPORT;
        struct sgx_keyrequest r = request(g_names[i], 0);
        r.isvsvn = 6;
        EXPECT_CODE(get(&b, &r), report ? 0 : SGX_INVALID_ISVSVN);
    }
    struct sgx_keyrequest r = request(SGX_KEY_SEAL, SGX_KEYPOLICY_CONFIGID);
    r.configsvn = 6;
    EXPECT_CODE(get(&b, &r), SGX_INVALID_ISVSVN);
    r.keyname = SGX_KEY_PROVISION_SEAL;
    EXPECT_CODE(get(&b, &r), SGX_INVALID_ISVSVN);
}

TEST(egetkey_refuses_provisioning_and_launch_keys_without_their_attribute)
{
    builder_package(0);
    struct builder b;
    struct identity plain = {.xfrm = SGX_XFRM_LEGACY};
    enclave_of(&b, plain);
    static const uint16_t names[] = {SGX_KEY_EINITTOKEN, SGX_KEY_PROVISION, SGX_KEY_PROVISION_SEAL};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct sgx_keyrequest r = request(names[i], 0);
        memset(emu_enclave_alias(b.enclave, b.base + KEY), 0x11, 16);
        EXPECT_CODE(get(&b, &r), SGX_INVALID_ATTRIBUTE);
        EXPECT_EQ(*(uint8_t *)emu_enclave_alias(b.enclave, b.base + KEY), 0x11);
    }
}

TEST(egetkey_refuses_unknown_names)
{
    builder_package(0);
    struct builder b;
    enclave_of(&b, usual());
    for (unsigned name = 5; name < 70000; name += 1 + name / 8) {
        struct sgx_keyrequest r = request((enum sgx_key_name)(name & 0xffff), 0);
        if (r.keyname > SGX_KEY_SEAL)
            EXPECT_CODE(get(&b, &r), SGX_INVALID_KEYNAME);
    }
}

TEST(the_cpu_secret_is_made_privately_and_refused_when_it_is_not_private)
{
    const char *path = builder_package(0);
    struct stat st;
    EXPECT_EQ(stat(path, &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600);
    EXPECT_EQ(st.st_size, EMU_SECRET_SIZE);
    struct err e = {.code = 0};
    EXPECT_EQ(chmod(path, 0640), 0);
    EXPECT_EQ(emu_keys_start(path, &e), -EPERM);
    EXPECT(strstr(e.text, "chmod 600"));
    EXPECT_EQ(chmod(path, 0600), 0);
    EXPECT_EQ(truncate(path, 63), 0);
    EXPECT_EQ(emu_keys_start(path, &e), -EBADMSG);
    EXPECT(strstr(e.text, "63 bytes, expected 64"));
    EXPECT_EQ(unlink(path), 0);
    EXPECT_EQ(mkdir(path, 0700), 0);
    EXPECT(emu_keys_start(path, &e) < 0);
    EXPECT_EQ(rmdir(path), 0);
    EXPECT(emu_keys_start("/nonexistent/folder/secret", &e) < 0);
}

TEST(the_cpu_secret_goes_to_the_state_folder_when_no_path_is_given)
{
    char folder[] = "/tmp/emu-test-XXXXXX";
    REQUIRE(mkdtemp(folder));
    struct err e = {.code = 0};
    setenv("XDG_STATE_HOME", folder, 1);
    EXPECT_EQ(emu_keys_start(NULL, &e), 0);
    char path[128];
    snprintf(path, sizeof path, "%s/cella/cpu-secret", folder);
    EXPECT_EQ(access(path, R_OK), 0);
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    EXPECT_EQ(emu_keys_start(NULL, &e), -ENOENT);
    EXPECT_EQ(unlink(path), 0);
}
