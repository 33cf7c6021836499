/* SPDX-License-Identifier: Apache-2.0
 * inet.c: TCP and UDP, which are the host's.  Every answer is checked for what it may be: counts by
 * the platform, names and option sizes here.  What arrives is what the network could have sent as
 * well: applications protect themselves by TLS. */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/poll.h>
#include <linux/tcp.h>

#include "libos/lib/alloc.h"
#include "libos/net/socket.h"
#include "libos/signal/signal.h"
#include "libos/task/wait.h"

enum { STREAM = 1, DGRAM = 2, FAMILY_INET = 2, FAMILY_INET6 = 10, IOV_PIECES = 64 };
enum { NO_SIGNAL = 0x4000, PEEK = 2, TRUNC = 0x20, SIGPIPE_NUMBER = 13, ERRNO_MAX = 4095 };
enum { OPTION_MAX = 256 };

static bool name_is_sound(const struct socket *s, const uint8_t *name, uint32_t size)
{
    uint16_t family;
    if (size < sizeof family || size > SOCKET_NAME_MAX)
        return false;
    memcpy(&family, name, sizeof family);
    return family == s->family || size < 16;
}

/* Repeats a host call until it answers, a signal comes, or (with a timeout) time is up. */
struct attempt {
    struct file *file;
    int16_t events; /* what it waits for */
    int64_t deadline;
    bool block; /* waits at all */
};

static struct attempt attempt_begin(struct file *f, bool block, int16_t events, int64_t timeout)
{
    return (struct attempt){.file = f,
                            .events = events,
                            .block = block,
                            .deadline = block ? socket_deadline(timeout) : NO_DEADLINE};
}

/* Whether the host call itself may block: only without a deadline. */
static bool attempt_blocks(const struct attempt *a)
{
    return a->block && a->deadline == NO_DEADLINE;
}

/* After the call gave `n`: true to call again, else *n is the result. */
static bool attempt_again(struct task *t, const struct attempt *a, int64_t *n)
{
    if (*n == -EINTR) {
        if (!task_interrupted(t))
            return true;
        *n = a->deadline == NO_DEADLINE ? -ERESTARTSYS : -EINTR;
        return false;
    }
    if (*n != -EAGAIN || !a->block || a->deadline == NO_DEADLINE)
        return false;
    if (task_interrupted(t)) {
        *n = -EINTR;
        return false;
    }
    int64_t left = a->deadline - platform_clock(PLATFORM_MONOTONIC);
    if (left <= 0)
        return false; /* -EAGAIN is what a timeout gives */
    struct platform_pollfd fd = {.fd = a->file->host_fd, .events = a->events};
    ignore(platform_poll(&fd, 1, left));
    return true;
}

static const struct socket_ops INET;

struct inet_socket {
    struct socket socket;
    int host_fd;
    bool send_shut;
};

static struct inet_socket *inet_of(struct socket *s)
{
    return (struct inet_socket *)s;
}

/* Makes a file for a host descriptor, which it takes over even when it fails. */
static int wrap(const struct socket *like, int host_fd, uint32_t flags, struct file **out)
{
    struct inet_socket *s = kalloc(sizeof *s);
    *out = s ? socket_file(&s->socket, flags) : NULL;
    if (!*out) {
        kfree(s);
        ignore(platform_close(host_fd));
        return -ENOMEM;
    }
    s->socket = *like;
    s->socket.ops = &INET;
    s->host_fd = host_fd;
    (*out)->host_fd = host_fd;
    return 0;
}

int inet_new(int family, int type, int protocol, uint32_t flags, struct file **out)
{
    if (type != STREAM && type != DGRAM)
        return type == 3 ? -EPERM : -ESOCKTNOSUPPORT; /* raw sockets are not the application's */
    int wanted = type == STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    if (protocol != 0 && protocol != wanted)
        return -EPROTONOSUPPORT;
    int fd = platform_socket(family, type, wanted);
    if (fd < 0)
        return fd;
    struct socket like = {.family = family, .type = type, .protocol = wanted};
    return wrap(&like, fd, flags, out);
}

static int inet_bind(struct task *t, struct socket *s, const uint8_t *name, uint32_t size)
{
    (void)t;
    return name_is_sound(s, name, size) ? platform_bind(inet_of(s)->host_fd, name, size) : -EINVAL;
}

static int inet_listen(struct socket *s, int backlog)
{
    return s->type == STREAM ? platform_listen(inet_of(s)->host_fd, backlog) : -EOPNOTSUPP;
}

