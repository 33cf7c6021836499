/* SPDX-License-Identifier: Apache-2.0
 * dir.h: listing folders. */
#ifndef CELLA_LIBOS_VFS_DIR_H
#define CELLA_LIBOS_VFS_DIR_H

#include "libos/mm/user.h"

struct file;

/* getdents64(2): whole records; bytes, 0 at the end, -EINVAL when not one fits. */
int64_t dir_getdents(struct file *f, user_ptr out, size_t room);

#endif
