/* SPDX-License-Identifier: Apache-2.0
 * verify_fuzz.c: the input is cut at markers into quote and collateral files; no input may
 * ever be accepted, since nobody can sign for the trusted root. */
#include "attest/verify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char MARK[] = "|CUT|";

static struct span take(struct span *rest)
{
    struct span part = *rest;
    const uint8_t *at = rest->size ? memmem(rest->data, rest->size, MARK, 5) : NULL;
    if (!at) {
        *rest = span_of(NULL, 0);
        return part;
    }
    part.size = (size_t)(at - rest->data);
    *rest = span_of(at + 5, rest->size - part.size - 5);
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct attest_result r;
    struct span rest = span_of(data, size);
    struct trust trust;
    struct policy policy;
    struct collateral *c;
    struct err e;
    struct span quote = take(&rest);
    struct collateral_files f = {
        .tcb_info = take(&rest),
        .tcb_info_chain = take(&rest),
        .qe_identity = take(&rest),
        .pck_crl = take(&rest),
        .pck_crl_chain = take(&rest),
        .root_crl = take(&rest),
        .pck_chain = take(&rest),
    };
    trust_init(&trust);
    policy_init(&policy);
    policy.min_isvsvn = 65535; /* so that even the public sets are refused */
    if (collateral_new(&c, &f, &trust, &e))
        return 0;
    struct attest_input in = {
        .quote = quote, .collateral = c, .policy = &policy, .at = 1756684800, .with_text = true};
    if (attest_verify(&r, &in, &e) == 0 && r.verdict == ATTEST_ACCEPTED)
        abort();
    collateral_free(c);
    return 0;
}
