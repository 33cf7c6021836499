/* SPDX-License-Identifier: Apache-2.0
 * socket_msg.c: send(2) and recv(2) in all their forms, and the control data of AF_UNIX.
 * [sendmsg(2), cmsg(3)] */
#include <asm/socket.h>
#include <linux/fcntl.h>

#include "libos/net/socket.h"
#include "libos/sys/sys.h"
#include "libos/vfs/file.h"

enum {
    SCM_RIGHTS_TYPE = 1,
    SCM_CREDENTIALS_TYPE = 2,
    CONTROL_MAX = 20480,
    MSG_CTRUNC_BIT = 0x8,
    MSG_DONTWAIT_BIT = 0x40,
    MSG_WAITFORONE_BIT = 0x10000,
    MSG_CMSG_CLOEXEC_BIT = 0x40000000,
    FAMILY_UNIX = 1,
    MMSG_MAX = 1024,
    CAP_ROOT = 0,
};

struct user_msghdr {
    uint64_t name;
    uint32_t name_size, zero;
    uint64_t iov, iov_count;
    uint64_t control, control_size;
    uint32_t flags, zero2;
};

struct control_head { /* struct cmsghdr */
    uint64_t size;
    int32_t level, type;
};

static uint64_t control_align(uint64_t size)
{
    return (size + 7) & ~(uint64_t)7;
}

static int socket_get(struct task *t, int fd, struct file **f, struct socket **s)
{
    int rc = fd_get(t, fd, FILE_ANY, f);
    if (rc)
        return rc;
    *s = socket_of(*f);
    return *s ? 0 : -ENOTSOCK;
}

/* ---- one buffer: sendto, recvfrom ---- */

long sys_sendto(struct task *t, const struct sys_args *a)
{
    struct user_iov iov = {arg_ptr(a, 1), arg_size(a, 2) < RW_MAX ? arg_size(a, 2) : RW_MAX};
    struct user_buf buf = buf_user(&iov, 1);
    struct socket_msg m = {.flags = arg_u32(a, 3), .data = &buf};
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (!rc && iov.size && !user_range_ok(iov.base, iov.size))
        rc = -EFAULT;
    if (!rc && a->v[4]) {
        m.name_size = arg_u32(a, 5);
        rc = m.name_size > sizeof m.name ? -EINVAL : user_read(m.name, arg_ptr(a, 4), m.name_size);
    }
    return rc ? rc : s->ops->send(t, f, &m);
}

static void drop_files(struct socket_msg *m)
{
    for (uint32_t n = 0; n < m->file_count; n++)
        file_put(m->files[n]);
    kfree(m->files);
    m->files = NULL;
    m->file_count = 0;
}

static int name_out(user_ptr at, user_ptr size_at, const struct socket_msg *m)
{
    uint32_t room;
    if (user_is_null(at))
        return 0;
    int rc = user_load32(size_at, &room);
    if (!rc && (int32_t)room < 0)
        rc = -EINVAL;
    if (!rc)
        rc = user_write(at, m->name, room < m->name_size ? room : m->name_size);
    return rc ? rc : user_store32(size_at, m->name_size);
}

long sys_recvfrom(struct task *t, const struct sys_args *a)
{
    struct user_iov iov = {arg_ptr(a, 1), arg_size(a, 2) < RW_MAX ? arg_size(a, 2) : RW_MAX};
    struct user_buf buf = buf_user(&iov, 1);
    struct socket_msg m = {.flags = arg_u32(a, 3), .data = &buf};
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (!rc && iov.size && !user_range_ok(iov.base, iov.size))
        rc = -EFAULT;
    if (rc)
        return rc;
    int64_t n = s->ops->receive(t, f, &m);
    drop_files(&m);
    if (n < 0)
        return n;
    rc = name_out(arg_ptr(a, 4), arg_ptr(a, 5), &m);
    return rc ? rc : n;
}

/* ---- control data of AF_UNIX ---- */

/* Takes references to the files that a SCM_RIGHTS names. */
static int take_rights(struct task *t, const uint8_t *data, size_t size, struct socket_msg *m)
{
    size_t count = size / sizeof(int32_t);
    if (size % sizeof(int32_t) || count > SOCKET_FILES_MAX || m->file_count)
        return -EINVAL;
    m->files = kalloc(count * sizeof(struct file *) + 1);
    if (!m->files)
        return -ENOMEM;
    for (size_t n = 0; n < count; n++) {
        int32_t fd;
        memcpy(&fd, data + n * sizeof fd, sizeof fd);
        int rc = fd_get(t, fd, FILE_PATH_TOO, &m->files[n]);
        if (rc)
            return rc;
        m->file_count++;
    }
    return 0;
}

