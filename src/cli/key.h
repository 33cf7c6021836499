/* SPDX-License-Identifier: Apache-2.0
 * key.h: signing keys in files. */
#ifndef CELLA_CLI_KEY_H
#define CELLA_CLI_KEY_H

#include "crypto/rsa.h"

/* Reads a PEM file; the caller frees *out with rsa_key_free(). */
int key_read(struct rsa_key **out, const char *path, struct err *e) MUST_USE;

#endif
