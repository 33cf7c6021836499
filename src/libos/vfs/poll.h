/* SPDX-License-Identifier: Apache-2.0
 * poll.h: waiting for several files at once; poll, select and their kin. */
#ifndef CELLA_LIBOS_VFS_POLL_H
#define CELLA_LIBOS_VFS_POLL_H

#include "base/err.h"
#include "libos/task/wait.h"

struct file;

struct poll_item {
    struct file *file; /* borrowed; NULL: skipped */
    uint32_t events;   /* wanted; POLLERR and POLLHUP always are */
    uint32_t revents;  /* found */
};

/* Number of items with revents; 0 at the deadline (0: only looks), -ERESTARTNOHAND on a signal. */
int poll_items(struct task *t, struct poll_item *items, size_t count, int64_t deadline) MUST_USE;

/* epoll.c */
int epoll_new(struct file **out) MUST_USE;
int epoll_change(struct task *t, struct file *set, int op, int fd, struct file *f, uint32_t events,
                 uint64_t data) MUST_USE;
struct epoll_found {
    uint32_t events;
    uint64_t data;
};
int epoll_collect(struct task *t, struct file *set, struct epoll_found *out, size_t room,
                  int64_t deadline) MUST_USE;
bool file_is_epoll(const struct file *f);

#endif
