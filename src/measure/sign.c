/* SPDX-License-Identifier: Apache-2.0
 * sign.c: see sign.h. */
#include "measure/sign.h"

#include <errno.h>
#include <string.h>

#include "sgx/sigstruct.h"

void sign_options_default(struct sign_options *o, struct sgx_attributes attributes,
                          uint32_t miscselect)
{
    *o = (struct sign_options){
        .attributes = attributes,
        .attribute_mask = {.flags = ~0ull, .xfrm = ~0ull},
        .miscselect = miscselect,
        .miscmask = ~0u,
    };
}

static void digest_of(const struct sgx_sigstruct *s, uint8_t digest[SHA256_SIZE])
{
    uint8_t covered[SIGSTRUCT_SIGNED_SIZE];
    sigstruct_signed(s, covered);
    sha256(covered, sizeof covered, digest);
}

int sign_make(struct sgx_sigstruct *out, const uint8_t mrenclave[SHA256_SIZE],
              const struct sign_options *o, const struct rsa_key *key, struct err *e)
{
    if (!sigstruct_date_valid(o->date))
        return fail(e, -EINVAL, "SIGSTRUCT: 0x%08x is no date in decimal digits yyyymmdd", o->date);
    sigstruct_init(out);
    out->date = o->date;
    out->vendor = o->vendor;
    out->swdefined = o->swdefined;
    out->miscselect = o->miscselect;
    out->miscmask = o->miscmask;
    out->attributes = o->attributes;
    out->attribute_mask = o->attribute_mask;
    out->isvprodid = o->isvprodid;
    out->isvsvn = o->isvsvn;
    memcpy(out->isvfamilyid, o->isvfamilyid, sizeof out->isvfamilyid);
    memcpy(out->isvextprodid, o->isvextprodid, sizeof out->isvextprodid);
    memcpy(out->enclavehash, mrenclave, sizeof out->enclavehash);
    rsa_key_modulus(key, out->modulus);
    if (sigstruct_check(out, e))
        return -EINVAL;
    uint8_t digest[SHA256_SIZE];
    digest_of(out, digest);
    int rc = rsa3072_sign(key, digest, out->signature, e);
    if (rc)
        return rc;
    rc = rsa3072_quotients(out->modulus, out->signature, out->q1, out->q2);
    return rc ? fail(e, rc, "SIGSTRUCT: its quotients could not be computed") : 0;
}

int sign_verify(const struct sgx_sigstruct *s, struct err *e)
{
    uint8_t digest[SHA256_SIZE];
    uint8_t q1[RSA3072_SIZE];
    uint8_t q2[RSA3072_SIZE];
    int rc = sigstruct_check(s, e);
    if (rc)
        return rc;
    digest_of(s, digest);
    rc = rsa3072_verify(s->modulus, s->signature, digest);
    if (rc)
        return fail(e, rc, "SIGSTRUCT: the signature does not fit its content and modulus");
    rc = rsa3072_quotients(s->modulus, s->signature, q1, q2);
    if (rc)
        return fail(e, rc, "SIGSTRUCT: its quotients could not be computed");
    if (memcmp(q1, s->q1, sizeof q1) != 0 || memcmp(q2, s->q2, sizeof q2) != 0)
        return fail(e, -EBADMSG, "SIGSTRUCT: %s is not the quotient it should be",
                    memcmp(q1, s->q1, sizeof q1) ? "Q1" : "Q2");
    return 0;
}

void sign_mrsigner(const struct sgx_sigstruct *s, uint8_t out[SHA256_SIZE])
{
    sha256(s->modulus, sizeof s->modulus, out);
}
