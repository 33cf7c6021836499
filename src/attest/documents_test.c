/* SPDX-License-Identifier: Apache-2.0
 * documents_test.c: TCB info and QE identity as text, the platform cache, and what is shown. */
#include <errno.h>
#include <stdlib.h>

#include "attest/forge.h"
#include "attest/result_json.h"
#include "base/cleanup.h"
#include "base/test.h"

static struct attest_result g_r;

#define Z32 "00000000000000000000000000000000"
#define Z96 Z32 Z32 Z32
#define SIG "\"signature\":\"" Z96 Z32 "\""

static void json_refuses(const char *text, const char *sentence, int line)
{
    struct signed_json j;
    struct err e = {0};
    int rc = signed_json_parse(&j, span_text(text), "tcbInfo", &e);
    if (rc != -EBADMSG || !strstr(e.text, sentence))
        test_failed(__FILE__, line, "%.60s: \"%s\" expected, \"%s\" found", text, sentence, e.text);
    signed_json_fini(&j);
}
#define JSON_REFUSES(text, sentence) json_refuses(text, sentence, __LINE__)

TEST(signed_json_takes_the_inner_text_as_served)
{
    struct signed_json j;
    struct err e = {0};
    static const char text[] =
        " {\"signature\" : \"" /* the signature may come first */
        "00000000000000000000000000000000000000000000000000000000000000aa"
        "00000000000000000000000000000000000000000000000000000000000000bb"
        "\", \"tcbInfo\" : { \"a\": \"},{\", \"b\": [ {\"tcbInfo\":{}} ] } }\n";
    EXPECT_EQ(signed_json_parse(&j, span_text(text), "tcbInfo", &e), 0);
    EXPECT_STR(e.text, "");
    const char *want = "{ \"a\": \"},{\", \"b\": [ {\"tcbInfo\":{}} ] }";
    EXPECT(span_equal(j.text, span_text(want)));
    EXPECT_EQ(j.signature[31], 0xaa);
    EXPECT_EQ(j.signature[63], 0xbb);
    signed_json_fini(&j);
}

TEST(signed_json_refuses_what_could_be_read_in_two_ways)
{
    JSON_REFUSES("", "not JSON");
    JSON_REFUSES("[]", "is missing");
    JSON_REFUSES("{\"tcbInfo\":{}}", "\"signature\" is missing");
    JSON_REFUSES("{\"tcbInfo\":[]," SIG "}", "wrong type");
    JSON_REFUSES("{\"tcbInfo\":{}," SIG ",\"more\":1}", "expected");
    JSON_REFUSES("{\"tcbInfo\":{},\"signature\":\"00\"}", "128 hex digits expected");
    JSON_REFUSES("{\"tcbInfo\":{},\"tcbInfo\":{}," SIG "}", "duplicate");
    JSON_REFUSES("{\"tcbInfo\":{\"a\":1,\"a\":2}," SIG "}", "duplicate");
    JSON_REFUSES("{\"tcbInfo\":{\"x\":{\"a\":1,\"a\":2}}," SIG "}", "duplicate");
    JSON_REFUSES("{\"tcb\\u0049nfo\":{}," SIG "}", "without escapes");
    JSON_REFUSES("{\"tcbInfo\":{}," SIG "} x", "not JSON");
    JSON_REFUSES("{\"tcbInfo\":{}," SIG, "not JSON");
    JSON_REFUSES("{\"tcbInfo\":\"", "not JSON");
    static char deep[100000];
    memset(deep, '[', sizeof deep - 1);
    JSON_REFUSES(deep, "less nesting expected");
    static char big[JS_MAX_SIZE + 2];
    memset(big, ' ', sizeof big - 1);
    JSON_REFUSES(big, "at most");
}

