/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    struct identity q;
    if (identity_parse(&q, span_of(data, size), &e) == 0)
        identity_fini(&q);
    return 0;
}
