/* SPDX-License-Identifier: Apache-2.0
 * forged_tdx_test.c: TDX states that no public quote has. */
#include "attest/forge.h"
#include "base/test.h"

static struct attest_result g_r;
static char g_levels[8500];
static char g_modules[2000];

#define ZERO48                                         \
    "000000000000000000000000000000000000000000000000" \
    "000000000000000000000000000000000000000000000000"
#define MODULE_FIELDS                                                  \
    "\"mrsigner\":\"" ZERO48 "\",\"attributes\":\"0000000000000000\"," \
    "\"attributesMask\":\"FFFFFFFFFFFFFFFF\""

/* Levels: the newest wants TDX 5, the other has this status and wants TDX 3. */
static void tdx_init(struct forge *f, const char *status)
{
    forge_init(f);
    f->is_tdx = true;
    f->version = 4;
    f->tcb_info_id = "TDX";
    f->identity_id = "TD_QE";
    f->module_extra = "\"tdxModule\":{" MODULE_FIELDS "},";
    snprintf(g_levels, sizeof g_levels, "[%s,%s]", forge_level(0, 5, 5, 11, "UpToDate", ""),
             forge_level(1, 5, 3, 11, status, "[\"INTEL-SA-00100\"]"));
    f->levels = g_levels;
}

/* Module identity TDX_03 with levels 9 (UpToDate) and 7 (`status`). */
static void with_modules(struct forge *f, const char *status)
{
    snprintf(g_modules, sizeof g_modules,
             "\"tdxModule\":{" MODULE_FIELDS
             "},\"tdxModuleIdentities\":[{\"id\":\"TDX_03\"," MODULE_FIELDS
             ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":7},\"tcbDate\":"
             "\"2023-01-01T00:00:00Z\",\"tcbStatus\":\"%s\",\"advisoryIDs\":[\"INTEL-SA-00200\"]},"
             "{\"tcb\":{\"isvsvn\":9},\"tcbDate\":\"2024-01-01T00:00:00Z\",\"tcbStatus\":"
             "\"UpToDate\"}]}],",
             status);
    f->module_extra = g_modules;
    f->version = 5;
    f->td15 = true;
    f->tee_tcb_svn[0] = 7;
    f->tee_tcb_svn[1] = 3;
    f->tee_tcb_svn[2] = 5;
    f->tee_tcb_svn2[0] = 9;
    f->tee_tcb_svn2[1] = 3;
    f->tee_tcb_svn2[2] = 5;
}

static void judge(const struct forge *f)
{
    struct kit k;
    forge_make(f, &k);
    kit_verify(&k, &g_r);
    kit_fini(&k);
}

static void expect_status(enum tcb_status want, int line)
{
    if (g_r.status != want) {
        test_failed(__FILE__, line, "%s expected, %s found", tcb_status_word(want),
                    tcb_status_word(g_r.status));
        kit_show(&g_r);
    }
}
#define EXPECT_STATUS(s) expect_status(s, __LINE__)

TEST(forged_td_1_0_is_judged_by_its_components)
{
    struct forge f;
    tdx_init(&f, "OutOfDate");
    f.tee_tcb_svn[0] = f.tee_tcb_svn[2] = 5;
    judge(&f);
    EXPECT_STATUS(TCB_UP_TO_DATE);
    EXPECT_EQ(g_r.verdict, ATTEST_ACCEPTED);
    EXPECT_EQ(g_r.td.mrtd[0], 0x4d);
    EXPECT_EQ(kit_check(&g_r, "tdx.module_tcb"), CHECK_NOT_APPLICABLE);
    f.tee_tcb_svn[0] = 4;
    judge(&f);
    EXPECT_STATUS(TCB_OUT_OF_DATE);
    EXPECT_EQ(g_r.short_count, 1);
    EXPECT_EQ(g_r.shorts[0].kind, TCB_SHORT_TDX);
    EXPECT_EQ(g_r.shorts[0].need, 5);
    f.tee_tcb_svn[0] = 2;
    judge(&f);
    EXPECT_STATUS(TCB_NONE);
    EXPECT_EQ(kit_check(&g_r, "platform.tcb"), CHECK_FAILED);
}

TEST(forged_td_in_debug_mode_or_with_another_module_is_refused)
{
    struct forge f;
    tdx_init(&f, "UpToDate");
    f.debug = true;
    judge(&f);
    EXPECT_EQ(kit_check(&g_r, "policy.debug"), CHECK_FAILED);
    tdx_init(&f, "UpToDate");
    f.mrsignerseam[3] = 1;
    judge(&f);
    EXPECT_EQ(kit_check(&g_r, "tdx.module_signer"), CHECK_FAILED);
    EXPECT_EQ(g_r.verdict, ATTEST_REFUSED);
    tdx_init(&f, "UpToDate");
    f.seam_attributes[0] = 1;
    judge(&f);
    EXPECT_EQ(kit_check(&g_r, "tdx.module_attributes"), CHECK_FAILED);
    tdx_init(&f, "UpToDate");
    f.tcb_info_id = "SGX";
    judge(&f);
    EXPECT_EQ(kit_check(&g_r, "tcb_info.id"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "tdx.module_tcb"), CHECK_NOT_JUDGED);
}

