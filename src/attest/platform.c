/* SPDX-License-Identifier: Apache-2.0
 * platform.c: platform_check(), see platform.h. */
#include "attest/platform.h"

#include <errno.h>

static const char PCK_NAME[] = "Intel SGX PCK Certificate";

/* The certificates of this platform: the quote's own, or those given beside it. */
struct certs {
    bool owned;
    struct chain chain; /* when owned */
    const struct x509 *leaf;
    const struct x509 *ca;   /* NULL when there is none */
    const struct x509 *root; /* NULL when there is none */
};

static void take_chain(struct certs *s, const struct chain *chain)
{
    s->leaf = chain->count ? &chain->cert[0] : NULL;
    s->ca = chain->count > 1 ? &chain->cert[1] : NULL;
    s->root = chain_root(chain);
    if (s->ca == s->root)
        s->ca = NULL;
}

static int find_certs(struct certs *s, struct checks *k, const struct quote *q,
                      const struct collateral *c)
{
    struct err e;
    *s = (struct certs){0};
    if (q->cert_type < QUOTE_CERT_PCK_PEM) {
        if (c->has_pck_chain)
            take_chain(s, &c->pck_chain);
        else
            check_unjudged(k, CHECK_PCK_FORMAT,
                           text_of("the quote carries no certificates (certification data type %u) "
                                   "and pck_chain was not given",
                                   q->cert_type)
                               .s);
        return 0;
    }
    int rc = chain_read(&s->chain, q->certs, &e, "certificates in the quote");
    if (rc == -ENOMEM)
        return rc;
    if (rc) {
        check_fail(k, CHECK_PCK_FORMAT, NULL, e.text);
        return 0;
    }
    s->owned = true;
    take_chain(s, &s->chain);
    if (q->cert_type == QUOTE_CERT_PCK_PEM && c->has_pck_chain && !s->ca) {
        struct certs given;
        take_chain(&given, &c->pck_chain);
        s->ca = given.ca;
        s->root = given.root;
    }
    return 0;
}

static void judge_given(struct checks *k, const struct certs *s, const struct collateral *c)
{
    if (!c->has_pck_chain) {
        if (c->checks.at[CHECK_PCK_GIVEN].state == CHECK_FAILED)
            k->at[CHECK_PCK_GIVEN] = c->checks.at[CHECK_PCK_GIVEN];
        else
            check_not_applicable(k, CHECK_PCK_GIVEN);
        return;
    }
    CHECK_THAT(k, CHECK_PCK_GIVEN, span_equal(c->pck_chain.cert[0].der, s->leaf->der),
               "the quote's own platform certificate", "that of another platform");
}

static void judge_names(struct checks *k, const struct certs *s)
{
    char subject[64];
    char issuer[64];
    x509_name(subject, s->leaf->subject);
    x509_name(issuer, s->leaf->issuer);
    bool ok = strcmp(subject, PCK_NAME) == 0 && !s->leaf->is_ca &&
              (strcmp(issuer, "Intel SGX PCK Processor CA") == 0 ||
               strcmp(issuer, "Intel SGX PCK Platform CA") == 0);
    CHECK_THAT(k, CHECK_PCK_NAMES, ok,
               "\"Intel SGX PCK Certificate\" of Intel's Processor or Platform CA",
               text_of("\"%s\" of \"%s\"", subject, issuer).s);
}

/* CA by root: done before when it is the authority of the collateral's revocation list. */
static int judge_ca(bool *good, const struct certs *s, const struct collateral *c)
{
    *good = c->pck_ca.present && span_equal(s->ca->der, c->pck_ca.cert.der) &&
            c->checks.at[CHECK_PCK_CRL_CHAIN].state == CHECK_PASSED;
    if (*good)
        return 0;
    struct sigkey *key = NULL;
    int rc = sigkey_new(&key, s->root->key);
    if (rc == -ENOMEM)
        return rc;
    *good = rc == 0 && cert_issued_by(s->ca, s->root, key);
    sigkey_free(key);
    return 0;
}

