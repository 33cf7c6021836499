/* SPDX-License-Identifier: Apache-2.0
 * file_poll.c: poll, select, epoll, and the files that are made to be waited for: pipes, eventfd.
 */
#include <asm/poll.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "libos/sys/sys.h"
#include "libos/task/wait.h"
#include "libos/vfs/file.h"
#include "libos/vfs/poll.h"
#include "libos/vfs/special.h"

enum { SET_SIZE = 8, SELECT_MAX = 1024, NS_PER_MS = 1000000, EVENTS_FEW = 64, NVAL = 0x20 };

/* A mask for the time of a wait.  [ppoll(2)] */
static int take_mask(struct task *t, user_ptr at, size_t size)
{
    uint64_t mask = 0;
    if (user_is_null(at))
        return 0;
    if (size != SET_SIZE)
        return -EINVAL;
    if (user_load64(at, &mask))
        return -EFAULT;
    t->saved_blocked = t->blocked;
    t->restore_blocked = true;
    signal_set_blocked(t, mask);
    return 0;
}

/* When no handler runs the old mask comes back on the way out; that needs a look at the signals. */
static void give_mask(struct task *t)
{
    if (t->restore_blocked)
        t->thread->event = 1;
}

static int64_t ms_deadline(int64_t ms)
{
    return ms < 0 ? NO_DEADLINE : ms == 0 ? 0 : deadline_after(ms * NS_PER_MS);
}

static int timespec_deadline(user_ptr at, int64_t *deadline)
{
    int64_t ns = 0;
    *deadline = NO_DEADLINE;
    if (user_is_null(at))
        return 0;
    int rc = user_timespec(at, &ns);
    *deadline = ns ? deadline_after(ns) : 0;
    return rc;
}

static void put_files(struct poll_item *items, size_t count)
{
    for (size_t n = 0; n < count; n++)
        if (items[n].file)
            file_put(items[n].file);
}

static long poll_user(struct task *t, user_ptr at, size_t count, int64_t deadline)
{
    if (count > t->process->limits[7 /* RLIMIT_NOFILE */].soft)
        return -EINVAL;
    struct platform_pollfd few[8];
    struct poll_item few_items[8];
    struct platform_pollfd *fds = count > 8 ? kalloc(count * sizeof *fds) : few;
    struct poll_item *items = count > 8 ? kalloc(count * sizeof *items) : few_items;
    long rc = fds && items ? user_read(fds, at, count * sizeof *fds) : -ENOMEM;
    bool bad = false;
    if (!rc) {
        for (size_t n = 0; n < count; n++) {
            items[n] = (struct poll_item){.events = (uint16_t)fds[n].events};
            if (fds[n].fd >= 0 && fd_get(t, fds[n].fd, FILE_ANY, &items[n].file)) {
                items[n].revents = NVAL;
                bad = true;
            }
        }
        rc = poll_items(t, items, count, bad ? 0 : deadline);
        long ready = 0;
        for (size_t n = 0; rc >= 0 && n < count; n++) {
            fds[n].revents = (int16_t)items[n].revents;
            ready += fds[n].revents != 0;
        }
        if (rc >= 0)
            rc = user_write(at, fds, count * sizeof *fds) ? -EFAULT : ready;
        put_files(items, count);
    }
    if (count > 8) {
        kfree(fds);
        kfree(items);
    }
    return rc;
}

long sys_poll(struct task *t, const struct sys_args *a)
{
    long rc = poll_user(t, arg_ptr(a, 0), arg_u32(a, 1), ms_deadline(arg_int(a, 2)));
    return rc == -ERESTARTNOHAND ? -EINTR : rc;
}

long sys_ppoll(struct task *t, const struct sys_args *a)
{
    int64_t deadline = 0;
    int rc = timespec_deadline(arg_ptr(a, 2), &deadline);
    if (!rc)
        rc = take_mask(t, arg_ptr(a, 3), arg_size(a, 4));
    long n = rc ? rc : poll_user(t, arg_ptr(a, 0), arg_u32(a, 1), deadline);
    give_mask(t);
    return n;
}

/* ---- select ---- */

enum { READS, WRITES, EXCEPTS, SETS };

static const uint32_t SELECT_EVENTS[SETS] = {POLLIN | POLLRDNORM | POLLHUP | POLLERR,
                                             POLLOUT | POLLWRNORM | POLLERR, POLLPRI};

