/* SPDX-License-Identifier: Apache-2.0
 * random.h: random bytes fit for keys. */
#ifndef CELLA_CRYPTO_RANDOM_H
#define CELLA_CRYPTO_RANDOM_H

#include <stddef.h>

#include "base/err.h"

/* Fills `out` from the kernel's generator, waiting until it is seeded; -EIO when there is none. */
int random_bytes(void *out, size_t size) MUST_USE;

#endif
