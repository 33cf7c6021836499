/* SPDX-License-Identifier: Apache-2.0
 * verify_times.c: validity and age.  Both ends are looked at: what begins after the check time is
 * as wrong as what ended before it, since one of them means that a clock is off. */
#include "attest/verify_priv.h"

enum { DAY_S = 86400 };

/* Judges one item; several may share a check (a document and its signer). */
static void judge(struct checks *k, enum check_id id, const char *item, int64_t from, int64_t to,
                  int64_t at)
{
    if (at < from)
        check_fail(k, id, text_of("a time from %s on", text_time(from).s).s,
                   text_of("%s: %s is not valid yet", text_time(at).s, item).s);
    else if (at > to)
        check_fail(k, id, text_of("a time until %s", text_time(to).s).s,
                   text_of("%s: %s has expired", text_time(at).s, item).s);
    else
        CHECK_THAT(k, id, true, text_of("%s to %s", text_time(from).s, text_time(to).s).s,
                   text_time(at).s);
}

static void judge_cert(struct checks *k, enum check_id id, const char *item, const struct x509 *c,
                       int64_t at)
{
    judge(k, id, item, c->not_before, c->not_after, at);
}

static void judge_age(struct attest_result *r, const struct attest_input *in, enum check_id id,
                      enum policy_item item, bool present, int64_t issued)
{
    int64_t most = in->policy->max_age_s[item];
    if (most == 0)
        check_not_applicable(&r->checks, id);
    else if (!present)
        check_unjudged(&r->checks, id, "it is missing");
    else
        CHECK_THAT(&r->checks, id, in->at - issued <= most,
                   text_of("at most %lld days old", (long long)(most / DAY_S)).s,
                   text_of("issued %s, %lld days ago", text_time(issued).s,
                           (long long)((in->at - issued) / DAY_S))
                       .s);
}

static void judge_ages(struct attest_result *r, const struct attest_input *in)
{
    const struct collateral *c = in->collateral;
    judge_age(r, in, CHECK_POLICY_AGE_TCB_INFO, POLICY_TCB_INFO, c->has_tcb_info,
              c->tcb_info.issue_date);
    judge_age(r, in, CHECK_POLICY_AGE_QE_IDENTITY, POLICY_QE_IDENTITY, c->has_identity,
              c->identity.issue_date);
    judge_age(r, in, CHECK_POLICY_AGE_PCK_CRL, POLICY_PCK_CRL, c->has_pck_crl,
              c->pck_crl.this_update);
    judge_age(r, in, CHECK_POLICY_AGE_ROOT_CRL, POLICY_ROOT_CRL, c->has_root_crl,
              c->root_crl.this_update);
}

void verify_times(struct attest_result *r, const struct attest_input *in, const struct platform *p)
{
    struct checks *k = &r->checks;
    const struct collateral *c = in->collateral;
    int64_t at = in->at;
    if (p && p->has_certs)
        judge(k, CHECK_PCK_VALIDITY, "the platform's certificate chain", p->not_before,
              p->not_after, at);
    if (c->has_root_crl)
        judge(k, CHECK_ROOT_CRL_VALIDITY, "the list", c->root_crl.this_update,
              c->root_crl.next_update, at);
    if (c->root.present && c->has_root_crl)
        judge_cert(k, CHECK_ROOT_CRL_VALIDITY, "the root certificate", &c->root.cert, at);
    if (c->has_pck_crl)
        judge(k, CHECK_PCK_CRL_VALIDITY, "the list", c->pck_crl.this_update, c->pck_crl.next_update,
              at);
    if (c->pck_ca.present && c->has_pck_crl)
        judge_cert(k, CHECK_PCK_CRL_VALIDITY, "its issuer's certificate", &c->pck_ca.cert, at);
    if (c->has_tcb_info)
        judge(k, CHECK_TCB_INFO_VALIDITY, "the TCB info", c->tcb_info.issue_date,
              c->tcb_info.next_update, at);
    if (c->signer.present && c->has_tcb_info)
        judge_cert(k, CHECK_TCB_INFO_VALIDITY, "its signer's certificate", &c->signer.cert, at);
    if (c->has_identity)
        judge(k, CHECK_QE_IDENTITY_VALIDITY, "the identity", c->identity.issue_date,
              c->identity.next_update, at);
    if (c->has_qe_signer && c->has_identity)
        judge_cert(k, CHECK_QE_IDENTITY_VALIDITY, "its signer's certificate", &c->qe_signer, at);
    judge_ages(r, in);
}
