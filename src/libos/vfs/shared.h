/* SPDX-License-Identifier: Apache-2.0
 * shared.h: file pages that live in a shared mapping of the application. */
#ifndef CELLA_LIBOS_VFS_SHARED_H
#define CELLA_LIBOS_VFS_SHARED_H

#include <stddef.h>
#include <stdint.h>

struct inode;
struct user_buf;

/* Like buf_put and buf_get, from and to the page in `slot` at byte `at`. */
size_t shared_get(uint64_t slot, size_t at, struct user_buf *buf, size_t size);
size_t shared_put(uint64_t slot, size_t at, struct user_buf *buf, size_t size);
void shared_zero(uint64_t slot, size_t at, size_t size);
/* Before pages from `index` on are dropped: the mapping keeps them, the file does not. */
void shared_cut(struct inode *inode, uint64_t index);

#endif
