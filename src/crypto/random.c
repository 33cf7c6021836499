/* SPDX-License-Identifier: Apache-2.0
 * random.c: random.h by getrandom(2), for programs outside the enclave. */
#include "crypto/random.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

int random_bytes(void *out, size_t size)
{
    uint8_t *p = out;
    while (size) {
        ssize_t got = getrandom(p, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -EIO;
        p += got;
        size -= (size_t)got;
    }
    return 0;
}
