/* SPDX-License-Identifier: Apache-2.0
 * refusal_init.c: EINIT makes six checks and Linux answers EPERM to each; so they are made again
 * here, in the CPU's order of importance to a person.  [SDM3D 40.3 EINIT] */
#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "host/refusal.h"
#include "measure/mrenclave.h"
#include "measure/sign.h"
#include "sgx/sigstruct.h"

static int check_hash(const struct measure_layout *l, const struct sgx_sigstruct *s, struct err *e)
{
    uint8_t found[SHA256_SIZE];
    char ours[2 * SHA256_SIZE + 1];
    char signed_for[2 * SHA256_SIZE + 1];
    mrenclave_of_layout(l, found);
    if (memcmp(found, s->enclavehash, sizeof found) == 0)
        return 0;
    return fail(e, -EPERM,
                "host: EINIT refused the enclave: its pages give MRENCLAVE %.16s..., the SIGSTRUCT "
                "was signed for %.16s...; the enclave file or its options are not the ones that "
                "were signed",
                hex_write(ours, span_of(found, sizeof found)),
                hex_write(signed_for, span_of(s->enclavehash, sizeof s->enclavehash)));
}

static int check_attributes(const struct measure_layout *l, const struct sgx_sigstruct *s,
                            struct err *e)
{
    const struct sgx_attributes *a = &l->attributes;
    const struct sgx_attributes want = s->attributes;
    const struct sgx_attributes mask = s->attribute_mask;
    uint64_t init = SGX_ATTR_INIT; /* EINIT sets it; no matter what the mask says about it */
    if ((a->flags & mask.flags & ~init) != (want.flags & mask.flags & ~init) ||
        (a->xfrm & mask.xfrm) != (want.xfrm & mask.xfrm))
        return fail(e, -EPERM,
                    "host: EINIT refused the enclave: its attributes are 0x%lx, xfrm 0x%lx, the "
                    "signer allows 0x%lx, xfrm 0x%lx under the masks 0x%lx and 0x%lx",
                    a->flags, a->xfrm, want.flags, want.xfrm, mask.flags, mask.xfrm);
    if ((l->miscselect & s->miscmask) != (s->miscselect & s->miscmask))
        return fail(e, -EPERM,
                    "host: EINIT refused the enclave: its MISCSELECT is 0x%x, the signer allows "
                    "0x%x under the mask 0x%x",
                    l->miscselect, s->miscselect, s->miscmask);
    return 0;
}

int refusal_of_init(int rc, const struct host_platform *p, const struct measure_layout *l,
                    struct span sigstruct, struct err *e)
{
    struct sgx_sigstruct s;
    int why = sigstruct_parse(&s, sigstruct, e);
    if (!why)
        why = sigstruct_check(&s, e);
    if (why)
        return fail_at(e, why, "host: EINIT refused the enclave");
    why = check_hash(l, &s, e);
    if (!why)
        why = check_attributes(l, &s, e);
    if (why)
        return why;
    why = sign_verify(&s, e);
    if (why)
        return fail_at(e, why, "host: EINIT refused the enclave");
    if (rc == -EACCES)
        return fail(e, rc,
                    "host: %s does not allow the enclave's attributes 0x%lx; PROVISIONKEY needs "
                    "the right to open /dev/sgx_provision",
                    p->name, l->attributes.flags);
    if (rc == -EBUSY)
        return fail(e, rc, "host: EINIT was interrupted too often; try again");
    return fail(e, rc < 0 ? rc : -EPERM, "host: %s refused to initialise the enclave (%s %d)",
                p->name, rc < 0 ? "errno" : "SGX error", rc < 0 ? -rc : rc);
}
