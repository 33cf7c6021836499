/* SPDX-License-Identifier: Apache-2.0
 * socket.c: making, naming and connecting sockets.  Messages are in socket_msg.c. */
#include <asm/socket.h>
#include <linux/fcntl.h>

#include "libos/net/socket.h"
#include "libos/sys/sys.h"
#include "libos/vfs/file.h"

enum { TYPE_MASK = 0xf, OPTION_MAX = 4096, FAMILY_MAX = 46 };

/* The socket behind a descriptor; *f gets a reference. */
static int socket_get(struct task *t, int fd, struct file **f, struct socket **s)
{
    int rc = fd_get(t, fd, FILE_ANY, f);
    if (rc)
        return rc;
    *s = socket_of(*f);
    return *s ? 0 : -ENOTSOCK;
}

static long install(struct task *t, struct file *f, uint32_t flags)
{
    return fd_install(t, f, 0, flags & O_CLOEXEC);
}

/* SOCK_CLOEXEC and SOCK_NONBLOCK have the values of O_CLOEXEC and O_NONBLOCK. */
static bool flags_are_known(uint32_t flags)
{
    return !(flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK));
}

long sys_socket(struct task *t, const struct sys_args *a)
{
    uint32_t type = arg_u32(a, 1);
    uint32_t flags = type & ~(uint32_t)TYPE_MASK;
    int family = arg_int(a, 0);
    struct file *f;
    if (!flags_are_known(flags))
        return -EINVAL;
    if (family < 0 || family >= FAMILY_MAX)
        return -EAFNOSUPPORT;
    int rc = socket_new(family, (int)(type & TYPE_MASK), arg_int(a, 2), flags, &f);
    return rc ? rc : install(t, f, flags);
}

long sys_socketpair(struct task *t, const struct sys_args *a)
{
    uint32_t type = arg_u32(a, 1);
    uint32_t flags = type & ~(uint32_t)TYPE_MASK;
    struct file *files[2];
    if (!flags_are_known(flags))
        return -EINVAL;
    int rc = socket_pair(arg_int(a, 0), (int)(type & TYPE_MASK), arg_int(a, 2), flags, files);
    if (rc)
        return rc;
    int32_t fds[2];
    fds[0] = (int32_t)install(t, files[0], flags);
    if (fds[0] < 0) {
        file_put(files[1]);
        return fds[0];
    }
    fds[1] = (int32_t)install(t, files[1], flags);
    rc = fds[1] < 0 ? fds[1] : user_write(arg_ptr(a, 3), fds, sizeof fds);
    if (!rc)
        return 0;
    ignore(fd_close(t, fds[0]));
    if (fds[1] >= 0)
        ignore(fd_close(t, fds[1]));
    return rc;
}

/* An address from the application. */
static int name_read(user_ptr at, uint32_t size, uint8_t name[SOCKET_NAME_MAX])
{
    if (size > SOCKET_NAME_MAX)
        return -EINVAL;
    return size ? user_read(name, at, size) : 0;
}

/* An address to the application: as much as it has room for, and the whole length. */
static int name_write(user_ptr at, user_ptr size_at, const uint8_t *name, uint32_t size)
{
    uint32_t room;
    if (user_is_null(at))
        return 0;
    int rc = user_load32(size_at, &room);
    if (rc)
        return rc;
    if ((int32_t)room < 0)
        return -EINVAL;
    rc = user_write(at, name, room < size ? room : size);
    return rc ? rc : user_store32(size_at, size);
}

long sys_bind(struct task *t, const struct sys_args *a)
{
    uint8_t name[SOCKET_NAME_MAX];
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (!rc)
        rc = name_read(arg_ptr(a, 1), arg_u32(a, 2), name);
    return rc ? rc : s->ops->bind(t, s, name, arg_u32(a, 2));
}

long sys_listen(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    return rc ? rc : s->ops->listen(s, arg_int(a, 1));
}

static long accept_as(struct task *t, const struct sys_args *a, uint32_t flags)
{
    if (!flags_are_known(flags))
        return -EINVAL;
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (rc)
        return rc;
    uint8_t name[SOCKET_NAME_MAX];
    uint32_t size = 0;
    struct file *accepted;
    rc = s->ops->accept(t, f, flags, &accepted, name, &size);
    if (rc)
        return rc;
    rc = name_write(arg_ptr(a, 1), arg_ptr(a, 2), name, size);
    if (rc) {
        file_put(accepted);
        return rc;
    }
    return install(t, accepted, flags);
}

long sys_accept(struct task *t, const struct sys_args *a)
{
    return accept_as(t, a, 0);
}

long sys_accept4(struct task *t, const struct sys_args *a)
{
    return accept_as(t, a, arg_u32(a, 3));
}

long sys_connect(struct task *t, const struct sys_args *a)
{
    uint8_t name[SOCKET_NAME_MAX];
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (!rc)
        rc = name_read(arg_ptr(a, 1), arg_u32(a, 2), name);
    return rc ? rc : s->ops->connect(t, f, name, arg_u32(a, 2));
}

long sys_shutdown(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    return rc ? rc : s->ops->shutdown(s, arg_int(a, 1));
}

static long name_of(struct task *t, const struct sys_args *a, bool peer)
{
    uint8_t name[SOCKET_NAME_MAX];
    uint32_t size = 0;
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (!rc)
        rc = s->ops->name(s, peer, name, &size);
    return rc ? rc : name_write(arg_ptr(a, 1), arg_ptr(a, 2), name, size);
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
    struct socket *s;
    uint32_t size;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (!rc)
        rc = user_load32(arg_ptr(a, 4), &size);
    if (rc)
        return rc;
    if ((int32_t)size < 0)
        return -EINVAL;
    size = size < OPTION_MAX ? size : OPTION_MAX;
    uint8_t value[OPTION_MAX];
    rc = s->ops->get_option(s, arg_int(a, 1), arg_int(a, 2), value, &size);
    if (!rc)
        rc = user_write(arg_ptr(a, 3), value, size);
    return rc ? rc : user_store32(arg_ptr(a, 4), size);
}

long sys_setsockopt(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    struct socket *s;
    uint32_t size = arg_u32(a, 4);
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (rc)
        return rc;
    if (size > OPTION_MAX)
        return -EINVAL;
    uint8_t value[OPTION_MAX];
    rc = size ? user_read(value, arg_ptr(a, 3), size) : 0;
    return rc ? rc : s->ops->set_option(s, arg_int(a, 1), arg_int(a, 2), value, size);
}
