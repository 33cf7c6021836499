/* SPDX-License-Identifier: Apache-2.0
 * store.h: named members of a folder or of a tar archive, for image layouts and `docker save`
 * archives.  Names are relative and cannot leave the store: "..", an absolute name or a symbolic
 * link out of it is refused. */
#ifndef CELLA_OCI_STORE_H
#define CELLA_OCI_STORE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "oci/registry.h"

struct oci_store;

/* A folder.  The caller ends it with oci_store_close(). */
int oci_store_open_dir(struct oci_store **out, const char *path, struct err *e) MUST_USE;
/* A tar file, plain or compressed as a whole (gzip, zstd). */
int oci_store_open_tar(struct oci_store **out, const char *path, struct err *e) MUST_USE;
void oci_store_close(struct oci_store *s);

/* 1: there is a regular file (or a link to one) of that name; 0: there is none. */
int oci_store_has(struct oci_store *s, const char *name, struct err *e) MUST_USE;

/* Streams a member.  -ENOENT when there is none. */
int oci_store_stream(struct oci_store *s, const char *name, oci_sink *sink, void *context,
                     struct err *e) MUST_USE;

/* A small member as text with a zero byte behind it; the caller frees *text.  -EFBIG past
 * `max_size`. */
int oci_store_read(struct oci_store *s, const char *name, size_t max_size, char **text,
                   size_t *size, struct err *e) MUST_USE;

#endif
