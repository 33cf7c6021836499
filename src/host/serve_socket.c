/* SPDX-License-Identifier: Apache-2.0
 * serve_socket.c: sockets for the Enclave OS.  They block; what must not block says so. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "host/serve_priv.h"

static int64_t result(int64_t rc)
{
    return rc < 0 ? -errno : rc;
}

static long address(const void *p)
{
    return (long)(uintptr_t)p;
}

static void set_nonblocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    int want = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (flags >= 0 && want != flags)
        ignore(fcntl(fd, F_SETFL, want));
}

static int64_t serve_socket_new(const struct gate_socket *a)
{
    return result(socket(a->family, a->type | SOCK_CLOEXEC, a->protocol));
}

static int64_t serve_bind(const struct host_thread *t, const struct gate_bind *a)
{
    const struct sockaddr *name = serve_arena(t, a->name, a->size);
    return name ? result(bind(a->fd, name, a->size)) : -EFAULT;
}

static int64_t serve_listen(const struct gate_listen *a)
{
    set_nonblocking(a->fd, true);
    return result(listen(a->fd, a->backlog));
}

static int64_t serve_accept(const struct host_thread *t, struct gate_accept *a)
{
    struct sockaddr *name = serve_arena(t, a->name, a->size);
    const socklen_t room = a->size;
    if (!name)
        return -EFAULT;
    for (;;) {
        socklen_t size = room;
        int fd = accept4(a->fd, name, &size, SOCK_CLOEXEC);
        a->size = size < room ? size : room;
        if (fd >= 0 || errno != EAGAIN || !a->block)
            return result(fd);
        long rc = serve_wait_ready(t, a->fd, POLLIN);
        if (rc)
            return rc;
    }
}

static int64_t serve_connect(const struct host_thread *t, const struct gate_connect *a)
{
    const struct sockaddr *name = serve_arena(t, a->name, a->size);
    int error = 0;
    socklen_t room = sizeof error;
    if (!name)
        return -EFAULT;
    set_nonblocking(a->fd, true);
    int64_t rc = result(connect(a->fd, name, a->size));
    set_nonblocking(a->fd, false);
    if (rc != -EINPROGRESS || !a->block)
        return rc;
    rc = serve_wait_ready(t, a->fd, POLLOUT);
    if (rc)
        return rc;
    return getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &room) ? -errno : -error;
}

/* The message that `a` describes, all of it in the arena; false when it is not. */
static bool message(const struct host_thread *t, const struct gate_sendmsg *a, struct msghdr *h,
                    struct iovec *iov)
{
    *iov = (struct iovec){serve_arena(t, a->buf, a->size), a->size};
    *h = (struct msghdr){.msg_iov = iov, .msg_iovlen = 1};
    if (a->name_size) {
        h->msg_name = serve_arena(t, a->name, a->name_size);
        h->msg_namelen = a->name_size;
    }
    if (a->control_size) {
        h->msg_control = serve_arena(t, a->control, a->control_size);
        h->msg_controllen = a->control_size;
    }
    return iov->iov_base && (h->msg_name || !a->name_size) && (h->msg_control || !a->control_size);
}

static int64_t serve_sendmsg(const struct host_thread *t, const struct gate_sendmsg *a)
{
    struct msghdr h;
    struct iovec iov;
    if (!message(t, a, &h, &iov))
        return -EFAULT;
    unsigned flags = a->flags | MSG_NOSIGNAL | (a->block ? 0u : (unsigned)MSG_DONTWAIT);
    return serve_blocking(t, SYS_sendmsg, a->fd, address(&h), (long)flags, 0);
}

static int64_t serve_recvmsg(const struct host_thread *t, struct gate_recvmsg *a)
{
    _Static_assert(sizeof(struct gate_recvmsg) == sizeof(struct gate_sendmsg), "message");
    struct msghdr h;
    struct iovec iov;
    if (!message(t, (const struct gate_sendmsg *)(const void *)a, &h, &iov))
        return -EFAULT;
    unsigned flags = a->flags | (a->block ? 0u : (unsigned)MSG_DONTWAIT);
    long n = serve_blocking(t, SYS_recvmsg, a->fd, address(&h), (long)flags, 0);
    if (n < 0)
        return n;
    a->name_size = h.msg_namelen;
    a->flags = (uint32_t)h.msg_flags;
    a->control_size = h.msg_controllen;
    return n;
}

static int64_t serve_sockname(const struct host_thread *t, struct gate_sockname *a)
{
    struct sockaddr *name = serve_arena(t, a->name, a->size);
    socklen_t size = a->size;
    if (!name)
        return -EFAULT;
    int rc = a->peer ? getpeername(a->fd, name, &size) : getsockname(a->fd, name, &size);
    a->size = size < a->size ? size : a->size;
    return result(rc);
}

static int64_t serve_option(const struct host_thread *t, unsigned call, struct gate_getsockopt *a)
{
    _Static_assert(sizeof(struct gate_getsockopt) == sizeof(struct gate_setsockopt), "option");
    void *value = serve_arena(t, a->value, a->size);
    if (!value)
        return -EFAULT;
    if (call == GATE_SETSOCKOPT)
        return result(setsockopt(a->fd, a->level, a->name, value, a->size));
    socklen_t size = a->size;
    int rc = getsockopt(a->fd, a->level, a->name, value, &size);
    a->size = size;
    return result(rc);
}

int64_t serve_socket(struct host_thread *t, unsigned call, void *args)
{
    struct gate_ioctl_int *control = args;
    const struct gate_shutdown *end = args;
    switch (call) {
    case GATE_SOCKET:
        return serve_socket_new(args);
    case GATE_BIND:
        return serve_bind(t, args);
    case GATE_LISTEN:
        return serve_listen(args);
    case GATE_ACCEPT:
        return serve_accept(t, args);
    case GATE_CONNECT:
        return serve_connect(t, args);
    case GATE_SENDMSG:
        return serve_sendmsg(t, args);
    case GATE_RECVMSG:
        return serve_recvmsg(t, args);
    case GATE_SHUTDOWN:
        return result(shutdown(end->fd, end->how));
    case GATE_SOCKNAME:
        return serve_sockname(t, args);
    case GATE_GETSOCKOPT:
    case GATE_SETSOCKOPT:
        return serve_option(t, call, args);
    case GATE_IOCTL_INT:
        return result(ioctl(control->fd, control->request, &control->value));
    default:
        return -ENOSYS;
    }
}