/* The forged document with one piece of text replaced, unsigned: only the reader is asked. */
static int reread(enum kit_file file, bool tdx, const char *find, const char *with, struct err *e)
{
    static char out[40000];
    struct forge f;
    struct kit k;
    forge_init(&f);
    if (tdx) {
        f.tcb_info_id = "TDX";
        static char levels[4200];
        snprintf(levels, sizeof levels, "[%s]", forge_level(0, 5, 3, 11, "UpToDate", ""));
        f.levels = levels;
        f.module_extra =
            "\"tdxModule\":{\"mrsigner\":\"" Z96
            "\",\"attributes\":\"0000000000000000\",\"attributesMask\":"
            "\"FFFFFFFFFFFFFFFF\"},\"tdxModuleIdentities\":[{\"id\":\"TDX_01\",\"mrsigner\":\"" Z96
            "\",\"attributes\":\"0000000000000000\",\"attributesMask\":"
            "\"FFFFFFFFFFFFFFFF\",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":1},\"tcbDate\":"
            "\"2024-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}],";
    }
    forge_make(&f, &k);
    char *text = (char *)k.file[file].data;
    size_t size = k.file[file].size;
    char *at = memmem(text, size, find, strlen(find));
    if (!at) {
        test_failed(__FILE__, __LINE__, "%s is not there", find);
        kit_fini(&k);
        return 0;
    }
    int n = snprintf(out, sizeof out, "%.*s%s%.*s", (int)(at - text), text, with,
                     (int)((size_t)(text + size - at) - strlen(find)), at + strlen(find));
    int rc;
    struct span in = span_of(out, (size_t)n);
    if (file == KIT_TCB_INFO) {
        struct tcb_info t;
        rc = tcb_info_parse(&t, in, e);
        if (rc == 0)
            tcb_info_fini(&t);
    } else {
        struct identity q;
        rc = identity_parse(&q, in, e);
        if (rc == 0)
            identity_fini(&q);
    }
    kit_fini(&k);
    return rc;
}

struct change {
    const char *find;
    const char *with;
    const char *sentence;
};

static void try_changes(enum kit_file file, bool tdx, const struct change *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct err e = {0};
        int rc = reread(file, tdx, c[i].find, c[i].with, &e);
        if (rc != -EBADMSG || !strstr(e.text, c[i].sentence))
            test_failed(__FILE__, __LINE__, "%s -> %s: \"%s\" expected, \"%s\" found", c[i].find,
                        c[i].with, c[i].sentence, e.text);
    }
}

TEST(tcb_info_refuses_every_field_that_is_missing_or_wrong)
{
    static const struct change changes[] = {
        {"\"version\":3", "\"version\":4", "version 2 or 3 expected, 4 found"},
        {"\"version\":3", "\"versio\":3", "\"version\" is missing"},
        {"\"version\":3", "\"version\":\"3\"", "wrong type"},
        {"\"id\":\"SGX\"", "\"id\":\"SEV\"", "SGX or TDX expected"},
        {"\"id\":\"SGX\",", "", "\"id\" is missing"},
        {"\"issueDate\":\"2", "\"issueDate\":\"x", "a time like"},
        {"\"nextUpdate\":\"", "\"nextUpdate\":1,\"x\":\"", "wrong type"},
        {"\"fmspc\":\"20", "\"fmspc\":\"2", "12 hex digits"},
        {"\"pceId\":\"0000\"", "\"pceId\":\"00zz\"", "4 hex digits"},
        {"\"tcbType\":0", "\"tcbType\":1", "0 to 0 expected"},
        {"\"tcbEvaluationDataNumber\":17", "\"tcbEvaluationDataNumber\":-1",
         "a number that is not whole"},
        {"\"tcbLevels\":[", "\"tcbLevels\":[],\"x\":[", "1 to 64 levels"},
        {"\"tcbLevels\":[", "\"tcbLevels\":1,\"x\":[", "wrong type"},
        {"\"tcb\":{", "\"tcB\":{", "level 1: \"tcb\" is missing"},
        {"\"pcesvn\":11", "\"pcesvn\":65536", "65536 found"},
        {"\"svn\":5", "\"svn\":256", "256 found"},
        {"{\"svn\":5,\"category\":\"BIOS\",\"type\":\"Part 1\"},", "",
         "16 components expected, 15"},
        {"sgxtcbcomponents", "sgxcomponents", "is missing"},
        {"\"tcbDate\":\"2", "\"tcbDate\":\"y", "a time like"},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"Fine\"", "the word \"Fine\""},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"TDRelaunchAdvised\"", "not known here"},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[7]",
         "names of 1 to 23"},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":7",
         "wrong type"},
    };
    try_changes(KIT_TCB_INFO, false, changes, ARRAY_COUNT(changes));
    static const struct change tdx[] = {
        {"tdxtcbcomponents", "tdxcomponents", "is missing"},
        {"\"tdxModule\":", "\"tdxModul\":", "\"tdxModule\" is missing"},
        {"\"attributesMask\":\"FF", "\"attributesMask\":\"F", "16 hex digits"},
        {"\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":1,\"x\":[", "wrong type"},
        {"\"id\":\"TDX_01\"", "\"id\":1", "\"tdxModuleIdentities\": \"id\""},
        {"{\"isvsvn\":1}", "{\"isvsvn\":-1}", "a number that is not whole"},
        {"\"tcbLevels\":[{\"tcb\":{\"isvsvn\"", "\"tcbLevel\":[{\"tcb\":{\"isvsvn\"", "is missing"},
    };
    try_changes(KIT_TCB_INFO, true, tdx, ARRAY_COUNT(tdx));
    struct err e;
    EXPECT_EQ(reread(KIT_TCB_INFO, true, "\"TDX_01\"", "\"TDX_01\"", &e), 0);
}

