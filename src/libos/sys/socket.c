/* SPDX-License-Identifier: Apache-2.0
 * socket.c: sockets.  What a family can do stands in net/socket.h. */
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/net.h>
#include <linux/socket.h>

#include "libos/net/socket.h"
#include "libos/sys/sys.h"
#include "libos/vfs/file.h"

enum {
    FAMILY_UNIX = 1,
    FAMILY_INET = 2,
    FAMILY_INET6 = 10,
    FAMILY_MAX = 46,
    TYPE_MASK = 15,
    NOSIGNAL = 0x4000,
    MMSG_MAX = 1024,
    OPTION_MAX = 256,
};

static int get_socket(struct task *t, int fd, struct file **out, const struct socket_ops **ops)
{
    int rc = fd_get(t, fd, FILE_ANY, out);
    if (rc)
        return rc;
    *ops = socket_ops(*out);
    return *ops ? 0 : -ENOTSOCK;
}

static int read_address(user_ptr at, uint32_t size, struct address *out)
{
    if (size > ADDRESS_MAX)
        return -EINVAL;
    out->size = size;
    return user_read(out->bytes, at, size);
}

/* Cut to the room that the application names; the whole length goes back. */
static int write_address(const struct address *name, user_ptr at, user_ptr size_at)
{
    uint32_t room = 0;
    if (user_is_null(at))
        return 0;
    int rc = user_load32(size_at, &room);
    if (rc)
        return rc;
    if ((int32_t)room < 0)
        return -EINVAL;
    rc = user_write(at, name->bytes, room < name->size ? room : name->size);
    return rc ? rc : user_store32(size_at, name->size);
}

long sys_socket(struct task *t, const struct sys_args *a)
{
    int family = arg_int(a, 0);
    uint32_t flags = arg_u32(a, 1) & ~(uint32_t)TYPE_MASK;
    int type = arg_int(a, 1) & TYPE_MASK;
    struct file *f = NULL;
    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    if (family < 0 || family >= FAMILY_MAX)
        return -EAFNOSUPPORT;
    if (family != FAMILY_INET && family != FAMILY_INET6)
        return -EAFNOSUPPORT;
    int rc = host_socket_new(family, type, arg_int(a, 2), flags, &f);
    return rc ? rc : fd_install(t, f, 0, flags & O_CLOEXEC);
}

long sys_bind(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    struct address name;
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    if (!rc)
        rc = read_address(arg_ptr(a, 1), arg_u32(a, 2), &name);
    return rc ? rc : ops->bind(t, f, &name);
}

long sys_listen(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    return rc ? rc : ops->listen(f, arg_int(a, 1));
}

static long accept_flags(struct task *t, const struct sys_args *a, uint32_t flags)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    struct file *fresh = NULL;
    struct address name = {0};
    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    if (!rc)
        rc = ops->accept(t, f, &fresh, &name);
    if (rc)
        return rc;
    fresh->flags |= flags & O_NONBLOCK;
    rc = write_address(&name, arg_ptr(a, 1), arg_ptr(a, 2));
    if (rc) {
        file_put(fresh);
        return rc;
    }
    return fd_install(t, fresh, 0, flags & O_CLOEXEC);
}

long sys_accept(struct task *t, const struct sys_args *a)
{
    return accept_flags(t, a, 0);
}

long sys_accept4(struct task *t, const struct sys_args *a)
{
    return accept_flags(t, a, arg_u32(a, 3));
}

long sys_connect(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    struct address name;
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    if (!rc)
        rc = read_address(arg_ptr(a, 1), arg_u32(a, 2), &name);
    return rc ? rc : ops->connect(t, f, &name);
}

static long sent(struct task *t, int64_t n, uint32_t flags)
{
    if (n == -EPIPE && !(flags & NOSIGNAL))
        ignore(signal_send_task(t, SIGPIPE, NULL));
    return n;
}

