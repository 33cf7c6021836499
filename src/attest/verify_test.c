/* SPDX-License-Identifier: Apache-2.0
 * verify_test.c: all sets and mutations of the test data against the expected verdicts. */
#include "attest/verify.h"

#include <jansson.h>
#include <stdlib.h>

#include "attest/rfc3339.h"
#include "attest/testkit.h"
#include "base/hex.h"
#include "base/test.h"

static struct attest_result g_r;

static json_t *load_json(const char *name)
{
    json_t *j = json_load_file(test_data(name), 0, NULL);
    if (!j)
        test_failed(__FILE__, __LINE__, "%s: not readable", name);
    return j;
}

static const char *str(const json_t *in, const char *key)
{
    const char *s = json_string_value(json_object_get(in, key));
    return s ? s : "";
}

static long long num(const json_t *in, const char *key)
{
    return json_integer_value(json_object_get(in, key));
}

/* The default policy's say about what a set states. */
static bool acceptable(const json_t *want)
{
    const char *v = str(want, "verdict");
    return (strcmp(v, "UpToDate") == 0 || strcmp(v, "SWHardeningNeeded") == 0) &&
           !json_is_true(json_object_get(want, "debug"));
}

static void compare_advisories(const struct attest_result *r, const json_t *want)
{
    const json_t *list = json_object_get(want, "advisory_ids");
    EXPECT_EQ(r->advisory_count, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        bool found = false;
        for (size_t k = 0; k < r->advisory_count; k++)
            found |= strcmp(r->advisory[k], json_string_value(json_array_get(list, i))) == 0;
        EXPECT(found);
    }
}

static void expect_hex(const uint8_t *have, size_t size, const char *want)
{
    char hex[129];
    EXPECT_STR(hex_write(hex, span_of(have, size)), want);
}

static void compare_body(const struct attest_result *r, const json_t *want)
{
    const json_t *b = json_object_get(want, "report");
    if (b) {
        expect_hex(r->report.mrenclave, 32, str(b, "mrenclave"));
        expect_hex(r->report.mrsigner, 32, str(b, "mrsigner"));
        expect_hex(r->report.attributes, 16, str(b, "attributes"));
        expect_hex(r->report.cpusvn, 16, str(b, "cpusvn"));
        expect_hex(r->report.report_data, 64, str(b, "reportdata"));
        EXPECT_EQ(r->report.isvprodid, num(b, "isvprodid"));
        EXPECT_EQ(r->report.isvsvn, num(b, "isvsvn"));
        EXPECT_EQ(r->debug, json_is_true(json_object_get(want, "debug")));
    } else {
        b = json_object_get(want, "td");
        expect_hex(r->td.tee_tcb_svn, 16, str(b, "tee_tcb_svn"));
        expect_hex(r->td.mrseam, 48, str(b, "mrseam"));
        expect_hex(r->td.mrtd, 48, str(b, "mrtd"));
        expect_hex(r->td.xfam, 8, str(b, "xfam"));
        expect_hex(r->td.report_data, 64, str(b, "reportdata"));
    }
}

static void compare_times(const struct attest_result *r, const json_t *want)
{
    char from[RFC3339_SIZE];
    char to[RFC3339_SIZE];
    rfc3339_write(from, r->validity.begins);
    rfc3339_write(to, r->validity.ends);
    from[10] = to[10] = ' ';
    /* The notes look at the PCK certificate too, which lasts longer than all of these. */
    EXPECT(strncmp(from, str(want, "valid_from"), 19) == 0);
    EXPECT(strncmp(to, str(want, "valid_until"), 19) == 0);
}

static void compare_set(const struct attest_result *r, const json_t *want)
{
    char text[65];
    EXPECT_EQ(r->quote_version, num(want, "quote_version"));
    EXPECT_EQ(r->is_tdx, num(want, "tee_type") == 0x81);
    EXPECT_STR(hex_write(text, span_of(r->pck.fmspc, 6)), str(want, "fmspc"));
    EXPECT_STR(r->pck_issuer, str(want, "pck_ca"));
    EXPECT_EQ(r->evaluation_number, num(want, "tcb_evaluation_data_number"));
    EXPECT_STR(tcb_status_word(r->platform_status), str(want, "platform_tcb_status"));
    EXPECT_STR(tcb_status_word(r->qe_status), str(want, "qe_status"));
    EXPECT_EQ(r->qe.isvsvn, num(want, "qe_isvsvn"));
    if (r->platform_status != TCB_NONE) {
        EXPECT_EQ(r->level_index, num(want, "tcb_level_index"));
        EXPECT_STR(rfc3339_write(text, r->tcb_date), str(want, "tcb_date"));
    }
    compare_advisories(r, want);
    compare_body(r, want);
    compare_times(r, want);
}

