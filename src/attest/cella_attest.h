/* SPDX-License-Identifier: Apache-2.0
 * cella_attest.h: the public header of libcella-attest: is this SGX or TDX quote genuine, and does
 * it meet my policy?  Needs no network, no files and no clock: collateral, policy and the time of
 * the verdict are arguments.  libcella-attest(3) has an example.
 *
 * Functions that can fail return 0 or a negative errno; cella_attest_error() has the sentence for
 * it.  A verifier and its results belong to one thread at a time. */
#ifndef CELLA_ATTEST_H
#define CELLA_ATTEST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cella_attest cella_attest;
typedef struct cella_attest_result cella_attest_result;

/* A verifier that trusts Intel's root and has the default policy: UpToDate and SWHardeningNeeded
 * are accepted, debug enclaves and publicly known signing keys are refused. */
int cella_attest_new(cella_attest **out);
void cella_attest_free(cella_attest *v);

/* What went wrong last, in one sentence; never NULL.  Valid until the next call. */
const char *cella_attest_error(const cella_attest *v);

/* Trusts the root certificates of a PEM text beside Intel's; results that rest on one are marked
 * as emulated.  Before cella_attest_set_collateral(), else -EBUSY. */
int cella_attest_trust_root(cella_attest *v, const void *pem, size_t size);

/* Replaces the policy by a JSON text; its keys are in docs/attestation.md.  On failure the old one
 * stays. */
int cella_attest_set_policy(cella_attest *v, const char *json, size_t size);

/* A file's bytes; { NULL, 0 } when there is none. */
struct cella_attest_bytes {
    const void *data;
    size_t size;
};

/* Bodies as Intel's service or a PCCS serves them; issuer chains as PEM (the decoded headers).
 * Set struct_size to sizeof(struct cella_attest_collateral). */
struct cella_attest_collateral {
    size_t struct_size;
    struct cella_attest_bytes tcb_info;              /* JSON */
    struct cella_attest_bytes tcb_info_issuer_chain; /* PEM */
    struct cella_attest_bytes qe_identity;
    struct cella_attest_bytes qe_identity_issuer_chain; /* none: the TCB info's */
    struct cella_attest_bytes pck_crl;                  /* DER, hex of DER, or PEM */
    struct cella_attest_bytes pck_crl_issuer_chain;
    struct cella_attest_bytes root_ca_crl;
    struct cella_attest_bytes pck_chain; /* only for quotes that carry no certificates */
};

/* Reads and checks collateral once, for any number of quotes.  The bytes are copied.  Bad
 * collateral is no error here: the results say what is wrong with it. */
int cella_attest_set_collateral(cella_attest *v, const struct cella_attest_collateral *c);

enum cella_attest_verdict {
    CELLA_ATTEST_UNDECIDED = 0, /* something is missing; nothing is wrong with what is there */
    CELLA_ATTEST_ACCEPTED = 1,
    CELLA_ATTEST_REFUSED = 2
};

/* Judges a quote for the moment `at` (Unix seconds).  0 whenever there is a verdict; -EINVAL before
 * collateral was set, -ENOMEM.  cella_attest_result_free() the result. */
int cella_attest_verify(cella_attest *v, const void *quote, size_t size, int64_t at,
                        cella_attest_result **out);
void cella_attest_result_free(cella_attest_result *r);

enum cella_attest_verdict cella_attest_result_verdict(const cella_attest_result *r);
/* 1 when it rests on a root that is not Intel's.  Whoever shows the result must show this. */
int cella_attest_result_emulated(const cella_attest_result *r);
/* Intel's word ("UpToDate"); "" unless authentic documents say so. */
const char *cella_attest_result_tcb_status(const cella_attest_result *r);
/* The i-th advisory that applies ("INTEL-SA-00615"); NULL behind the last. */
const char *cella_attest_result_advisory(const cella_attest_result *r, size_t i);
/* When the first item of the collateral ends, Unix seconds; 0 when there is none. */
int64_t cella_attest_result_collateral_ends(const cella_attest_result *r);

/* Fields of the quote.  They mean something only when the verdict is accepted.  NULL, or -1, for
 * quotes that have no such field. */
const unsigned char *cella_attest_result_report_data(const cella_attest_result *r); /* 64 bytes */
const unsigned char *cella_attest_result_mrenclave(const cella_attest_result *r);   /* 32, SGX */
const unsigned char *cella_attest_result_mrsigner(const cella_attest_result *r);    /* 32, SGX */
const unsigned char *cella_attest_result_mrtd(const cella_attest_result *r);        /* 48, TDX */
int cella_attest_result_isvprodid(const cella_attest_result *r);
int cella_attest_result_isvsvn(const cella_attest_result *r);
int cella_attest_result_debug(const cella_attest_result *r); /* 1, 0 */

/* The i-th check that failed or could not be judged: its name ("quote.signature"), and why.  NULL
 * behind the last. */
const char *cella_attest_result_problem(const cella_attest_result *r, size_t i, const char **found,
                                        const char **advice);

/* Everything, as JSON or as text for a person.  free() it; NULL when memory is short. */
char *cella_attest_result_json(const cella_attest_result *r);
char *cella_attest_result_text(const cella_attest_result *r);

#ifdef __cplusplus
}
#endif

#endif
