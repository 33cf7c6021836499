/* SPDX-License-Identifier: Apache-2.0
 * collateral.c: see collateral.h. */
#include "attest/collateral.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static const char TCB_SIGNER[] = "Intel SGX TCB Signing";

enum { CHAIN_TCB_INFO, CHAIN_QE_IDENTITY, CHAIN_PCK_CRL, CHAIN_ROOT_CA };

/* Copies the files into one block, so that nothing borrows from the caller. */
static int copy_files(struct collateral *c, struct collateral_files *f)
{
    struct span *all[] = {&f->tcb_info, &f->tcb_info_chain, &f->qe_identity,
                          &f->pck_crl,  &f->pck_crl_chain,  &f->qe_identity_chain,
                          &f->root_crl, &f->pck_chain,      &f->root_ca};
    size_t size = 1;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        size += all[i]->size;
    c->bytes = malloc(size);
    if (!c->bytes)
        return -ENOMEM;
    uint8_t *to = c->bytes;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i]->size)
            memcpy(to, all[i]->data, all[i]->size);
        all[i]->data = to;
        to += all[i]->size;
    }
    return 0;
}

static int authority_init(struct authority *a, const struct x509 *cert)
{
    a->present = true;
    a->cert = *cert;
    int rc = sigkey_new(&a->key, cert->key);
    return rc == -EBADMSG ? 0 : rc;
}

/* A file's text could not be read: -ENOMEM goes up, anything else is a failed check. */
static int unreadable(struct collateral *c, enum check_id id, int rc, const struct err *e)
{
    if (rc == -ENOMEM)
        return rc;
    check_fail(&c->checks, id, NULL, e->text);
    return 0;
}

static int read_chain(struct collateral *c, int which, struct span in, enum check_id id,
                      const char *what)
{
    struct err e;
    if (in.size == 0)
        return 0;
    int rc = chain_read(&c->chains[which], in, &e, what);
    if (rc)
        return unreadable(c, id, rc, &e);
    if (which != CHAIN_ROOT_CA && c->chains[which].count != 2) {
        check_fail(&c->checks, id, "two certificates: signer and root",
                   text_of("%zu", c->chains[which].count).s);
        chain_fini(&c->chains[which]);
    }
    return 0;
}

/* The root that the rest must end in: the first chain's that has one. */
static int pick_root(struct collateral *c)
{
    static const int order[] = {CHAIN_TCB_INFO, CHAIN_PCK_CRL, CHAIN_QE_IDENTITY, CHAIN_ROOT_CA};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const struct x509 *root = chain_root(&c->chains[order[i]]);
        if (!root)
            continue;
        c->anchor = trust_find(&c->trust, root);
        return authority_init(&c->root, root);
    }
    return 0;
}

/* Every chain must end in the one root, and that must be trusted. */
static void judge_root(struct collateral *c)
{
    static const char *const names[] = {"tcb_info_issuer_chain", "qe_identity_issuer_chain",
                                        "pck_crl_issuer_chain", "root_ca"};
    if (!c->root.present) {
        check_unjudged(&c->checks, CHECK_COLLATERAL_ROOT, "no root certificate was given");
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        const struct x509 *root = chain_root(&c->chains[i]);
        if (c->chains[i].count && (!root || !span_equal(root->spki, c->root.cert.spki)))
            check_fail(&c->checks, CHECK_COLLATERAL_ROOT, "the same root everywhere",
                       text_of("%s ends in another root", names[i]).s);
    }
    char name[64];
    uint8_t hash[32];
    digest_of(hash, c->root.cert.spki);
    CHECK_THAT(&c->checks, CHECK_COLLATERAL_ROOT, c->anchor != NULL, "a root that is trusted here",
               text_of("\"%.40s\", key %.64s", x509_name(name, c->root.cert.subject),
                       text_hex(span_of(hash, 32)).s)
                   .s);
}

/* True when `cert` is an authority or signer directly under the trusted root; else the check says
 * why not. */
