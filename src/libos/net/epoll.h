/* SPDX-License-Identifier: Apache-2.0
 * epoll.h: the kernel's side of epoll_create1, epoll_ctl and epoll_wait.  epoll_forget() stands in
 * vfs/special.h. */
#ifndef CELLA_LIBOS_NET_EPOLL_H
#define CELLA_LIBOS_NET_EPOLL_H

#include "libos/vfs/file.h"
#include "platform/platform.h"

/* As the application sees it. */
struct epoll_user_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

int epoll_new(struct file **out) MUST_USE;
/* `op` is EPOLL_CTL_*; `fd` is the number under which `target` is known, part of its key. */
int epoll_control(struct file *epoll, int op, int fd, struct file *target,
                  const struct epoll_user_event *event) MUST_USE;
/* Up to `count` events into `out`; 0 at the deadline (monotonic ns, NO_DEADLINE), -EINTR form on a
 * signal. */
int64_t epoll_collect(struct task *t, struct file *epoll, struct epoll_user_event *out,
                      size_t count, int64_t deadline);

#endif
