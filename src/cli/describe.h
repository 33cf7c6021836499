/* SPDX-License-Identifier: Apache-2.0
 * describe.h: the fields of formats, for show.h.  Each takes what was parsed already. */
#ifndef CELLA_CLI_DESCRIBE_H
#define CELLA_CLI_DESCRIBE_H

#include "cli/show.h"
#include "measure/elf.h"
#include "sgx/arch.h"
#include "sgx/quote.h"

/* `fault` says what is wrong with the signature; NULL: nothing. */
void describe_sigstruct(json_t *out, const struct sgx_sigstruct *s, const char *fault);
void describe_report_body(json_t *out, const struct sgx_report_body *r);
void describe_report(json_t *out, const struct sgx_report *r);
void describe_targetinfo(json_t *out, const struct sgx_targetinfo *t);
void describe_td(json_t *out, const struct quote_td *t);
/* The header and the outer signature data; not the body. */
void describe_quote(json_t *out, const struct quote *q);
void describe_elf(json_t *out, const struct elf_image *image);

#endif