static bool judge_under_root(struct collateral *c, enum check_id id, const struct chain *chain)
{
    const struct x509 *root = chain_root(chain);
    char name[64];
    if (!root || !span_equal(root->spki, c->root.cert.spki))
        check_fail(&c->checks, id, "a chain that ends in the collateral's root", "another root");
    else if (!cert_issued_by(&chain->cert[0], &c->root.cert, c->root.key))
        check_fail(&c->checks, id, "a certificate that the root signed",
                   text_of("\"%s\", whose signature by the root is wrong",
                           x509_name(name, chain->cert[0].subject))
                       .s);
    else
        CHECK_THAT(&c->checks, id, c->anchor != NULL, "a trusted root",
                   "a root that is not trusted here");
    return c->checks.at[id].state == CHECK_PASSED;
}

static int judge_root_crl(struct collateral *c, struct span in)
{
    struct err e;
    struct checks *k = &c->checks;
    char name[64];
    if (in.size == 0) {
        check_unjudged(k, CHECK_ROOT_CRL_FORMAT, "root_ca_crl was not given");
        return 0;
    }
    int rc = crl_parse(&c->root_crl, crl_der(&c->owned[0], in), &e, "root_ca_crl");
    if (rc)
        return unreadable(c, CHECK_ROOT_CRL_FORMAT, rc, &e);
    c->has_root_crl = true;
    check_pass(k, CHECK_ROOT_CRL_FORMAT);
    if (!c->root.present)
        return 0;
    CHECK_THAT(k, CHECK_ROOT_CRL_ISSUER, span_equal(c->root_crl.issuer, c->root.cert.subject),
               "the root", x509_name(name, c->root_crl.issuer));
    CHECK_THAT(k, CHECK_ROOT_CRL_SIGNATURE,
               c->root.cert.signs_crls &&
                   sigkey_check(c->root.key, c->root_crl.tbs, c->root_crl.signature),
               "the root's signature", "another");
    return 0;
}

static int judge_pck_crl(struct collateral *c, struct span in)
{
    struct err e;
    struct checks *k = &c->checks;
    const struct chain *chain = &c->chains[CHAIN_PCK_CRL];
    if (in.size == 0)
        check_unjudged(k, CHECK_PCK_CRL_FORMAT, "pck_crl was not given");
    int rc = in.size ? crl_parse(&c->pck_crl, crl_der(&c->owned[1], in), &e, "pck_crl") : 0;
    if (rc)
        return unreadable(c, CHECK_PCK_CRL_FORMAT, rc, &e);
    c->has_pck_crl = in.size > 0;
    if (c->has_pck_crl)
        check_pass(k, CHECK_PCK_CRL_FORMAT);
    if (chain->count == 0) {
        check_unjudged(k, CHECK_PCK_CRL_CHAIN, "pck_crl_issuer_chain was not given");
        return 0;
    }
    judge_under_root(c, CHECK_PCK_CRL_CHAIN, chain);
    rc = authority_init(&c->pck_ca, &chain->cert[0]);
    if (rc || !c->has_pck_crl)
        return rc;
    bool ok = span_equal(c->pck_crl.issuer, c->pck_ca.cert.subject) && c->pck_ca.cert.signs_crls &&
              sigkey_check(c->pck_ca.key, c->pck_crl.tbs, c->pck_crl.signature);
    char name[64];
    CHECK_THAT(k, CHECK_PCK_CRL_SIGNATURE, ok, "the signature of pck_crl_issuer_chain's authority",
               text_of("a list of \"%s\" with another", x509_name(name, c->pck_crl.issuer)).s);
    return 0;
}

static void judge_signer_revoked(struct collateral *c, enum check_id id, const struct x509 *signer)
{
    if (!c->has_root_crl)
        check_unjudged(&c->checks, id, "the root's revocation list is missing");
    else
        CHECK_THAT(&c->checks, id, !crl_has(&c->root_crl, signer->serial), "not in the root's list",
                   text_of("serial %s is revoked", text_hex(signer->serial).s).s);
}

/* Signer, its revocation and the signature over `doc`; `id` is the signer's check, the next two
 * follow it. */
static void judge_signed(struct collateral *c, enum check_id id, const struct chain *chain,
                         const struct sigkey *key, const struct signed_json *doc)
{
    char name[64];
    if (judge_under_root(c, id, chain) &&
        strcmp(x509_name(name, chain->cert[0].subject), TCB_SIGNER) != 0)
        check_fail(&c->checks, id, TCB_SIGNER, name);
    judge_signer_revoked(c, (enum check_id)(id + 1), &chain->cert[0]);
    if (doc)
        CHECK_THAT(&c->checks, (enum check_id)(id + 2),
                   sigkey_check(key, doc->text, doc->signature),
                   "the signer's signature over the text as served", "another signature or text");
}

