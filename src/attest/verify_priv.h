/* SPDX-License-Identifier: Apache-2.0
 * verify_priv.h: the parts of attest_verify(). */
#ifndef CELLA_ATTEST_VERIFY_PRIV_H
#define CELLA_ATTEST_VERIFY_PRIV_H

#include "attest/verify.h"

/* Fills the facts of the quote into the result. */
void verify_facts(struct attest_result *r, const struct quote *q);
/* Everything that has a beginning and an end, and the policy's ages. */
void verify_times(struct attest_result *r, const struct attest_input *in, const struct platform *p);
/* TCB info and QE identity against the platform, and the status. */
void verify_tcb(struct attest_result *r, const struct attest_input *in, const struct platform *p);
/* What the policy asks for, apart from ages. */
void verify_policy(struct attest_result *r, const struct attest_input *in);

#endif
