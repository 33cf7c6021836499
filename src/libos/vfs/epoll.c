/* SPDX-License-Identifier: Apache-2.0
 * epoll.c: epoll(7).  A file of the kernel puts its watch onto the set's ready list when its queue
 * is woken, so a wait costs what is ready and not what is watched; descriptors of the host are in a
 * set of the host.  Locks: g_watches > set->items_lock > a file's queue > set->ready_lock. */
#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/task/wait.h"
#include "libos/vfs/file.h"
#include "libos/vfs/poll.h"
#include "libos/vfs/special.h"

enum { QUEUES = 2, HOST_EVENTS = 64 };

static const uint32_t MODE_BITS = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;

struct epoll;

struct watch {
    struct list in_file;  /* file->watches; guarded by g_watches */
    struct list in_ready; /* set->ready; guarded by set->ready_lock */
    struct epoll *set;
    struct file *file; /* not a reference: closing it removes the watch */
    int fd;
    uint32_t events;
    uint64_t data;
    bool disabled; /* a one-shot that was reported */
    bool on_host;
    unsigned queue_count;
    struct watch_queue {
        struct waiter waiter;
        struct waitq *queue;
        struct watch *watch;
    } queues[QUEUES];
};

struct epoll {
    struct mutex items_lock;
    struct watch **by_fd; /* guarded by items_lock, as room and host_count */
    size_t room;
    uint32_t host_count;
    int host_set; /* -1 until needed */
    struct spinlock ready_lock;
    struct list ready;
    struct waitq wait;
};

static struct mutex g_watches = {.waiters = {&g_watches.waiters, &g_watches.waiters}};

static void mark_ready(struct watch *w)
{
    struct epoll *set = w->set;
    spin_lock(&set->ready_lock);
    if (list_empty(&w->in_ready))
        list_add(&set->ready, &w->in_ready);
    spin_unlock(&set->ready_lock);
    waitq_wake(&set->wait, POLLIN);
}

/* Called with the queue's lock held. */
static void watch_wake(struct waiter *waiter, uint32_t events)
{
    struct watch_queue *q = container_of(waiter, struct watch_queue, waiter);
    (void)events;
    if (!q->watch->disabled)
        mark_ready(q->watch);
}

struct adder {
    struct poll_wait wait;
    struct watch *watch;
};

static void watch_add_queue(struct poll_wait *wait, struct waitq *queue)
{
    struct watch *w = container_of(wait, struct adder, wait)->watch;
    if (w->queue_count == QUEUES)
        return;
    struct watch_queue *q = &w->queues[w->queue_count++];
    q->watch = w;
    q->queue = queue;
    q->waiter.call = watch_wake;
    spin_lock(&queue->lock);
    list_add(&queue->waiters, &q->waiter.node);
    spin_unlock(&queue->lock);
}

/* Needs: g_watches and set->items_lock. */
static void watch_remove(struct watch *w)
{
    struct epoll *set = w->set;
    for (unsigned n = 0; n < w->queue_count; n++)
        wait_end(w->queues[n].queue, &w->queues[n].waiter);
    if (w->on_host) {
        ignore(platform_epoll_ctl(set->host_set, EPOLL_CTL_DEL, w->file->host_fd, NULL));
        set->host_count--;
    }
    spin_lock(&set->ready_lock);
    list_del(&w->in_ready);
    spin_unlock(&set->ready_lock);
    spin_lock(&w->file->watch_lock);
    list_del(&w->in_file);
    spin_unlock(&w->file->watch_lock);
    set->by_fd[w->fd] = NULL;
    kfree(w);
}

void epoll_forget(struct file *f)
{
    mutex_lock(&g_watches);
    while (!list_empty(&f->watches)) {
        struct watch *w = container_of(f->watches.next, struct watch, in_file);
        struct epoll *set = w->set;
        mutex_lock(&set->items_lock);
        watch_remove(w);
        mutex_unlock(&set->items_lock);
    }
    mutex_unlock(&g_watches);
}

static void epoll_release(struct file *f)
{
    struct epoll *set = f->priv;
    mutex_lock(&g_watches);
    mutex_lock(&set->items_lock);
    for (size_t n = 0; n < set->room; n++)
        if (set->by_fd[n])
            watch_remove(set->by_fd[n]);
    mutex_unlock(&set->items_lock);
    mutex_unlock(&g_watches);
    if (set->host_set >= 0)
        ignore(platform_close(set->host_set));
    kfree(set->by_fd);
    kfree(set);
}

