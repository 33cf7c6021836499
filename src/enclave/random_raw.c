/* SPDX-License-Identifier: Apache-2.0
 * random_raw.c: see random.h. */
#include <string.h>

#include "enclave/fatal.h"
#include "enclave/random.h"
#include "gate/entry.h"

enum { RDRAND_TRIES = 10 };

uint64_t random_u64(void)
{
    for (int i = 0; i < RDRAND_TRIES; i++) {
        unsigned long long value;
        unsigned char ok;
        __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(ok) : : "cc");
        if (ok)
            return value;
    }
    enclave_fatal(GATE_FATAL_RANDOM);
}

void random_fill(void *out, size_t size)
{
    uint8_t *at = out;
    while (size > 0) {
        uint64_t word = random_u64();
        size_t part = size < sizeof word ? size : sizeof word;
        memcpy(at, &word, part);
        at += part;
        size -= part;
    }
}
