/* SPDX-License-Identifier: Apache-2.0
 * sigkey.h: P-256 public keys, prepared once, and checks of ECDSA signatures with SHA-256.
 * A prepared key is what makes a further check cost one scalar multiplication and nothing else. */
#ifndef CELLA_ATTEST_SIGKEY_H
#define CELLA_ATTEST_SIGKEY_H

#include "base/err.h"
#include "base/span.h"

struct sigkey;

/* Prepares x and y (32 bytes each, big-endian).  -EBADMSG when that is no point of the curve,
 * -ENOMEM.  sigkey_free() it. */
int sigkey_new(struct sigkey **out, const uint8_t xy[64]) MUST_USE;
void sigkey_free(struct sigkey *k);

/* True when r and s (32 bytes each, big-endian) sign `message`.  A NULL key signs nothing. */
bool sigkey_check(const struct sigkey *k, struct span message, const uint8_t rs[64]);

void digest_of(uint8_t out[32], struct span in);
/* Over two pieces, one behind the other. */
void digest_two(uint8_t out[32], struct span a, struct span b);

#endif
