/* SPDX-License-Identifier: Apache-2.0
 * epoll.c: epoll_create(2), epoll_ctl(2), epoll_wait(2); eventfd(2) and pipe(2), which wake them.
 */
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "libos/net/epoll.h"
#include "libos/sys/sys.h"
#include "libos/task/wait.h"
#include "libos/vfs/special.h"

enum { EVENTS_MAX = INT32_MAX / (int)sizeof(struct epoll_user_event), BATCH = 64 };
enum { EVENTFD_SEMAPHORE = 1, NS_PER_MS = 1000000, SIGSET_SIZE = 8 };

static long install(struct task *t, struct file *f, uint32_t flags)
{
    return fd_install(t, f, 0, flags & O_CLOEXEC);
}

static long create(struct task *t, uint32_t flags)
{
    struct file *f;
    int rc = epoll_new(&f);
    return rc ? rc : install(t, f, flags);
}

long sys_epoll_create(struct task *t, const struct sys_args *a)
{
    return arg_int(a, 0) > 0 ? create(t, 0) : -EINVAL;
}

long sys_epoll_create1(struct task *t, const struct sys_args *a)
{
    uint32_t flags = arg_u32(a, 0);
    return flags & ~(uint32_t)O_CLOEXEC ? -EINVAL : create(t, flags);
}

long sys_epoll_ctl(struct task *t, const struct sys_args *a)
{
    int op = arg_int(a, 1);
    int fd = arg_int(a, 2);
    struct epoll_user_event event = {0};
    if (op != EPOLL_CTL_DEL) {
        int rc = user_read(&event, arg_ptr(a, 3), sizeof event);
        if (rc)
            return rc;
    }
    auto_file epoll = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &epoll);
    if (rc)
        return rc;
    auto_file target = NULL;
    rc = fd_get(t, fd, FILE_ANY, &target);
    return rc ? rc : epoll_control(epoll, op, fd, target, &event);
}

static long wait_events(struct task *t, const struct sys_args *a, int64_t deadline)
{
    int count = arg_int(a, 2);
    if (count <= 0 || count > EVENTS_MAX)
        return -EINVAL;
    auto_file epoll = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &epoll);
    if (rc)
        return rc;
    struct epoll_user_event events[BATCH];
    size_t room = count < BATCH ? (size_t)count : BATCH;
    int64_t n = epoll_collect(t, epoll, events, room, deadline);
    if (n > 0)
        rc = user_write(arg_ptr(a, 1), events, (size_t)n * sizeof *events);
    return rc ? rc : n;
}

static int64_t ms_deadline(int ms)
{
    return ms < 0 ? NO_DEADLINE : deadline_after((int64_t)ms * NS_PER_MS);
}

long sys_epoll_wait(struct task *t, const struct sys_args *a)
{
    return wait_events(t, a, ms_deadline(arg_int(a, 3)));
}

static long wait_masked(struct task *t, const struct sys_args *a, int64_t deadline)
{
    uint64_t mask = 0;
    user_ptr at = arg_ptr(a, 4);
    if (user_is_null(at))
        return wait_events(t, a, deadline);
    int rc = arg_size(a, 5) == SIGSET_SIZE ? user_load64(at, &mask) : -EINVAL;
    if (rc)
        return rc;
    t->saved_blocked = t->blocked;
    t->restore_blocked = true;
    signal_set_blocked(t, mask);
    long n = wait_events(t, a, deadline);
    if (n != -EINTR) {
        t->restore_blocked = false;
        signal_set_blocked(t, t->saved_blocked);
    }
    return n;
}

long sys_epoll_pwait(struct task *t, const struct sys_args *a)
{
    return wait_masked(t, a, ms_deadline(arg_int(a, 3)));
}

long sys_epoll_pwait2(struct task *t, const struct sys_args *a)
{
    int64_t ns = 0;
    user_ptr at = arg_ptr(a, 3);
    int rc = user_is_null(at) ? 0 : user_timespec(at, &ns);
    if (rc)
        return rc;
    return wait_masked(t, a, user_is_null(at) ? NO_DEADLINE : deadline_after(ns));
}

static long make_eventfd(struct task *t, uint32_t initial, uint32_t flags)
{
    struct file *f;
    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | EVENTFD_SEMAPHORE))
        return -EINVAL;
    int rc = eventfd_new(initial, flags, &f);
    return rc ? rc : install(t, f, flags);
}

long sys_eventfd(struct task *t, const struct sys_args *a)
{
    return make_eventfd(t, arg_u32(a, 0), 0);
}

long sys_eventfd2(struct task *t, const struct sys_args *a)
{
    return make_eventfd(t, arg_u32(a, 0), arg_u32(a, 1));
}

static long make_pipe(struct task *t, user_ptr at, uint32_t flags)
{
    struct file *reader;
    struct file *writer;
    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
        return -EINVAL;
    int rc = pipe_new(flags & O_NONBLOCK, &reader, &writer);
    if (rc)
        return rc;
    int32_t fds[2];
    fds[0] = (int32_t)install(t, reader, flags);
    if (fds[0] < 0) {
        file_put(writer);
        return fds[0];
    }
    fds[1] = (int32_t)install(t, writer, flags);
    rc = fds[1] < 0 ? fds[1] : user_write(at, fds, sizeof fds);
    if (!rc)
        return 0;
    ignore(fd_close(t, fds[0]));
    if (fds[1] >= 0)
        ignore(fd_close(t, fds[1]));
    return rc;
}

long sys_pipe(struct task *t, const struct sys_args *a)
{
    return make_pipe(t, arg_ptr(a, 0), 0);
}

long sys_pipe2(struct task *t, const struct sys_args *a)
{
    return make_pipe(t, arg_ptr(a, 0), arg_u32(a, 1));
}
