/* SPDX-License-Identifier: Apache-2.0
 * sigstruct_fuzz.c: EINIT on any SIGSTRUCT.  The header is made legal, so that the arithmetic of
 * the signature check is reached. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "emu/create.h"
#include "emu/encls.h"
#include "emu/rsa3.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(4096) struct sgx_sigstruct s;
    static struct emu_enclave *enclave;
    if (!enclave)
        enclave = emu_enclave_new(0);
    memset(&s, 0, sizeof s);
    memcpy(&s, data, size < sizeof s ? size : sizeof s);
    struct emu_outcome outcome = encls_einit(enclave, &s);
    if (!outcome.faulted && outcome.rax == SGX_SUCCESS)
        abort();
    memcpy(s.header, "\x06\0\0\0\xe1\0\0\0\0\0\x01\0\0\0\0", 16);
    memcpy(s.header2, "\x01\x01\0\0\x60\0\0\0\x60\0\0\0\x01\0\0", 16);
    s.exponent = 3;
    if (rsa3_verify(&s))
        abort(); /* nobody forges a signature by chance */
    return 0;
}