/* Who one says one is must be who one is, but for root. */
static int take_credentials(struct task *t, const uint8_t *data, size_t size, struct socket_msg *m)
{
    const struct cred *own = &t->process->cred;
    if (size != sizeof m->cred)
        return -EINVAL;
    memcpy(&m->cred, data, size);
    bool is_own =
        m->cred.pid == t->process->pid &&
        (m->cred.uid == own->uid || m->cred.uid == own->euid || m->cred.uid == own->suid) &&
        (m->cred.gid == own->gid || m->cred.gid == own->egid || m->cred.gid == own->sgid);
    if (!is_own && own->euid != CAP_ROOT)
        return -EPERM;
    m->has_cred = true;
    return 0;
}

static int read_control(struct task *t, const uint8_t *data, size_t size, struct socket_msg *m)
{
    size_t at = 0;
    while (size - at >= sizeof(struct control_head)) {
        struct control_head head;
        memcpy(&head, data + at, sizeof head);
        if (head.size < sizeof head || head.size > size - at)
            return -EINVAL;
        const uint8_t *content = data + at + sizeof head;
        size_t length = (size_t)head.size - sizeof head;
        int rc = 0;
        if (head.level == SOL_SOCKET && head.type == SCM_RIGHTS_TYPE)
            rc = take_rights(t, content, length, m);
        else if (head.level == SOL_SOCKET && head.type == SCM_CREDENTIALS_TYPE)
            rc = take_credentials(t, content, length, m);
        else if (head.level == SOL_SOCKET)
            rc = -EINVAL;
        if (rc)
            return rc;
        uint64_t step = control_align(head.size);
        at = step > size - at ? size : at + (size_t)step;
    }
    return 0;
}

/* Where control data is written for the application. */
struct control_out {
    user_ptr at;
    uint64_t room, used;
    uint32_t flags; /* MSG_CTRUNC */
};

static int put_control(struct control_out *out, int type, const void *data, size_t size)
{
    struct control_head head = {sizeof head + size, SOL_SOCKET, type};
    if (out->room - out->used < head.size) {
        out->flags |= MSG_CTRUNC_BIT;
        return 0;
    }
    user_ptr at = user_add(out->at, out->used);
    int rc = user_write(at, &head, sizeof head);
    if (!rc)
        rc = user_write(user_add(at, sizeof head), data, size);
    uint64_t step = control_align(head.size);
    out->used = step > out->room - out->used ? out->room : out->used + step;
    return rc;
}

/* Gives the files descriptors; those for which there is no room are closed. */
static int put_rights(struct task *t, struct control_out *out, struct socket_msg *m, bool cloexec)
{
    uint64_t room = out->room - out->used;
    size_t fits = room > sizeof(struct control_head)
                      ? (size_t)(room - sizeof(struct control_head)) / sizeof(int32_t)
                      : 0;
    size_t count = m->file_count < fits ? m->file_count : fits;
    int32_t fds[SOCKET_FILES_MAX];
    size_t done = 0;
    for (; done < count; done++) {
        file_get(m->files[done]);
        fds[done] = fd_install(t, m->files[done], 0, cloexec);
        if (fds[done] < 0)
            break;
    }
    if (done < m->file_count)
        out->flags |= MSG_CTRUNC_BIT;
    return done ? put_control(out, SCM_RIGHTS_TYPE, fds, done * sizeof *fds) : 0;
}

/* ---- messages: sendmsg, recvmsg ---- */

/* A message header with its pieces. */
struct message {
    struct user_msghdr head;
    struct user_iov few[IOV_FEW];
    struct user_iov *iov;
    struct user_buf buf;
    struct socket_msg msg;
};

static int message_read(struct message *m, user_ptr at, uint32_t flags)
{
    memset(m, 0, sizeof *m);
    int rc = user_read(&m->head, at, sizeof m->head);
    if (rc)
        return rc;
    if (m->head.iov_count > USER_IOV_MAX)
        return -EMSGSIZE;
    size_t size;
    rc = user_iovec(user_at(m->head.iov), (size_t)m->head.iov_count, m->few, &m->iov, &size);
    if (rc) {
        m->iov = NULL;
        return rc;
    }
    m->buf = buf_user(m->iov, (size_t)m->head.iov_count);
    m->msg.data = &m->buf;
    m->msg.flags = flags;
    return 0;
}

static void message_end(struct message *m)
{
    drop_files(&m->msg);
    kfree(m->msg.control);
    if (m->iov != m->few)
        kfree(m->iov);
}

/* The name and the control data that are sent along. */
static int message_take(struct task *t, const struct socket *s, struct message *m)
{
    struct socket_msg *msg = &m->msg;
    if (m->head.name && m->head.name_size) {
        if (m->head.name_size > sizeof msg->name)
            return -EINVAL;
        msg->name_size = m->head.name_size;
        int rc = user_read(msg->name, user_at(m->head.name), msg->name_size);
        if (rc)
            return rc;
    }
    if (!m->head.control || !m->head.control_size)
        return 0;
    if (m->head.control_size > CONTROL_MAX)
        return -ENOBUFS;
    msg->control_size = (size_t)m->head.control_size;
    msg->control = kalloc(msg->control_size);
    if (!msg->control)
        return -ENOMEM;
    int rc = user_read(msg->control, user_at(m->head.control), msg->control_size);
    if (rc || s->family != FAMILY_UNIX)
        return rc;
    return read_control(t, msg->control, msg->control_size, msg);
}

