/* SPDX-License-Identifier: Apache-2.0
 * poll.c: see poll.h.  Files of the kernel wake the thread through their queues; descriptors of the
 * host are waited for in one host call, which the thread's token ends. */
#include "libos/vfs/poll.h"

#include <asm/errno.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/vfs/file.h"

enum { FEW = 8 };

struct entry {
    struct waiter waiter;
    struct waitq *queue;
};

struct collector {
    struct poll_wait wait;
    struct entry *entries;
    size_t count, room;
    struct entry few[FEW];
    bool failed;
};

static void collect(struct poll_wait *wait, struct waitq *q)
{
    struct collector *c = container_of(wait, struct collector, wait);
    if (c->count == c->room) {
        c->failed = true;
        return;
    }
    struct entry *e = &c->entries[c->count++];
    e->queue = q;
    wait_begin(q, &e->waiter);
}

static void collector_end(struct collector *c)
{
    for (size_t n = 0; n < c->count; n++)
        wait_end(c->entries[n].queue, &c->entries[n].waiter);
    if (c->entries != c->few)
        kfree(c->entries);
}

/* What the kernel's own files say; how many are ready. */
static int look(struct poll_item *items, size_t count, struct poll_wait *wait)
{
    int ready = 0;
    for (size_t n = 0; n < count; n++) {
        struct poll_item *item = &items[n];
        if (!item->file)
            continue;
        item->revents = file_poll(item->file, wait) & (item->events | POLLERR | POLLHUP);
        ready += item->revents != 0;
    }
    return ready;
}

/* The host's descriptors among the items; returns how many. */
static size_t host_items(const struct poll_item *items, size_t count, struct platform_pollfd *fds)
{
    size_t used = 0;
    for (size_t n = 0; n < count; n++)
        if (items[n].file && items[n].file->host_fd >= 0)
            fds[used++] = (struct platform_pollfd){.fd = items[n].file->host_fd,
                                                   .events = (int16_t)items[n].events};
    return used;
}

static int host_results(struct poll_item *items, size_t count, const struct platform_pollfd *fds)
{
    size_t used = 0;
    int ready = 0;
    for (size_t n = 0; n < count; n++) {
        if (items[n].file && items[n].file->host_fd >= 0)
            items[n].revents |= (uint16_t)fds[used++].revents;
        ready += items[n].revents != 0;
    }
    return ready;
}

static int64_t time_left(int64_t deadline)
{
    if (deadline == NO_DEADLINE)
        return -1;
    int64_t left = deadline ? deadline - platform_clock(PLATFORM_MONOTONIC) : 0;
    return left > 0 ? left : 0;
}

/* One round: 0 means look again. */
static int poll_round(struct task *t, struct poll_item *items, size_t count,
                      struct platform_pollfd *fds, int64_t deadline, bool *over)
{
    int ready = look(items, count, NULL);
    size_t hosts = host_items(items, count, fds);
    int64_t left = ready ? 0 : time_left(deadline);
    *over = left == 0;
    int rc = 0;
    if (hosts) {
        rc = platform_poll(fds, hosts, left);
        if (rc >= 0)
            return host_results(items, count, fds);
        return rc == -EINTR ? task_interrupted(t) ? -ERESTARTNOHAND : ready : rc;
    }
    if (ready || left == 0)
        return ready;
    rc = wait_sleep(t, deadline);
    return rc == -ERESTARTSYS ? -ERESTARTNOHAND : 0;
}

int poll_items(struct task *t, struct poll_item *items, size_t count, int64_t deadline)
{
    struct platform_pollfd few_fds[FEW];
    struct platform_pollfd *fds = few_fds;
    struct collector c = {.wait = {collect}, .room = FEW};
    c.entries = c.few;
    if (count > FEW / 2) {
        c.room = count * 2 + 1;
        c.entries = kalloc(c.room * sizeof *c.entries);
    }
    if (count > FEW)
        fds = kalloc(count * sizeof *fds);
    int rc = c.entries && fds ? 0 : -ENOMEM;
    bool over = false;
    if (!rc && deadline)
        look(items, count, &c.wait);
    if (!rc && task_interrupted(t) && deadline)
        rc = look(items, count, NULL) ? 0 : -ERESTARTNOHAND;
    while (!rc && !over)
        rc = poll_round(t, items, count, fds, deadline, &over);
    if (c.entries)
        collector_end(&c);
    if (fds != few_fds)
        kfree(fds);
    return rc;
}
