/* SPDX-License-Identifier: Apache-2.0
 * io_raw.c: the host's descriptors, sockets and files. */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "direct/direct.h"
#include "direct/host_raw.h"

long direct_blocking(long nr, long a, long b, long c, long d);

enum { NS_PER_S = 1000000000 };

_Static_assert(sizeof(struct platform_iov) == sizeof(struct iovec), "passed on as it is");
_Static_assert(sizeof(struct platform_pollfd) == sizeof(struct pollfd), "passed on as it is");

/* Waits for one descriptor; 0 when it is ready, -EAGAIN when it need not wait. */
static long wait_ready(int fd, short events, bool block)
{
    struct pollfd p = {.fd = fd, .events = events};
    if (!block) {
        struct timespec none = {0, 0};
        long n = HOST(__NR_ppoll, host_ptr_arg(&p), 1, host_ptr_arg(&none), 0, 8);
        return n > 0 ? 0 : n == 0 ? -EAGAIN : n;
    }
    long n = direct_blocking(__NR_ppoll, host_ptr_arg(&p), 1, 0, 0);
    return n > 0 ? 0 : n == 0 ? -EINTR : n;
}

int64_t platform_read(int fd, const struct platform_iov *iov, size_t count, bool block)
{
    if (!block) {
        long rc = wait_ready(fd, POLLIN, false);
        if (rc)
            return rc;
    }
    long n = direct_blocking(__NR_readv, fd, host_ptr_arg(iov), (long)count, 0);
    if (n == -EAGAIN && block) {
        long rc = wait_ready(fd, POLLIN, true);
        return rc ? rc : platform_read(fd, iov, count, block);
    }
    return n;
}

int64_t platform_write(int fd, const struct platform_iov *iov, size_t count, bool block)
{
    if (!block) {
        long rc = wait_ready(fd, POLLOUT, false);
        if (rc)
            return rc;
    }
    long n = direct_blocking(__NR_writev, fd, host_ptr_arg(iov), (long)count, 0);
    if (n == -EAGAIN && block) {
        long rc = wait_ready(fd, POLLOUT, true);
        return rc ? rc : platform_write(fd, iov, count, block);
    }
    return n;
}

int platform_close(int fd)
{
    return (int)HOST(__NR_close, fd);
}

bool platform_is_tty(int fd)
{
    uint8_t terminal[64];
    return HOST(__NR_ioctl, fd, TCGETS, host_ptr_arg(terminal)) == 0;
}

int platform_poll(struct platform_pollfd *fds, size_t count, int64_t timeout_ns)
{
    struct timespec time = {timeout_ns / NS_PER_S, timeout_ns % NS_PER_S};
    long time_arg = timeout_ns < 0 ? 0 : host_ptr_arg(&time);
    if (timeout_ns == 0)
        return (int)HOST(__NR_ppoll, host_ptr_arg(fds), count, time_arg, 0, 8);
    return (int)direct_blocking(__NR_ppoll, host_ptr_arg(fds), (long)count, time_arg, 0);
}

/* struct epoll_event is packed on x86-64. */
int platform_epoll_create(void)
{
    return (int)HOST(__NR_epoll_create1, EPOLL_CLOEXEC);
}

int platform_epoll_ctl(int set, int op, int fd, const struct platform_event *event)
{
    struct epoll_event packed = {0};
    if (event) {
        packed.events = event->events;
        packed.data.u64 = event->data;
    }
    return (int)HOST(__NR_epoll_ctl, set, op, fd, host_ptr_arg(&packed));
}

int platform_epoll_wait(int set, struct platform_event *out, size_t count, int64_t timeout_ns)
{
    enum { EVENTS_MAX = 64 };
    struct epoll_event packed[EVENTS_MAX];
    long room = count < EVENTS_MAX ? (long)count : EVENTS_MAX;
    struct timespec time = {timeout_ns / NS_PER_S, timeout_ns % NS_PER_S};
    long n;
    if (timeout_ns == 0)
        n = HOST(__NR_epoll_wait, set, host_ptr_arg(packed), room, 0);
    else if (timeout_ns < 0)
        n = direct_blocking(__NR_epoll_wait, set, host_ptr_arg(packed), room, -1);
    else
        n = direct_blocking(__NR_epoll_pwait2, set, host_ptr_arg(packed), room,
                            host_ptr_arg(&time));
    for (long k = 0; k < n; k++)
        out[k] = (struct platform_event){packed[k].events, 0, packed[k].data.u64};
    return (int)n;
}

