/* SPDX-License-Identifier: Apache-2.0
 * cella_attest.c: see cella_attest.h. */
#include "attest/cella_attest.h"

#include <errno.h>
#include <stdlib.h>

#include "attest/result_json.h"

enum { KNOWN_PLATFORMS = 64 };

struct cella_attest {
    struct trust trust;
    struct policy policy;
    struct collateral *collateral;
    struct platform_cache *known;
    struct err e;
};

struct cella_attest_result {
    struct attest_result r;
};

int cella_attest_new(cella_attest **out)
{
    struct cella_attest *v = calloc(1, sizeof *v);
    if (!v)
        return -ENOMEM;
    trust_init(&v->trust);
    policy_init(&v->policy);
    v->known = platform_cache_new(KNOWN_PLATFORMS);
    if (!v->known) {
        free(v);
        return -ENOMEM;
    }
    *out = v;
    return 0;
}

void cella_attest_free(cella_attest *v)
{
    if (!v)
        return;
    collateral_free(v->collateral);
    platform_cache_free(v->known);
    free(v);
}

const char *cella_attest_error(const cella_attest *v)
{
    return v->e.text;
}

int cella_attest_trust_root(cella_attest *v, const void *pem, size_t size)
{
    if (v->collateral)
        return fail(&v->e, -EBUSY, "roots must be named before the collateral is set");
    return trust_add(&v->trust, span_of(pem, size), &v->e);
}

int cella_attest_set_policy(cella_attest *v, const char *json, size_t size)
{
    struct policy p;
    int rc = policy_parse(&p, span_of(json, size), &v->e);
    if (rc == 0)
        v->policy = p;
    return rc;
}

static struct span bytes_of(struct cella_attest_bytes b)
{
    return span_of(b.data, b.data ? b.size : 0);
}

int cella_attest_set_collateral(cella_attest *v, const struct cella_attest_collateral *c)
{
    if (c->struct_size != sizeof *c)
        return fail(&v->e, -EINVAL, "struct_size: %zu expected, %zu found", sizeof *c,
                    c->struct_size);
    struct collateral_files files = {
        .tcb_info = bytes_of(c->tcb_info),
        .tcb_info_chain = bytes_of(c->tcb_info_issuer_chain),
        .qe_identity = bytes_of(c->qe_identity),
        .qe_identity_chain = bytes_of(c->qe_identity_issuer_chain),
        .pck_crl = bytes_of(c->pck_crl),
        .pck_crl_chain = bytes_of(c->pck_crl_issuer_chain),
        .root_crl = bytes_of(c->root_ca_crl),
        .pck_chain = bytes_of(c->pck_chain),
    };
    struct collateral *new;
    int rc = collateral_new(&new, &files, &v->trust, &v->e);
    if (rc)
        return rc;
    collateral_free(v->collateral);
    v->collateral = new;
    return 0;
}

int cella_attest_verify(cella_attest *v, const void *quote, size_t size, int64_t at,
                        cella_attest_result **out)
{
    if (!v->collateral)
        return fail(&v->e, -EINVAL, "no collateral was set");
    struct cella_attest_result *r = malloc(sizeof *r);
    if (!r)
        return fail(&v->e, -ENOMEM, "out of memory");
    struct attest_input in = {.quote = span_of(quote, quote ? size : 0),
                              .collateral = v->collateral,
                              .policy = &v->policy,
                              .at = at,
                              .known = v->known};
    int rc = attest_verify(&r->r, &in, &v->e);
    if (rc) {
        free(r);
        return rc;
    }
    *out = r;
    return 0;
}

void cella_attest_result_free(cella_attest_result *r)
{
    free(r);
}

enum cella_attest_verdict cella_attest_result_verdict(const cella_attest_result *r)
{
    _Static_assert((int)CELLA_ATTEST_UNDECIDED == (int)ATTEST_UNDECIDED, "");
    _Static_assert((int)CELLA_ATTEST_ACCEPTED == (int)ATTEST_ACCEPTED, "");
    _Static_assert((int)CELLA_ATTEST_REFUSED == (int)ATTEST_REFUSED, "");
    return (enum cella_attest_verdict)r->r.verdict;
}

int cella_attest_result_emulated(const cella_attest_result *r)
{
    return r->r.emulated;
}

const char *cella_attest_result_tcb_status(const cella_attest_result *r)
{
    return tcb_status_word(r->r.status_proven ? r->r.status : TCB_NONE);
}

const char *cella_attest_result_advisory(const cella_attest_result *r, size_t i)
{
    return i < r->r.advisory_count ? r->r.advisory[i] : NULL;
}

int64_t cella_attest_result_collateral_ends(const cella_attest_result *r)
{
    return r->r.has_validity ? r->r.validity.ends : 0;
}

static const struct quote_report *sgx_report(const cella_attest_result *r)
{
    return r->r.has_quote && !r->r.is_tdx ? &r->r.report : NULL;
}

const unsigned char *cella_attest_result_report_data(const cella_attest_result *r)
{
    if (!r->r.has_quote)
        return NULL;
    return r->r.is_tdx ? r->r.td.report_data : r->r.report.report_data;
}

const unsigned char *cella_attest_result_mrenclave(const cella_attest_result *r)
{
    return sgx_report(r) ? sgx_report(r)->mrenclave : NULL;
}

const unsigned char *cella_attest_result_mrsigner(const cella_attest_result *r)
{
    return sgx_report(r) ? sgx_report(r)->mrsigner : NULL;
}

const unsigned char *cella_attest_result_mrtd(const cella_attest_result *r)
{
    return r->r.has_quote && r->r.is_tdx ? r->r.td.mrtd : NULL;
}

int cella_attest_result_isvprodid(const cella_attest_result *r)
{
    return sgx_report(r) ? sgx_report(r)->isvprodid : -1;
}

int cella_attest_result_isvsvn(const cella_attest_result *r)
{
    return sgx_report(r) ? sgx_report(r)->isvsvn : -1;
}

int cella_attest_result_debug(const cella_attest_result *r)
{
    return r->r.has_quote ? r->r.debug : -1;
}

const char *cella_attest_result_problem(const cella_attest_result *r, size_t i, const char **found,
                                        const char **advice)
{
    static const enum check_state order[] = {CHECK_FAILED, CHECK_NOT_JUDGED};
    for (size_t k = 0; k < 2; k++) {
        for (unsigned id = 0; id < CHECK_COUNT; id++) {
            const struct check *c = &r->r.checks.at[id];
            if (c->state != order[k] || i-- > 0)
                continue;
            if (found)
                *found = c->found;
            if (advice)
                *advice = check_advice((enum check_id)id);
            return check_name((enum check_id)id);
        }
    }
    return NULL;
}

char *cella_attest_result_json(const cella_attest_result *r)
{
    json_t *o = result_json(&r->r);
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    json_decref(o);
    return text;
}

char *cella_attest_result_text(const cella_attest_result *r)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    result_explain(out, &r->r);
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}