static int64_t send_one(struct task *t, struct file *f, struct socket *s, user_ptr at,
                        uint32_t flags)
{
    struct message m;
    int64_t n = message_read(&m, at, flags);
    if (!n)
        n = message_take(t, s, &m);
    if (!n)
        n = s->ops->send(t, f, &m.msg);
    message_end(&m);
    return n;
}

/* What was received besides the data goes to the application. */
static int message_give(struct task *t, const struct socket *s, struct message *m, user_ptr at,
                        uint32_t flags)
{
    struct socket_msg *msg = &m->msg;
    struct control_out out = {.at = user_at(m->head.control),
                              .room = m->head.control ? m->head.control_size : 0};
    int rc = 0;
    if (m->head.name) {
        uint32_t room = m->head.name_size;
        if ((int32_t)room < 0)
            return -EINVAL;
        rc = user_write(user_at(m->head.name), msg->name,
                        room < msg->name_size ? room : msg->name_size);
        m->head.name_size = msg->name_size;
    }
    if (!rc && s->family != FAMILY_UNIX && msg->control_size) {
        rc = user_write(out.at, msg->control, msg->control_size);
        out.used = msg->control_size;
    }
    if (!rc && msg->has_cred)
        rc = put_control(&out, SCM_CREDENTIALS_TYPE, &msg->cred, sizeof msg->cred);
    if (!rc && msg->file_count)
        rc = put_rights(t, &out, msg, flags & MSG_CMSG_CLOEXEC_BIT);
    m->head.control_size = out.used;
    m->head.flags = msg->flags | out.flags;
    return rc ? rc : user_write(at, &m->head, sizeof m->head);
}

static int64_t receive_one(struct task *t, struct file *f, struct socket *s, user_ptr at,
                           uint32_t flags)
{
    struct message m;
    int64_t n = message_read(&m, at, flags);
    if (!n && s->family != FAMILY_UNIX && m.head.control && m.head.control_size) {
        size_t room = m.head.control_size < CONTROL_MAX ? (size_t)m.head.control_size : CONTROL_MAX;
        m.msg.control = kalloc(room);
        m.msg.control_size = room;
        n = m.msg.control ? 0 : -ENOMEM;
    }
    if (!n)
        n = s->ops->receive(t, f, &m.msg);
    if (n >= 0) {
        int rc = message_give(t, s, &m, at, flags);
        n = rc ? rc : n;
    }
    message_end(&m);
    return n;
}

long sys_sendmsg(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    return rc ? rc : send_one(t, f, s, arg_ptr(a, 1), arg_u32(a, 2));
}

long sys_recvmsg(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    struct socket *s;
    int rc = socket_get(t, arg_int(a, 0), &f, &s);
    return rc ? rc : receive_one(t, f, s, arg_ptr(a, 1), arg_u32(a, 2));
}

/* struct mmsghdr: a message header and the length of what was moved. */
enum { MMSG_SIZE = 64, MMSG_LENGTH_AT = 56 };

long sys_sendmmsg(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    struct socket *s;
    uint32_t count = arg_u32(a, 2) < MMSG_MAX ? arg_u32(a, 2) : MMSG_MAX;
    int64_t rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (rc)
        return rc;
    uint32_t done = 0;
    for (; done < count; done++) {
        user_ptr at = user_add(arg_ptr(a, 1), (uint64_t)done * MMSG_SIZE);
        rc = send_one(t, f, s, at, arg_u32(a, 3));
        if (rc < 0)
            break;
        rc = user_store32(user_add(at, MMSG_LENGTH_AT), (uint32_t)rc);
        if (rc)
            break;
    }
    return done ? (long)done : rc;
}

long sys_recvmmsg(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    struct socket *s;
    uint32_t count = arg_u32(a, 2) < MMSG_MAX ? arg_u32(a, 2) : MMSG_MAX;
    uint32_t flags = arg_u32(a, 3);
    int64_t ns = 0;
    int64_t rc = socket_get(t, arg_int(a, 0), &f, &s);
    if (!rc && a->v[4])
        rc = user_timespec(arg_ptr(a, 4), &ns);
    if (rc)
        return rc;
    int64_t deadline = a->v[4] ? deadline_after(ns) : INT64_MAX;
    uint32_t done = 0;
    while (done < count) {
        user_ptr at = user_add(arg_ptr(a, 1), (uint64_t)done * MMSG_SIZE);
        rc = receive_one(t, f, s, at, flags & ~(uint32_t)MSG_WAITFORONE_BIT);
        if (rc >= 0)
            rc = user_store32(user_add(at, MMSG_LENGTH_AT), (uint32_t)rc);
        if (rc < 0)
            break;
        done++;
        if (flags & MSG_WAITFORONE_BIT)
            flags |= MSG_DONTWAIT_BIT;
        if (platform_clock(PLATFORM_MONOTONIC) >= deadline)
            break;
    }
    return done ? (long)done : rc;
}
