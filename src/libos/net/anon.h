/* SPDX-License-Identifier: Apache-2.0
 * anon.h: open files that no name leads to: pipes, sockets, event descriptors. */
#ifndef CELLA_LIBOS_NET_ANON_H
#define CELLA_LIBOS_NET_ANON_H

#include "libos/vfs/file.h"

/* A file with an inode of its own; `mode` has the type (S_IFIFO, S_IFSOCK, 0 for an anonymous
 * inode) and the permissions.  NULL without memory. */
struct file *anon_file(const struct file_ops *ops, uint32_t flags, uint32_t mode);

#endif
