/* SPDX-License-Identifier: Apache-2.0
 * report.h: REPORT, its body, and TARGETINFO.  Nothing is verified here: a MAC needs the target's
 * report key, a body in a quote its signature.  Parsing keeps every byte, so that writing gives
 * the input back; *_check refuses reserved bytes that are not zero.  [SDM3D 38.15, 38.16] */
#ifndef CELLA_SGX_REPORT_H
#define CELLA_SGX_REPORT_H

#include "base/err.h"
#include "base/span.h"
#include "sgx/arch.h"

enum { REPORT_BODY_SIZE = 384, REPORT_SIZE = 432, TARGETINFO_SIZE = 512 };

/* Each _parse wants exactly its size, else -EBADMSG; each _check gives -EBADMSG. */
int report_body_parse(struct sgx_report_body *r, struct span in, struct err *e) MUST_USE;
void report_body_write(const struct sgx_report_body *r, uint8_t out[REPORT_BODY_SIZE]);
int report_body_check(const struct sgx_report_body *r, struct err *e) MUST_USE;

int report_parse(struct sgx_report *r, struct span in, struct err *e) MUST_USE;
void report_write(const struct sgx_report *r, uint8_t out[REPORT_SIZE]);
int report_check(const struct sgx_report *r, struct err *e) MUST_USE;

int targetinfo_parse(struct sgx_targetinfo *t, struct span in, struct err *e) MUST_USE;
void targetinfo_write(const struct sgx_targetinfo *t, uint8_t out[TARGETINFO_SIZE]);
int targetinfo_check(const struct sgx_targetinfo *t, struct err *e) MUST_USE;

/* The TARGETINFO with which another enclave addresses a report to the one that `r` describes. */
void targetinfo_of_report(struct sgx_targetinfo *t, const struct sgx_report_body *r);

#endif
