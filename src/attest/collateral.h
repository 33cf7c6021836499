/* SPDX-License-Identifier: Apache-2.0
 * collateral.h: everything beside the quote that a verdict needs, read and checked once and then
 * used for any number of quotes.  Signatures, names and revocation of signers are judged here; what
 * depends on time or on the quote is judged by attest/verify.h.  Immutable once made, so threads
 * may share one.  [PCS-API] */
#ifndef CELLA_ATTEST_COLLATERAL_H
#define CELLA_ATTEST_COLLATERAL_H

#include "attest/chain.h"
#include "attest/checks.h"
#include "attest/crl.h"
#include "attest/identity.h"
#include "attest/tcb_info.h"
#include "attest/trust.h"

/* Bodies as PCS serves them, chains as it serves them in headers (decoded PEM).  Empty: not given.
 */
struct collateral_files {
    struct span tcb_info;
    struct span tcb_info_chain;
    struct span qe_identity;
    struct span qe_identity_chain; /* empty: tcb_info_chain signs it as well */
    struct span pck_crl;           /* DER, hex of DER or PEM */
    struct span pck_crl_chain;
    struct span root_crl;
    struct span pck_chain; /* only for quotes that carry no certificates */
    struct span root_ca;   /* must be the root of all; trusted only when `trust` has it */
};

/* A certificate under the root whose key is ready to check signatures. */
struct authority {
    bool present;
    struct x509 cert;
    struct sigkey *key; /* NULL when its key is no point of the curve */
};

struct collateral {
    uint64_t serial; /* differs between any two of a process */
    struct trust trust;
    struct checks checks; /* ROOT_CRL_FORMAT to QE_IDENTITY_SIGNATURE, and COLLATERAL_ROOT */
    struct authority root;
    const struct trust_root *anchor; /* what `root` is in `trust`; NULL: not trusted */
    struct authority pck_ca;         /* issuer of the PCK CRL; signature by root checked */
    struct authority signer;         /* of the TCB info */
    struct x509 qe_signer;           /* of the QE identity */
    bool has_tcb_info;
    bool has_identity;
    bool has_root_crl;
    bool has_pck_crl;
    bool has_pck_chain;
    bool has_qe_signer;
    struct tcb_info tcb_info;
    struct identity identity;
    struct crl root_crl;
    struct crl pck_crl;
    struct chain pck_chain;
    struct chain chains[4]; /* TCB info, QE identity, PCK CRL, root_ca; what the views borrow */
    uint8_t *owned[2];      /* decoded CRLs */
    uint8_t *bytes;         /* a copy of all files */
};

/* Reads and checks.  The files are copied.  0 whatever the checks say (see ->checks); -ENOMEM.
 * collateral_free(). */
int collateral_new(struct collateral **out, const struct collateral_files *files,
                   const struct trust *trust, struct err *e) MUST_USE;
void collateral_free(struct collateral *c);

/* The first moment at which an item ends, and which; the last moment at which one begins.  Items
 * that are missing do not count.  False when there are none. */
struct collateral_span {
    int64_t begins;
    int64_t ends;
    const char *begins_item;
    const char *ends_item;
};
bool collateral_validity(const struct collateral *c, struct collateral_span *out);

#endif