static int judge_tcb_info(struct collateral *c, struct span in)
{
    struct err e;
    const struct chain *chain = &c->chains[CHAIN_TCB_INFO];
    if (in.size == 0)
        check_unjudged(&c->checks, CHECK_TCB_INFO_FORMAT, "tcb_info was not given");
    int rc = in.size ? tcb_info_parse(&c->tcb_info, in, &e) : 0;
    if (rc && (rc = unreadable(c, CHECK_TCB_INFO_FORMAT, rc, &e)) != 0)
        return rc;
    c->has_tcb_info = c->tcb_info.doc.inner != NULL;
    if (c->has_tcb_info)
        CHECK_THAT(&c->checks, CHECK_TCB_INFO_FORMAT, true, NULL,
                   text_of("version %u, evaluation data number %u", c->tcb_info.version,
                           c->tcb_info.evaluation_number)
                       .s);
    if (chain->count == 0) {
        check_unjudged(&c->checks, CHECK_TCB_INFO_SIGNER, "tcb_info_issuer_chain was not given");
        return 0;
    }
    rc = authority_init(&c->signer, &chain->cert[0]);
    if (rc == 0)
        judge_signed(c, CHECK_TCB_INFO_SIGNER, chain, c->signer.key,
                     c->has_tcb_info ? &c->tcb_info.doc : NULL);
    return rc;
}

/* The identity's signer is mostly the TCB info's: then nothing is checked twice. */
static int judge_identity_signer(struct collateral *c)
{
    struct checks *k = &c->checks;
    const struct chain *chain = &c->chains[CHAIN_QE_IDENTITY];
    const struct signed_json *doc = c->has_identity ? &c->identity.doc : NULL;
    if (chain->count == 0) {
        if (k->at[CHECK_QE_IDENTITY_SIGNER].state == CHECK_FAILED)
            return 0;
        chain = &c->chains[CHAIN_TCB_INFO];
    }
    if (chain->count == 0) {
        check_unjudged(k, CHECK_QE_IDENTITY_SIGNER, "qe_identity_issuer_chain was not given");
        return 0;
    }
    c->has_qe_signer = true;
    c->qe_signer = chain->cert[0];
    if (c->signer.present && span_equal(chain->cert[0].der, c->signer.cert.der) &&
        span_equal(chain->cert[1].der, c->chains[CHAIN_TCB_INFO].cert[1].der)) {
        k->at[CHECK_QE_IDENTITY_SIGNER] = k->at[CHECK_TCB_INFO_SIGNER];
        k->at[CHECK_QE_IDENTITY_SIGNER_REVOKED] = k->at[CHECK_TCB_INFO_SIGNER_REVOKED];
        if (doc)
            CHECK_THAT(k, CHECK_QE_IDENTITY_SIGNATURE,
                       sigkey_check(c->signer.key, doc->text, doc->signature),
                       "the signer's signature over the text as served",
                       "another signature or text");
        return 0;
    }
    struct authority other = {0};
    int rc = authority_init(&other, &chain->cert[0]);
    if (rc == 0)
        judge_signed(c, CHECK_QE_IDENTITY_SIGNER, chain, other.key, doc);
    sigkey_free(other.key);
    return rc;
}

static int judge_identity(struct collateral *c, struct span in)
{
    struct err e;
    if (in.size == 0)
        check_unjudged(&c->checks, CHECK_QE_IDENTITY_FORMAT, "qe_identity was not given");
    int rc = in.size ? identity_parse(&c->identity, in, &e) : 0;
    if (rc && (rc = unreadable(c, CHECK_QE_IDENTITY_FORMAT, rc, &e)) != 0)
        return rc;
    c->has_identity = c->identity.doc.inner != NULL;
    if (c->has_identity)
        CHECK_THAT(&c->checks, CHECK_QE_IDENTITY_FORMAT, true, NULL,
                   text_of("%.20s, evaluation data number %u", c->identity.id,
                           c->identity.evaluation_number)
                       .s);
    return judge_identity_signer(c);
}

static int read_pck_chain(struct collateral *c, struct span in)
{
    struct err e;
    if (in.size == 0)
        return 0;
    int rc = chain_read(&c->pck_chain, in, &e, "pck_chain");
    c->has_pck_chain = rc == 0;
    return rc ? unreadable(c, CHECK_PCK_GIVEN, rc, &e) : 0;
}

