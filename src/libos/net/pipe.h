/* SPDX-License-Identifier: Apache-2.0
 * pipe.h: what fcntl and the file system need of pipes; their makers stand in vfs/special.h. */
#ifndef CELLA_LIBOS_NET_PIPE_H
#define CELLA_LIBOS_NET_PIPE_H

#include <stdint.h>

struct file;
struct inode;

/* F_GETPIPE_SZ and F_SETPIPE_SZ: bytes; -EBADF when it is no pipe, -EBUSY when more is in it,
 * -EPERM above 1 MiB. */
int pipe_room(struct file *f);
int pipe_set_room(struct file *f, uint32_t room);
/* The inode of a FIFO goes. */
void fifo_free(struct inode *inode);

#endif
