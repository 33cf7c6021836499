/* SPDX-License-Identifier: Apache-2.0
 * Any WWW-Authenticate value: no crash, and what is accepted is terminated text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    struct oci_challenge c;
    if (oci_challenge_parse(&c, text, NULL) == 0 && c.scheme == OCI_AUTH_BEARER && !c.realm[0])
        abort();
    free(text);
    return 0;
}
