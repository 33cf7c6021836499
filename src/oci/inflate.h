/* SPDX-License-Identifier: Apache-2.0
 * inflate.h: the uncompressed bytes of a layer: gzip, zstd, or as they are; decided by the first
 * bytes, one level only. */
#ifndef CELLA_OCI_INFLATE_H
#define CELLA_OCI_INFLATE_H

#include "oci/source.h"

struct inflate;

/* `max_size`: more uncompressed bytes than that are refused with -EFBIG; 0: no limit.  `in` must
 * live until inflate_close(). */
int inflate_open(struct inflate **out, struct byte_source in, uint64_t max_size,
                 struct err *e) MUST_USE;
void inflate_close(struct inflate *f);

/* -EBADMSG when the compressed data are damaged or cut short. */
struct byte_source inflate_source(struct inflate *f);

#endif
