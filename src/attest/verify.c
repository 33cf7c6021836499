/* SPDX-License-Identifier: Apache-2.0
 * verify.c: see verify.h.  Every step runs whatever the steps before it found, as long as it has
 * what it needs. */
#include "attest/verify.h"

#include <errno.h>

#include "attest/verify_priv.h"

/* Keys whose private half is in public repositories: what they signed, anybody can have signed. */
static const struct {
    uint8_t mrsigner[32];
    const char *whose;
} g_public_signers[] = {
    {{0x83, 0xd7, 0x19, 0xe7, 0x7d, 0xea, 0xca, 0x14, 0x70, 0xf6, 0xba,
      0xf6, 0x2a, 0x4d, 0x77, 0x43, 0x03, 0xc8, 0x99, 0xdb, 0x69, 0x02,
      0x0f, 0x9c, 0x70, 0xee, 0x1d, 0xfc, 0x08, 0xc7, 0xce, 0x9e},
     "the sample key of Intel's SDK"},
    {{0x9a, 0xff, 0xcf, 0xae, 0x47, 0xb8, 0x48, 0xec, 0x2c, 0xaf, 0x1c,
      0x49, 0xb4, 0xb2, 0x83, 0x53, 0x1e, 0x1c, 0xc4, 0x25, 0xf9, 0x35,
      0x82, 0xb3, 0x68, 0x06, 0xe5, 0x2a, 0x43, 0xd7, 0x8d, 0x1a},
     "Fortanix's dummy key"},
};

enum { SGX_DEBUG = 0x02 };

void verify_facts(struct attest_result *r, const struct quote *q)
{
    struct err e;
    r->has_quote = true;
    r->quote_version = q->version;
    r->is_tdx = q->body_type != QUOTE_BODY_SGX;
    /* The bodies have the sizes that these readers want: quote_parse() saw to it. */
    if (r->is_tdx) {
        ignore(quote_td_parse(&r->td, q->body, &e));
        /* The first byte is the group "TD under debug": any bit of it lets the host look in. */
        r->debug = r->td.td_attributes[0] != 0;
        return;
    }
    ignore(quote_report_parse(&r->report, q->body, &e));
    r->debug = r->report.attributes[0] & SGX_DEBUG;
    for (size_t i = 0; i < sizeof g_public_signers / sizeof g_public_signers[0]; i++)
        if (memcmp(r->report.mrsigner, g_public_signers[i].mrsigner, 32) == 0)
            r->public_signer = g_public_signers[i].whose;
}

static void result_init(struct attest_result *r, const struct attest_input *in)
{
    /* All but the checks and the long lists, whose counts say what is valid. */
    memset(r, 0, offsetof(struct attest_result, advisory));
    r->short_count = 0;
    r->short_to = TCB_NONE;
    r->at = in->at;
    checks_init(&r->checks, in->with_text);
    const struct collateral *c = in->collateral;
    checks_copy(&r->checks, &c->checks, CHECK_ROOT_CRL_FORMAT, CHECK_QE_IDENTITY_SIGNATURE);
    checks_copy(&r->checks, &c->checks, CHECK_COLLATERAL_ROOT, CHECK_COLLATERAL_ROOT);
    r->emulated = c->root.present && (!c->anchor || c->anchor->emulated);
    r->has_validity = collateral_validity(c, &r->validity);
    r->has_evaluation_number = c->has_tcb_info;
    r->evaluation_number = c->has_tcb_info ? c->tcb_info.evaluation_number : 0;
}

static void unread_quote(struct attest_result *r)
{
    static const char why[] = "the quote could not be read";
    check_unjudged(&r->checks, CHECK_QUOTE_SIGNATURE, why);
    for (unsigned i = CHECK_QUOTE_KEY; i <= CHECK_PCK_VALIDITY; i++)
        if (i != CHECK_COLLATERAL_ROOT)
            check_unjudged(&r->checks, (enum check_id)i, why);
    for (unsigned i = CHECK_TCB_INFO_ID; i <= CHECK_PLATFORM_TCB; i++)
        check_unjudged(&r->checks, (enum check_id)i, why);
}

/* Every check that was not judged says why. */
static void give_reasons(struct checks *k)
{
    for (unsigned i = 0; i < CHECK_COUNT; i++)
        if (k->at[i].state == CHECK_NOT_JUDGED && !k->at[i].found[0])
            check_unjudged(k, (enum check_id)i, "what it needs is missing or was refused");
}

