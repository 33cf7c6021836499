/* SPDX-License-Identifier: Apache-2.0
 * chain.h: certificate chains as PCS serves them and as quotes carry them: PEM, leaf first, root
 * last. */
#ifndef CELLA_ATTEST_CHAIN_H
#define CELLA_ATTEST_CHAIN_H

#include "attest/pem.h"
#include "attest/sigkey.h"
#include "attest/x509.h"

struct chain {
    size_t count;
    struct x509 cert[PEM_MAX]; /* leaf first; borrow from pem */
    struct pem_chain pem;      /* owned */
};

/* Reads a PEM text; the certificates come out leaf first even when the text has them the other way
 * round.  -EBADMSG and a sentence naming `what`.  chain_fini(). */
int chain_read(struct chain *c, struct span pem, struct err *e, const char *what) MUST_USE;
void chain_fini(struct chain *c);

/* The last certificate, when it names itself as issuer; else NULL. */
const struct x509 *chain_root(const struct chain *c);

/* True when `issuer` may sign certificates, is named as c's issuer, and `key` (its key) signed c.
 */
bool cert_issued_by(const struct x509 *c, const struct x509 *issuer, const struct sigkey *key);

#endif
