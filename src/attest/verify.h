/* SPDX-License-Identifier: Apache-2.0
 * verify.h: quote + collateral + policy + time to a verdict.  No network, no files, no clock.
 *
 *   struct trust trust;            trust_init(&trust);            Intel's root
 *   struct collateral *c;          collateral_new(&c, &files, &trust, &e);     once
 *   struct platform_cache *known = platform_cache_new(256);                    once a thread
 *   struct attest_result r;        attest_verify(&r, &(struct attest_input){...}, &e);
 *
 * [DCAP-QVL 4.1.2] */
#ifndef CELLA_ATTEST_VERIFY_H
#define CELLA_ATTEST_VERIFY_H

#include "attest/platform.h"
#include "attest/policy.h"
#include "attest/tcb.h"

struct attest_input {
    struct span quote;
    const struct collateral *collateral;
    const struct policy *policy;
    int64_t at;                   /* Unix seconds: the moment of the verdict */
    struct platform_cache *known; /* NULL: remember nothing */
    bool with_text;               /* expected and found of passed checks too; costs time */
};

enum attest_verdict {
    ATTEST_UNDECIDED = 0, /* something is missing; nothing is wrong with what is there */
    ATTEST_ACCEPTED,
    ATTEST_REFUSED,
};

enum { ATTEST_MAX_ADVISORIES = 192 };

/* About 40 KiB.  It borrows from the collateral (ends_item only); everything else is its own. */
struct attest_result {
    enum attest_verdict verdict;
    bool emulated; /* rests on a root that is not Intel's; whoever shows the result shows this */
    int64_t at;

    /* The quote; valid with has_quote, unverified unless the checks passed. */
    bool has_quote;
    uint16_t quote_version;
    bool is_tdx;
    struct quote_report report; /* SGX */
    struct quote_td td;         /* TDX */
    bool debug;
    const char *public_signer; /* whose publicly known key signed the enclave, or NULL */

    /* The platform; valid with has_pck. */
    bool has_pck;
    struct pck pck;
    char pck_issuer[64];
    bool has_qe;
    struct quote_report qe;

    /* Its state.  `status_proven` is false when the documents that say so are not authentic. */
    enum tcb_status status;
    bool status_proven;
    enum tcb_status platform_status; /* TCB_NONE when the platform meets no level */
    enum tcb_status qe_status;
    enum tcb_status module_status;
    size_t level_index;        /* of the platform's level, from the highest; with platform_status */
    int64_t tcb_date;          /* of the platform's level */
    int64_t earliest_tcb_date; /* of platform, quoting enclave and TDX module */
    bool has_evaluation_number;
    uint32_t evaluation_number;
    size_t advisory_count;
    char advisory[ATTEST_MAX_ADVISORIES][24]; /* of all three, each once */
    /* What is missing to the nearest level that the policy accepts (else to the highest). */
    size_t short_count;
    struct tcb_short shorts[TCB_MAX_SHORT];
    enum tcb_status short_to; /* that level's status */

    bool has_validity; /* of the collateral */
    struct collateral_span validity;

    struct checks checks;
};

/* 0 when there is a verdict, ATTEST_UNDECIDED included; -ENOMEM otherwise. */
int attest_verify(struct attest_result *r, const struct attest_input *in, struct err *e) MUST_USE;

const char *attest_verdict_word(enum attest_verdict v);

/* What "cella quote inspect" shows: the quote and its certificates without any judgement.
 * Fills has_quote to has_qe; the negative errno and sentence of quote_parse() otherwise. */
int attest_inspect(struct attest_result *r, struct quote *q, struct span quote,
                   struct err *e) MUST_USE;

#endif
