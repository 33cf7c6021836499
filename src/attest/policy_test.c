/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/policy.h"

#include <errno.h>

#include "attest/forge.h"
#include "base/test.h"

static struct attest_result g_r;

static int parse(struct policy *p, const char *text, struct err *e)
{
    return policy_parse(p, span_text(text), e);
}

static void refuses(const char *text, const char *sentence, int line)
{
    struct policy p;
    struct err e = {0};
    if (parse(&p, text, &e) != -EBADMSG || !strstr(e.text, sentence))
        test_failed(__FILE__, line, "%s: \"%s\" expected, \"%s\" found", text, sentence, e.text);
}
#define REFUSES(text, sentence) refuses(text, sentence, __LINE__)

TEST(policy_default_accepts_two_states_and_no_debug)
{
    struct policy p;
    REQUIRE(parse(&p, "{}", NULL) == 0);
    EXPECT(policy_accepts(&p, TCB_UP_TO_DATE) && policy_accepts(&p, TCB_SW_HARDENING_NEEDED));
    for (int s = TCB_CONFIGURATION_NEEDED; s < TCB_STATUS_COUNT; s++)
        EXPECT(!policy_accepts(&p, (enum tcb_status)s));
    EXPECT(!policy_accepts(&p, TCB_NONE));
    EXPECT(!p.allow_debug && !p.allow_public_signers && !p.has_tolerated);
    EXPECT(policy_tolerates(&p, "INTEL-SA-00001"));
}

TEST(policy_reads_every_key)
{
    struct policy p;
    struct err e = {0};
    int rc =
        parse(&p,
              "{\"accepted_tcb_statuses\":[\"UpToDate\",\"OutOfDate\"],"
              "\"tolerated_advisories\":[\"INTEL-SA-00615\"],"
              "\"allow_debug\":true,\"allow_public_signers\":true,"
              "\"mrenclave\":\"00000000000000000000000000000000000000000000000000000000000000aa\","
              "\"mrsigner\":[\"00000000000000000000000000000000000000000000000000000000000000bb\","
              "\"00000000000000000000000000000000000000000000000000000000000000cc\"],"
              "\"mrtd\":\"0000000000000000000000000000000000000000000000000000000000000000"
              "000000000000000000000000000000dd\","
              "\"isvprodid\":3,\"min_isvsvn\":4,\"min_evaluation_number\":17,"
              "\"max_age_days\":{\"tcb_info\":7,\"qe_identity\":8,\"pck_crl\":9,"
              "\"root_crl\":10}}",
              &e);
    EXPECT_STR(e.text, "");
    REQUIRE(rc == 0);
    EXPECT(policy_accepts(&p, TCB_OUT_OF_DATE) && !policy_accepts(&p, TCB_SW_HARDENING_NEEDED));
    EXPECT(policy_tolerates(&p, "INTEL-SA-00615") && !policy_tolerates(&p, "INTEL-SA-00616"));
    EXPECT(p.allow_debug && p.allow_public_signers && p.has_isvprodid);
    EXPECT_EQ(p.mrenclave.hash[0][31], 0xaa);
    EXPECT_EQ(p.mrsigner.count, 2);
    EXPECT_EQ(p.mrsigner.hash[1][31], 0xcc);
    EXPECT_EQ(p.mrtd.hash[0][47], 0xdd);
    EXPECT_EQ(p.isvprodid, 3);
    EXPECT_EQ(p.min_isvsvn, 4);
    EXPECT_EQ(p.min_evaluation_number, 17);
    EXPECT_EQ(p.max_age_s[POLICY_TCB_INFO], 7 * 86400);
    EXPECT_EQ(p.max_age_s[POLICY_ROOT_CRL], 10 * 86400);
}

