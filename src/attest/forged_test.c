/* SPDX-License-Identifier: Apache-2.0
 * forged_test.c: states that no public quote has, with a hierarchy of our own. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "attest/forge.h"
#include "base/test.h"

static struct attest_result g_r;

static void judge(const struct forge *f)
{
    struct kit k;
    forge_make(f, &k);
    kit_verify(&k, &g_r);
    kit_fini(&k);
}

/* The platform is refused, and these (up to three) checks are exactly those that failed. */
static void expect_failed(const char *a, const char *b, const char *c, int line)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CHECK_COUNT; i++)
        count += g_r.checks.at[i].state == CHECK_FAILED;
    unsigned want = (a ? 1u : 0u) + (b ? 1u : 0u) + (c ? 1u : 0u);
    bool ok = g_r.verdict == ATTEST_REFUSED && count == want &&
              (!a || kit_check(&g_r, a) == CHECK_FAILED) &&
              (!b || kit_check(&g_r, b) == CHECK_FAILED) &&
              (!c || kit_check(&g_r, c) == CHECK_FAILED);
    if (ok)
        return;
    test_failed(__FILE__, line, "not exactly %s %s %s failed", a ? a : "", b ? b : "", c ? c : "");
    kit_show(&g_r);
}
#define EXPECT_FAILED(a, b, c) expect_failed(a, b, c, __LINE__)

static void expect_accepted(enum tcb_status s, int line)
{
    if (g_r.verdict == ATTEST_ACCEPTED && g_r.status == s && g_r.status_proven && g_r.emulated)
        return;
    test_failed(__FILE__, line, "not accepted as %s", tcb_status_word(s));
    kit_show(&g_r);
}
#define EXPECT_ACCEPTED(s) expect_accepted(s, __LINE__)

TEST(forged_sgx_platform_up_to_date_is_accepted_as_emulated)
{
    struct forge f;
    forge_init(&f);
    judge(&f);
    EXPECT_ACCEPTED(TCB_UP_TO_DATE);
    f.version = 4;
    judge(&f);
    EXPECT_ACCEPTED(TCB_UP_TO_DATE);
    f.version = 5;
    judge(&f);
    EXPECT_ACCEPTED(TCB_UP_TO_DATE);
    f.cert_type = 4; /* the leaf in the quote, the rest beside it */
    judge(&f);
    EXPECT_ACCEPTED(TCB_UP_TO_DATE);
    f.cert_type = 1;
    judge(&f);
    EXPECT_ACCEPTED(TCB_UP_TO_DATE);
}

TEST(forged_platform_is_refused_unless_its_root_was_named)
{
    struct forge f;
    struct kit k;
    forge_init(&f);
    forge_make(&f, &k);
    trust_init(&k.trust);
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.verdict, ATTEST_REFUSED);
    EXPECT_EQ(kit_check(&g_r, "pck.root"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "pck.chain"), CHECK_PASSED);
    EXPECT(!g_r.status_proven && g_r.emulated && g_r.status == TCB_UP_TO_DATE);
    kit_fini(&k);
}

TEST(forged_revocations_are_each_found)
{
    struct forge f;
    forge_init(&f);
    f.revoke_leaf = true;
    judge(&f);
    EXPECT_FAILED("pck.revoked", NULL, NULL);
    forge_init(&f);
    f.revoke_ca = true;
    judge(&f);
    EXPECT_FAILED("pck.ca_revoked", NULL, NULL);
    forge_init(&f);
    f.revoke_signer = true;
    judge(&f);
    EXPECT_FAILED("tcb_info.signer_revoked", "qe_identity.signer_revoked", NULL);
    EXPECT(!g_r.status_proven);
}

/* Two levels: the newest, which the platform does not meet, and one with this status. */
static void with_level(struct forge *f, const char *status, const char *advisories)
{
    static char levels[8500];
    snprintf(levels, sizeof levels, "[%s,%s]", forge_level(0, 6, -1, 11, "UpToDate", ""),
             forge_level(1, 5, -1, 11, status, advisories));
    f->levels = levels;
}