struct select {
    uint64_t bits[SETS][SELECT_MAX / 64];
    struct poll_item items[SELECT_MAX];
};

static bool wanted(const struct select *s, int set, int fd)
{
    return s->bits[set][fd / 64] >> (fd % 64) & 1;
}

/* Bits back into the sets; how many. */
static long select_results(struct select *s, int count)
{
    long ready = 0;
    for (int fd = 0; fd < count; fd++)
        for (int set = 0; set < SETS; set++) {
            if (!wanted(s, set, fd))
                continue;
            if (s->items[fd].revents & SELECT_EVENTS[set])
                ready++;
            else
                s->bits[set][fd / 64] &= ~((uint64_t)1 << (fd % 64));
        }
    return ready;
}

static int select_items(struct task *t, struct select *s, int count)
{
    for (int fd = 0; fd < count; fd++) {
        uint32_t events = 0;
        for (int set = 0; set < SETS; set++)
            events |= wanted(s, set, fd) ? SELECT_EVENTS[set] : 0;
        if (events && fd_get(t, fd, FILE_ANY, &s->items[fd].file))
            return -EBADF;
        s->items[fd].events = events;
    }
    return 0;
}

static long select_user(struct task *t, const struct sys_args *a, int64_t deadline)
{
    int count = arg_int(a, 0);
    if (count < 0)
        return -EINVAL;
    count = count < SELECT_MAX ? count : SELECT_MAX;
    size_t size = (size_t)(count + 63) / 64 * 8;
    auto_kfree struct select *s = kalloc(sizeof *s);
    if (!s)
        return -ENOMEM;
    for (unsigned set = 0; set < SETS; set++)
        if (a->v[1 + set] && user_read(s->bits[set], arg_ptr(a, 1 + set), size))
            return -EFAULT;
    long rc = select_items(t, s, count);
    if (!rc)
        rc = poll_items(t, s->items, (size_t)count, deadline);
    if (rc >= 0)
        rc = select_results(s, count);
    for (unsigned set = 0; rc >= 0 && set < SETS; set++)
        if (a->v[1 + set] && user_write(arg_ptr(a, 1 + set), s->bits[set], size))
            rc = -EFAULT;
    put_files(s->items, (size_t)count);
    return rc;
}

static int64_t left_of(int64_t deadline)
{
    int64_t left = deadline > 0 ? deadline - platform_clock(PLATFORM_MONOTONIC) : 0;
    return left > 0 ? left : 0;
}

long sys_select(struct task *t, const struct sys_args *a)
{
    int64_t deadline = NO_DEADLINE;
    struct user_time time;
    if (a->v[4]) {
        if (user_read(&time, arg_ptr(a, 4), sizeof time))
            return -EFAULT;
        if (time.s < 0 || time.ns < 0)
            return -EINVAL;
        int64_t ns = time.s > INT32_MAX ? INT64_MAX / 4 : time.s * NS_PER_S + time.ns * 1000;
        deadline = ns ? deadline_after(ns) : 0;
    }
    long rc = select_user(t, a, deadline);
    if (a->v[4])
        ignore(user_put_timeval(arg_ptr(a, 4), left_of(deadline)));
    return rc;
}

long sys_pselect6(struct task *t, const struct sys_args *a)
{
    int64_t deadline = 0;
    uint64_t mask[2] = {0, 0};
    int rc = timespec_deadline(arg_ptr(a, 4), &deadline);
    if (!rc && a->v[5])
        rc = user_read(mask, arg_ptr(a, 5), sizeof mask);
    if (!rc)
        rc = take_mask(t, user_at(mask[0]), mask[1]);
    long n = rc ? rc : select_user(t, a, deadline);
    if (a->v[4] && !rc)
        ignore(user_put_timespec(arg_ptr(a, 4), left_of(deadline)));
    give_mask(t);
    return n;
}

/* ---- epoll ---- */

static long install(struct task *t, struct file *f, uint32_t flags)
{
    return fd_install(t, f, 0, flags & O_CLOEXEC);
}

long sys_epoll_create1(struct task *t, const struct sys_args *a)
{
    struct file *f = NULL;
    if (a->v[0] & ~(uint64_t)O_CLOEXEC)
        return -EINVAL;
    int rc = epoll_new(&f);
    return rc ? rc : install(t, f, arg_u32(a, 0));
}