/* A check that failed decides; one that was not judged leaves it open; nothing else accepts. */
static enum attest_verdict decide(const struct checks *k)
{
    enum attest_verdict v = ATTEST_ACCEPTED;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        if (k->at[i].state == CHECK_FAILED)
            return ATTEST_REFUSED;
        if (k->at[i].state == CHECK_NOT_JUDGED)
            v = ATTEST_UNDECIDED;
    }
    return v;
}

static bool platform_is_good(const struct checks *k)
{
    for (unsigned i = CHECK_QUOTE_KEY; i <= CHECK_PCK_CA_REVOKED; i++)
        if (k->at[i].state != CHECK_PASSED && k->at[i].state != CHECK_NOT_APPLICABLE)
            return false;
    return true;
}

/* A remembered platform has passed these; without the texts there is nothing more to say. */
static void platform_passed(struct checks *k, const struct collateral *c)
{
    for (unsigned i = CHECK_QUOTE_KEY; i <= CHECK_PCK_CA_REVOKED; i++)
        k->at[i].state = CHECK_PASSED;
    if (!c->has_pck_chain)
        check_not_applicable(k, CHECK_PCK_GIVEN);
}

/* Gives the platform of this quote: remembered, or checked now (and then in *own, unless it
 * was remembered).  NULL when memory is short. */
static const struct platform *find_platform(struct attest_result *r, const struct attest_input *in,
                                            const struct quote *q, struct platform *own)
{
    const struct platform *p = NULL;
    if (in->known && !in->with_text)
        p = platform_cache_find(in->known, q, in->collateral);
    if (p) {
        platform_passed(&r->checks, in->collateral);
        return p;
    }
    if (platform_check(own, &r->checks, q, in->collateral))
        return NULL;
    if (in->known && platform_is_good(&r->checks))
        p = platform_cache_put(in->known, q, in->collateral, own);
    return p ? p : own;
}

static int verify_quote(struct attest_result *r, const struct attest_input *in,
                        const struct quote *q, struct err *e)
{
    struct platform own = {0};
    verify_facts(r, q);
    const struct platform *p = find_platform(r, in, q, &own);
    if (!p) {
        platform_fini(&own);
        return fail(e, -ENOMEM, "attest: out of memory");
    }
    r->has_pck = p->has_pck;
    r->pck = p->pck;
    memcpy(r->pck_issuer, p->issuer, sizeof r->pck_issuer);
    r->has_qe = p->has_qe;
    r->qe = p->qe;
    CHECK_THAT(&r->checks, CHECK_QUOTE_SIGNATURE,
               sigkey_check(p->key, q->signed_part, q->signature.data),
               "a signature by the quote's key", "another");
    verify_times(r, in, p);
    verify_tcb(r, in, p);
    platform_fini(&own);
    return 0;
}

int attest_verify(struct attest_result *r, const struct attest_input *in, struct err *e)
{
    struct quote q;
    struct err why;
    result_init(r, in);
    int rc = quote_parse(&q, in->quote, &why);
    CHECK_THAT(&r->checks, CHECK_QUOTE_FORMAT, rc == 0, NULL,
               rc ? why.text : text_of("version %u, %s", q.version, q.tee_type ? "TDX" : "SGX").s);
    if (rc) {
        unread_quote(r);
        verify_times(r, in, NULL);
    } else {
        rc = verify_quote(r, in, &q, e);
        if (rc)
            return rc;
    }
    verify_policy(r, in);
    r->verdict = decide(&r->checks);
    if (r->verdict != ATTEST_ACCEPTED)
        give_reasons(&r->checks);
    return 0;
}

const char *attest_verdict_word(enum attest_verdict v)
{
    return v == ATTEST_ACCEPTED ? "accepted" : v == ATTEST_REFUSED ? "refused" : "undecided";
}

int attest_inspect(struct attest_result *r, struct quote *q, struct span quote, struct err *e)
{
    memset(r, 0, sizeof *r);
    int rc = quote_parse(q, quote, e);
    if (rc)
        return rc;
    verify_facts(r, q);
    r->has_qe = quote_report_parse(&r->qe, q->qe_report, e) == 0;
    struct chain chain;
    if (q->cert_type < QUOTE_CERT_PCK_PEM || chain_read(&chain, q->certs, e, "certificates"))
        return 0;
    r->has_pck = pck_parse(&r->pck, chain.cert[0].sgx, e) == 0;
    x509_name(r->pck_issuer, chain.cert[0].issuer);
    chain_fini(&chain);
    return 0;
}
