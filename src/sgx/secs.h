/* SPDX-License-Identifier: Apache-2.0
 * secs.h: SECS, TCS and SECINFO as they come from a host, before the CPU takes them.
 * [SDM3D 38.7, 38.8, 38.11] */
#ifndef CELLA_SGX_SECS_H
#define CELLA_SGX_SECS_H

#include "base/err.h"
#include "base/span.h"
#include "sgx/arch.h"

enum { SECS_SIZE = 4096, TCS_SIZE = 4096, SECINFO_SIZE = 64 };

/* Each _parse takes any bytes of exactly its size, else -EBADMSG; writing gives them back. */
int secs_parse(struct sgx_secs *s, struct span in, struct err *e) MUST_USE;
void secs_write(const struct sgx_secs *s, uint8_t out[SECS_SIZE]);
/* What ECREATE refuses whatever the CPU: size no power of two or below two pages, base not aligned
 * to it, no SSA frame, INIT set, XFRM without x87 and SSE, reserved bytes.  -EBADMSG. */
int secs_check(const struct sgx_secs *s, struct err *e) MUST_USE;

int tcs_parse(struct sgx_tcs *t, struct span in, struct err *e) MUST_USE;
void tcs_write(const struct sgx_tcs *t, uint8_t out[TCS_SIZE]);
/* What EADD refuses: unknown flags, OSSA, FS or GS base not on a page, limits that do not end one,
 * reserved bytes.  -EBADMSG. */
int tcs_check(const struct sgx_tcs *t, struct err *e) MUST_USE;

int secinfo_parse(struct sgx_secinfo *s, struct span in, struct err *e) MUST_USE;
void secinfo_write(const struct sgx_secinfo *s, uint8_t out[SECINFO_SIZE]);
/* For EADD: type TCS or REG; no state bits; REG with W needs R; reserved bytes.  -EBADMSG. */
int secinfo_check(const struct sgx_secinfo *s, struct err *e) MUST_USE;

#endif
