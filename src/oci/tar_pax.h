/* SPDX-License-Identifier: Apache-2.0
 * tar_pax.h: extended headers: lines "LENGTH KEY=VALUE\n" that replace fields of the next header.
 */
#ifndef CELLA_OCI_TAR_PAX_H
#define CELLA_OCI_TAR_PAX_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "oci/tar.h"
#include "oci/tar_sparse.h"

enum { PAX_XATTRS_MAX = 128 };

/* What extended headers said; spans borrow from their text. */
struct pax {
    bool has_path, has_link, has_size, has_uid, has_gid, has_mtime, has_real_size, has_sparse_name;
    bool has_map; /* sparse formats 0.0 and 0.1: the map is here */
    struct span path;
    struct span link;
    struct span sparse_name;
    uint64_t size;
    uint64_t real_size;
    uint64_t uid;
    uint64_t gid;
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint64_t sparse_major; /* 1: the map is in front of the data */
    uint64_t sparse_minor;
    uint64_t sparse_offset; /* format 0.0: waits for its size */
    bool has_offset;
    struct tar_xattr xattrs[PAX_XATTRS_MAX];
    size_t xattr_count;
};

/* Adds the records in `text` to what is known; `map` takes the pieces of a sparse file.  -EBADMSG
 * for a malformed record, -E2BIG for too many attributes or pieces. */
int pax_parse(struct pax *p, struct sparse_map *map, struct span text, struct err *e) MUST_USE;

/* Decimal digits, nothing else.  -EBADMSG. */
int pax_number(struct span text, uint64_t *out) MUST_USE;
/* "[-]SECONDS[.FRACTION]", rounded down to nanoseconds.  -EBADMSG. */
int pax_time(struct span text, int64_t *seconds, uint32_t *nanoseconds) MUST_USE;

#endif
