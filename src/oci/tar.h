/* SPDX-License-Identifier: Apache-2.0
 * tar.h: reads a tar archive from front to back: ustar, GNU and pax, with long names, sparse files
 * in all four forms, attributes, and times to the nanosecond.  Nothing is unpacked anywhere; memory
 * is bounded whatever the archive says.  Names are given as they stand: they may be hostile.  [TAR]
 */
#ifndef CELLA_OCI_TAR_H
#define CELLA_OCI_TAR_H

#include "base/err.h"
#include "base/span.h"
#include "oci/source.h"

struct tar;

enum tar_type {
    TAR_FILE = '0',
    TAR_HARD_LINK = '1',
    TAR_LINK = '2',
    TAR_CHAR = '3',
    TAR_BLOCK = '4',
    TAR_DIR = '5',
    TAR_FIFO = '6',
};

struct tar_xattr {
    struct span name; /* with its namespace: "user.x" */
    struct span value;
};

/* Spans are valid until the next tar_next(). */
struct tar_entry {
    enum tar_type type;
    struct span path;
    struct span target; /* of links */
    uint32_t mode;      /* permissions, 07777 */
    uint32_t uid;
    uint32_t gid;
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint32_t major;
    uint32_t minor;
    uint64_t size; /* of files, holes included */
    const struct tar_xattr *xattrs;
    size_t xattr_count;
};

/* Content comes in pieces: bytes, or a hole. */
struct tar_piece {
    struct span data; /* valid until the next call */
    uint64_t hole;    /* bytes of zeros; then `data` is empty */
};

int tar_new(struct tar **out, struct byte_source in, struct err *e) MUST_USE;
void tar_free(struct tar *t);

/* The next entry: 1, or 0 at the end of the archive.  What was not read of the last one is passed
 * over.  -EBADMSG for what is no tar or ends in the middle, -ENOTSUP for kinds of entries that have
 * no place in a file system, or the source's error. */
int tar_next(struct tar *t, struct tar_entry *out, struct err *e) MUST_USE;
/* The next piece of the file's content: 1, or 0 at its end. */
int tar_piece(struct tar *t, struct tar_piece *out, struct err *e) MUST_USE;

#endif