TEST(policy_refuses_with_the_key_in_the_sentence)
{
    REFUSES("", "not JSON");
    REFUSES("[]", "a JSON object expected");
    REFUSES("{\"allow_debug\":false,\"allow_debug\":true}", "not JSON: duplicate");
    REFUSES("{\"alow_debug\":true}", "the key \"alow_debug\" is not known");
    REFUSES("{\"allow_debug\":1}", "\"allow_debug\": true or false expected");
    REFUSES("{\"accepted_tcb_statuses\":[]}", "a list of 1 to 64 strings");
    REFUSES("{\"accepted_tcb_statuses\":[7]}", "entry 1 is no string");
    REFUSES("{\"accepted_tcb_statuses\":[\"Uptodate\"]}", "\"Uptodate\" is no TCB status");
    REFUSES("{\"accepted_tcb_statuses\":[\"Revoked\"]}", "Revoked cannot be accepted");
    REFUSES("{\"tolerated_advisories\":\"INTEL-SA-1\"}", "a list of");
    REFUSES("{\"tolerated_advisories\":[\"CVE-2020-1\"]}", "names like INTEL-SA-00615");
    REFUSES("{\"mrenclave\":\"aa\"}", "64 hex digits expected");
    REFUSES("{\"mrsigner\":[\"aa\"]}", "entry 1: 64 hex digits expected");
    REFUSES("{\"mrtd\":7}", "a list of");
    REFUSES("{\"isvprodid\":65536}", "0 to 65535");
    REFUSES("{\"min_isvsvn\":-1}", "0 to 65535");
    REFUSES("{\"min_evaluation_number\":\"17\"}", "a whole number");
    REFUSES("{\"max_age_days\":7}", "an object expected");
    REFUSES("{\"max_age_days\":{\"crl\":7}}", "\"crl\" is not known");
    REFUSES("{\"max_age_days\":{\"tcb_info\":0}}", "must be at least 1");
    REFUSES("{\"max_age_days\":{\"tcb_info\":99999}}", "0 to 3650");
    REFUSES("{\"mrenclave\":[[[[[]]]]]}", "nested deeper than 4");
    static char big[POLICY_MAX_SIZE + 2];
    memset(big, ' ', POLICY_MAX_SIZE + 1);
    REFUSES(big, "at most 65536");
}

TEST(policy_with_no_advisory_tolerated_is_an_empty_list)
{
    struct policy p;
    REQUIRE(parse(&p, "{\"tolerated_advisories\":[]}", NULL) == 0);
    EXPECT(!policy_tolerates(&p, "INTEL-SA-00615"));
}

/* Judges the forged platform by this policy; true when the named check is in this state. */
static bool judged(const char *policy, const char *check, enum check_state state)
{
    struct forge f;
    struct kit k;
    struct err e = {0};
    forge_init(&f);
    forge_make(&f, &k);
    EXPECT_EQ(parse(&k.policy, policy, &e), 0);
    kit_verify(&k, &g_r);
    bool ok = kit_check(&g_r, check) == state &&
              g_r.verdict == (state == CHECK_FAILED ? ATTEST_REFUSED : ATTEST_ACCEPTED);
    if (!ok)
        kit_show(&g_r);
    kit_fini(&k);
    return ok;
}

#define HEX32(byte)                                                                                \
    byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte \
        byte byte byte byte byte byte byte byte byte byte byte byte byte

TEST(policy_is_asked_for_identity_and_versions)
{
    EXPECT(judged("{\"mrenclave\":\"" HEX32("ee") "\"}", "policy.mrenclave", CHECK_PASSED));
    EXPECT(judged("{\"mrenclave\":\"" HEX32("ef") "\"}", "policy.mrenclave", CHECK_FAILED));
    EXPECT(judged("{\"mrenclave\":[\"" HEX32("ef") "\",\"" HEX32("ee") "\"]}", "policy.mrenclave",
                  CHECK_PASSED));
    EXPECT(judged("{\"mrsigner\":\"" HEX32("55") "\"}", "policy.mrsigner", CHECK_PASSED));
    EXPECT(judged("{\"mrsigner\":\"" HEX32("ee") "\"}", "policy.mrsigner", CHECK_FAILED));
    EXPECT(judged("{\"isvprodid\":7}", "policy.isvprodid", CHECK_PASSED));
    EXPECT(judged("{\"isvprodid\":0}", "policy.isvprodid", CHECK_FAILED));
    EXPECT(judged("{\"min_isvsvn\":3}", "policy.isvsvn", CHECK_PASSED));
    EXPECT(judged("{\"min_isvsvn\":4}", "policy.isvsvn", CHECK_FAILED));
    EXPECT(judged("{\"min_evaluation_number\":17}", "policy.evaluation_number", CHECK_PASSED));
    EXPECT(judged("{\"min_evaluation_number\":18}", "policy.evaluation_number", CHECK_FAILED));
    EXPECT(
        judged("{\"accepted_tcb_statuses\":[\"OutOfDate\"]}", "policy.tcb_status", CHECK_FAILED));
}

