/* SPDX-License-Identifier: Apache-2.0
 * pcs.h: collateral from Intel's provisioning certification service or from a PCCS, which serves
 * the same paths.  What arrives is not trusted: its signatures are checked by attest/, so plain
 * http costs freshness at worst.  [PCS-API] */
#ifndef CELLA_COLLATERAL_PCS_H
#define CELLA_COLLATERAL_PCS_H

#include "collateral/set.h"

/* Which collateral: what a platform's certificate says. */
struct pcs_want {
    uint8_t fmspc[6];
    bool is_tdx;
    bool is_processor_ca; /* else the Platform CA */
};

struct pcs_options {
    const char *url;            /* NULL: Intel's.  "https://host:8081" with or without
                                   "/sgx/certification/v3" or "v4" behind it */
    bool early;                 /* update=early: the newest evaluation number at once */
    uint32_t evaluation_number; /* 0: as `early` says */
    const char *ca_file;        /* PEM of a PCCS's own TLS authority; may be NULL */
    unsigned total_ms;          /* for one request; 0: 30 s */
    unsigned retry_most_s;      /* waits at most so long when told to come later; 0: 30 s */
};

/* Fetches the seven files.  One sentence that says what was asked for and what to do: -ENOENT (404,
 * 410), -ETIMEDOUT, -ECONNREFUSED, -EBUSY (429 until the patience ended), -EPROTO, -EFBIG, and for
 * PCCS's errors -EREMOTEIO.  `s` is zeroed before; set_fini() it in every case. */
int pcs_fetch(struct collateral_set *s, const struct pcs_want *want, const struct pcs_options *o,
              struct err *e) MUST_USE;

/* Decodes %XX in place; the new size, or -EBADMSG. */
long percent_decode(char *text) MUST_USE;

/* Splits a service's URL into what stands before "/sgx/certification" and the version behind it (4
 * when it says nothing).  -EINVAL when it is no http(s) URL or too long, -ENOTSUP for another
 * version than 3 and 4. */
int pcs_split_url(char *base, size_t size, unsigned *version, const char *url,
                  struct err *e) MUST_USE;

#endif