static const char *const g_sets[] = {
    "sgx-v3-config-sw-hardening", "sgx-v3-debug-enclave",     "sgx-v3-eval-number-17",
    "sgx-v3-eval-number-18",      "sgx-v3-eval-number-19",    "sgx-v3-expired-collateral",
    "sgx-v3-out-of-date",         "sgx-v3-sw-hardening",      "sgx-v3-synthetic-root",
    "tdx-v4-up-to-date",          "tdx-v5-tcb-not-supported",
};

TEST(verify_agrees_with_every_set)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_sets); i++) {
        struct kit k;
        char name[128];
        kit_load(&k, g_sets[i]);
        snprintf(name, sizeof name, "attestation/%s/expected.json", g_sets[i]);
        json_t *want = load_json(name);
        REQUIRE(want);
        k.at = num(want, "verification_time_unix");
        kit_verify(&k, &g_r);
        struct kit keep = k;
        struct collateral *c = kit_collateral(&keep);
        collateral_validity(c, &g_r.validity);
        compare_set(&g_r, want);
        bool has_verdict = *str(want, "verdict") != 0;
        EXPECT_STR(tcb_status_word(g_r.status),
                   has_verdict ? str(want, "verdict") : str(want, "verdict_if_waived"));
        EXPECT_EQ(g_r.verdict,
                  acceptable(want) && !g_r.public_signer ? ATTEST_ACCEPTED : ATTEST_REFUSED);
        collateral_free(c);
        json_decref(want);
        kit_fini(&k);
    }
}

/* What a set's error has to show as. */
TEST(verify_names_what_is_wrong_with_the_sets_that_fail)
{
    struct kit k;
    kit_load(&k, "sgx-v3-synthetic-root");
    k.at = 1704067200;
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "pck.root"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "collateral.root"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "quote.signature"), CHECK_PASSED); /* judged all the same */
    EXPECT_EQ(kit_check(&g_r, "pck.chain"), CHECK_PASSED);
    EXPECT(!g_r.status_proven && g_r.emulated);
    kit_trust_root_ca(&k);
    kit_verify(&k, &g_r);
    EXPECT(g_r.status_proven && g_r.emulated);
    EXPECT_EQ(g_r.status, TCB_UP_TO_DATE);
    k.policy.allow_public_signers = k.policy.allow_debug = true;
    kit_verify(&k, &g_r);
    EXPECT_EQ(g_r.verdict, ATTEST_ACCEPTED);
    kit_fini(&k);

    kit_load(&k, "sgx-v3-expired-collateral");
    k.at = 1689811200;
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "pck_crl.validity"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "tcb_info.validity"), CHECK_PASSED);
    EXPECT(g_r.status_proven && !g_r.emulated);
    kit_fini(&k);

    kit_load(&k, "tdx-v5-tcb-not-supported");
    k.at = 1772323200;
    kit_verify(&k, &g_r);
    EXPECT_EQ(kit_check(&g_r, "platform.tcb"), CHECK_FAILED);
    EXPECT_EQ(kit_check(&g_r, "tdx.module_tcb"), CHECK_PASSED);
    EXPECT_EQ(kit_check(&g_r, "policy.tcb_status"), CHECK_NOT_JUDGED);
    EXPECT_EQ(g_r.short_count, 1);
    EXPECT_EQ(g_r.shorts[0].kind, TCB_SHORT_SGX);
    EXPECT_EQ(g_r.shorts[0].index, 8);
    EXPECT_EQ(g_r.shorts[0].have, 3);
    EXPECT_EQ(g_r.shorts[0].need, 5);
    EXPECT_STR(g_r.shorts[0].type, "SEAMLDR ACM");
    kit_fini(&k);
}