TEST(tcb_info_bounds_its_lists)
{
    static char many[60000];
    struct err e = {0};
    size_t n = (size_t)snprintf(many, sizeof many, "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[");
    for (int i = 0; i < 65; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "%s\"INTEL-SA-%05d\"", i ? "," : "", i);
    snprintf(many + n, sizeof many - n, "]");
    EXPECT_EQ(reread(KIT_TCB_INFO, false, "\"tcbStatus\":\"UpToDate\"", many, &e), -EBADMSG);
    EXPECT(strstr(e.text, "more than 64"));
    n = (size_t)snprintf(many, sizeof many, "\"tcbLevels\":[");
    for (int i = 0; i < 65; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "{},");
    EXPECT_EQ(reread(KIT_TCB_INFO, false, "\"tcbLevels\":[", many, &e), -EBADMSG);
    EXPECT(strstr(e.text, "1 to 64 levels expected, 66 found"));
    EXPECT_EQ(reread(KIT_QE_IDENTITY, false, "\"tcbLevels\":[", many, &e), -EBADMSG);
    n = (size_t)snprintf(many, sizeof many, "\"tdxModuleIdentities\":[");
    for (int i = 0; i < 32; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "{},");
    EXPECT_EQ(reread(KIT_TCB_INFO, true, "\"tdxModuleIdentities\":[", many, &e), -EBADMSG);
    EXPECT(strstr(e.text, "more than 32"));
}

TEST(identity_refuses_every_field_that_is_missing_or_wrong)
{
    static const struct change changes[] = {
        {"\"id\":\"QE\"", "\"id\":1", "wrong type"},
        {"\"version\":2", "\"version\":1", "version 2 expected, 1 found"},
        {"\"version\":2", "\"versio\":2", "is missing"},
        {"\"issueDate\":\"2", "\"issueDate\":\"x", "a time like"},
        {"\"nextUpdate\":\"2", "\"nextUpdate\":\"x", "a time like"},
        {"\"tcbEvaluationDataNumber\":17", "\"tcbEvaluationDataNumber\":1.5", "not whole"},
        {"\"miscselect\":\"00", "\"miscselect\":\"", "8 hex digits"},
        {"\"miscselectMask\":\"FF", "\"miscselectMask\":\"GG", "8 hex digits"},
        {"\"attributes\":\"11", "\"attributes\":\"1", "32 hex digits"},
        {"\"attributesMask\":\"FB", "\"attributesMask\":\"F", "32 hex digits"},
        {"\"mrsigner\":\"8c", "\"mrsigner\":\"8", "64 hex digits"},
        {"\"isvprodid\":1", "\"isvprodid\":70000", "70000 found"},
        {"\"tcbLevels\":[", "\"tcbLevels\":[],\"x\":[", "1 to 64 levels"},
        {"{\"isvsvn\":8}", "{\"isvsvn\":\"8\"}", "wrong type"},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"SWHardeningNeeded\"", "not known here"},
        {"\"tcbDate\":\"2", "\"tcbDate\":\"y", "a time like"},
        {"{\"enclaveIdentity\":", "{\"enclaveIdentities\":", "is missing"},
    };
    try_changes(KIT_QE_IDENTITY, false, changes, ARRAY_COUNT(changes));
}

