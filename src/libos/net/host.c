/* SPDX-License-Identifier: Apache-2.0
 * host.c: TCP and UDP sockets, which are the host's. */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/net.h>
#include <linux/socket.h>

#include "libos/lib/abi.h"
#include "libos/lib/alloc.h"
#include "libos/net/socket.h"
#include "libos/task/wait.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

enum { IOV_PIECES = 64, MSG_DONTWAIT_ = 0x40, MSG_NOSIGNAL_ = 0x4000 };

static struct super g_socket_super = {.type = "sockfs", .source = "none", .dev = 0x8};
static const struct inode_ops SOCKET_INODE = {0};

int socket_inode(struct file *f)
{
    f->inode = inode_new(&g_socket_super, S_IFSOCK | 0777, &SOCKET_INODE);
    if (!f->inode)
        return -ENOMEM;
    f->inode->ino = __atomic_add_fetch(&g_socket_super.next_ino, 1, __ATOMIC_RELAXED);
    return 0;
}

static bool blocks(const struct file *f, uint32_t flags)
{
    return !(f->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT_);
}

/* -EINTR from a host call: over when a signal wants in, else the call is made again. */
static bool again(struct task *t, int64_t *rc)
{
    if (*rc != -EINTR)
        return false;
    if (!task_interrupted(t))
        return true;
    *rc = -ERESTARTSYS;
    return false;
}

static int64_t host_send(struct task *t, struct file *f, struct message *m)
{
    struct platform_iov iov[IOV_PIECES];
    struct platform_msg msg = {.name = m->name.size ? m->name.bytes : NULL,
                               .name_size = m->name.size,
                               .flags = m->flags & ~(uint32_t)(MSG_DONTWAIT_ | MSG_NOSIGNAL_),
                               .iov = iov,
                               .control = m->control_size ? m->control : NULL,
                               .control_size = m->control_size};
    int64_t n;
    do {
        msg.iov_count = buf_iov(&m->buf, iov, IOV_PIECES);
        n = platform_sendmsg(f->host_fd, &msg, blocks(f, m->flags));
    } while (again(t, &n));
    if (n > 0)
        buf_skip(&m->buf, (size_t)n < m->buf.left ? (size_t)n : m->buf.left);
    return n;
}

static int64_t host_receive(struct task *t, struct file *f, struct message *m)
{
    struct platform_iov iov[IOV_PIECES];
    struct platform_msg msg;
    int64_t n;
    do {
        msg = (struct platform_msg){.name = m->name.bytes,
                                    .name_size = ADDRESS_MAX,
                                    .flags = m->flags & ~(uint32_t)MSG_DONTWAIT_,
                                    .iov = iov,
                                    .iov_count = buf_iov(&m->buf, iov, IOV_PIECES),
                                    .control = m->control,
                                    .control_size = m->control ? CONTROL_MAX : 0};
        n = platform_recvmsg(f->host_fd, &msg, blocks(f, m->flags));
    } while (again(t, &n));
    m->name.size = msg.name_size <= ADDRESS_MAX ? msg.name_size : ADDRESS_MAX;
    m->control_size = msg.control_size <= CONTROL_MAX ? msg.control_size : 0;
    m->flags = msg.flags;
    return n;
}

static int64_t host_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    struct message m = {.buf = *buf};
    (void)pos;
    int64_t n = host_receive(t, f, &m);
    if (n > 0)
        buf_skip(buf, (size_t)n);
    return n;
}

static int64_t host_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    struct message m = {.buf = *buf};
    (void)pos;
    int64_t n = host_send(t, f, &m);
    *buf = m.buf;
    return n;
}

static uint32_t host_poll(struct file *f, struct poll_wait *w)
{
    (void)f;
    (void)w;
    return 0; /* the host's answer counts */
}

static int64_t host_ioctl(struct task *t, struct file *f, uint32_t request, user_ptr arg)
{
    int32_t value = 0;
    (void)t;
    if (request != FIONREAD && request != TIOCOUTQ)
        return -ENOTTY;
    int rc = platform_ioctl_int(f->host_fd, request, &value);
    return rc < 0 ? rc : user_store32(arg, (uint32_t)value);
}

static void host_release(struct file *f)
{
    ignore(platform_close(f->host_fd));
}

static const struct file_ops HOST_SOCKET = {.read = host_read,
                                            .write = host_write,
                                            .poll = host_poll,
                                            .ioctl = host_ioctl,
                                            .release = host_release};

const struct socket_ops *socket_ops(const struct file *f)
{
    return f->ops == &HOST_SOCKET ? &g_host_socket : NULL;
}

/* Takes over the descriptor. */
static int wrap(int fd, uint32_t flags, struct file **out)
{
    struct file *f = file_new(&HOST_SOCKET, O_RDWR | (flags & O_NONBLOCK));
    if (!f) {
        ignore(platform_close(fd));
        return -ENOMEM;
    }
    f->host_fd = fd;
    int rc = socket_inode(f);
    if (rc)
        file_put(f);
    else
        *out = f;
    return rc;
}

int host_socket_new(int family, int type, int protocol, uint32_t flags, struct file **out)
{
    int fd = platform_socket(family, type, protocol);
    return fd < 0 ? fd : wrap(fd, flags, out);
}

static int host_bind(struct task *t, struct file *f, const struct address *name)
{
    (void)t;
    return platform_bind(f->host_fd, name->bytes, name->size);
}

static int host_listen(struct file *f, int backlog)
{
    return platform_listen(f->host_fd, backlog);
}

static int host_accept(struct task *t, struct file *f, struct file **out, struct address *name)
{
    int64_t fd;
    do {
        name->size = ADDRESS_MAX;
        fd = platform_accept(f->host_fd, name->bytes, &name->size, !(f->flags & O_NONBLOCK));
    } while (again(t, &fd));
    if (name->size > ADDRESS_MAX)
        name->size = ADDRESS_MAX;
    return fd < 0 ? (int)fd : wrap((int)fd, 0, out);
}

static int host_connect(struct task *t, struct file *f, const struct address *name)
{
    int64_t rc = platform_connect(f->host_fd, name->bytes, name->size, blocks(f, 0));
    while (again(t, &rc)) {
        rc = platform_connect(f->host_fd, name->bytes, name->size, blocks(f, 0));
        if (rc == -EALREADY || rc == -EISCONN)
            rc = rc == -EISCONN ? 0 : -EINTR;
    }
    return (int)rc;
}

static int host_shutdown(struct file *f, int how)
{
    return platform_shutdown(f->host_fd, how);
}

static int host_name(struct file *f, bool peer, struct address *out)
{
    out->size = ADDRESS_MAX;
    int rc = platform_sockname(f->host_fd, peer, out->bytes, &out->size);
    if (out->size > ADDRESS_MAX)
        out->size = ADDRESS_MAX;
    return rc;
}

static int host_get_option(struct file *f, int level, int name, void *value, uint32_t *size)
{
    uint32_t room = *size;
    int rc = platform_getsockopt(f->host_fd, level, name, value, size);
    return *size > room ? -EIO : rc;
}

static int host_set_option(struct file *f, int level, int name, const void *value, uint32_t size)
{
    return platform_setsockopt(f->host_fd, level, name, value, size);
}

const struct socket_ops g_host_socket = {.bind = host_bind,
                                         .listen = host_listen,
                                         .accept = host_accept,
                                         .connect = host_connect,
                                         .send = host_send,
                                         .receive = host_receive,
                                         .shutdown = host_shutdown,
                                         .name = host_name,
                                         .get_option = host_get_option,
                                         .set_option = host_set_option};
