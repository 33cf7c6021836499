/* SPDX-License-Identifier: Apache-2.0
 * values.h: readers of option values, for struct option_def.  Each refuses with -EINVAL and a
 * sentence that names what was expected.  The comment says what `field` points to. */
#ifndef CELLA_CLI_VALUES_H
#define CELLA_CLI_VALUES_H

#include "base/err.h"

int value_text(void *field, const char *text, struct err *e);       /* const char *, borrowed */
int value_size(void *field, const char *text, struct err *e);       /* uint64_t, bytes: 64K, 1G */
int value_u16(void *field, const char *text, struct err *e);        /* uint16_t */
int value_u32(void *field, const char *text, struct err *e);        /* uint32_t */
int value_u64(void *field, const char *text, struct err *e);        /* uint64_t */
int value_hex16(void *field, const char *text, struct err *e);      /* uint8_t[16] */
int value_date(void *field, const char *text, struct err *e);       /* uint32_t, BCD yyyymmdd */
int value_attributes(void *field, const char *text, struct err *e); /* uint64_t */
int value_xfrm(void *field, const char *text, struct err *e);       /* uint64_t */
int value_misc(void *field, const char *text, struct err *e);       /* uint32_t */
int value_perm(void *field, const char *text, struct err *e);       /* uint32_t, SGX_SECINFO_* */
int value_base(void *field, const char *text, struct err *e);       /* uint64_t, 0 or any */
int value_heap(void *field, const char *text, struct err *e);       /* enum enclave_heap_kind */

#endif