static int file_number(const char *name)
{
    for (unsigned f = 0; f < KIT_FILES; f++)
        if (strcmp(kit_name((enum kit_file)f), name) == 0)
            return (int)f;
    return -1;
}

static void replace(struct kit *k, enum kit_file f, const char *find, const char *with)
{
    uint8_t *data = k->file[f].data;
    size_t size = k->file[f].size;
    uint8_t *at = memmem(data, size, find, strlen(find));
    REQUIRE(at);
    static uint8_t out[1 << 16];
    size_t head = (size_t)(at - data);
    size_t tail = size - head - strlen(find);
    memcpy(out, data, head);
    memcpy(out + head, with, strlen(with));
    memcpy(out + head + strlen(with), at + strlen(find), tail);
    kit_put(k, f, out, head + strlen(with) + tail);
}

static void set_bytes(struct kit *k, enum kit_file f, size_t at, const char *hex)
{
    uint8_t bytes[128];
    size_t size = strlen(hex) / 2;
    REQUIRE(size <= sizeof bytes && hex_parse(bytes, size, span_text(hex)) == 0);
    REQUIRE(at + size <= k->file[f].size);
    memcpy(k->file[f].data + at, bytes, size);
}

static void append(struct kit *k, enum kit_file f, const char *hex)
{
    static uint8_t out[1 << 16];
    size_t size = k->file[f].size;
    memcpy(out, k->file[f].data, size);
    REQUIRE(hex_parse(out + size, strlen(hex) / 2, span_text(hex)) == 0);
    kit_put(k, f, out, size + strlen(hex) / 2);
}

static void reindent(struct kit *k, enum kit_file f)
{
    json_t *j = json_loadb((char *)k->file[f].data, k->file[f].size, 0, NULL);
    char *text = json_dumps(j, JSON_INDENT(2));
    REQUIRE(text);
    kit_put(k, f, text, strlen(text));
    free(text);
    json_decref(j);
}

static void take_from(struct kit *k, enum kit_file f, const char *set)
{
    struct kit other;
    kit_load(&other, set);
    kit_put(k, f, other.file[f].data, other.file[f].size);
    kit_fini(&other);
}

static void flip_last_digit(struct kit *k, enum kit_file f)
{
    size_t at = k->file[f].size;
    while (at > 0 && k->file[f].data[at - 1] != '"')
        at--;
    REQUIRE(at > 1);
    uint8_t *digit = &k->file[f].data[at - 2];
    *digit = *digit == '0' ? '1' : '0';
}

static void mutate(struct kit *k, const json_t *m)
{
    const json_t *op = json_object_get(m, "op");
    const char *kind = str(op, "kind");
    int number = file_number(str(m, "file"));
    if (strcmp(kind, "none") == 0)
        return;
    REQUIRE(number >= 0);
    enum kit_file f = (enum kit_file)number;
    size_t at = (size_t)num(op, "offset");
    if (strcmp(kind, "xor") == 0)
        k->file[f].data[at] ^= (uint8_t)num(op, "value");
    else if (strcmp(kind, "set") == 0)
        set_bytes(k, f, at, str(op, "hex"));
    else if (strcmp(kind, "truncate") == 0)
        kit_put(k, f, k->file[f].data, (size_t)num(op, "length"));
    else if (strcmp(kind, "append") == 0)
        append(k, f, str(op, "hex"));
    else if (strcmp(kind, "replace") == 0)
        replace(k, f, str(op, "find"), str(op, "with_"));
    else if (strcmp(kind, "from") == 0)
        take_from(k, f, str(op, "set"));
    else if (strcmp(kind, "flip_last_hex_of_signature") == 0)
        flip_last_digit(k, f);
    else if (strcmp(kind, "reindent") == 0)
        reindent(k, f);
    else
        test_failed(__FILE__, __LINE__, "unknown operation %s", kind);
}

