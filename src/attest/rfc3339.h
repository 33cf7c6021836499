/* SPDX-License-Identifier: Apache-2.0
 * rfc3339.h: points in time as text, "2025-07-01T00:00:00Z", to Unix seconds and back.
 * [RFC3339 5.6] */
#ifndef CELLA_ATTEST_RFC3339_H
#define CELLA_ATTEST_RFC3339_H

#include "base/err.h"
#include "base/span.h"

enum { RFC3339_SIZE = 32 }; /* room for the text and its zero byte */

/* Seconds since 1970 of a date and a time of the day; -EINVAL when there is no such day or time.
 * Years 1 to 9999, second 60 counts as the next minute's first. */
int time_from_parts(int64_t *out, const int parts[6]) MUST_USE;

/* Reads a whole text; "Z" or an offset is required, a fraction is cut off.  -EINVAL otherwise. */
int rfc3339_parse(int64_t *out, struct span text) MUST_USE;

/* Writes the UTC form with "Z"; years outside 0 to 9999 come out as "(no date)".  Returns `out`. */
char *rfc3339_write(char out[RFC3339_SIZE], int64_t at);

#endif