long sys_sendto(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    struct user_iov iov = {arg_ptr(a, 1), arg_size(a, 2) < RW_MAX ? arg_size(a, 2) : RW_MAX};
    struct message m = {.flags = arg_u32(a, 3)};
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    if (!rc && iov.size && !user_range_ok(iov.base, iov.size))
        rc = -EFAULT;
    if (!rc && a->v[4])
        rc = read_address(arg_ptr(a, 4), arg_u32(a, 5), &m.name);
    m.buf = buf_user(&iov, 1);
    return rc ? rc : sent(t, ops->send(t, f, &m), arg_u32(a, 3));
}

long sys_recvfrom(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    struct user_iov iov = {arg_ptr(a, 1), arg_size(a, 2) < RW_MAX ? arg_size(a, 2) : RW_MAX};
    struct message m = {.flags = arg_u32(a, 3)};
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    if (!rc && iov.size && !user_range_ok(iov.base, iov.size))
        rc = -EFAULT;
    if (rc)
        return rc;
    m.buf = buf_user(&iov, 1);
    int64_t n = ops->receive(t, f, &m);
    if (n >= 0 && write_address(&m.name, arg_ptr(a, 4), arg_ptr(a, 5)))
        return -EFAULT;
    return n;
}

/* struct msghdr */
struct user_msghdr {
    user_ptr name;
    uint32_t name_size, pad;
    user_ptr iov;
    uint64_t iov_count;
    user_ptr control;
    uint64_t control_size;
    uint32_t flags, pad2;
};

struct opened {
    struct user_msghdr header;
    struct message message;
    struct user_iov few[IOV_FEW];
    struct user_iov *iov;
};

static void closed(struct opened *o)
{
    if (o->iov != o->few)
        kfree(o->iov);
    kfree(o->message.control);
}

static int open_message(user_ptr at, uint32_t flags, bool sending, struct opened *o)
{
    size_t size = 0;
    *o = (struct opened){.message = {.flags = flags}};
    o->iov = o->few;
    struct user_msghdr *h = &o->header;
    int rc = user_read(h, at, sizeof *h);
    if (!rc && h->iov_count > USER_IOV_MAX)
        rc = -EMSGSIZE;
    if (!rc)
        rc = user_iovec(h->iov, h->iov_count, o->few, &o->iov, &size);
    if (rc) {
        o->iov = o->few;
        return rc;
    }
    o->message.buf = buf_user(o->iov, h->iov_count);
    if (h->control_size && !user_is_null(h->control))
        o->message.control = kalloc(CONTROL_MAX);
    if (!sending || rc)
        return rc;
    if (!user_is_null(h->name) && h->name_size)
        rc = read_address(h->name, h->name_size, &o->message.name);
    if (!rc && o->message.control) {
        if (h->control_size > CONTROL_MAX)
            return -ENOBUFS;
        o->message.control_size = h->control_size;
        rc = user_read(o->message.control, h->control, h->control_size);
    }
    return rc;
}

static int64_t send_one(struct task *t, struct file *f, const struct socket_ops *ops, user_ptr at,
                        uint32_t flags)
{
    struct opened o;
    int64_t n = open_message(at, flags, true, &o);
    if (!n)
        n = sent(t, ops->send(t, f, &o.message), flags);
    closed(&o);
    return n;
}

/* What came goes back into the application's header. */
static int close_message(user_ptr at, struct opened *o)
{
    struct user_msghdr *h = &o->header;
    struct message *m = &o->message;
    int rc = 0;
    if (!user_is_null(h->name)) {
        uint32_t room = h->name_size < m->name.size ? h->name_size : m->name.size;
        rc = user_write(h->name, m->name.bytes, room);
        h->name_size = m->name.size;
    }
    if (m->control_size > h->control_size) {
        m->control_size = h->control_size;
        m->flags |= 8; /* MSG_CTRUNC */
    }
    if (!rc && m->control_size)
        rc = user_write(h->control, m->control, m->control_size);
    h->control_size = m->control_size;
    h->flags = m->flags;
    return rc ? rc : user_write(at, h, sizeof *h);
}