/* The check that must fail for each mutation; "" where it has to be accepted. */
static const char *const g_expected_check[][2] = {
    {"report-mrenclave-bit", "quote.signature"},
    {"report-data-bit", "quote.signature"},
    {"header-user-data-bit", "quote.signature"},
    {"quote-signature-bit", "quote.signature"},
    {"quote-signature-r-zero", "quote.signature"},
    {"attestation-key-bit", "qe.report_data"},
    {"qe-report-mrsigner-bit", "qe.signature"},
    {"qe-report-data-bit", "qe.signature"},
    {"qe-report-signature-bit", "qe.signature"},
    {"qe-auth-data-bit", "qe.report_data"},
    {"pck-leaf-bit", "pck.format"},
    {"version-2", "quote.format"},
    {"version-6", "quote.format"},
    {"key-type-p384", "quote.format"},
    {"vendor-id-bit", "quote.format"},
    {"signature-length-too-large", "quote.format"},
    {"signature-length-4g", "quote.format"},
    {"signature-length-zero", "quote.format"},
    {"auth-data-length-65535", "quote.format"},
    {"cert-data-length-4g", "quote.format"},
    {"cert-data-type-7", "quote.format"},
    {"truncated-1000", "quote.format"},
    {"truncated-last-byte", "quote.format"},
    {"empty", "quote.format"},
    {"quote-signature-s-negated", ""},
    {"trailing-100-bytes", ""},
    {"tcb-info-status-changed", "tcb_info.signature"},
    {"tcb-info-signature-digit", "tcb_info.signature"},
    {"tcb-info-pretty-printed", "tcb_info.signature"},
    {"qe-identity-isvsvn-changed", "qe_identity.signature"},
    {"tcb-info-of-another-fmspc", "tcb_info.fmspc"},
    {"tcb-info-of-tdx", "tcb_info.id"},
    {"qe-identity-of-td-qe", "qe_identity.id"},
    {"pck-crl-of-processor-ca", "pck_crl.issuer"},
    {"root-crl-of-synthetic-root", "root_crl.signature"},
    {"trust-anchor-of-synthetic-root", "pck.root"},
    {"pck-chain-of-another-platform", "pck.given"},
    {"late", "tcb_info.validity"},
    {"early", "tcb_info.validity"},
};

static const char *check_for(const char *mutation)
{
    for (size_t i = 0; i < ARRAY_COUNT(g_expected_check); i++)
        if (strcmp(g_expected_check[i][0], mutation) == 0)
            return g_expected_check[i][1];
    test_failed(__FILE__, __LINE__, "mutation %s has no expected check", mutation);
    return "quote.format";
}

/* `anchored`: root_ca.pem is the one trusted root, as the notes say; else Intel's is. */
static void try_mutation(const json_t *m, bool anchored, bool with_pck_chain)
{
    struct kit k;
    kit_load(&k, str(m, "base"));
    mutate(&k, m);
    if (anchored)
        kit_trust_root_ca(&k);
    if (!with_pck_chain)
        kit_put(&k, KIT_PCK_CHAIN, "", 0);
    k.at = num(m, "verification_time");
    kit_verify(&k, &g_r);
    const char *name = str(m, "name");
    const char *check = check_for(name);
    if (!anchored && strcmp(name, "trust-anchor-of-synthetic-root") == 0)
        check = "collateral.root";
    bool hidden = !with_pck_chain && strcmp(name, "pck-chain-of-another-platform") == 0;
    bool ok = *check && !hidden
                  ? g_r.verdict == ATTEST_REFUSED && kit_check(&g_r, check) == CHECK_FAILED
                  : g_r.verdict == ATTEST_ACCEPTED && g_r.status == TCB_SW_HARDENING_NEEDED;
    if (!ok) {
        test_failed(__FILE__, __LINE__, "mutation %s: check \"%s\"", name, check);
        kit_show(&g_r);
    }
    kit_fini(&k);
}

TEST(verify_gives_every_mutation_its_verdict)
{
    json_t *all = load_json("attestation/mutations.json");
    const json_t *list = json_object_get(all, "mutations");
    EXPECT_EQ(json_array_size(list), 39);
    EXPECT_EQ(json_array_size(list), ARRAY_COUNT(g_expected_check));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *m = json_array_get(list, i);
        try_mutation(m, true, true);
        try_mutation(m, false, true);
        try_mutation(m, false, false);
    }
    json_decref(all);
}
