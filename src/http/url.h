/* SPDX-License-Identifier: Apache-2.0
 * url.h: percent-encoding.  [RFC 3986 2.1, 2.3] */
#ifndef CELLA_HTTP_URL_H
#define CELLA_HTTP_URL_H

#include <stddef.h>

#include "base/err.h"

/* Appends `text` to the string in `url` (of `room` bytes), everything but unreserved characters
 * encoded; -ENAMETOOLONG when it does not fit, with `url` as it was. */
int url_append_escaped(char *url, size_t room, const char *text) MUST_USE;

/* Appends as it is; -ENAMETOOLONG likewise. */
int url_append(char *url, size_t room, const char *text) MUST_USE;

#endif
