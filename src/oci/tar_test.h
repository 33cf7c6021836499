/* SPDX-License-Identifier: Apache-2.0
 * tar_test.h: for tests: builds tar archives in memory, right ones and wrong ones. */
#ifndef CELLA_OCI_TAR_TEST_H
#define CELLA_OCI_TAR_TEST_H

#include "oci/source.h"
#include "oci/tar.h"

struct archive_bytes {
    uint8_t *data;
    size_t size;
    size_t at;   /* of reading */
    size_t step; /* bytes given at once; 0: as many as asked */
};

/* One header block of an entry; `size` may be anything. */
void tar_put_header(struct archive_bytes *a, const char *name, char type, const char *link,
                    uint64_t size);
/* Content, padded to a whole block. */
void tar_put_data(struct archive_bytes *a, const void *data, size_t size);
/* A header and its content. */
void tar_put_file(struct archive_bytes *a, const char *name, const char *content);
/* An extended header with these records, each "key=value". */
void tar_put_pax(struct archive_bytes *a, char type, const char *const *records, size_t count);
void tar_put_end(struct archive_bytes *a);
/* Changes bytes of the last block and makes its checksum right again. */
void tar_patch(struct archive_bytes *a, size_t at, const void *bytes, size_t size);
struct byte_source tar_bytes(struct archive_bytes *a);
void tar_bytes_free(struct archive_bytes *a);

#endif