static uint32_t epoll_poll(struct file *f, struct poll_wait *w)
{
    struct epoll *set = f->priv;
    if (w)
        w->add(w, &set->wait);
    return list_empty(&set->ready) ? 0 : POLLIN | POLLRDNORM;
}

static const struct file_ops EPOLL = {.poll = epoll_poll, .release = epoll_release};

bool file_is_epoll(const struct file *f)
{
    return f->ops == &EPOLL;
}

int epoll_new(struct file **out)
{
    struct epoll *set = kalloc(sizeof *set);
    struct file *f = set ? file_new(&EPOLL, O_RDWR) : NULL;
    if (!f) {
        kfree(set);
        return -ENOMEM;
    }
    mutex_init(&set->items_lock);
    list_init(&set->ready);
    waitq_init(&set->wait);
    set->host_set = -1;
    f->priv = set;
    *out = f;
    return 0;
}

/* ---- epoll_ctl ---- */

/* Needs: set->items_lock. */
static int make_room(struct epoll *set, int fd)
{
    if ((size_t)fd < set->room)
        return 0;
    size_t room = set->room ? set->room : 32;
    while (room <= (size_t)fd)
        room *= 2;
    struct watch **by_fd = krealloc(set->by_fd, room * sizeof(struct watch *));
    if (!by_fd)
        return -ENOMEM;
    memset(by_fd + set->room, 0, (room - set->room) * sizeof(struct watch *));
    set->by_fd = by_fd;
    set->room = room;
    return 0;
}

/* Needs: set->items_lock. */
static int host_watch(struct file *set_file, struct watch *w, int op)
{
    struct epoll *set = w->set;
    struct platform_event event = {.events = w->events, .data = (uint64_t)w->fd};
    if (set->host_set < 0) {
        set->host_set = platform_epoll_create();
        if (set->host_set < 0)
            return set->host_set;
        set_file->host_fd = set->host_set;
    }
    int rc = platform_epoll_ctl(set->host_set, op, w->file->host_fd, &event);
    if (!rc && op == EPOLL_CTL_ADD) {
        w->on_host = true;
        if (set->host_count++ == 0)
            waitq_wake(&set->wait, 0); /* whoever waits must wait for the host as well */
    }
    return rc;
}

static void look_once(struct watch *w)
{
    if (file_poll(w->file, NULL) & (w->events | POLLERR | POLLHUP))
        mark_ready(w);
}

/* Needs: g_watches and set->items_lock. */
static int watch_new(struct file *set_file, int fd, struct file *f, uint32_t events, uint64_t data)
{
    struct epoll *set = set_file->priv;
    int rc = make_room(set, fd);
    struct watch *w = rc ? NULL : kalloc(sizeof *w);
    if (!w)
        return -ENOMEM;
    w->set = set;
    w->file = f;
    w->fd = fd;
    w->events = events;
    w->data = data;
    list_init(&w->in_file);
    list_init(&w->in_ready);
    if (f->host_fd >= 0 && !file_is_epoll(f)) {
        rc = host_watch(set_file, w, EPOLL_CTL_ADD);
        if (rc) {
            kfree(w);
            return rc;
        }
    }
    set->by_fd[fd] = w;
    spin_lock(&f->watch_lock);
    list_add(&f->watches, &w->in_file);
    spin_unlock(&f->watch_lock);
    struct adder adder = {.wait = {watch_add_queue}, .watch = w};
    file_poll(f, &adder.wait);
    look_once(w);
    return 0;
}

static int watch_change(struct file *set_file, struct watch *w, uint32_t events, uint64_t data)
{
    if ((w->events | events) & EPOLLEXCLUSIVE)
        return -EINVAL;
    w->events = events;
    w->data = data;
    w->disabled = false;
    if (w->on_host)
        return host_watch(set_file, w, EPOLL_CTL_MOD);
    look_once(w);
    return 0;
}