static int judge_chain(struct checks *k, const struct certs *s, const struct collateral *c)
{
    char name[64];
    bool ca_is_good = false;
    if (!s->ca || !s->root) {
        check_fail(k, CHECK_PCK_CHAIN, "platform certificate, its authority and a root",
                   "an incomplete chain");
        return 0;
    }
    struct sigkey *own = NULL;
    const struct sigkey *key = c->pck_ca.key;
    if (!c->pck_ca.present || memcmp(s->ca->key, c->pck_ca.cert.key, 64) != 0) {
        if (sigkey_new(&own, s->ca->key) == -ENOMEM)
            return -ENOMEM;
        key = own;
    }
    bool leaf_is_good = cert_issued_by(s->leaf, s->ca, key);
    sigkey_free(own);
    int rc = judge_ca(&ca_is_good, s, c);
    if (rc)
        return rc;
    const struct x509 *wrong = !leaf_is_good ? s->leaf : !ca_is_good ? s->ca : NULL;
    CHECK_THAT(k, CHECK_PCK_CHAIN, !wrong, "each signed by the next",
               text_of("\"%s\" is not signed by the next certificate",
                       wrong ? x509_name(name, wrong->subject) : "")
                   .s);
    return 0;
}

/* The root must be trusted, and the same that the collateral ends in. */
static void judge_root(struct checks *k, const struct certs *s, const struct collateral *c)
{
    char name[64];
    uint8_t hash[32];
    if (!s->root) {
        check_fail(k, CHECK_PCK_ROOT, "a trusted root", "no root certificate in the chain");
        return;
    }
    bool same = c->root.present && span_equal(s->root->spki, c->root.cert.spki);
    bool trusted = c->root.present && span_equal(s->root->der, c->root.cert.der)
                       ? c->anchor != NULL
                       : trust_find(&c->trust, s->root) != NULL;
    if (!trusted || k->with_text)
        digest_of(hash, s->root->spki);
    CHECK_THAT(k, CHECK_PCK_ROOT, trusted, "a root that is trusted here",
               text_of("\"%.40s\", key %.64s", x509_name(name, s->root->subject),
                       text_hex(span_of(hash, 32)).s)
                   .s);
    k->at[CHECK_COLLATERAL_ROOT] = c->checks.at[CHECK_COLLATERAL_ROOT];
    if (c->root.present && !same)
        check_fail(k, CHECK_COLLATERAL_ROOT, "one root for quote and collateral",
                   "the quote's certificates end in another root than the collateral");
}

static void judge_revoked(struct checks *k, const struct certs *s, const struct collateral *c)
{
    char list[64];
    char issuer[64];
    if (!c->has_pck_crl) {
        check_unjudged(k, CHECK_PCK_REVOKED, "the platforms' revocation list is missing");
        check_unjudged(k, CHECK_PCK_CRL_ISSUER, "the platforms' revocation list is missing");
    } else {
        /* Name and key: the list's authority must be the very one that issued the platform. */
        bool same = span_equal(c->pck_crl.issuer, s->leaf->issuer) &&
                    (!s->ca || !c->pck_ca.present || span_equal(s->ca->spki, c->pck_ca.cert.spki));
        CHECK_THAT(k, CHECK_PCK_CRL_ISSUER, same, x509_name(issuer, s->leaf->issuer),
                   x509_name(list, c->pck_crl.issuer));
        if (!same)
            check_unjudged(k, CHECK_PCK_REVOKED, "the revocation list is another authority's");
        else
            CHECK_THAT(k, CHECK_PCK_REVOKED, !crl_has(&c->pck_crl, s->leaf->serial),
                       "not in the list",
                       text_of("serial %s: %s", text_hex(s->leaf->serial).s,
                               crl_has(&c->pck_crl, s->leaf->serial) ? "revoked" : "not in it")
                           .s);
    }
    if (!c->has_root_crl)
        check_unjudged(k, CHECK_PCK_CA_REVOKED, "the root's revocation list is missing");
    else if (!s->ca)
        check_unjudged(k, CHECK_PCK_CA_REVOKED, "the chain has no authority");
    else
        CHECK_THAT(k, CHECK_PCK_CA_REVOKED, !crl_has(&c->root_crl, s->ca->serial),
                   "not in the root's list",
                   text_of("serial %s: %s", text_hex(s->ca->serial).s,
                           crl_has(&c->root_crl, s->ca->serial) ? "revoked" : "not in it")
                       .s);
}