static int judge_all(struct collateral *c, const struct collateral_files *f)
{
    int rc = read_chain(c, CHAIN_TCB_INFO, f->tcb_info_chain, CHECK_TCB_INFO_SIGNER,
                        "tcb_info_issuer_chain");
    if (rc == 0 && !span_equal(f->qe_identity_chain, f->tcb_info_chain)) /* mostly it is */
        rc = read_chain(c, CHAIN_QE_IDENTITY, f->qe_identity_chain, CHECK_QE_IDENTITY_SIGNER,
                        "qe_identity_issuer_chain");
    if (rc == 0)
        rc = read_chain(c, CHAIN_PCK_CRL, f->pck_crl_chain, CHECK_PCK_CRL_CHAIN,
                        "pck_crl_issuer_chain");
    if (rc == 0)
        rc = read_chain(c, CHAIN_ROOT_CA, f->root_ca, CHECK_COLLATERAL_ROOT, "root_ca");
    if (rc == 0)
        rc = pick_root(c);
    if (rc)
        return rc;
    judge_root(c);
    rc = judge_root_crl(c, f->root_crl);
    if (rc == 0)
        rc = judge_pck_crl(c, f->pck_crl);
    if (rc == 0)
        rc = judge_tcb_info(c, f->tcb_info);
    if (rc == 0)
        rc = judge_identity(c, f->qe_identity);
    return rc ? rc : read_pck_chain(c, f->pck_chain);
}

int collateral_new(struct collateral **out, const struct collateral_files *files,
                   const struct trust *trust, struct err *e)
{
    static _Atomic uint64_t last_serial;
    struct collateral_files copy = *files;
    struct collateral *c = calloc(1, sizeof *c);
    if (!c)
        return fail(e, -ENOMEM, "collateral: out of memory");
    c->serial = atomic_fetch_add(&last_serial, 1) + 1;
    c->trust = *trust;
    checks_init(&c->checks, true);
    int rc = copy_files(c, &copy);
    if (rc == 0)
        rc = judge_all(c, &copy);
    if (rc) {
        collateral_free(c);
        return fail(e, rc, "collateral: out of memory");
    }
    *out = c;
    return 0;
}

void collateral_free(struct collateral *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < 4; i++)
        chain_fini(&c->chains[i]);
    chain_fini(&c->pck_chain);
    sigkey_free(c->root.key);
    sigkey_free(c->pck_ca.key);
    sigkey_free(c->signer.key);
    tcb_info_fini(&c->tcb_info);
    identity_fini(&c->identity);
    crl_fini(&c->root_crl);
    crl_fini(&c->pck_crl);
    free(c->owned[0]);
    free(c->owned[1]);
    free(c->bytes);
    free(c);
}

static void narrow(struct collateral_span *s, const char *item, int64_t from, int64_t to)
{
    if (!s->begins_item || from > s->begins) {
        s->begins = from;
        s->begins_item = item;
    }
    if (!s->ends_item || to < s->ends) {
        s->ends = to;
        s->ends_item = item;
    }
}

bool collateral_validity(const struct collateral *c, struct collateral_span *out)
{
    *out = (struct collateral_span){0};
    if (c->has_tcb_info)
        narrow(out, "tcb_info", c->tcb_info.issue_date, c->tcb_info.next_update);
    if (c->has_identity)
        narrow(out, "qe_identity", c->identity.issue_date, c->identity.next_update);
    if (c->has_pck_crl)
        narrow(out, "pck_crl", c->pck_crl.this_update, c->pck_crl.next_update);
    if (c->has_root_crl)
        narrow(out, "root_ca_crl", c->root_crl.this_update, c->root_crl.next_update);
    if (c->signer.present)
        narrow(out, "tcb_info_issuer_chain", c->signer.cert.not_before, c->signer.cert.not_after);
    if (c->has_qe_signer)
        narrow(out, "qe_identity_issuer_chain", c->qe_signer.not_before, c->qe_signer.not_after);
    if (c->pck_ca.present)
        narrow(out, "pck_crl_issuer_chain", c->pck_ca.cert.not_before, c->pck_ca.cert.not_after);
    if (c->root.present)
        narrow(out, "root certificate", c->root.cert.not_before, c->root.cert.not_after);
    return out->ends_item != NULL;
}