static void with_qe_level(struct forge *f, const char *status)
{
    static char levels[400];
    snprintf(levels, sizeof levels,
             "[{\"tcb\":{\"isvsvn\":9},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":"
             "\"UpToDate\"},{\"tcb\":{\"isvsvn\":6},\"tcbDate\":\"2021-11-10T00:00:00Z\","
             "\"tcbStatus\":\"%s\",\"advisoryIDs\":[\"INTEL-SA-00001\"]}]",
             status);
    f->identity_levels = levels;
}

TEST(forged_levels_give_their_status_and_what_is_missing)
{
    static const enum tcb_status all[] = {TCB_SW_HARDENING_NEEDED, TCB_CONFIGURATION_NEEDED,
                                          TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
                                          TCB_OUT_OF_DATE, TCB_OUT_OF_DATE_CONFIGURATION_NEEDED};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        struct forge f;
        forge_init(&f);
        with_level(&f, tcb_status_word(all[i]), "[\"INTEL-SA-00615\",\"INTEL-SA-00615\"]");
        judge(&f);
        EXPECT_EQ(g_r.status, all[i]);
        EXPECT_EQ(g_r.level_index, 1);
        EXPECT_EQ(g_r.advisory_count, 1);
        if (all[i] == TCB_SW_HARDENING_NEEDED) {
            EXPECT_ACCEPTED(all[i]);
            EXPECT_EQ(g_r.short_count, 0);
            continue;
        }
        EXPECT_FAILED("policy.tcb_status", NULL, NULL);
        EXPECT_EQ(g_r.short_count, 3);
        EXPECT_EQ(g_r.short_to, TCB_UP_TO_DATE);
        EXPECT_EQ(g_r.shorts[2].index, 3);
        EXPECT_EQ(g_r.shorts[2].have, 5);
        EXPECT_EQ(g_r.shorts[2].need, 6);
        EXPECT_STR(g_r.shorts[2].type, "Part 3");
    }
}

TEST(forged_revoked_level_is_never_accepted)
{
    struct forge f;
    struct kit k;
    forge_init(&f);
    with_level(&f, "Revoked", "");
    forge_make(&f, &k);
    k.policy.accepted = ~0u;
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.status, TCB_REVOKED);
    EXPECT_FAILED("platform.tcb", "policy.tcb_status", NULL);
    kit_fini(&k);
}

TEST(forged_levels_below_all_are_not_supported)
{
    struct forge f;
    forge_init(&f);
    f.components[2] = 4;
    judge(&f);
    EXPECT_FAILED("platform.tcb", NULL, NULL);
    EXPECT_EQ(g_r.status, TCB_NONE);
    EXPECT_EQ(g_r.short_count, 1);
    forge_init(&f);
    f.pcesvn = 10;
    judge(&f);
    EXPECT_FAILED("platform.tcb", NULL, NULL);
    EXPECT_EQ(g_r.shorts[0].kind, TCB_SHORT_PCE);
    forge_init(&f);
    f.qe_isvsvn = 7;
    judge(&f);
    EXPECT_FAILED("qe.tcb", NULL, NULL);
    EXPECT_EQ(g_r.shorts[0].kind, TCB_SHORT_QE);
    EXPECT_EQ(g_r.shorts[0].need, 8);
}