TEST(tcb_info_version_2_has_named_components)
{
    struct kit k;
    struct tcb_info t;
    struct err e;
    kit_load(&k, "sgx-v3-out-of-date");
    struct span in = span_of(k.file[KIT_TCB_INFO].data, k.file[KIT_TCB_INFO].size);
    REQUIRE(tcb_info_parse(&t, in, &e) == 0);
    EXPECT_EQ(t.version, 2);
    EXPECT_EQ(t.level[0].sgx[6], 12);
    EXPECT(!t.is_tdx && !t.level[0].advisories.count);
    tcb_info_fini(&t);
    char *at = memmem(k.file[KIT_TCB_INFO].data, in.size, "sgxtcbcomp07svn", 15);
    REQUIRE(at);
    memcpy(at, "sgxtcbcomp77svn", 15);
    EXPECT_EQ(tcb_info_parse(&t, in, &e), -EBADMSG);
    EXPECT(strstr(e.text, "sgxtcbcomp07svn"));
    kit_fini(&k);
}

static enum attest_verdict verify_with(const struct kit *k, const struct collateral *c,
                                       struct platform_cache *known, int64_t at)
{
    struct attest_input in = {.quote = span_of(k->file[KIT_QUOTE].data, k->file[KIT_QUOTE].size),
                              .collateral = c,
                              .policy = &k->policy,
                              .at = at,
                              .known = known};
    struct err e;
    EXPECT_EQ(attest_verify(&g_r, &in, &e), 0);
    return g_r.verdict;
}

TEST(platform_cache_changes_no_verdict)
{
    struct forge f;
    struct kit k;
    forge_init(&f);
    forge_make(&f, &k);
    struct collateral *c = kit_collateral(&k);
    struct platform_cache *known = platform_cache_new(0);
    REQUIRE(known);
    EXPECT_EQ(verify_with(&k, c, known, FORGE_NOW), ATTEST_ACCEPTED);
    EXPECT_EQ(verify_with(&k, c, known, FORGE_NOW), ATTEST_ACCEPTED);
    EXPECT_EQ(g_r.status, TCB_UP_TO_DATE);
    EXPECT(g_r.has_pck && g_r.pck.fmspc[0] == 0x20);
    EXPECT_EQ(verify_with(&k, c, known, FORGE_NOW + 9999 * 86400LL), ATTEST_REFUSED);
    EXPECT_EQ(g_r.checks.at[CHECK_PCK_VALIDITY].state, CHECK_FAILED);
    k.file[KIT_QUOTE].data[100] ^= 1; /* another body, the same platform */
    EXPECT_EQ(verify_with(&k, c, known, FORGE_NOW), ATTEST_REFUSED);
    EXPECT_EQ(g_r.checks.at[CHECK_QUOTE_SIGNATURE].state, CHECK_FAILED);
    EXPECT_EQ(g_r.checks.at[CHECK_QE_SIGNATURE].state, CHECK_PASSED);
    k.file[KIT_QUOTE].data[100] ^= 1;
    for (size_t at = 436 + 64; at < k.file[KIT_QUOTE].size; at += 37) { /* another platform */
        k.file[KIT_QUOTE].data[at] ^= 1;
        struct quote q;
        struct err e;
        bool reads =
            quote_parse(&q, span_of(k.file[KIT_QUOTE].data, k.file[KIT_QUOTE].size), &e) == 0;
        enum attest_verdict with = verify_with(&k, c, known, FORGE_NOW);
        enum attest_verdict without = verify_with(&k, c, NULL, FORGE_NOW);
        if (with != without)
            test_failed(__FILE__, __LINE__, "byte %zu (%d): %d with the cache, %d without", at,
                        reads, with, without);
        k.file[KIT_QUOTE].data[at] ^= 1;
    }
    platform_cache_free(known);
    platform_cache_free(NULL);
    collateral_free(c);
    collateral_free(NULL);
    kit_fini(&k);
}