TEST(forged_td_with_a_numbered_module_is_judged_by_its_identity)
{
    struct forge f;
    tdx_init(&f, "OutOfDate");
    with_modules(&f, "OutOfDate");
    f.tee_tcb_svn[0] = 9;
    judge(&f);
    EXPECT_STATUS(TCB_UP_TO_DATE);
    EXPECT_EQ(g_r.module_status, TCB_UP_TO_DATE);
    f.tee_tcb_svn[0] = 6; /* below all */
    judge(&f);
    EXPECT_STATUS(TCB_NONE);
    EXPECT_EQ(kit_check(&g_r, "tdx.module_tcb"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "platform.tcb"), CHECK_PASSED);
    f.tee_tcb_svn[0] = 9;
    f.tee_tcb_svn[1] = 4; /* an identity that is not there */
    judge(&f);
    EXPECT_STATUS(TCB_NONE);
    EXPECT_EQ(kit_check(&g_r, "tdx.module_signer"), CHECK_FAILED);
    tdx_init(&f, "UpToDate");
    with_modules(&f, "Revoked");
    judge(&f);
    EXPECT_STATUS(TCB_REVOKED);
    EXPECT_EQ(kit_check(&g_r, "tdx.module_tcb"), CHECK_FAILED);
}

TEST(forged_td_on_an_old_module_is_out_of_date_or_should_be_relaunched)
{
    struct forge f;
    tdx_init(&f, "OutOfDate");
    with_modules(&f, "OutOfDate");
    judge(&f);
    EXPECT_STATUS(TCB_TD_RELAUNCH_ADVISED);
    EXPECT_EQ(g_r.verdict, ATTEST_REFUSED); /* by the default policy */
    EXPECT_EQ(g_r.advisory_count, 1);
    EXPECT_EQ(g_r.shorts[0].kind, TCB_SHORT_MODULE);
    f.tee_tcb_svn2[0] = 8; /* the module that runs is not the newest either */
    judge(&f);
    EXPECT_STATUS(TCB_OUT_OF_DATE);
    f.tee_tcb_svn2[0] = 9;
    f.tee_tcb_svn2[2] = 4; /* nor the microcode */
    judge(&f);
    EXPECT_STATUS(TCB_OUT_OF_DATE);
    f.tee_tcb_svn2[2] = 5;
    f.tee_tcb_svn2[1] = 0; /* a module without a number: judged by the newest level's components */
    f.tee_tcb_svn2[0] = 5;
    judge(&f);
    EXPECT_STATUS(TCB_TD_RELAUNCH_ADVISED);
    f.tee_tcb_svn2[0] = 4;
    judge(&f);
    EXPECT_STATUS(TCB_OUT_OF_DATE);
    f.tee_tcb_svn2[1] = 9; /* no such identity */
    judge(&f);
    EXPECT_STATUS(TCB_OUT_OF_DATE);
    f.tee_tcb_svn2[1] = 3;
    f.tee_tcb_svn2[0] = 9;
    f.td15 = false; /* a 1.0 report cannot say what runs now */
    judge(&f);
    EXPECT_STATUS(TCB_OUT_OF_DATE);
}

TEST(forged_td_relaunch_wants_a_good_platform_and_quoting_enclave)
{
    struct forge f;
    tdx_init(&f, "OutOfDate");
    with_modules(&f, "OutOfDate");
    f.identity_levels = "[{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2024-03-13T00:00:00Z\","
                        "\"tcbStatus\":\"OutOfDate\"}]";
    judge(&f);
    EXPECT_STATUS(TCB_OUT_OF_DATE);
    tdx_init(&f, "OutOfDate");
    with_modules(&f, "OutOfDate");
    snprintf(g_levels, sizeof g_levels, "[%s]", forge_level(0, 5, 5, 11, "OutOfDate", ""));
    judge(&f);
    EXPECT_STATUS(TCB_OUT_OF_DATE);
    snprintf(g_levels, sizeof g_levels, "[%s]",
             forge_level(0, 5, 5, 11, "ConfigurationNeeded", ""));
    judge(&f);
    EXPECT_STATUS(TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
    snprintf(g_levels, sizeof g_levels, "[%s]", forge_level(0, 5, 5, 11, "SWHardeningNeeded", ""));
    judge(&f);
    EXPECT_STATUS(TCB_TD_RELAUNCH_ADVISED);
    snprintf(g_levels, sizeof g_levels, "[%s]", forge_level(0, 5, 5, 11, "Revoked", ""));
    judge(&f);
    EXPECT_STATUS(TCB_REVOKED);
}

TEST(forged_td_policy_compares_mrtd_and_refuses_what_only_sgx_has)
{
    struct forge f;
    struct kit k;
    tdx_init(&f, "UpToDate");
    forge_make(&f, &k);
    k.policy.mrtd.count = 1;
    memset(k.policy.mrtd.hash[0], 0x4d, 48);
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.verdict, ATTEST_ACCEPTED);
    k.policy.mrtd.hash[0][47] = 0;
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "policy.mrtd"), CHECK_FAILED);
    policy_init(&k.policy);
    k.policy.mrenclave.count = 1;
    k.policy.mrsigner.count = 1;
    k.policy.has_isvprodid = true;
    k.policy.min_isvsvn = 1;
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "policy.mrenclave"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "policy.mrsigner"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "policy.isvprodid"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "policy.isvsvn"), CHECK_FAILED);
    kit_fini(&k);
}
