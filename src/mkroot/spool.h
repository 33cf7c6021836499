/* SPDX-License-Identifier: Apache-2.0
 * spool.h: a temporary file without a name that keeps file contents until their place is known. */
#ifndef CELLA_MKROOT_SPOOL_H
#define CELLA_MKROOT_SPOOL_H

#include "base/err.h"
#include "base/span.h"

enum { SPOOL_BUFFER_SIZE = 256 * 1024 };

struct spool {
    int fd; /* -1 until something is written */
    const char *dir;
    uint8_t *buffer;
    size_t used;
    uint64_t at;    /* offset of the buffer's first byte */
    uint64_t holes; /* bytes of zeros behind the buffered ones that were not written */
};

/* Nothing is created before the first write.  `dir` is borrowed; it takes the file. */
void spool_init(struct spool *s, const char *dir);
void spool_fini(struct spool *s);
uint64_t spool_at(const struct spool *s);
int spool_add(struct spool *s, struct span data, struct err *e) MUST_USE;
/* Zeros that take no room on the disk. */
int spool_hole(struct spool *s, uint64_t size, struct err *e) MUST_USE;
/* Before reading. */
int spool_flush(struct spool *s, struct err *e) MUST_USE;
/* Up to `size` bytes at `at`, at least 1; behind the last written byte there are zeros. */
int64_t spool_read(const struct spool *s, uint8_t *out, size_t size, uint64_t at,
                   struct err *e) MUST_USE;

#endif
