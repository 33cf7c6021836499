/* SPDX-License-Identifier: Apache-2.0
 * serve_stream.c: standard input and output, poll and epoll for the Enclave OS. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/serve_priv.h"

enum { NS_PER_S = 1000000000, EVENTS_MAX = 1024 };

struct event { /* struct platform_event */
    uint32_t events, zero;
    uint64_t data;
};

static long address(const void *p)
{
    return (long)(uintptr_t)p;
}

long serve_wait_ready(const struct host_thread *t, int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    long n = serve_blocking(t, SYS_ppoll, address(&p), 1, 0, 0);
    return n > 0 ? 0 : n == 0 ? -EINTR : n;
}

/* Regular files are always ready, so this asks before a call that must not block. */
static bool is_ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, 0) != 0;
}

static int64_t stream(const struct host_thread *t, const struct gate_stream_read *a, long number,
                      short events)
{
    const void *buf = serve_arena(t, a->buf, a->size);
    if (!buf)
        return -EFAULT;
    if (!a->block && !is_ready(a->fd, events))
        return -EAGAIN;
    for (;;) {
        long n = serve_blocking(t, number, a->fd, address(buf), (long)a->size, 0);
        if (n != -EAGAIN || !a->block)
            return n;
        n = serve_wait_ready(t, a->fd, events);
        if (n)
            return n;
    }
}

static int64_t serve_poll(const struct host_thread *t, const struct gate_poll *a)
{
    struct pollfd *fds =
        a->count > HOST_ARENA_SIZE ? NULL : serve_arena(t, a->fds, a->count * sizeof *fds);
    struct timespec time = {a->timeout_ns / NS_PER_S, a->timeout_ns % NS_PER_S};
    if (!fds)
        return -EFAULT;
    return serve_blocking(t, SYS_ppoll, address(fds), (long)a->count,
                          a->timeout_ns < 0 ? 0 : address(&time), 0);
}

static int64_t serve_epoll_ctl(const struct gate_epoll_ctl *a)
{
    struct epoll_event event = {.events = a->events, .data.u64 = a->data};
    return epoll_ctl(a->set, a->op, a->fd, &event) ? -errno : 0;
}

static int64_t serve_epoll_wait(const struct host_thread *t, const struct gate_epoll_wait *a)
{
    struct epoll_event events[EVENTS_MAX];
    struct event *out =
        a->count > EVENTS_MAX ? NULL : serve_arena(t, a->events, a->count * sizeof *out);
    struct timespec time = {a->timeout_ns / NS_PER_S, a->timeout_ns % NS_PER_S};
    if (!out)
        return -EFAULT;
    long n;
    if (a->timeout_ns <= 0)
        n = serve_blocking(t, SYS_epoll_wait, a->set, address(events), a->count,
                           a->timeout_ns < 0 ? -1 : 0);
    else
        n = serve_blocking(t, SYS_epoll_pwait2, a->set, address(events), a->count, address(&time));
    for (long k = 0; k < n; k++)
        out[k] = (struct event){events[k].events, 0, events[k].data.u64};
    return n;
}

int64_t serve_stream(struct host_thread *t, unsigned call, void *args)
{
    _Static_assert(sizeof(struct gate_stream_read) == sizeof(struct gate_stream_write), "stream");
    switch (call) {
    case GATE_STREAM_READ:
        return stream(t, args, SYS_read, POLLIN);
    case GATE_STREAM_WRITE:
        return stream(t, args, SYS_write, POLLOUT);
    case GATE_CLOSE:
        return close(((const struct gate_close *)args)->fd) ? -errno : 0;
    case GATE_IS_TTY:
        return isatty(((const struct gate_is_tty *)args)->fd);
    case GATE_POLL:
        return serve_poll(t, args);
    case GATE_EPOLL_CREATE: {
        int fd = epoll_create1(EPOLL_CLOEXEC);
        return fd < 0 ? -errno : fd;
    }
    case GATE_EPOLL_CTL:
        return serve_epoll_ctl(args);
    case GATE_EPOLL_WAIT:
        return serve_epoll_wait(t, args);
    default:
        return -ENOSYS;
    }
}
