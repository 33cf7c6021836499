/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    struct policy p;
    ignore(policy_parse(&p, span_of(data, size), &e));
    return 0;
}