TEST(platform_cache_forgets_with_new_collateral)
{
    struct forge f;
    struct kit k;
    forge_init(&f);
    forge_make(&f, &k);
    struct platform_cache *known = platform_cache_new(16);
    struct collateral *c = kit_collateral(&k);
    REQUIRE(known);
    EXPECT_EQ(verify_with(&k, c, known, FORGE_NOW), ATTEST_ACCEPTED);
    struct kit revoked;
    f.revoke_leaf = true;
    forge_make(&f, &revoked);
    /* The roots differ in their signatures only; take all of the new collateral but the quote. */
    struct collateral *newer = kit_collateral(&revoked);
    EXPECT_EQ(verify_with(&k, newer, known, FORGE_NOW), ATTEST_REFUSED);
    EXPECT_EQ(g_r.checks.at[CHECK_PCK_REVOKED].state, CHECK_FAILED);
    EXPECT_EQ(verify_with(&k, c, known, FORGE_NOW), ATTEST_ACCEPTED);
    platform_cache_free(known);
    collateral_free(c);
    collateral_free(newer);
    kit_fini(&k);
    kit_fini(&revoked);
}

static char *explained(const struct attest_result *r)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    result_explain(out, r);
    fclose(out);
    return text;
}

TEST(result_explains_itself_without_jargon_first)
{
    struct kit k;
    kit_load(&k, "sgx-v3-eval-number-19");
    k.at = 1751328000;
    struct collateral *c = kit_collateral(&k);
    verify_with(&k, c, NULL, k.at);
    auto_free char *text = explained(&g_r);
    EXPECT(strstr(text, "REFUSED: the quote is genuine, but it does not meet the policy."));
    EXPECT(strstr(text, "The platform lacks security updates"));
    EXPECT(strstr(text, "SGX component 1 (BIOS, Early Microcode Update) has version 14, needs 16"));
    EXPECT(strstr(text, "lies with: the machine that made the quote"));
    EXPECT(strstr(text, "what to do: The platform's operator must update"));
    EXPECT(strstr(text, "INTEL-SA-01153"));
    verify_with(&k, c, NULL, k.at - 86400 * 365);
    auto_free char *early = explained(&g_r);
    EXPECT(strstr(early, "REFUSED: do not trust"));
    EXPECT(strstr(early, "is not valid yet"));
    collateral_free(c);
    kit_put(&k, KIT_TCB_INFO, "", 0);
    c = kit_collateral(&k);
    verify_with(&k, c, NULL, k.at);
    auto_free char *missing = explained(&g_r);
    EXPECT(strstr(missing, "UNDECIDED"));
    EXPECT(strstr(missing, "tcb_info was not given"));
    collateral_free(c);
    kit_fini(&k);
}

TEST(result_explains_what_is_accepted_and_marks_emulation)
{
    struct forge f;
    struct kit k;
    forge_init(&f);
    forge_make(&f, &k);
    kit_verify(&k, &g_r);
    struct collateral *c = kit_collateral(&k);
    verify_with(&k, c, NULL, k.at);
    auto_free char *text = explained(&g_r);
    EXPECT(strstr(text, "ACCEPTED: the quote is genuine"));
    EXPECT(strstr(text, "EMULATED"));
    EXPECT(!strstr(text, "What is wrong"));
    collateral_free(c);
    kit_fini(&k);
    kit_load(&k, "tdx-v5-tcb-not-supported");
    c = kit_collateral(&k);
    verify_with(&k, c, NULL, 1772323200);
    auto_free char *tdx = explained(&g_r);
    EXPECT(strstr(tdx, "MRTD") && strstr(tdx, "SEAMLDR ACM"));
    collateral_free(c);
    kit_fini(&k);
}

static const char *member(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "(none)";
}

