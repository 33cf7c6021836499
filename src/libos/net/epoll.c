/* SPDX-License-Identifier: Apache-2.0
 * epoll.c: watched files.  [epoll(7)]
 * What lies inside the kernel (pipes, eventfds, Unix sockets) tells by its wait queues: a wake puts
 * the item on the ready list.  What lies outside is watched by a set of the host's.  Either way a
 * wait costs what is ready, not what is watched.
 *
 * The host gives back a number with each event; it is an index into `slots` with a generation and
 * is checked, as is every bit it reports.
 *
 * Locks: g_lifetime comes first; `lock` (mutex) guards items, slots and the host set; `ready_lock`
 * (spin, taken inside a wait queue's lock) guards the ready list alone.  Order: g_lifetime, lock,
 * waitq.lock, ready_lock, own queue's lock. */
#include "libos/net/epoll.h"

#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/net/anon.h"
#include "libos/task/wait.h"
#include "libos/vfs/special.h"

#define EVENT_BITS (0x0fffffffu)
#define MODE_BITS (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)

enum { QUEUES_MAX = 2, SLOTS_FIRST = 16, DEPTH_MAX = 5, HOST_BATCH = 64 };

struct epoll;

struct hook { /* an item on one wait queue */
    struct waiter waiter;
    struct waitq *queue;
    struct item *item;
};

struct item {
    struct epoll *epoll;
    struct file *file; /* no reference: epoll_forget() comes first */
    int fd;
    uint32_t events; /* wanted, with EPOLLET and so on; 0 bits after a one-shot */
    uint64_t data;
    struct list node;    /* in epoll->items */
    struct list watched; /* in file->watches, guarded by file->watch_lock */
    struct list ready;   /* in epoll->ready, guarded by ready_lock */
    struct hook hooks[QUEUES_MAX];
    unsigned hook_count;
    uint32_t slot; /* index of what the host knows; SLOT_NONE: not watched outside */
};

enum { SLOT_NONE = 0xffffffff };

struct slot {
    struct item *item;
    uint32_t generation;
};

struct epoll {
    struct mutex lock;
    struct spinlock ready_lock;
    struct list items, ready;
    struct slot *slots;
    uint32_t slot_count;
    uint32_t host_items;
    int host_set; /* also the file's host_fd, so that it counts where this epoll is watched */
    struct waitq queue;
};

/* Held while an epoll or a watched file ends, so that neither goes while the other lets go of it.
 */
static struct mutex g_lifetime = {.waiters = {&g_lifetime.waiters, &g_lifetime.waiters}};

static void item_ready(struct item *item)
{
    struct epoll *e = item->epoll;
    spin_lock(&e->ready_lock);
    if (list_empty(&item->ready))
        list_add(&e->ready, &item->ready);
    spin_unlock(&e->ready_lock);
    waitq_wake(&e->queue, EPOLLIN | EPOLLRDNORM);
}

/* A wait queue woke; its lock is held. */
static void hook_called(struct waiter *w, uint32_t events)
{
    struct hook *hook = container_of(w, struct hook, waiter);
    struct item *item = hook->item;
    uint32_t wanted = item->events & EVENT_BITS;
    if (wanted && (!events || events & (wanted | EPOLLERR | EPOLLHUP)))
        item_ready(item);
}

struct hooking {
    struct poll_wait wait;
    struct item *item;
};

static void add_hook(struct poll_wait *w, struct waitq *q)
{
    struct hooking *h = container_of(w, struct hooking, wait);
    struct item *item = h->item;
    if (item->hook_count == QUEUES_MAX)
        return;
    struct hook *hook = &item->hooks[item->hook_count++];
    hook->queue = q;
    hook->item = item;
    wait_begin(q, &hook->waiter);
    spin_lock(&q->lock);
    hook->waiter.call = hook_called;
    spin_unlock(&q->lock);
}

/* ---- the host's side ---- */

static uint64_t slot_name(const struct epoll *e, uint32_t slot)
{
    return (uint64_t)e->slots[slot].generation << 32 | slot;
}

static int slot_take(struct epoll *e, struct item *item)
{
    uint32_t n = 0;
    while (n < e->slot_count && e->slots[n].item)
        n++;
    if (n == e->slot_count) {
        uint32_t more = e->slot_count ? 2 * e->slot_count : SLOTS_FIRST;
        struct slot *slots = krealloc(e->slots, more * sizeof *slots);
        if (!slots)
            return -ENOMEM;
        memset(slots + e->slot_count, 0, (more - e->slot_count) * sizeof *slots);
        e->slots = slots;
        e->slot_count = more;
    }
    e->slots[n].item = item;
    e->slots[n].generation++;
    item->slot = n;
    return 0;
}

