/* SPDX-License-Identifier: Apache-2.0
 * hex.h: bytes to lower-case hexadecimal text and back. */
#ifndef CELLA_BASE_HEX_H
#define CELLA_BASE_HEX_H

#include "base/err.h"
#include "base/span.h"

/* Writes 2 * in.size digits and a zero byte; `out` has at least 2 * in.size + 1 bytes.  Returns
 * `out`. */
char *hex_write(char *out, struct span in);

/* Reads exactly 2 * size digits, either case; -EINVAL on another length or character. */
int hex_parse(uint8_t *out, size_t size, struct span text) MUST_USE;

#endif
