/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tcb_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    struct tcb_info t;
    if (tcb_info_parse(&t, span_of(data, size), &e) == 0)
        tcb_info_fini(&t);
    return 0;
}