TEST(policy_bounds_the_age_of_each_item)
{
    EXPECT(judged("{\"max_age_days\":{\"tcb_info\":10}}", "policy.age.tcb_info", CHECK_PASSED));
    EXPECT(judged("{\"max_age_days\":{\"tcb_info\":9}}", "policy.age.tcb_info", CHECK_FAILED));
    EXPECT(
        judged("{\"max_age_days\":{\"qe_identity\":9}}", "policy.age.qe_identity", CHECK_FAILED));
    EXPECT(judged("{\"max_age_days\":{\"pck_crl\":9}}", "policy.age.pck_crl", CHECK_FAILED));
    EXPECT(judged("{\"max_age_days\":{\"root_crl\":9}}", "policy.age.root_crl", CHECK_FAILED));
    EXPECT(judged("{\"max_age_days\":{\"root_crl\":10,\"pck_crl\":10}}", "policy.age.root_crl",
                  CHECK_PASSED));
}

TEST(policy_tolerates_advisories_by_name)
{
    struct kit k;
    kit_load(&k, "sgx-v3-sw-hardening");
    k.at = 1756684800;
    REQUIRE(parse(&k.policy, "{\"tolerated_advisories\":[\"INTEL-SA-00615\"]}", NULL) == 0);
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.verdict, ATTEST_ACCEPTED);
    REQUIRE(parse(&k.policy, "{\"tolerated_advisories\":[\"INTEL-SA-00614\"]}", NULL) == 0);
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "policy.advisories"), CHECK_FAILED);
    EXPECT_STR(g_r.checks.at[CHECK_POLICY_ADVISORIES].found, "INTEL-SA-00615");
    kit_put(&k, KIT_TCB_INFO, "", 0);
    k.policy.max_age_s[POLICY_TCB_INFO] = 1;
    k.policy.min_evaluation_number = 1;
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "policy.advisories"), CHECK_NOT_JUDGED);
    EXPECT_EQ(kit_check(&g_r, "policy.age.tcb_info"), CHECK_NOT_JUDGED);
    EXPECT_EQ(kit_check(&g_r, "policy.evaluation_number"), CHECK_NOT_JUDGED);
    kit_fini(&k);
}

TEST(policy_refuses_publicly_known_signers_and_debug_unless_allowed)
{
    struct kit k;
    kit_load(&k, "sgx-v3-debug-enclave");
    k.at = 1652140800;
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "policy.debug"), CHECK_FAILED);
    k.policy.allow_debug = true;
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.verdict, ATTEST_ACCEPTED);
    EXPECT(g_r.debug);
    static const uint8_t sample[] = {0x83, 0xd7, 0x19, 0xe7, 0x7d, 0xea, 0xca, 0x14,
                                     0x70, 0xf6, 0xba, 0xf6, 0x2a, 0x4d, 0x77, 0x43,
                                     0x03, 0xc8, 0x99, 0xdb, 0x69, 0x02, 0x0f, 0x9c,
                                     0x70, 0xee, 0x1d, 0xfc, 0x08, 0xc7, 0xce, 0x9e};
    memcpy(k.file[KIT_QUOTE].data + 48 + 128, sample, sizeof sample);
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "policy.public_signer"), CHECK_FAILED);
    EXPECT_STR(g_r.public_signer, "the sample key of Intel's SDK");
    k.policy.allow_public_signers = true;
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "policy.public_signer"), CHECK_PASSED);
    kit_fini(&k);
}
