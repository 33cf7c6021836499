/* SPDX-License-Identifier: Apache-2.0
 * poll.c: see poll.h.  Files inside the kernel are asked and their wait queues joined; those
 * outside are asked of the host in one call, which is also where the thread sleeps when there are
 * any. */
#include "libos/net/poll.h"

#include <asm/errno.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/task/wait.h"

enum { ALWAYS = POLLERR | POLLHUP | POLLNVAL, FEW = 16 };

struct link { /* this thread on one wait queue */
    struct link *next;
    struct waitq *queue;
    struct waiter waiter;
};

struct poller {
    struct poll_wait wait;
    struct link few[FEW]; /* most polls need no memory */
    unsigned used;
    struct link *links;
    bool failed; /* no memory for a link: do not sleep for long */
    struct platform_pollfd *host;
    size_t host_count;
};

static void add_link(struct poll_wait *w, struct waitq *q)
{
    struct poller *p = container_of(w, struct poller, wait);
    struct link *link = p->used < FEW ? &p->few[p->used++] : kalloc(sizeof *link);
    if (!link) {
        p->failed = true;
        return;
    }
    link->queue = q;
    link->next = p->links;
    p->links = link;
    wait_begin(q, &link->waiter);
}

static void drop_links(struct poller *p)
{
    for (struct link *next, *link = p->links; link; link = next) {
        next = link->next;
        wait_end(link->queue, &link->waiter);
        if (link < p->few || link >= p->few + FEW)
            kfree(link);
    }
}

static size_t ask_inside(struct poller *p, struct poll_entry *entries, size_t count, bool join)
{
    size_t found = 0;
    for (size_t n = 0; n < count; n++) {
        struct poll_entry *entry = &entries[n];
        const struct file *file = entry->file;
        if (file && file->ops->poll)
            entry->found |=
                file->ops->poll(entry->file, join ? &p->wait : NULL) & (entry->wanted | ALWAYS);
        else if (file && file->host_fd < 0)
            entry->found |= entry->wanted & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
        found += entry->found != 0;
    }
    return found;
}

/* Lists what the host is asked; 0 or -ENOMEM. */
static int list_host(struct poller *p, const struct poll_entry *entries, size_t count)
{
    for (size_t n = 0; n < count; n++)
        p->host_count += entries[n].file && entries[n].file->host_fd >= 0;
    if (!p->host_count)
        return 0;
    p->host = kalloc(p->host_count * sizeof *p->host);
    if (!p->host)
        return -ENOMEM;
    size_t at = 0;
    for (size_t n = 0; n < count; n++)
        if (entries[n].file && entries[n].file->host_fd >= 0)
            p->host[at++] = (struct platform_pollfd){.fd = entries[n].file->host_fd,
                                                     .events = (int16_t)entries[n].wanted};
    return 0;
}

/* Takes the host's answer; bits that were not asked for are dropped. */
static size_t take_host(const struct poller *p, struct poll_entry *entries, size_t count)
{
    size_t found = 0;
    size_t at = 0;
    for (size_t n = 0; n < count; n++) {
        struct poll_entry *entry = &entries[n];
        if (entry->file && entry->file->host_fd >= 0) {
            uint32_t events = (uint16_t)p->host[at++].revents;
            entry->found |= events & (entry->wanted | ALWAYS);
        }
        found += entry->found != 0;
    }
    return found;
}

static int64_t time_left(int64_t deadline)
{
    if (deadline == NO_DEADLINE)
        return -1;
    int64_t left = deadline - platform_clock(PLATFORM_MONOTONIC);
    return left > 0 ? left : 0;
}

/* Sleeps in the host's poll, or asks it without sleeping; 0, or a negative errno. */
static int64_t wait_host(struct task *t, struct poller *p, int64_t left)
{
    if (left && task_interrupted(t))
        return -ERESTARTNOHAND;
    int n = platform_poll(p->host, p->host_count, left);
    return n >= 0 || n == -EINTR || n == -ETIMEDOUT ? 0 : n;
}

static int64_t poll_until(struct task *t, struct poller *p, struct poll_entry *entries,
                          size_t count, int64_t deadline)
{
    size_t found = ask_inside(p, entries, count, true);
    for (;;) {
        int64_t left = found ? 0 : time_left(deadline);
        int64_t rc = 0;
        if (p->host_count) {
            rc = wait_host(t, p, left);
            found = rc ? found : take_host(p, entries, count);
        } else if (!found) {
            rc = wait_sleep(t, deadline);
        }
        if (found)
            return (int64_t)found;
        if (rc == -ETIMEDOUT || left == 0)
            return 0;
        if (rc)
            return rc == -ERESTARTSYS ? -ERESTARTNOHAND : rc;
        found = ask_inside(p, entries, count, false);
    }
}

int64_t poll_files(struct task *t, struct poll_entry *entries, size_t count, int64_t deadline)
{
    struct poller p = {.wait.add = add_link};
    int64_t rc = list_host(&p, entries, count);
    if (!rc)
        rc = poll_until(t, &p, entries, count, deadline);
    drop_links(&p);
    kfree(p.host);
    return rc == 0 && p.failed ? -ENOMEM : rc;
}