static int inet_accept(struct task *t, struct file *f, uint32_t flags, struct file **out,
                       uint8_t *name, uint32_t *size)
{
    struct socket *s = f->priv;
    if (s->type != STREAM)
        return -EOPNOTSUPP;
    struct attempt a = attempt_begin(f, socket_blocks(f, 0), POLLIN, s->receive_timeout);
    int64_t fd;
    do {
        *size = SOCKET_NAME_MAX;
        fd = platform_accept(f->host_fd, name, size, attempt_blocks(&a));
    } while (fd < 0 && attempt_again(t, &a, &fd));
    if (fd < 0)
        return (int)fd;
    if (*size > SOCKET_NAME_MAX)
        *size = SOCKET_NAME_MAX;
    struct socket like = {.family = s->family, .type = s->type, .protocol = s->protocol};
    return wrap(&like, (int)fd, flags, out);
}

static int inet_connect(struct task *t, struct file *f, const uint8_t *name, uint32_t size)
{
    struct socket *s = f->priv;
    uint16_t family;
    if (size < sizeof family || size > SOCKET_NAME_MAX)
        return -EINVAL;
    bool block = socket_blocks(f, 0);
    int rc = platform_connect(f->host_fd, name, size, false);
    if (rc != -EINPROGRESS || !block)
        return rc;
    int64_t deadline = socket_deadline(s->send_timeout);
    for (;;) {
        int64_t left = -1;
        if (deadline != NO_DEADLINE) {
            left = deadline - platform_clock(PLATFORM_MONOTONIC);
            if (left <= 0)
                return -EINPROGRESS;
        }
        if (task_interrupted(t))
            return deadline == NO_DEADLINE ? -ERESTARTSYS : -EINTR;
        struct platform_pollfd fd = {.fd = f->host_fd, .events = POLLOUT};
        int n = platform_poll(&fd, 1, left);
        if (n > 0)
            return platform_connect(f->host_fd, name, size, false); /* says how it ended */
        if (n < 0 && n != -EINTR && n != -ETIMEDOUT)
            return n;
    }
}

static int64_t inet_send(struct task *t, struct file *f, struct socket_msg *m)
{
    struct socket *s = f->priv;
    if (m->file_count)
        return -EINVAL;
    struct attempt a = attempt_begin(f, socket_blocks(f, m->flags), POLLOUT, s->send_timeout);
    int64_t done = 0;
    do {
        struct platform_iov iov[IOV_PIECES];
        struct platform_msg msg = {
            .name = m->name_size ? m->name : NULL,
            .name_size = m->name_size,
            .flags = m->flags | NO_SIGNAL,
            .iov = iov,
            .iov_count = buf_iov(m->data, iov, IOV_PIECES),
            .control = m->control,
            .control_size = m->control_size,
        };
        int64_t n;
        do
            n = platform_sendmsg(f->host_fd, &msg, attempt_blocks(&a));
        while (n < 0 && attempt_again(t, &a, &n));
        if (n < 0) {
            done = done ? done : n;
            break;
        }
        buf_skip(m->data, (size_t)n);
        done += n;
    } while (s->type == STREAM && m->data->left && a.block);
    if (done == -EPIPE && s->type == STREAM && !(m->flags & NO_SIGNAL))
        ignore(signal_send_task(t, SIGPIPE_NUMBER, NULL));
    return done;
}

static int64_t inet_receive(struct task *t, struct file *f, struct socket_msg *m)
{
    struct socket *s = f->priv;
    struct attempt a = attempt_begin(f, socket_blocks(f, m->flags), POLLIN, s->receive_timeout);
    struct platform_iov iov[IOV_PIECES];
    size_t pieces = buf_iov(m->data, iov, IOV_PIECES);
    size_t room = m->data->left;
    uint32_t wanted = m->flags;
    size_t control_room = m->control_size;
    int64_t n;
    struct platform_msg msg;
    do {
        msg = (struct platform_msg){
            .name = m->name,
            .name_size = sizeof m->name,
            .flags = wanted,
            .iov = iov,
            .iov_count = pieces,
            .control = m->control,
            .control_size = control_room,
        };
        n = platform_recvmsg(f->host_fd, &msg, attempt_blocks(&a));
    } while (n < 0 && attempt_again(t, &a, &n));
    if (n < 0)
        return n;
    m->name_size = msg.name_size <= sizeof m->name ? msg.name_size : 0;
    m->flags = msg.flags;
    m->control_size = msg.control_size <= control_room ? msg.control_size : 0;
    buf_skip(m->data, (size_t)n < room ? (size_t)n : room);
    return n;
}

static int inet_shutdown(struct socket *s, int how)
{
    return platform_shutdown(inet_of(s)->host_fd, how);
}

static int inet_name(struct socket *s, bool peer, uint8_t *name, uint32_t *size)
{
    *size = SOCKET_NAME_MAX;
    int rc = platform_sockname(inet_of(s)->host_fd, peer, name, size);
    if (!rc && *size > SOCKET_NAME_MAX)
        return -EIO;
    return rc;
}