long sys_epoll_create(struct task *t, const struct sys_args *a)
{
    struct sys_args none = {{0}};
    return arg_int(a, 0) <= 0 ? -EINVAL : sys_epoll_create1(t, &none);
}

/* struct epoll_event: packed. */
struct user_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

long sys_epoll_ctl(struct task *t, const struct sys_args *a)
{
    auto_file set = NULL;
    auto_file f = NULL;
    struct user_event event = {0};
    int op = arg_int(a, 1);
    if (op != EPOLL_CTL_DEL && user_read(&event, arg_ptr(a, 3), sizeof event))
        return -EFAULT;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &set);
    if (!rc)
        rc = fd_get(t, arg_int(a, 2), FILE_ANY, &f);
    if (rc)
        return rc;
    if (!f->ops->poll && f->host_fd < 0)
        return -EPERM;
    if (!file_is_epoll(set) || set == f)
        return -EINVAL;
    return epoll_change(t, set, op, arg_int(a, 2), f, event.events, event.data);
}

static long wait_user(struct task *t, int fd, user_ptr out, int room, int64_t deadline)
{
    auto_file set = NULL;
    if (room <= 0)
        return -EINVAL;
    int rc = fd_get(t, fd, FILE_ANY, &set);
    if (rc)
        return rc;
    if (!file_is_epoll(set))
        return -EINVAL;
    struct epoll_found found[EVENTS_FEW];
    struct user_event events[EVENTS_FEW];
    int n = epoll_collect(t, set, found, room < EVENTS_FEW ? (size_t)room : EVENTS_FEW, deadline);
    for (int k = 0; k < n; k++)
        events[k] = (struct user_event){found[k].events, found[k].data};
    if (n > 0 && user_write(out, events, (size_t)n * sizeof events[0]))
        return -EFAULT;
    return n;
}

long sys_epoll_wait(struct task *t, const struct sys_args *a)
{
    return wait_user(t, arg_int(a, 0), arg_ptr(a, 1), arg_int(a, 2), ms_deadline(arg_int(a, 3)));
}

long sys_epoll_pwait(struct task *t, const struct sys_args *a)
{
    int rc = take_mask(t, arg_ptr(a, 4), arg_size(a, 5));
    long n = rc ? rc : sys_epoll_wait(t, a);
    give_mask(t);
    return n;
}

long sys_epoll_pwait2(struct task *t, const struct sys_args *a)
{
    int64_t deadline = 0;
    int rc = timespec_deadline(arg_ptr(a, 3), &deadline);
    if (!rc)
        rc = take_mask(t, arg_ptr(a, 4), arg_size(a, 5));
    long n = rc ? rc : wait_user(t, arg_int(a, 0), arg_ptr(a, 1), arg_int(a, 2), deadline);
    give_mask(t);
    return n;
}

/* ---- pipes and eventfd ---- */

static long make_pipe(struct task *t, user_ptr out, uint32_t flags)
{
    struct file *files[2] = {NULL, NULL};
    int fds[2];
    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
        return -EINVAL;
    int rc = pipe_new(flags & O_NONBLOCK, &files[0], &files[1]);
    if (rc)
        return rc;
    fds[0] = fd_install(t, files[0], 0, flags & O_CLOEXEC);
    if (fds[0] < 0) {
        file_put(files[1]);
        return fds[0];
    }
    fds[1] = fd_install(t, files[1], 0, flags & O_CLOEXEC);
    rc = fds[1] < 0 ? fds[1] : user_write(out, fds, sizeof fds);
    if (rc) {
        ignore(fd_close(t, fds[0]));
        if (fds[1] >= 0)
            ignore(fd_close(t, fds[1]));
    }
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

long sys_eventfd2(struct task *t, const struct sys_args *a)
{
    struct file *f = NULL;
    if (a->v[1] & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK | 1))
        return -EINVAL;
    int rc = eventfd_new(arg_u32(a, 0), arg_u32(a, 1), &f);
    return rc ? rc : install(t, f, arg_u32(a, 1));
}

long sys_eventfd(struct task *t, const struct sys_args *a)
{
    struct sys_args two = {{a->v[0], 0}};
    return sys_eventfd2(t, &two);
}