static int judge_certs(struct platform *p, struct checks *k, const struct certs *s,
                       const struct quote *q, const struct collateral *c)
{
    struct err e;
    int rc = pck_parse(&p->pck, s->leaf->sgx, &e);
    p->has_pck = rc == 0;
    CHECK_THAT(k, CHECK_PCK_FORMAT, rc == 0, NULL,
               rc ? e.text : text_of("FMSPC %s", text_hex(span_of(p->pck.fmspc, 6)).s).s);
    p->has_certs = true;
    p->not_before = s->leaf->not_before;
    p->not_after = s->leaf->not_after;
    if (s->ca && s->ca->not_before > p->not_before)
        p->not_before = s->ca->not_before;
    if (s->ca && s->ca->not_after < p->not_after)
        p->not_after = s->ca->not_after;
    x509_name(p->issuer, s->leaf->issuer);
    judge_given(k, s, c);
    judge_names(k, s);
    rc = judge_chain(k, s, c);
    if (rc)
        return rc;
    judge_root(k, s, c);
    judge_revoked(k, s, c);
    struct sigkey *key = NULL;
    rc = sigkey_new(&key, s->leaf->key);
    if (rc == -ENOMEM)
        return rc;
    CHECK_THAT(k, CHECK_QE_SIGNATURE, sigkey_check(key, q->qe_report, q->qe_signature.data),
               "a signature by the platform's certificate", "another");
    sigkey_free(key);
    return 0;
}

static void judge_binding(struct platform *p, struct checks *k, const struct quote *q)
{
    uint8_t want[64] = {0};
    digest_two(want, q->key, q->qe_auth);
    CHECK_THAT(k, CHECK_QE_REPORT_DATA, memcmp(want, p->qe.report_data, sizeof want) == 0,
               text_hex(span_of(want, 32)).s, text_hex(span_of(p->qe.report_data, 32)).s);
}

static void unjudged_certs(struct checks *k)
{
    static const char why[] = "the platform's certificates could not be read";
    check_unjudged(k, CHECK_QE_SIGNATURE, why);
    for (unsigned i = CHECK_PCK_GIVEN; i <= CHECK_PCK_VALIDITY; i++)
        if (i != CHECK_COLLATERAL_ROOT)
            check_unjudged(k, (enum check_id)i, why);
}

int platform_check(struct platform *p, struct checks *k, const struct quote *q,
                   const struct collateral *c)
{
    struct err e;
    struct certs s;
    *p = (struct platform){0};
    int rc = sigkey_new(&p->key, q->key.data);
    if (rc == -ENOMEM)
        return rc;
    CHECK_THAT(k, CHECK_QUOTE_KEY, rc == 0, "a point of the curve", "none");
    p->has_qe = quote_report_parse(&p->qe, q->qe_report, &e) == 0;
    judge_binding(p, k, q);
    rc = find_certs(&s, k, q, c);
    if (rc == 0 && s.leaf)
        rc = judge_certs(p, k, &s, q, c);
    else
        unjudged_certs(k);
    if (s.owned)
        chain_fini(&s.chain);
    return rc;
}

void platform_fini(struct platform *p)
{
    sigkey_free(p->key);
    *p = (struct platform){0};
}
