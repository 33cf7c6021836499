/* SPDX-License-Identifier: Apache-2.0
 * refusal.h: why something was refused, in one sentence that names the remedy.  The driver says
 * little more than EPERM, so the reasons are looked for here.  Each function returns the negative
 * errno that goes on. */
#ifndef CELLA_HOST_REFUSAL_H
#define CELLA_HOST_REFUSAL_H

#include "host/platform.h"
#include "measure/layout.h"

int refusal_of_create(int rc, const struct host_platform *p, const struct sgx_secs *secs,
                      struct err *e);
int refusal_of_pages(int rc, const struct host_platform *p, uint64_t offset, struct err *e);

/* `rc` is what SGX_IOC_ENCLAVE_INIT returned: a negative errno or a positive enum sgx_error. */
int refusal_of_init(int rc, const struct host_platform *p, const struct measure_layout *l,
                    struct span sigstruct, struct err *e);

/* The enclave would not take an exception, or an entry; `reason` is a GATE_REFUSED_*. */
int refusal_of_exception(const struct sgx_enclave_run *run, uint64_t reason, struct err *e);
int refusal_of_entry(uint64_t reason, struct err *e);

/* The enclave gave up; `reason` as RSI of GATE_LEAVE_FATAL. */
int refusal_of_enclave(uint64_t reason, struct err *e);

/* EENTER itself faulted. */
int refusal_of_eenter(const struct sgx_enclave_run *run, struct err *e);

#endif
