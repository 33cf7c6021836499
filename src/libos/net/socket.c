/* SPDX-License-Identifier: Apache-2.0
 * socket.c: see socket.h. */
#include "libos/net/socket.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/fcntl.h>

#include "libos/lib/abi.h"
#include "libos/lib/alloc.h"
#include "libos/net/anon.h"
#include "libos/task/wait.h"

enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10, DONT_WAIT = 0x40 };

static int64_t socket_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)pos;
    struct socket *s = f->priv;
    struct socket_msg msg = {.data = buf};
    int64_t n = s->ops->receive(t, f, &msg);
    for (uint32_t i = 0; i < msg.file_count; i++)
        file_put(msg.files[i]); /* read(2) has no way to give them */
    kfree(msg.files);
    return n;
}

static int64_t socket_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)pos;
    struct socket *s = f->priv;
    struct socket_msg msg = {.data = buf};
    return s->ops->send(t, f, &msg);
}

static uint32_t socket_poll(struct file *f, struct poll_wait *w)
{
    struct socket *s = f->priv;
    return s->ops->poll(f, w);
}

static int64_t socket_ioctl(struct task *t, struct file *f, uint32_t request, user_ptr arg)
{
    (void)t;
    struct socket *s = f->priv;
    return s->ops->ioctl ? s->ops->ioctl(f, request, arg) : -ENOTTY;
}

static void socket_release(struct file *f)
{
    struct socket *s = f->priv;
    if (s)
        s->ops->release(f);
}

static const struct file_ops SOCKET = {
    .read = socket_read,
    .write = socket_write,
    .poll = socket_poll,
    .ioctl = socket_ioctl,
    .release = socket_release,
};

struct file *socket_file(struct socket *s, uint32_t flags)
{
    struct file *f = anon_file(&SOCKET, O_RDWR | (flags & O_NONBLOCK), S_IFSOCK | 0777);
    if (f)
        f->priv = s;
    return f;
}

struct socket *socket_of(struct file *f)
{
    return f->ops == &SOCKET ? f->priv : NULL;
}

bool socket_blocks(const struct file *f, uint32_t flags)
{
    return !(flags & DONT_WAIT) && !(__atomic_load_n(&f->flags, __ATOMIC_RELAXED) & O_NONBLOCK);
}

int64_t socket_deadline(int64_t timeout)
{
    return timeout ? platform_clock(PLATFORM_MONOTONIC) + timeout : NO_DEADLINE;
}

int socket_new(int family, int type, int protocol, uint32_t flags, struct file **out)
{
    if (family == FAMILY_UNIX)
        return unix_new(type, protocol, flags, out);
    if (family == FAMILY_INET || family == FAMILY_INET6)
        return inet_new(family, type, protocol, flags, out);
    return -EAFNOSUPPORT;
}

int socket_pair(int family, int type, int protocol, uint32_t flags, struct file *out[2])
{
    if (family != FAMILY_UNIX)
        return family == FAMILY_INET || family == FAMILY_INET6 ? -EOPNOTSUPP : -EAFNOSUPPORT;
    if (protocol != 0 && protocol != FAMILY_UNIX)
        return -EPROTONOSUPPORT;
    return unix_pair(type, flags, out);
}

/* ---- options of every family ---- */

int socket_put_int(int32_t number, void *value, uint32_t *size)
{
    uint32_t room = *size < sizeof number ? *size : (uint32_t)sizeof number;
    memcpy(value, &number, room);
    *size = room;
    return 0;
}

struct timeval64 {
    int64_t s, us;
};

static int get_time(int64_t timeout, void *value, uint32_t *size)
{
    struct timeval64 time = {timeout / 1000000000, timeout % 1000000000 / 1000};
    uint32_t room = *size < sizeof time ? *size : (uint32_t)sizeof time;
    memcpy(value, &time, room);
    *size = room;
    return 0;
}

static int set_time(int64_t *timeout, const void *value, uint32_t size)
{
    struct timeval64 time;
    if (size < sizeof time)
        return -EINVAL;
    memcpy(&time, value, sizeof time);
    if (time.us < 0 || time.us >= 1000000)
        return -EDOM;
    *timeout = time.s < 0 || time.s > INT32_MAX ? 0 : time.s * 1000000000 + time.us * 1000;
    return 0;
}

int socket_get_common(struct socket *s, int level, int option, void *value, uint32_t *size)
{
    if (level != SOL_SOCKET)
        return -ENOPROTOOPT;
    switch (option) {
    case SO_TYPE:
        return socket_put_int(s->type, value, size);
    case SO_DOMAIN:
        return socket_put_int(s->family, value, size);
    case SO_PROTOCOL:
        return socket_put_int(s->protocol, value, size);
    case SO_RCVTIMEO:
        return get_time(s->receive_timeout, value, size);
    case SO_SNDTIMEO:
        return get_time(s->send_timeout, value, size);
    default:
        return -ENOPROTOOPT;
    }
}

int socket_set_common(struct socket *s, int level, int option, const void *value, uint32_t size)
{
    if (level != SOL_SOCKET)
        return -ENOPROTOOPT;
    switch (option) {
    case SO_RCVTIMEO:
        return set_time(&s->receive_timeout, value, size);
    case SO_SNDTIMEO:
        return set_time(&s->send_timeout, value, size);
    default:
        return -ENOPROTOOPT;
    }
}