static int64_t receive_one(struct task *t, struct file *f, const struct socket_ops *ops,
                           user_ptr at, uint32_t flags)
{
    struct opened o;
    int64_t n = open_message(at, flags, false, &o);
    if (!n) {
        n = ops->receive(t, f, &o.message);
        if (n >= 0 && close_message(at, &o))
            n = -EFAULT;
    }
    closed(&o);
    return n;
}

long sys_sendmsg(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    return rc ? rc : send_one(t, f, ops, arg_ptr(a, 1), arg_u32(a, 2));
}

long sys_recvmsg(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    return rc ? rc : receive_one(t, f, ops, arg_ptr(a, 1), arg_u32(a, 2));
}

enum { MMSG_SIZE = 64, MMSG_COUNT_AT = 56 };

static long many(struct task *t, const struct sys_args *a, bool sending)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    uint32_t count = arg_u32(a, 2) < MMSG_MAX ? arg_u32(a, 2) : MMSG_MAX;
    uint32_t flags = arg_u32(a, 3);
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    uint32_t done = 0;
    while (!rc && done < count) {
        user_ptr at = user_add(arg_ptr(a, 1), (uint64_t)done * MMSG_SIZE);
        int64_t n = sending ? send_one(t, f, ops, at, flags)
                            : receive_one(t, f, ops, at, flags & ~0x10000u);
        if (n < 0)
            return done ? (long)done : n;
        rc = user_store32(user_add(at, MMSG_COUNT_AT), (uint32_t)n);
        done++;
        if (flags & 0x10000u) /* MSG_WAITFORONE */
            flags |= 0x40;
    }
    return rc ? rc : (long)done;
}

long sys_sendmmsg(struct task *t, const struct sys_args *a)
{
    return many(t, a, true);
}

long sys_recvmmsg(struct task *t, const struct sys_args *a)
{
    return many(t, a, false);
}

long sys_shutdown(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    return rc ? rc : ops->shutdown(f, arg_int(a, 1));
}

static long name_of(struct task *t, const struct sys_args *a, bool peer)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    struct address name = {0};
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    if (!rc)
        rc = ops->name(f, peer, &name);
    if (!rc && user_is_null(arg_ptr(a, 1)))
        rc = -EFAULT;
    return rc ? rc : write_address(&name, arg_ptr(a, 1), arg_ptr(a, 2));
}

long sys_getsockname(struct task *t, const struct sys_args *a)
{
    return name_of(t, a, false);
}

long sys_getpeername(struct task *t, const struct sys_args *a)
{
    return name_of(t, a, true);
}

long sys_getsockopt(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    uint8_t value[OPTION_MAX];
    uint32_t room = 0;
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    if (!rc)
        rc = user_load32(arg_ptr(a, 4), &room);
    if (!rc && (int32_t)room < 0)
        rc = -EINVAL;
    if (rc)
        return rc;
    uint32_t size = room < OPTION_MAX ? room : OPTION_MAX;
    rc = ops->get_option(f, arg_int(a, 1), arg_int(a, 2), value, &size);
    if (!rc)
        rc = user_write(arg_ptr(a, 3), value, size);
    return rc ? rc : user_store32(arg_ptr(a, 4), size);
}

long sys_setsockopt(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    const struct socket_ops *ops = NULL;
    uint8_t value[OPTION_MAX];
    uint32_t size = arg_u32(a, 4);
    int rc = get_socket(t, arg_int(a, 0), &f, &ops);
    if (!rc && ((int32_t)size < 0 || size > OPTION_MAX))
        rc = -EINVAL;
    if (!rc)
        rc = user_read(value, arg_ptr(a, 3), size);
    return rc ? rc : ops->set_option(f, arg_int(a, 1), arg_int(a, 2), value, size);
}
