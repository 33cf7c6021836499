/* SPDX-License-Identifier: Apache-2.0
 * special.h: what is opened besides regular files and folders: devices, FIFOs; and the makers of
 * files without a name. */
#ifndef CELLA_LIBOS_VFS_SPECIAL_H
#define CELLA_LIBOS_VFS_SPECIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct dentry;
struct file;
struct inode;
struct super;
struct task;
struct text;
struct user_buf;

int special_open(struct inode *inode, struct file *f);
bool special_can_map(const struct file *f);
int64_t folder_seek(struct file *f, int64_t off, int whence);

/* devices.c: a tmpfs with null, zero, full, random, urandom, tty and the links of /dev. */
struct dentry *devfs_new(void);
/* A stream of the outside. */
struct file *stdio_new(int host_fd, uint32_t flags);

/* synth.c: files whose content is made when they are opened. */
typedef void (*synth_text)(struct task *t, uint64_t key, struct text *out);
struct inode *synth_file(struct super *super, uint32_t mode, synth_text make, uint64_t key);
/* proc.c */
struct dentry *procfs_new(void);
struct dentry *sysfs_new(void);

/* pipe.c */
int pipe_new(uint32_t flags, struct file **reader, struct file **writer) MUST_USE;
int fifo_open(struct inode *inode, struct file *f) MUST_USE;
/* eventfd.c */
int eventfd_new(uint32_t initial, uint32_t flags, struct file **out) MUST_USE;
/* epoll.c: the file is closed; whoever watches it forgets it. */
void epoll_forget(struct file *f);

#endif
