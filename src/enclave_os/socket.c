/* SPDX-License-Identifier: Apache-2.0
 * socket.c: sockets of the host. */
#include <errno.h>
#include <string.h>

#include "enclave/arena.h"
#include "enclave/hostmem.h"
#include "enclave_os/os.h"

enum { NAME_MAX_SIZE = 128, VALUE_MAX = 4096, CONTROL_MAX = 16384, PART_MAX = 128 * 1024 };

int platform_socket(int family, int type, int protocol)
{
    struct gate_socket args = {.family = family, .type = type, .protocol = protocol};
    return (int)host_count(OS_CALL(GATE_SOCKET, args), INT32_MAX);
}

int platform_bind(int fd, const void *name, uint32_t size)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int rc = size > NAME_MAX_SIZE ? -EINVAL : os_put(&place, name, size);
    struct gate_bind args = {.fd = fd, .size = size, .name = place.addr};
    if (!rc)
        rc = host_status(OS_CALL(GATE_BIND, args));
    arena_release(mark);
    return rc;
}

int platform_listen(int fd, int backlog)
{
    struct gate_listen args = {.fd = fd, .backlog = backlog};
    return host_status(OS_CALL(GATE_LISTEN, args));
}

/* A name that the host wrote: its length is what the host says, what is copied is what fits. */
static int take_name(void *out, uint32_t room, host_ptr from, uint32_t *length)
{
    if (*length > NAME_MAX_SIZE)
        return -EPROTO;
    uint32_t part = *length < room ? *length : room;
    return out ? os_copy_in(out, from, part) : 0;
}

int platform_accept(int fd, void *name, uint32_t *size, bool block)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int64_t rc = arena_take(NAME_MAX_SIZE, &place);
    struct gate_accept args = {.fd = fd, .block = block, .name = place.addr, .size = NAME_MAX_SIZE};
    if (!rc)
        rc = host_count(OS_CALL_BLOCKING(GATE_ACCEPT, args), INT32_MAX);
    if (rc >= 0 && name && size) {
        int bad = take_name(name, *size, place, &args.size);
        *size = args.size;
        rc = bad ? bad : rc;
    }
    arena_release(mark);
    return (int)rc;
}

int platform_connect(int fd, const void *name, uint32_t size, bool block)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int rc = size > NAME_MAX_SIZE ? -EINVAL : os_put(&place, name, size);
    struct gate_connect args = {.fd = fd, .block = block, .name = place.addr, .size = size};
    if (!rc)
        rc = host_status(OS_CALL_BLOCKING(GATE_CONNECT, args));
    arena_release(mark);
    return rc;
}

int64_t platform_sendmsg(int fd, const struct platform_msg *msg, bool block)
{
    size_t mark = arena_mark();
    size_t total = 0;
    host_ptr data = {0};
    host_ptr name = {0};
    host_ptr control = {0};
    int64_t rc = msg->name_size > NAME_MAX_SIZE || msg->control_size > CONTROL_MAX ? -EINVAL : 0;
    if (!rc && msg->name)
        rc = os_put(&name, msg->name, msg->name_size);
    if (!rc && msg->control)
        rc = os_put(&control, msg->control, msg->control_size);
    if (!rc)
        rc = os_gather(&data, msg->iov, msg->iov_count, &total);
    struct gate_sendmsg args = {.fd = fd,
                                .flags = msg->flags,
                                .block = block,
                                .name_size = msg->name ? msg->name_size : 0,
                                .name = name.addr,
                                .buf = data.addr,
                                .size = total,
                                .control = control.addr,
                                .control_size = msg->control ? msg->control_size : 0};
    if (!rc)
        rc = host_count(OS_CALL_BLOCKING(GATE_SENDMSG, args), total);
    arena_release(mark);
    return rc;
}