TEST(result_json_has_what_programs_look_at)
{
    struct kit k;
    kit_load(&k, "sgx-v3-sw-hardening");
    k.at = 1756684800;
    struct collateral *c = kit_collateral(&k);
    verify_with(&k, c, NULL, k.at);
    json_t *o = result_json(&g_r);
    EXPECT(json_is_true(json_object_get(o, "accepted")));
    EXPECT(json_is_false(json_object_get(o, "emulated")));
    EXPECT_STR(member(o, "tcb_status"), "SWHardeningNeeded");
    EXPECT_STR(member(o, "verdict"), "accepted");
    EXPECT_STR(member(o, "tcb_date"), "2024-03-13T00:00:00Z");
    EXPECT_EQ(json_array_size(json_object_get(o, "advisory_ids")), 1);
    EXPECT_EQ(json_array_size(json_object_get(o, "checks")), CHECK_COUNT);
    EXPECT_EQ(json_array_size(json_object_get(o, "failed")), 0);
    EXPECT_STR(member(json_object_get(o, "collateral"), "ends_item"), "qe_identity");
    EXPECT_STR(member(json_object_get(json_object_get(o, "quote"), "report"), "mrenclave"),
               "a4f45c39dac622cb1dd32ddb35a52ec92db41d0fa88a1c911c49e59c534f61cd");
    json_decref(o);
    collateral_free(c);
    kit_fini(&k);
    kit_load(&k, "sgx-v3-synthetic-root");
    c = kit_collateral(&k);
    verify_with(&k, c, NULL, 1704067200);
    o = result_json(&g_r);
    EXPECT(json_is_null(json_object_get(o, "tcb_status")));
    EXPECT_STR(member(o, "tcb_status_unproven"), "UpToDate");
    EXPECT(json_is_true(json_object_get(o, "emulated")));
    json_decref(o);
    kit_put(&k, KIT_QUOTE, "x", 1);
    verify_with(&k, c, NULL, 1704067200);
    o = result_json(&g_r);
    EXPECT(json_is_null(json_object_get(o, "quote")));
    json_decref(o);
    collateral_free(c);
    kit_fini(&k);
    kit_load(&k, "tdx-v5-tcb-not-supported");
    c = kit_collateral(&k);
    verify_with(&k, c, NULL, 1772323200);
    o = result_json(&g_r);
    EXPECT_STR(member(json_object_get(json_object_get(o, "quote"), "td"), "tee_tcb_svn2"),
               "0d010300000000000000000000000000");
    const json_t *missing = json_array_get(json_object_get(o, "missing"), 0);
    EXPECT_EQ(json_integer_value(json_object_get(missing, "need")), 5);
    EXPECT_STR(member(o, "tdx_module_status"), "UpToDate");
    json_decref(o);
    collateral_free(c);
    kit_fini(&k);
}

TEST(result_of_an_empty_collateral_is_undecided_and_not_emulated)
{
    struct kit k;
    kit_load(&k, "sgx-v3-sw-hardening");
    for (unsigned i = KIT_TCB_INFO; i < KIT_FILES; i++)
        kit_put(&k, (enum kit_file)i, "", 0);
    k.at = 1756684800;
    kit_verify(&k, &g_r);
    for (unsigned i = 0; i < CHECK_COUNT; i++) /* each says why */
        EXPECT(g_r.checks.at[i].state != CHECK_NOT_JUDGED || g_r.checks.at[i].found[0]);
    EXPECT_EQ(g_r.verdict, ATTEST_UNDECIDED);
    EXPECT(!g_r.emulated && !g_r.has_validity);
    json_t *o = result_json(&g_r);
    EXPECT(json_is_null(json_object_get(o, "collateral")));
    json_decref(o);
    kit_fini(&k);
}

TEST(inspect_reads_and_judges_nothing)
{
    struct kit k;
    struct quote q;
    struct err e;
    kit_load(&k, "sgx-v3-config-sw-hardening");
    struct span in = span_of(k.file[KIT_QUOTE].data, k.file[KIT_QUOTE].size);
    EXPECT_EQ(attest_inspect(&g_r, &q, in, &e), 0);
    EXPECT(g_r.has_pck && g_r.has_qe);
    EXPECT_STR(g_r.pck_issuer, "Intel SGX PCK Processor CA");
    EXPECT_EQ(attest_inspect(&g_r, &q, span_of(in.data, 99), &e), -EBADMSG);
    kit_fini(&k);
    kit_load(&k, "sgx-v3-synthetic-root");
    in = span_of(k.file[KIT_QUOTE].data, k.file[KIT_QUOTE].size);
    EXPECT_EQ(attest_inspect(&g_r, &q, in, &e), 0);
    EXPECT(!g_r.has_pck);
    kit_fini(&k);
}
