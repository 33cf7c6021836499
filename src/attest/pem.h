/* SPDX-License-Identifier: Apache-2.0
 * pem.h: the text form of certificates and lists.  [RFC7468 2, 5] */
#ifndef CELLA_ATTEST_PEM_H
#define CELLA_ATTEST_PEM_H

#include <sys/types.h>

#include "base/err.h"
#include "base/span.h"

enum { PEM_MAX = 8 };

/* DER of the certificates in a PEM text. */
struct pem_chain {
    size_t count;
    struct span der[PEM_MAX]; /* borrow from `bytes` */
    uint8_t *bytes;           /* owned */
};

/* Decodes the CERTIFICATE blocks of `text` (at most PEM_MAX); text between them is ignored, as
 * are zero bytes at the end.  -EBADMSG when there is none or one is broken.  pem_chain_fini(). */
int pem_chain_read(struct pem_chain *p, struct span text, struct err *e, const char *what) MUST_USE;
void pem_chain_fini(struct pem_chain *p);

/* Decodes the first block between the lines `begin` and `end`; its size, 0 when there is none, -1
 * when it is broken.  `out` has room for 3/4 of the text's size. */
ssize_t pem_decode(uint8_t *out, struct span text, const char *begin, const char *end);

#endif
