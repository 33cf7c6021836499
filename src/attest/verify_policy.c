/* SPDX-License-Identifier: Apache-2.0
 * verify_policy.c: what this side asks for. */
#include <stdio.h>

#include "attest/verify_priv.h"

static struct text accepted_words(const struct policy *p)
{
    struct text t = {""};
    size_t used = 0;
    for (int s = TCB_UP_TO_DATE; s < TCB_STATUS_COUNT; s++)
        if (policy_accepts(p, (enum tcb_status)s) && used < sizeof t.s)
            used += (size_t)snprintf(t.s + used, sizeof t.s - used, "%s%s", used ? ", " : "",
                                     tcb_status_word((enum tcb_status)s));
    return t;
}

static void judge_status(struct attest_result *r, const struct policy *p)
{
    if (r->status == TCB_NONE)
        check_unjudged(&r->checks, CHECK_POLICY_STATUS, "the platform's state is not known");
    else
        CHECK_THAT(&r->checks, CHECK_POLICY_STATUS, policy_accepts(p, r->status),
                   accepted_words(p).s, tcb_status_word(r->status));
}

static void judge_advisories(struct attest_result *r, const struct policy *p)
{
    if (!p->has_tolerated) {
        check_not_applicable(&r->checks, CHECK_POLICY_ADVISORIES);
        return;
    }
    if (r->platform_status == TCB_NONE) {
        check_unjudged(&r->checks, CHECK_POLICY_ADVISORIES, "the platform's state is not known");
        return;
    }
    for (size_t i = 0; i < r->advisory_count; i++)
        if (!policy_tolerates(p, r->advisory[i]))
            check_fail(&r->checks, CHECK_POLICY_ADVISORIES, "none but the tolerated ones",
                       r->advisory[i]);
    check_pass(&r->checks, CHECK_POLICY_ADVISORIES);
}

static void judge_evaluation(struct attest_result *r, const struct attest_input *in)
{
    const struct collateral *c = in->collateral;
    uint32_t want = in->policy->min_evaluation_number;
    if (want == 0) {
        check_not_applicable(&r->checks, CHECK_POLICY_EVALUATION);
        return;
    }
    if (!c->has_tcb_info || !c->has_identity) {
        check_unjudged(&r->checks, CHECK_POLICY_EVALUATION, "TCB info or QE identity is missing");
        return;
    }
    uint32_t qe = c->identity.evaluation_number;
    uint32_t lowest = qe < r->evaluation_number ? qe : r->evaluation_number;
    CHECK_THAT(&r->checks, CHECK_POLICY_EVALUATION, lowest >= want, text_of("at least %u", want).s,
               text_of("TCB info %u, QE identity %u", r->evaluation_number, qe).s);
}

/* A hash that must be in a list; `fits` says whether this kind of quote has it at all. */
static void judge_hash(struct attest_result *r, enum check_id id, const struct policy_hashes *list,
                       bool fits, const uint8_t *hash, size_t size)
{
    if (list->count == 0) {
        check_not_applicable(&r->checks, id);
        return;
    }
    struct text first = text_hex(span_of(list->hash[0], size));
    struct text want =
        list->count == 1 ? first : text_of("%s or %zu others", first.s, list->count - 1);
    CHECK_THAT(&r->checks, id, fits && policy_has(list, hash, size), want.s,
               fits ? text_hex(span_of(hash, size)).s : "a quote of the other kind (SGX, TDX)");
}

static void judge_numbers(struct attest_result *r, const struct policy *p)
{
    struct checks *k = &r->checks;
    bool sgx = !r->is_tdx;
    if (!p->has_isvprodid)
        check_not_applicable(k, CHECK_POLICY_ISVPRODID);
    else
        CHECK_THAT(k, CHECK_POLICY_ISVPRODID, sgx && r->report.isvprodid == p->isvprodid,
                   text_of("%u", p->isvprodid).s,
                   sgx ? text_of("%u", r->report.isvprodid).s : "a TD, which has none");
    if (p->min_isvsvn == 0)
        check_not_applicable(k, CHECK_POLICY_ISVSVN);
    else
        CHECK_THAT(k, CHECK_POLICY_ISVSVN, sgx && r->report.isvsvn >= p->min_isvsvn,
                   text_of("at least %u", p->min_isvsvn).s,
                   sgx ? text_of("%u", r->report.isvsvn).s : "a TD, which has none");
}

static void judge_enclave(struct attest_result *r, const struct policy *p)
{
    struct checks *k = &r->checks;
    bool sgx = !r->is_tdx;
    CHECK_THAT(k, CHECK_POLICY_DEBUG, !r->debug || p->allow_debug, "a production enclave",
               r->debug ? "debug mode" : "production mode");
    if (r->is_tdx)
        check_not_applicable(k, CHECK_POLICY_PUBLIC_SIGNER);
    else
        CHECK_THAT(k, CHECK_POLICY_PUBLIC_SIGNER, !r->public_signer || p->allow_public_signers,
                   "a key that only its owner has",
                   r->public_signer ? r->public_signer : "no known public key");
    judge_hash(r, CHECK_POLICY_MRENCLAVE, &p->mrenclave, sgx, r->report.mrenclave, 32);
    judge_hash(r, CHECK_POLICY_MRSIGNER, &p->mrsigner, sgx, r->report.mrsigner, 32);
    judge_hash(r, CHECK_POLICY_MRTD, &p->mrtd, r->is_tdx, r->td.mrtd, 48);
    judge_numbers(r, p);
}

void verify_policy(struct attest_result *r, const struct attest_input *in)
{
    judge_status(r, in->policy);
    judge_advisories(r, in->policy);
    judge_evaluation(r, in);
    if (r->has_quote) {
        judge_enclave(r, in->policy);
        return;
    }
    for (unsigned i = CHECK_POLICY_DEBUG; i < CHECK_COUNT; i++)
        check_unjudged(&r->checks, (enum check_id)i, "the quote could not be read");
}