/* ---- sockets: the host's are blocking; what must not block says so ---- */

int platform_socket(int family, int type, int protocol)
{
    return (int)HOST(__NR_socket, family, type | SOCK_CLOEXEC, protocol);
}

int platform_bind(int fd, const void *name, uint32_t size)
{
    return (int)HOST(__NR_bind, fd, host_ptr_arg(name), size);
}

static void set_nonblocking(int fd, bool on)
{
    long flags = HOST(__NR_fcntl, fd, F_GETFL);
    long want = on ? flags | O_NONBLOCK : flags & ~(long)O_NONBLOCK;
    if (want != flags)
        HOST(__NR_fcntl, fd, F_SETFL, want);
}

int platform_listen(int fd, int backlog)
{
    set_nonblocking(fd, true);
    return (int)HOST(__NR_listen, fd, backlog);
}

int platform_accept(int fd, void *name, uint32_t *size, bool block)
{
    for (;;) {
        long n = HOST(__NR_accept4, fd, host_ptr_arg(name), host_ptr_arg(size), SOCK_CLOEXEC);
        if (n != -EAGAIN || !block)
            return (int)n;
        long rc = wait_ready(fd, POLLIN, true);
        if (rc)
            return (int)rc;
    }
}

int platform_connect(int fd, const void *name, uint32_t size, bool block)
{
    set_nonblocking(fd, true);
    long rc = HOST(__NR_connect, fd, host_ptr_arg(name), size);
    set_nonblocking(fd, false);
    if (rc != -EINPROGRESS || !block)
        return (int)rc;
    rc = wait_ready(fd, POLLOUT, true);
    if (rc)
        return (int)rc;
    return (int)HOST(__NR_connect, fd, host_ptr_arg(name), size); /* its outcome */
}

static struct msghdr header(const struct platform_msg *msg)
{
    struct msghdr h = {.msg_name = msg->name,
                       .msg_namelen = msg->name_size,
                       .msg_iov = (struct iovec *)(uintptr_t)msg->iov,
                       .msg_iovlen = msg->iov_count,
                       .msg_control = msg->control,
                       .msg_controllen = msg->control_size};
    return h;
}

int64_t platform_sendmsg(int fd, const struct platform_msg *msg, bool block)
{
    struct msghdr h = header(msg);
    long flags = (long)(msg->flags | MSG_NOSIGNAL | (block ? 0u : (uint32_t)MSG_DONTWAIT));
    if (!block)
        return HOST(__NR_sendmsg, fd, host_ptr_arg(&h), flags);
    return direct_blocking(__NR_sendmsg, fd, host_ptr_arg(&h), flags, 0);
}

int64_t platform_recvmsg(int fd, struct platform_msg *msg, bool block)
{
    struct msghdr h = header(msg);
    long flags = (long)(msg->flags | (block ? 0u : (uint32_t)MSG_DONTWAIT));
    long n = block ? direct_blocking(__NR_recvmsg, fd, host_ptr_arg(&h), flags, 0)
                   : HOST(__NR_recvmsg, fd, host_ptr_arg(&h), flags);
    msg->name_size = h.msg_namelen;
    msg->flags = (uint32_t)h.msg_flags;
    msg->control_size = h.msg_controllen;
    return n;
}

int platform_shutdown(int fd, int how)
{
    return (int)HOST(__NR_shutdown, fd, how);
}

int platform_sockname(int fd, bool peer, void *name, uint32_t *size)
{
    return (int)HOST(peer ? __NR_getpeername : __NR_getsockname, fd, host_ptr_arg(name),
                     host_ptr_arg(size));
}

int platform_getsockopt(int fd, int level, int name, void *value, uint32_t *size)
{
    return (int)HOST(__NR_getsockopt, fd, level, name, host_ptr_arg(value), host_ptr_arg(size));
}

int platform_setsockopt(int fd, int level, int name, const void *value, uint32_t size)
{
    return (int)HOST(__NR_setsockopt, fd, level, name, host_ptr_arg(value), size);
}

int platform_ioctl_int(int fd, uint32_t request, int32_t *value)
{
    return (int)HOST(__NR_ioctl, fd, request, host_ptr_arg(value));
}