static void slot_drop(struct epoll *e, struct item *item)
{
    if (item->slot == SLOT_NONE)
        return;
    e->slots[item->slot].item = NULL;
    item->slot = SLOT_NONE;
}

static struct platform_event host_event(const struct epoll *e, const struct item *item)
{
    return (struct platform_event){.events = item->events & ~(uint32_t)EPOLLWAKEUP,
                                   .data = slot_name(e, item->slot)};
}

static int host_add(struct epoll *e, struct item *item)
{
    if (item->file->host_fd < 0)
        return 0;
    int rc = slot_take(e, item);
    if (rc)
        return rc;
    struct platform_event event = host_event(e, item);
    rc = platform_epoll_ctl(e->host_set, EPOLL_CTL_ADD, item->file->host_fd, &event);
    if (rc)
        slot_drop(e, item);
    else
        e->host_items++;
    return rc;
}

static void host_remove(struct epoll *e, struct item *item)
{
    if (item->slot == SLOT_NONE)
        return;
    ignore(platform_epoll_ctl(e->host_set, EPOLL_CTL_DEL, item->file->host_fd, NULL));
    slot_drop(e, item);
    e->host_items--;
}

/* ---- items ---- */

/* Needs: lock. */
static struct item *item_find(struct epoll *e, const struct file *file, int fd)
{
    list_each(node, &e->items)
    {
        struct item *item = container_of(node, struct item, node);
        if (item->file == file && item->fd == fd)
            return item;
    }
    return NULL;
}

/* Needs: lock. */
static void item_end(struct epoll *e, struct item *item)
{
    for (unsigned n = 0; n < item->hook_count; n++)
        wait_end(item->hooks[n].queue, &item->hooks[n].waiter);
    host_remove(e, item);
    spin_lock(&e->ready_lock);
    list_del(&item->ready);
    spin_unlock(&e->ready_lock);
    spin_lock(&item->file->watch_lock);
    list_del(&item->watched);
    spin_unlock(&item->file->watch_lock);
    list_del(&item->node);
    kfree(item);
}

/* Puts the item on its file's queues; ready at once when something is already. */
static void item_arm(struct item *item)
{
    struct hooking h = {.wait.add = add_hook, .item = item};
    uint32_t events = item->file->ops->poll ? item->file->ops->poll(item->file, &h.wait)
                                            : POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    if (events & (item->events | EPOLLERR | EPOLLHUP))
        item_ready(item);
}

static bool can_be_watched(const struct file *file)
{
    return file->ops->poll || file->host_fd >= 0;
}

/* Needs: lock. */
static int item_add(struct epoll *e, int fd, struct file *file,
                    const struct epoll_user_event *event)
{
    if (!can_be_watched(file))
        return -EPERM;
    struct item *item = kalloc(sizeof *item);
    if (!item)
        return -ENOMEM;
    *item = (struct item){.epoll = e,
                          .file = file,
                          .fd = fd,
                          .events = event->events,
                          .data = event->data,
                          .slot = SLOT_NONE};
    list_init(&item->ready);
    list_init(&item->watched);
    int rc = host_add(e, item);
    if (rc) {
        kfree(item);
        return rc;
    }
    list_add(&e->items, &item->node);
    spin_lock(&file->watch_lock);
    list_add(&file->watches, &item->watched);
    spin_unlock(&file->watch_lock);
    item_arm(item);
    return 0;
}

/* Needs: lock. */
static int item_modify(struct epoll *e, struct item *item, const struct epoll_user_event *event)
{
    if (event->events & EPOLLEXCLUSIVE || item->events & EPOLLEXCLUSIVE)
        return -EINVAL;
    item->events = event->events;
    item->data = event->data;
    if (item->slot != SLOT_NONE) {
        struct platform_event host = host_event(e, item);
        int rc = platform_epoll_ctl(e->host_set, EPOLL_CTL_MOD, item->file->host_fd, &host);
        if (rc)
            return rc;
    }
    uint32_t events = item->file->ops->poll ? item->file->ops->poll(item->file, NULL) : 0;
    if (events & (item->events | EPOLLERR | EPOLLHUP))
        item_ready(item);
    return 0;
}

static const struct file_ops EPOLL;

/* How deep epolls nest below this one; more than DEPTH_MAX when `looked_for` is among them (a
 * loop). */
