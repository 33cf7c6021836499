/* SPDX-License-Identifier: Apache-2.0
 * source.h: bytes from somewhere: a file, a decompressor, a test. */
#ifndef CELLA_OCI_SOURCE_H
#define CELLA_OCI_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct byte_source {
    /* Up to `size` bytes into `out`: how many, 0 at the end, or a negative errno with a sentence.
     */
    int64_t (*read)(void *ctx, void *out, size_t size, struct err *e);
    void *ctx;
};

#endif
