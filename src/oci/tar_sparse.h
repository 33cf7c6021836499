/* SPDX-License-Identifier: Apache-2.0
 * tar_sparse.h: where the data of a sparse file stand. */
#ifndef CELLA_OCI_TAR_SPARSE_H
#define CELLA_OCI_TAR_SPARSE_H

#include "base/err.h"
#include "base/span.h"

enum { SPARSE_PIECES_MAX = 256 * 1024 };

struct sparse_piece {
    uint64_t offset;
    uint64_t size;
};

/* Zero-initialise; the memory is kept for the next file. */
struct sparse_map {
    struct sparse_piece *pieces;
    size_t count;
    size_t room;
};

/* -E2BIG, -ENOMEM. */
int sparse_add(struct sparse_map *map, uint64_t offset, uint64_t size, struct err *e) MUST_USE;
/* Pieces come in order, do not overlap, lie within `real_size` and have `data_size` bytes together.
 * -EBADMSG. */
int sparse_check(const struct sparse_map *map, uint64_t real_size, uint64_t data_size,
                 struct err *e) MUST_USE;
/* "OFFSET,SIZE,OFFSET,SIZE..." */
int sparse_parse_list(struct sparse_map *map, struct span text, struct err *e) MUST_USE;
void sparse_fini(struct sparse_map *map);

#endif