static int depth_of(struct file *file, const struct file *looked_for, int depth)
{
    if (file == looked_for || depth > DEPTH_MAX)
        return DEPTH_MAX + 1;
    if (file->ops != &EPOLL)
        return depth;
    struct epoll *e = file->priv;
    int deepest = depth + 1;
    mutex_lock(&e->lock);
    list_each(node, &e->items)
    {
        struct item *item = container_of(node, struct item, node);
        int below = depth_of(item->file, looked_for, depth + 1);
        deepest = below > deepest ? below : deepest;
    }
    mutex_unlock(&e->lock);
    return deepest;
}

int epoll_control(struct file *epoll, int op, int fd, struct file *target,
                  const struct epoll_user_event *event)
{
    if (epoll->ops != &EPOLL || epoll == target)
        return -EINVAL;
    if (op == EPOLL_CTL_ADD && target->ops == &EPOLL && depth_of(target, epoll, 0) > DEPTH_MAX)
        return -ELOOP;
    struct epoll *e = epoll->priv;
    mutex_lock(&e->lock);
    struct item *item = item_find(e, target, fd);
    int rc = -EINVAL;
    if (op == EPOLL_CTL_ADD)
        rc = item ? -EEXIST : item_add(e, fd, target, event);
    else if (!item)
        rc = op == EPOLL_CTL_DEL || op == EPOLL_CTL_MOD ? -ENOENT : -EINVAL;
    else if (op == EPOLL_CTL_MOD)
        rc = item_modify(e, item, event);
    else if (op == EPOLL_CTL_DEL) {
        item_end(e, item);
        rc = 0;
    }
    mutex_unlock(&e->lock);
    return rc;
}

void epoll_forget(struct file *f)
{
    mutex_lock(&g_lifetime);
    for (;;) {
        spin_lock(&f->watch_lock);
        struct item *item =
            list_empty(&f->watches) ? NULL : container_of(f->watches.next, struct item, watched);
        struct epoll *e = item ? item->epoll : NULL;
        spin_unlock(&f->watch_lock);
        if (!item)
            break;
        mutex_lock(&e->lock);
        item_end(e, item);
        mutex_unlock(&e->lock);
    }
    mutex_unlock(&g_lifetime);
}

/* ---- waiting ---- */

/* Reports one event; a one-shot sleeps until it is modified. */
static void report(struct item *item, uint32_t events, struct epoll_user_event *out)
{
    *out = (struct epoll_user_event){.events = events, .data = item->data};
    if (item->events & EPOLLONESHOT)
        item->events &= MODE_BITS;
}

static struct item *ready_take(struct epoll *e)
{
    spin_lock(&e->ready_lock);
    struct item *item = NULL;
    if (!list_empty(&e->ready)) {
        item = container_of(e->ready.next, struct item, ready);
        list_del(&item->ready);
    }
    spin_unlock(&e->ready_lock);
    return item;
}

static uint32_t events_of(const struct item *item)
{
    if (!(item->events & EVENT_BITS))
        return 0;
    uint32_t events = item->file->ops->poll ? item->file->ops->poll(item->file, NULL) : 0;
    return events & ((item->events & EVENT_BITS) | EPOLLERR | EPOLLHUP);
}

/* What the ready list has; level-triggered items go back to its end.  Needs: lock. */
static size_t collect_inside(struct epoll *e, struct epoll_user_event *out, size_t count)
{
    struct list again;
    size_t done = 0;
    list_init(&again);
    while (done < count) {
        struct item *item = ready_take(e);
        if (!item)
            break;
        uint32_t events = events_of(item);
        if (!events)
            continue;
        bool stays = !(item->events & (EPOLLET | EPOLLONESHOT));
        report(item, events, &out[done++]);
        if (stays) {
            spin_lock(&e->ready_lock);
            if (list_empty(&item->ready))
                list_add(&again, &item->ready);
            spin_unlock(&e->ready_lock);
        }
    }
    spin_lock(&e->ready_lock);
    while (!list_empty(&again)) {
        struct list *node = again.next;
        list_del(node);
        list_add(&e->ready, node);
    }
    spin_unlock(&e->ready_lock);
    return done;
}

/* The host's answer, checked: unknown names and bits that nobody asked for are dropped.  Needs:
 * lock. */