/* Options that mean the same inside as outside.  [app-needs: what applications set] */
static bool option_passes(int level, int option)
{
    static const struct {
        int16_t level, option;
    } passed[] = {
        {SOL_SOCKET, SO_REUSEADDR},
        {SOL_SOCKET, SO_REUSEPORT},
        {SOL_SOCKET, SO_KEEPALIVE},
        {SOL_SOCKET, SO_BROADCAST},
        {SOL_SOCKET, SO_SNDBUF},
        {SOL_SOCKET, SO_RCVBUF},
        {SOL_SOCKET, SO_LINGER},
        {SOL_SOCKET, SO_ERROR},
        {SOL_SOCKET, SO_ACCEPTCONN},
        {SOL_SOCKET, SO_OOBINLINE},
        {SOL_SOCKET, SO_RCVLOWAT},
        {SOL_SOCKET, SO_PRIORITY},
        {SOL_SOCKET, SO_TIMESTAMP_OLD},
        {SOL_SOCKET, SO_DONTROUTE},
        {IPPROTO_TCP, TCP_NODELAY},
        {IPPROTO_TCP, TCP_CORK},
        {IPPROTO_TCP, TCP_KEEPIDLE},
        {IPPROTO_TCP, TCP_KEEPINTVL},
        {IPPROTO_TCP, TCP_KEEPCNT},
        {IPPROTO_TCP, TCP_QUICKACK},
        {IPPROTO_TCP, TCP_MAXSEG},
        {IPPROTO_TCP, TCP_DEFER_ACCEPT},
        {IPPROTO_TCP, TCP_SYNCNT},
        {IPPROTO_TCP, TCP_LINGER2},
        {IPPROTO_TCP, TCP_USER_TIMEOUT},
        {IPPROTO_TCP, TCP_FASTOPEN},
        {IPPROTO_TCP, TCP_INFO},
        {IPPROTO_TCP, TCP_CONGESTION},
        {IPPROTO_TCP, TCP_NOTSENT_LOWAT},
        {IPPROTO_TCP, TCP_FASTOPEN_CONNECT},
        {IPPROTO_IP, IP_TOS},
        {IPPROTO_IP, IP_TTL},
        {IPPROTO_IP, IP_MTU_DISCOVER},
        {IPPROTO_IP, IP_RECVERR},
        {IPPROTO_IP, IP_PKTINFO},
        {IPPROTO_IP, IP_RECVTTL},
        {IPPROTO_IP, IP_RECVTOS},
        {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT},
        {IPPROTO_IPV6, 26 /* IPV6_V6ONLY */},
        {IPPROTO_IPV6, 67 /* IPV6_TCLASS */},
        {IPPROTO_IPV6, 16 /* IPV6_UNICAST_HOPS */},
        {IPPROTO_IPV6, 49 /* IPV6_RECVPKTINFO */},
        {IPPROTO_IPV6, 25 /* IPV6_RECVERR */},
        {IPPROTO_IPV6, 23 /* IPV6_MTU_DISCOVER */},
    };
    for (size_t n = 0; n < sizeof passed / sizeof *passed; n++)
        if (passed[n].level == level && passed[n].option == option)
            return true;
    return false;
}

static int inet_get_option(struct socket *s, int level, int option, void *value, uint32_t *size)
{
    int rc = socket_get_common(s, level, option, value, size);
    if (rc != -ENOPROTOOPT)
        return rc;
    if (!option_passes(level, option))
        return -ENOPROTOOPT;
    uint32_t room = *size < OPTION_MAX ? *size : OPTION_MAX;
    *size = room;
    rc = platform_getsockopt(inet_of(s)->host_fd, level, option, value, size);
    return !rc && *size > room ? -EIO : rc;
}

static int inet_set_option(struct socket *s, int level, int option, const void *value,
                           uint32_t size)
{
    int rc = socket_set_common(s, level, option, value, size);
    if (rc != -ENOPROTOOPT)
        return rc;
    if (!option_passes(level, option) || size > OPTION_MAX)
        return -ENOPROTOOPT;
    return platform_setsockopt(inet_of(s)->host_fd, level, option, value, size);
}

static uint32_t inet_poll(struct file *f, struct poll_wait *w)
{
    (void)f;
    (void)w;
    return 0; /* the host's answer counts */
}

static int64_t inet_ioctl(struct file *f, uint32_t request, user_ptr arg)
{
    if (request != FIONREAD && request != TIOCOUTQ)
        return -ENOTTY;
    int32_t value = 0;
    int rc = platform_ioctl_int(f->host_fd, request, &value);
    if (rc)
        return rc;
    return user_store32(arg, value < 0 ? 0 : (uint32_t)value);
}

static void inet_release(struct file *f)
{
    ignore(platform_close(f->host_fd));
    kfree(f->priv);
}

static const struct socket_ops INET = {
    .bind = inet_bind,
    .listen = inet_listen,
    .accept = inet_accept,
    .connect = inet_connect,
    .send = inet_send,
    .receive = inet_receive,
    .shutdown = inet_shutdown,
    .name = inet_name,
    .get_option = inet_get_option,
    .set_option = inet_set_option,
    .poll = inet_poll,
    .ioctl = inet_ioctl,
    .release = inet_release,
};
