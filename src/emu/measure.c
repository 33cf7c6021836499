/* SPDX-License-Identifier: Apache-2.0
 * measure.c: MRENCLAVE while the enclave is built.  Records are collected so that SHA-256 runs over
 * long stretches: a page that is added without content costs one 64-byte record.  [SDM3D 39.4.1]
 */
#include <string.h>

#include "emu/model_priv.h"

void emu_measure_start(struct emu_measure *m)
{
    sha256_init(&m->hash);
    m->filled = 0;
}

void emu_measure_add(struct emu_measure *m, const void *data, size_t size)
{
    const uint8_t *from = data;
    while (size) {
        size_t part = sizeof m->buffer - m->filled;
        if (part > size)
            part = size;
        memcpy(m->buffer + m->filled, from, part);
        m->filled += part;
        from += part;
        size -= part;
        if (m->filled < sizeof m->buffer)
            return;
        sha256_update(&m->hash, m->buffer, m->filled);
        m->filled = 0;
    }
}

void emu_measure_end(struct emu_measure *m, uint8_t mrenclave[SHA256_SIZE])
{
    sha256_update(&m->hash, m->buffer, m->filled);
    m->filled = 0;
    sha256_final(&m->hash, mrenclave);
}