static size_t take_outside(struct epoll *e, const struct platform_event *events, size_t n,
                           struct epoll_user_event *out)
{
    size_t done = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t slot = (uint32_t)events[i].data;
        if (slot >= e->slot_count || !e->slots[slot].item || slot_name(e, slot) != events[i].data)
            continue;
        struct item *item = e->slots[slot].item;
        uint32_t wanted = (item->events & EVENT_BITS) | EPOLLERR | EPOLLHUP;
        if (item->events & EVENT_BITS && events[i].events & wanted)
            report(item, events[i].events & wanted, &out[done++]);
    }
    return done;
}

static int64_t collect_outside(struct epoll *e, struct epoll_user_event *out, size_t count,
                               int64_t timeout_ns)
{
    struct platform_event events[HOST_BATCH];
    size_t room = count < HOST_BATCH ? count : HOST_BATCH;
    int n = platform_epoll_wait(e->host_set, events, room, timeout_ns);
    if (n <= 0)
        return n == -EINTR || n == -ETIMEDOUT ? 0 : n;
    mutex_lock(&e->lock);
    size_t done = take_outside(e, events, (size_t)n <= room ? (size_t)n : 0, out);
    mutex_unlock(&e->lock);
    return (int64_t)done;
}

/* One look, without waiting. */
static int64_t collect_now(struct epoll *e, struct epoll_user_event *out, size_t count)
{
    mutex_lock(&e->lock);
    size_t done = list_empty(&e->ready) ? 0 : collect_inside(e, out, count);
    bool host = e->host_items;
    mutex_unlock(&e->lock);
    if (!host || done == count)
        return (int64_t)done;
    int64_t n = collect_outside(e, out + done, count - done, 0);
    return n < 0 && !done ? n : (int64_t)done + (n > 0 ? n : 0);
}

/* Asks the host, for as long as there is time: events found, 0 to look again, -ETIMEDOUT. */
static int64_t wait_outside(struct task *t, struct epoll *e, struct epoll_user_event *out,
                            size_t count, int64_t deadline)
{
    int64_t left = -1;
    if (deadline != NO_DEADLINE) {
        left = deadline - platform_clock(PLATFORM_MONOTONIC);
        left = left > 0 ? left : 0;
    }
    if (left && task_interrupted(t))
        return -EINTR;
    int64_t n = collect_outside(e, out, count, left);
    return n || left ? n : -ETIMEDOUT;
}

int64_t epoll_collect(struct task *t, struct file *epoll, struct epoll_user_event *out,
                      size_t count, int64_t deadline)
{
    if (epoll->ops != &EPOLL)
        return -EINVAL;
    struct epoll *e = epoll->priv;
    struct waiter w;
    wait_begin(&e->queue, &w);
    int64_t n = 0;
    while (n == 0) {
        if (!list_empty(&e->ready))
            n = collect_now(e, out, count);
        if (n == 0)
            n = e->host_items ? wait_outside(t, e, out, count, deadline) : wait_sleep(t, deadline);
    }
    wait_end(&e->queue, &w);
    /* epoll_wait is never restarted  [signal(7)] */
    return n == -ETIMEDOUT ? 0 : n == -ERESTARTSYS ? -EINTR : n;
}

static uint32_t epoll_poll(struct file *f, struct poll_wait *w)
{
    struct epoll *e = f->priv;
    if (w)
        w->add(w, &e->queue);
    bool ready = false;
    mutex_lock(&e->lock);
    list_each(node, &e->ready)
    {
        struct item *item = container_of(node, struct item, ready);
        ready |= events_of(item) != 0;
    }
    mutex_unlock(&e->lock);
    return ready ? POLLIN | POLLRDNORM : 0;
}

static void epoll_release(struct file *f)
{
    struct epoll *e = f->priv;
    mutex_lock(&g_lifetime);
    mutex_lock(&e->lock);
    while (!list_empty(&e->items))
        item_end(e, container_of(e->items.next, struct item, node));
    mutex_unlock(&e->lock);
    mutex_unlock(&g_lifetime);
    ignore(platform_close(e->host_set));
    kfree(e->slots);
    kfree(e);
}

static const struct file_ops EPOLL = {.poll = epoll_poll, .release = epoll_release};

int epoll_new(struct file **out)
{
    int set = platform_epoll_create();
    if (set < 0)
        return set;
    struct epoll *e = kalloc(sizeof *e);
    *out = e ? anon_file(&EPOLL, O_RDWR, 0600) : NULL;
    if (!*out) {
        ignore(platform_close(set));
        kfree(e);
        return -ENOMEM;
    }
    mutex_init(&e->lock);
    list_init(&e->items);
    list_init(&e->ready);
    waitq_init(&e->queue);
    e->host_set = set;
    (*out)->priv = e;
    (*out)->host_fd = set;
    return 0;
}