int epoll_change(struct task *t, struct file *set_file, int op, int fd, struct file *f,
                 uint32_t events, uint64_t data)
{
    struct epoll *set = set_file->priv;
    int rc = 0;
    (void)t;
    if (!f->ops->poll && f->host_fd < 0)
        return -EPERM;
    mutex_lock(&g_watches);
    mutex_lock(&set->items_lock);
    struct watch *w = (size_t)fd < set->room ? set->by_fd[fd] : NULL;
    if (w && w->file != f) { /* the number was closed and is in use again, the file lives on */
        watch_remove(w);
        w = NULL;
    }
    if (op == EPOLL_CTL_ADD)
        rc = w ? -EEXIST : watch_new(set_file, fd, f, events, data);
    else if (!w)
        rc = -ENOENT;
    else if (op == EPOLL_CTL_DEL)
        watch_remove(w);
    else if (op == EPOLL_CTL_MOD)
        rc = watch_change(set_file, w, events, data);
    else
        rc = -EINVAL;
    mutex_unlock(&set->items_lock);
    mutex_unlock(&g_watches);
    return rc;
}

/* ---- epoll_wait ---- */

/* The next watch of the list, taken out. */
static struct watch *next_ready(struct epoll *set)
{
    struct watch *w = NULL;
    spin_lock(&set->ready_lock);
    if (!list_empty(&set->ready)) {
        w = container_of(set->ready.next, struct watch, in_ready);
        list_del(&w->in_ready);
    }
    spin_unlock(&set->ready_lock);
    return w;
}

/* Reports what is ready in the kernel; level-triggered watches go back to the list. */
static size_t harvest(struct epoll *set, struct epoll_found *out, size_t room)
{
    LIST_HEAD(again);
    size_t found = 0;
    if (list_empty(&set->ready))
        return 0;
    mutex_lock(&set->items_lock);
    for (struct watch *w; found < room && (w = next_ready(set));) {
        uint32_t wanted = (w->events & ~MODE_BITS) | POLLERR | POLLHUP;
        uint32_t events = w->disabled ? 0 : file_poll(w->file, NULL) & wanted;
        if (!events)
            continue;
        out[found++] = (struct epoll_found){events, w->data};
        if (w->events & EPOLLONESHOT)
            w->disabled = true;
        else if (!(w->events & EPOLLET))
            list_add(&again, &w->in_ready);
    }
    spin_lock(&set->ready_lock);
    list_each(node, &again)
    {
        list_del(node);
        list_add(&set->ready, node);
    }
    spin_unlock(&set->ready_lock);
    mutex_unlock(&set->items_lock);
    return found;
}

/* Host events into results; those whose watch is gone are dropped. */
static size_t from_host(struct epoll *set, const struct platform_event *events, int count,
                        struct epoll_found *out)
{
    size_t found = 0;
    mutex_lock(&set->items_lock);
    for (int n = 0; n < count; n++) {
        uint64_t fd = events[n].data;
        struct watch *w = fd < set->room ? set->by_fd[fd] : NULL;
        if (w && w->on_host)
            out[found++] = (struct epoll_found){events[n].events, w->data};
    }
    mutex_unlock(&set->items_lock);
    return found;
}

static int64_t time_left(int64_t deadline)
{
    if (deadline == NO_DEADLINE)
        return -1;
    int64_t left = deadline ? deadline - platform_clock(PLATFORM_MONOTONIC) : 0;
    return left > 0 ? left : 0;
}

/* One look and, when nothing is ready, one wait; 0 results may mean: look again. */
static int collect_round(struct task *t, struct epoll *set, struct epoll_found *out, size_t room,
                         int64_t deadline, bool *over)
{
    struct platform_event events[HOST_EVENTS];
    size_t found = harvest(set, out, room);
    int64_t left = found ? 0 : time_left(deadline);
    *over = left == 0;
    if (found == room)
        return (int)found;
    if (set->host_count) {
        size_t want = room - found < HOST_EVENTS ? room - found : HOST_EVENTS;
        int n = platform_epoll_wait(set->host_set, events, want, left);
        if (n > 0)
            found += from_host(set, events, n, out + found);
        else if (n == -EINTR && !found && task_interrupted(t))
            return -EINTR;
        return n < 0 && n != -EINTR && !found ? n : (int)found;
    }
    if (found || left == 0)
        return (int)found;
    return wait_sleep(t, deadline) == -ERESTARTSYS ? -EINTR : 0;
}

int epoll_collect(struct task *t, struct file *set_file, struct epoll_found *out, size_t room,
                  int64_t deadline)
{
    struct epoll *set = set_file->priv;
    struct waiter w;
    bool over = false;
    int rc = 0;
    if (deadline)
        wait_begin(&set->wait, &w);
    while (!rc && !over)
        rc = collect_round(t, set, out, room, deadline, &over);
    if (deadline)
        wait_end(&set->wait, &w);
    return rc;
}
