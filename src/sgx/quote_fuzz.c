/* SPDX-License-Identifier: Apache-2.0 */
#include "sgx/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct quote q;
    struct err e;
    if (quote_parse(&q, span_of(data, size), &e))
        return 0;
    struct quote_report r;
    struct quote_td t;
    ignore(quote_report_parse(&r, q.qe_report, &e));
    if (q.body_type == QUOTE_BODY_SGX)
        ignore(quote_report_parse(&r, q.body, &e));
    else
        ignore(quote_td_parse(&t, q.body, &e));
    return 0;
}