static int64_t recv_done(struct platform_msg *msg, const struct gate_recvmsg *args, int64_t count)
{
    uint32_t length = args->name_size;
    if (args->control_size > msg->control_size ||
        os_scatter(msg->iov, msg->iov_count, (host_ptr){args->buf}, (size_t)count))
        return -EFAULT;
    if (msg->name && take_name(msg->name, msg->name_size, (host_ptr){args->name}, &length))
        return -EFAULT;
    if (msg->control && os_copy_in(msg->control, (host_ptr){args->control}, args->control_size))
        return -EFAULT;
    msg->name_size = length;
    msg->control_size = args->control_size;
    msg->flags = args->flags;
    return count;
}

int64_t platform_recvmsg(int fd, struct platform_msg *msg, bool block)
{
    size_t mark = arena_mark();
    size_t total = 0;
    host_ptr data = {0};
    host_ptr name = {0};
    host_ptr control = {0};
    for (size_t n = 0; n < msg->iov_count; n++)
        total += msg->iov[n].size < PART_MAX - total ? msg->iov[n].size : PART_MAX - total;
    size_t control_room = msg->control && msg->control_size < CONTROL_MAX ? msg->control_size : 0;
    int64_t rc = arena_take(NAME_MAX_SIZE, &name);
    if (!rc)
        rc = arena_take(control_room, &control);
    if (!rc)
        rc = arena_take(total, &data);
    const struct gate_recvmsg ours = {.fd = fd,
                                      .flags = msg->flags,
                                      .block = block,
                                      .name_size = msg->name ? NAME_MAX_SIZE : 0,
                                      .name = name.addr,
                                      .buf = data.addr,
                                      .size = total,
                                      .control = control.addr,
                                      .control_size = control_room};
    struct gate_recvmsg args = ours;
    if (!rc) /* with MSG_TRUNC the count may be what there would have been */
        rc = host_count(OS_CALL_BLOCKING(GATE_RECVMSG, args), total);
    args.name = ours.name;
    args.buf = ours.buf;
    args.control = ours.control;
    if (rc >= 0)
        rc = recv_done(msg, &args, rc);
    arena_release(mark);
    return rc;
}

int platform_shutdown(int fd, int how)
{
    struct gate_shutdown args = {.fd = fd, .how = how};
    return host_status(OS_CALL(GATE_SHUTDOWN, args));
}

int platform_sockname(int fd, bool peer, void *name, uint32_t *size)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int rc = arena_take(NAME_MAX_SIZE, &place);
    struct gate_sockname args = {.fd = fd, .peer = peer, .name = place.addr, .size = NAME_MAX_SIZE};
    if (!rc)
        rc = host_status(OS_CALL(GATE_SOCKNAME, args));
    if (!rc)
        rc = take_name(name, *size, place, &args.size);
    if (!rc)
        *size = args.size;
    arena_release(mark);
    return rc;
}

int platform_getsockopt(int fd, int level, int name, void *value, uint32_t *size)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    uint32_t room = *size < VALUE_MAX ? *size : VALUE_MAX;
    int rc = os_put(&place, value, room);
    struct gate_getsockopt args = {
        .fd = fd, .level = level, .name = name, .size = room, .value = place.addr};
    if (!rc)
        rc = host_status(OS_CALL(GATE_GETSOCKOPT, args));
    if (!rc && args.size > room)
        rc = -EPROTO;
    if (!rc)
        rc = os_copy_in(value, place, args.size);
    if (!rc)
        *size = args.size;
    arena_release(mark);
    return rc;
}

int platform_setsockopt(int fd, int level, int name, const void *value, uint32_t size)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int rc = size > VALUE_MAX ? -EINVAL : os_put(&place, value, size);
    struct gate_setsockopt args = {
        .fd = fd, .level = level, .name = name, .size = size, .value = place.addr};
    if (!rc)
        rc = host_status(OS_CALL(GATE_SETSOCKOPT, args));
    arena_release(mark);
    return rc;
}

int platform_ioctl_int(int fd, uint32_t request, int32_t *value)
{
    struct gate_ioctl_int args = {.fd = fd, .request = request, .value = *value};
    int rc = host_status(OS_CALL(GATE_IOCTL_INT, args));
    if (!rc)
        *value = args.value;
    return rc;
}
