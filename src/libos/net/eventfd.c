/* SPDX-License-Identifier: Apache-2.0
 * eventfd.c: a counter that can be waited for.  [eventfd(2)] */
#include <asm/errno.h>

#include <linux/fcntl.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/net/anon.h"
#include "libos/task/wait.h"
#include "libos/vfs/special.h"

enum { EVENTFD_SEMAPHORE = 1 }; /* of eventfd2 flags */

struct eventfd {
    struct spinlock lock;
    uint64_t count; /* at most UINT64_MAX - 1; guarded by lock */
    bool semaphore;
    struct waitq queue;
};

/* Takes the counter, or 1 of it: 0 when there is nothing. */
static uint64_t take(struct eventfd *e)
{
    spin_lock(&e->lock);
    uint64_t got = e->semaphore && e->count ? 1 : e->count;
    e->count -= got;
    spin_unlock(&e->lock);
    return got;
}

static bool add(struct eventfd *e, uint64_t value)
{
    spin_lock(&e->lock);
    bool fits = UINT64_MAX - 1 - e->count >= value;
    e->count += fits ? value : 0;
    spin_unlock(&e->lock);
    return fits;
}

/* Tries until it works, the file does not block, or a signal comes. */
static int until(struct task *t, struct file *f,
                 bool (*attempt)(struct eventfd *e, uint64_t *value), uint64_t *value)
{
    struct eventfd *e = f->priv;
    if (attempt(e, value))
        return 0;
    if (f->flags & O_NONBLOCK)
        return -EAGAIN;
    struct waiter w;
    int rc = 0;
    wait_begin(&e->queue, &w);
    while (!attempt(e, value) && !rc)
        rc = wait_sleep(t, NO_DEADLINE);
    wait_end(&e->queue, &w);
    return rc;
}

static bool try_take(struct eventfd *e, uint64_t *value)
{
    *value = take(e);
    return *value != 0;
}

static bool try_add(struct eventfd *e, uint64_t *value)
{
    return add(e, *value);
}

static int64_t eventfd_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)pos;
    uint64_t value = 0;
    if (buf->left < sizeof value)
        return -EINVAL;
    int rc = until(t, f, try_take, &value);
    if (rc)
        return rc;
    struct eventfd *e = f->priv;
    waitq_wake(&e->queue, POLLOUT | POLLWRNORM);
    return buf_put(buf, &value, sizeof value) == sizeof value ? (int64_t)sizeof value : -EFAULT;
}

static int64_t eventfd_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)pos;
    uint64_t value = 0;
    if (buf->left < sizeof value)
        return -EINVAL;
    if (buf_get(buf, &value, sizeof value) != sizeof value)
        return -EFAULT;
    if (value == UINT64_MAX)
        return -EINVAL;
    int rc = until(t, f, try_add, &value);
    if (rc)
        return rc;
    struct eventfd *e = f->priv;
    waitq_wake(&e->queue, POLLIN | POLLRDNORM);
    return sizeof value;
}

static uint32_t eventfd_poll(struct file *f, struct poll_wait *w)
{
    struct eventfd *e = f->priv;
    if (w)
        w->add(w, &e->queue);
    uint64_t count = __atomic_load_n(&e->count, __ATOMIC_ACQUIRE);
    return (count ? POLLIN | POLLRDNORM : 0) | (count < UINT64_MAX - 1 ? POLLOUT | POLLWRNORM : 0);
}

static void eventfd_release(struct file *f)
{
    kfree(f->priv);
}

static const struct file_ops EVENTFD = {
    .read = eventfd_read, .write = eventfd_write, .poll = eventfd_poll, .release = eventfd_release};

int eventfd_new(uint32_t initial, uint32_t flags, struct file **out)
{
    struct eventfd *e = kalloc(sizeof *e);
    *out = e ? anon_file(&EVENTFD, O_RDWR | (flags & O_NONBLOCK), 0600) : NULL;
    if (!*out) {
        kfree(e);
        return -ENOMEM;
    }
    e->count = initial;
    e->semaphore = flags & EVENTFD_SEMAPHORE;
    waitq_init(&e->queue);
    (*out)->priv = e;
    return 0;
}
