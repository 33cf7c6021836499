/* SPDX-License-Identifier: Apache-2.0 */
#include "sgx/sigstruct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sgx_sigstruct s;
    struct err e;
    uint8_t out[SIGSTRUCT_SIZE];
    uint8_t covered[SIGSTRUCT_SIGNED_SIZE];
    if (sigstruct_parse(&s, span_of(data, size), &e))
        return 0;
    ignore(sigstruct_check(&s, &e));
    sigstruct_signed(&s, covered);
    sigstruct_write(&s, out);
    if (memcmp(out, data, sizeof out) != 0)
        __builtin_trap();
    return 0;
}