TEST(forged_quoting_enclave_draws_the_platform_down)
{
    static const struct {
        const char *platform;
        const char *qe;
        enum tcb_status want;
    } cases[] = {
        {"UpToDate", "OutOfDate", TCB_OUT_OF_DATE},
        {"SWHardeningNeeded", "OutOfDate", TCB_OUT_OF_DATE},
        {"ConfigurationNeeded", "OutOfDate", TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {"ConfigurationAndSWHardeningNeeded", "OutOfDate", TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {"OutOfDate", "OutOfDate", TCB_OUT_OF_DATE},
        {"OutOfDateConfigurationNeeded", "OutOfDate", TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {"Revoked", "OutOfDate", TCB_REVOKED},
        {"UpToDate", "Revoked", TCB_REVOKED},
        {"OutOfDateConfigurationNeeded", "Revoked", TCB_REVOKED},
        {"ConfigurationNeeded", "UpToDate", TCB_CONFIGURATION_NEEDED},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct forge f;
        forge_init(&f);
        with_level(&f, cases[i].platform, "");
        with_qe_level(&f, cases[i].qe);
        judge(&f);
        EXPECT_EQ(g_r.status, cases[i].want);
        EXPECT_EQ(g_r.earliest_tcb_date, 1636502400); /* the quoting enclave's, 2021-11-10 */
        EXPECT_EQ(kit_check(&g_r, "qe.tcb"),
                  strcmp(cases[i].qe, "Revoked") == 0 ? CHECK_FAILED : CHECK_PASSED);
        EXPECT_EQ(g_r.advisory_count, 1);
        EXPECT_EQ(g_r.verdict, ATTEST_REFUSED);
    }
}

/* Every item with dates, ended a second ago or beginning in a second. */
TEST(forged_items_are_refused_before_they_begin_and_after_they_end)
{
    static const struct {
        size_t offset;
        const char *check;
        const char *also;
    } items[] = {
        {offsetof(struct forge, leaf), "pck.validity", NULL},
        {offsetof(struct forge, ca), "pck.validity", "pck_crl.validity"},
        {offsetof(struct forge, root), "root_crl.validity", NULL},
        {offsetof(struct forge, signer), "tcb_info.validity", "qe_identity.validity"},
        {offsetof(struct forge, tcb_info), "tcb_info.validity", NULL},
        {offsetof(struct forge, identity), "qe_identity.validity", NULL},
        {offsetof(struct forge, pck_crl), "pck_crl.validity", NULL},
        {offsetof(struct forge, root_crl), "root_crl.validity", NULL},
    };
    for (size_t i = 0; i < ARRAY_COUNT(items); i++) {
        for (int late = 0; late < 2; late++) {
            struct forge f;
            forge_init(&f);
            struct forge_dates *d = (struct forge_dates *)(void *)((char *)&f + items[i].offset);
            if (late)
                d->to = FORGE_NOW - 1;
            else
                d->from = FORGE_NOW + 1;
            judge(&f);
            EXPECT_FAILED(items[i].check, items[i].also, NULL);
            EXPECT_EQ(g_r.status, TCB_UP_TO_DATE); /* and still says what it would be */
            if (late)
                d->to = FORGE_NOW;
            else
                d->from = FORGE_NOW;
            judge(&f);
            EXPECT_ACCEPTED(TCB_UP_TO_DATE);
        }
    }
}

TEST(forged_lists_of_somebody_else_are_refused)
{
    struct forge f;
    forge_init(&f);
    f.pck_crl_issuer = "Intel SGX PCK Platform CA";
    judge(&f);
    EXPECT_FAILED("pck_crl.issuer", "pck_crl.signature", NULL);
    EXPECT_EQ(kit_check(&g_r, "pck.revoked"), CHECK_NOT_JUDGED);
    forge_init(&f);
    f.pck_crl_signer = FORGE_OTHER;
    judge(&f);
    EXPECT_FAILED("pck_crl.signature", NULL, NULL);
    forge_init(&f);
    f.root_crl_signer = FORGE_OTHER;
    judge(&f);
    EXPECT_FAILED("root_crl.signature", NULL, NULL);
}

TEST(forged_signers_with_other_names_or_keys_are_refused)
{
    struct forge f;
    forge_init(&f);
    f.signer_name = "Intel SGX PCK Signing";
    judge(&f);
    EXPECT_FAILED("tcb_info.signer", "qe_identity.signer", NULL);
    forge_init(&f);
    f.identity_signer = FORGE_OTHER;
    judge(&f);
    EXPECT_FAILED("qe_identity.signature", NULL, NULL);
    forge_init(&f);
    f.leaf_issuer = FORGE_OTHER;
    judge(&f);
    EXPECT_FAILED("pck.chain", NULL, NULL);
    forge_init(&f);
    f.leaf_name = "Intel SGX PCK Certificat";
    judge(&f);
    EXPECT_FAILED("pck.names", NULL, NULL);
    forge_init(&f);
    f.ca_name = "Intel SGX PCK Server CA";
    judge(&f);
    EXPECT_FAILED("pck.names", NULL, NULL);
    forge_init(&f);
    f.ca_without_flag = true;
    judge(&f);
    EXPECT_FAILED("pck.chain", "pck_crl.signature", NULL);
}

TEST(forged_quoting_enclaves_that_are_not_intels_are_refused)
{
    struct forge f;
    forge_init(&f);
    f.qe_mrsigner[5] = 1;
    judge(&f);
    EXPECT_FAILED("qe.mrsigner", NULL, NULL);
    forge_init(&f);
    f.qe_isvprodid = 2;
    judge(&f);
    EXPECT_FAILED("qe.isvprodid", NULL, NULL);
    forge_init(&f);
    f.qe_attributes[0] |= 2; /* debug */
    judge(&f);
    EXPECT_FAILED("qe.attributes", NULL, NULL);
    forge_init(&f);
    f.qe_attributes[0] |= 4; /* MODE64BIT, which the mask leaves free */
    judge(&f);
    EXPECT_ACCEPTED(TCB_UP_TO_DATE);
    forge_init(&f);
    f.bad_binding = true;
    judge(&f);
    EXPECT_FAILED("qe.report_data", NULL, NULL);
}

TEST(forged_documents_of_another_kind_are_refused)
{
    struct forge f;
    forge_init(&f);
    f.identity_id = "TD_QE";
    judge(&f);
    EXPECT_FAILED("qe_identity.id", NULL, NULL);
    forge_init(&f);
    f.fmspc[0] = 0x21;
    judge(&f);
    EXPECT_FAILED("tcb_info.fmspc", NULL, NULL);
    EXPECT_EQ(kit_check(&g_r, "platform.tcb"), CHECK_NOT_JUDGED);
    forge_init(&f);
    f.pceid[0] = 1;
    judge(&f);
    EXPECT_FAILED("tcb_info.pceid", NULL, NULL);
}

/* s and n - s sign alike: the quote's bytes are no identity, and the verdict is the same. */
TEST(forged_quote_with_s_negated_has_the_same_verdict)
{
    struct forge f;
    struct kit k;
    forge_init(&f);
    forge_make(&f, &k);
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    uint8_t *at = k.file[KIT_QUOTE].data + 436 + 32;
    BIGNUM *s = BN_bin2bn(at, 32, NULL);
    BN_sub(s, EC_GROUP_get0_order(group), s);
    BN_bn2binpad(s, at, 32);
    kit_verify(&k, &g_r);
    EXPECT_ACCEPTED(TCB_UP_TO_DATE);
    BN_copy(s, EC_GROUP_get0_order(group)); /* s = n is no signature at all */
    BN_bn2binpad(s, at, 32);
    kit_verify(&k, &g_r);
    EXPECT_FAILED("quote.signature", NULL, NULL);
    BN_free(s);
    EC_GROUP_free(group);
    kit_fini(&k);
}

TEST(forged_set_with_an_item_missing_is_undecided)
{
    static const struct {
        enum kit_file file;
        const char *check;
    } items[] = {
        {KIT_TCB_INFO, "tcb_info.format"},       {KIT_TCB_INFO_CHAIN, "tcb_info.signer"},
        {KIT_QE_IDENTITY, "qe_identity.format"}, {KIT_PCK_CRL, "pck_crl.format"},
        {KIT_PCK_CRL_CHAIN, "pck_crl.chain"},    {KIT_ROOT_CRL, "root_crl.format"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(items); i++) {
        struct forge f;
        struct kit k;
        forge_init(&f);
        forge_make(&f, &k);
        kit_put(&k, items[i].file, "", 0);
        kit_verify(&k, &g_r);
        EXPECT_EQ(g_r.verdict, ATTEST_UNDECIDED);
        EXPECT_EQ(kit_check(&g_r, items[i].check), CHECK_NOT_JUDGED);
        EXPECT_EQ(kit_check(&g_r, "quote.signature"), CHECK_PASSED);
        kit_fini(&k);
    }
    struct forge f;
    struct kit k;
    forge_init(&f);
    forge_make(&f, &k);
    kit_put(&k, KIT_QE_IDENTITY_CHAIN, "", 0); /* the TCB info's signer serves */
    kit_verify(&k, &g_r);
    EXPECT_ACCEPTED(TCB_UP_TO_DATE);
    kit_fini(&k);
    f.cert_type = 1;
    forge_make(&f, &k);
    kit_put(&k, KIT_PCK_CHAIN, "", 0);
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.verdict, ATTEST_UNDECIDED);
    kit_fini(&k);
}

TEST(forged_garbage_in_any_file_is_refused)
{
    for (unsigned file = KIT_QUOTE; file < KIT_FILES; file++) {
        struct forge f;
        struct kit k;
        forge_init(&f);
        forge_make(&f, &k);
        kit_put(&k, (enum kit_file)file, "garbage", 7);
        kit_verify(&k, &g_r);
        if (g_r.verdict != ATTEST_REFUSED)
            test_failed(__FILE__, __LINE__, "garbage in %s: %s", kit_name((enum kit_file)file),
                        attest_verdict_word(g_r.verdict));
        kit_fini(&k);
    }
}

/* Collateral of one trusted root does not vouch for a quote of another. */
TEST(forged_quote_with_intels_collateral_is_refused)
{
    struct forge f;
    struct kit k;
    struct kit intel;
    forge_init(&f);
    forge_make(&f, &k);
    kit_load(&intel, "sgx-v3-sw-hardening");
    for (unsigned i = KIT_TCB_INFO; i <= KIT_ROOT_CRL; i++)
        kit_put(&k, (enum kit_file)i, intel.file[i].data, intel.file[i].size);
    struct err e;
    kit_put(&intel, KIT_ROOT_CA, k.file[KIT_ROOT_CA].data, k.file[KIT_ROOT_CA].size);
    trust_init(&k.trust);
    EXPECT_EQ(trust_add(&k.trust, span_of(k.file[KIT_ROOT_CA].data, k.file[KIT_ROOT_CA].size), &e),
              0);
    kit_put(&k, KIT_ROOT_CA, "", 0);
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.verdict, ATTEST_REFUSED);
    EXPECT_EQ(kit_check(&g_r, "pck.root"), CHECK_PASSED);
    EXPECT_EQ(kit_check(&g_r, "collateral.root"), CHECK_FAILED);
    /* And the other way round. */
    kit_fini(&k);
    forge_make(&f, &k);
    trust_init(&k.trust);
    EXPECT_EQ(trust_add(&k.trust, span_of(k.file[KIT_ROOT_CA].data, k.file[KIT_ROOT_CA].size), &e),
              0);
    kit_put(&k, KIT_QUOTE, intel.file[KIT_QUOTE].data, intel.file[KIT_QUOTE].size);
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.verdict, ATTEST_REFUSED);
    EXPECT_EQ(kit_check(&g_r, "collateral.root"), CHECK_FAILED);
    EXPECT(g_r.emulated);
    kit_fini(&k);
    kit_fini(&intel);
}
