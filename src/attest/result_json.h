/* SPDX-License-Identifier: Apache-2.0
 * result_json.h: a verdict for machines (JSON) and for people (text). docs/attestation.md lists
 * the members. */
#ifndef CELLA_ATTEST_RESULT_JSON_H
#define CELLA_ATTEST_RESULT_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "attest/verify.h"

/* A new object; NULL when memory is short.  `tcb_status` is null unless authentic documents say
 * so; what unproven ones say is under `tcb_status_unproven`. */
json_t *result_json(const struct attest_result *r);

/* The members "quote" and "platform" alone, for an inspected quote. */
json_t *result_json_facts(const struct attest_result *r);

/* For a person who does not know SGX: the verdict, what is wrong, on which side, what to do. */
void result_explain(FILE *out, const struct attest_result *r);

/* The fields of an inspected quote, a line each. */
void result_show_facts(FILE *out, const struct attest_result *r);

/* "SGX component 8 (OS/VMM, SEAMLDR ACM)". */
struct text tcb_short_name(const struct tcb_short *s);

#endif
