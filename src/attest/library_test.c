/* SPDX-License-Identifier: Apache-2.0
 * library_test.c: libcella-attest's functions, as a program that knows nothing else calls them. */
#include <errno.h>
#include <stdlib.h>

#include "attest/cella_attest.h"
#include "attest/forge.h"
#include "base/cleanup.h"
#include "base/test.h"

static struct cella_attest_bytes file_of(const struct kit *k, enum kit_file f)
{
    return (struct cella_attest_bytes){k->file[f].data, k->file[f].size};
}

static int set_all(cella_attest *v, const struct kit *k)
{
    struct cella_attest_collateral c = {
        .struct_size = sizeof c,
        .tcb_info = file_of(k, KIT_TCB_INFO),
        .tcb_info_issuer_chain = file_of(k, KIT_TCB_INFO_CHAIN),
        .qe_identity = file_of(k, KIT_QE_IDENTITY),
        .qe_identity_issuer_chain = file_of(k, KIT_QE_IDENTITY_CHAIN),
        .pck_crl = file_of(k, KIT_PCK_CRL),
        .pck_crl_issuer_chain = file_of(k, KIT_PCK_CRL_CHAIN),
        .root_ca_crl = file_of(k, KIT_ROOT_CRL),
    };
    return cella_attest_set_collateral(v, &c);
}

static cella_attest_result *verify(cella_attest *v, const struct kit *k)
{
    cella_attest_result *r = NULL;
    EXPECT_EQ(cella_attest_verify(v, k->file[KIT_QUOTE].data, k->file[KIT_QUOTE].size, k->at, &r),
              0);
    return r;
}

TEST(library_accepts_a_forged_platform_whose_root_was_named)
{
    struct forge f;
    struct kit k;
    cella_attest *v;
    forge_init(&f);
    forge_make(&f, &k);
    REQUIRE(cella_attest_new(&v) == 0);
    EXPECT_STR(cella_attest_error(v), "");
    EXPECT_EQ(cella_attest_trust_root(v, k.file[KIT_ROOT_CA].data, k.file[KIT_ROOT_CA].size), 0);
    EXPECT_EQ(set_all(v, &k), 0);
    EXPECT_EQ(set_all(v, &k), 0); /* replaces the first */
    cella_attest_result *r = verify(v, &k);
    REQUIRE(r);
    EXPECT_EQ(cella_attest_result_verdict(r), CELLA_ATTEST_ACCEPTED);
    EXPECT_EQ(cella_attest_result_emulated(r), 1);
    EXPECT_STR(cella_attest_result_tcb_status(r), "UpToDate");
    EXPECT(!cella_attest_result_advisory(r, 0));
    EXPECT_EQ(cella_attest_result_collateral_ends(r), FORGE_NOW + 20 * FORGE_DAY);
    EXPECT_EQ(cella_attest_result_mrenclave(r)[31], 0xee);
    EXPECT_EQ(cella_attest_result_mrsigner(r)[0], 0x55);
    EXPECT_EQ(cella_attest_result_report_data(r)[0], 0);
    EXPECT(!cella_attest_result_mrtd(r));
    EXPECT_EQ(cella_attest_result_isvprodid(r), 7);
    EXPECT_EQ(cella_attest_result_isvsvn(r), 3);
    EXPECT_EQ(cella_attest_result_debug(r), 0);
    EXPECT(!cella_attest_result_problem(r, 0, NULL, NULL));
    auto_free char *json = cella_attest_result_json(r);
    auto_free char *text = cella_attest_result_text(r);
    EXPECT(json && strstr(json, "\"accepted\": true"));
    EXPECT(text && strstr(text, "EMULATED"));
    cella_attest_result_free(r);
    cella_attest_free(v);
    kit_fini(&k);
}

TEST(library_refuses_and_lists_failures_before_what_could_not_be_judged)
{
    struct forge f;
    struct kit k;
    cella_attest *v;
    forge_init(&f);
    f.is_tdx = true;
    f.version = 4;
    forge_make(&f, &k);
    REQUIRE(cella_attest_new(&v) == 0);
    kit_put(&k, KIT_TCB_INFO, "", 0);
    EXPECT_EQ(set_all(v, &k), 0);
    cella_attest_result *r = verify(v, &k);
    REQUIRE(r);
    EXPECT_EQ(cella_attest_result_verdict(r), CELLA_ATTEST_REFUSED); /* the root is not trusted */
    EXPECT_STR(cella_attest_result_tcb_status(r), "");
    EXPECT_EQ(cella_attest_result_mrtd(r)[0], 0x4d);
    EXPECT(cella_attest_result_report_data(r) && !cella_attest_result_mrenclave(r));
    EXPECT_EQ(cella_attest_result_isvprodid(r), -1);
    const char *found = NULL;
    const char *advice = NULL;
    EXPECT_STR(cella_attest_result_problem(r, 0, &found, &advice), "pck.root");
    EXPECT(found && *found && advice && *advice);
    bool undecided = false;
    size_t count = 0;
    const char *name;
    for (; (name = cella_attest_result_problem(r, count, &found, &advice)) != NULL; count++)
        undecided |= strcmp(name, "tcb_info.format") == 0;
    EXPECT(undecided && count > 5);
    cella_attest_result_free(r);
    cella_attest_free(v);
    kit_fini(&k);
}

TEST(library_wants_its_calls_in_order)
{
    struct forge f;
    struct kit k;
    cella_attest *v;
    cella_attest_result *r = NULL;
    forge_init(&f);
    forge_make(&f, &k);
    REQUIRE(cella_attest_new(&v) == 0);
    EXPECT_EQ(cella_attest_verify(v, "x", 1, 0, &r), -EINVAL);
    EXPECT_STR(cella_attest_error(v), "no collateral was set");
    struct cella_attest_collateral wrong = {0};
    EXPECT_EQ(cella_attest_set_collateral(v, &wrong), -EINVAL);
    EXPECT_EQ(cella_attest_set_policy(v, "{\"x\":1}", 7), -EBADMSG);
    EXPECT_EQ(cella_attest_set_policy(v, "{}", 2), 0);
    EXPECT_EQ(set_all(v, &k), 0);
    EXPECT_EQ(cella_attest_trust_root(v, k.file[KIT_ROOT_CA].data, k.file[KIT_ROOT_CA].size),
              -EBUSY);
    EXPECT_EQ(cella_attest_verify(v, NULL, 5, 0, &r), 0); /* no quote at all */
    EXPECT_EQ(cella_attest_result_verdict(r), CELLA_ATTEST_REFUSED);
    EXPECT(!cella_attest_result_report_data(r));
    EXPECT_EQ(cella_attest_result_debug(r), -1);
    cella_attest_result_free(r);
    cella_attest_result_free(NULL);
    cella_attest_free(v);
    cella_attest_free(NULL);
    kit_fini(&k);
}
