/* SPDX-License-Identifier: Apache-2.0
 * layer.h: applies the layers of an image, lowest first, to the tree of a root file system that is
 * being made.  [OCI-LAYER] */
#ifndef CELLA_OCI_LAYER_H
#define CELLA_OCI_LAYER_H

#include "mkroot/mkroot.h"
#include "oci/source.h"

struct layer_stats {
    uint64_t entries;
    uint64_t whiteouts; /* opaque directories included */
};

/* Reads one layer, compressed or not, and adds what it holds to `m`.  A file ".wh.NAME" removes
 * what lower layers put at NAME, ".wh..wh..opq" all that they put into its directory.  `max_size`
 * bounds the uncompressed archive; 0: no limit.  Entries that lead out of the tree, cannot be or
 * are damaged are refused with the entry's name.  Attributes that mkroot_scan() leaves out are left
 * out. */
int layer_apply(struct mkroot *m, struct byte_source in, uint64_t max_size,
                struct layer_stats *stats, struct err *e) MUST_USE;

#endif
