/* SPDX-License-Identifier: Apache-2.0
 * eventfd.c: eventfd(2): a counter to wait for. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/task/wait.h"
#include "libos/vfs/file.h"
#include "libos/vfs/special.h"

enum { EFD_SEMAPHORE_ = 1 };

struct eventfd {
    struct spinlock lock;
    uint64_t count; /* guarded by lock */
    bool semaphore;
    struct waitq wait;
};

/* What a read takes now; 0 when it has to wait. */
static uint64_t take(struct eventfd *e)
{
    spin_lock(&e->lock);
    uint64_t n = e->semaphore && e->count ? 1 : e->count;
    e->count -= n;
    spin_unlock(&e->lock);
    return n;
}

static bool give(struct eventfd *e, uint64_t n)
{
    spin_lock(&e->lock);
    bool fits = n < UINT64_MAX - e->count;
    if (fits)
        e->count += n;
    spin_unlock(&e->lock);
    return fits;
}

static int64_t eventfd_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    struct eventfd *e = f->priv;
    struct waiter w;
    (void)pos;
    if (buf->left < 8)
        return -EINVAL;
    uint64_t n = take(e);
    if (!n && (f->flags & O_NONBLOCK))
        return -EAGAIN;
    if (!n) {
        int rc = 0;
        wait_begin(&e->wait, &w);
        while (!(n = take(e)) && !(rc = wait_sleep(t, NO_DEADLINE))) {
        }
        wait_end(&e->wait, &w);
        if (rc)
            return rc;
    }
    waitq_wake(&e->wait, POLLOUT);
    return buf_put(buf, &n, 8) == 8 ? 8 : -EFAULT;
}

static int64_t eventfd_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    struct eventfd *e = f->priv;
    struct waiter w;
    uint64_t n = 0;
    (void)pos;
    if (buf->left < 8)
        return -EINVAL;
    if (buf_get(buf, &n, 8) != 8)
        return -EFAULT;
    if (n == UINT64_MAX)
        return -EINVAL;
    if (!give(e, n)) {
        int rc = 0;
        if (f->flags & O_NONBLOCK)
            return -EAGAIN;
        wait_begin(&e->wait, &w);
        while (!give(e, n) && !(rc = wait_sleep(t, NO_DEADLINE))) {
        }
        wait_end(&e->wait, &w);
        if (rc)
            return rc;
    }
    waitq_wake(&e->wait, POLLIN);
    return 8;
}

static uint32_t eventfd_poll(struct file *f, struct poll_wait *w)
{
    struct eventfd *e = f->priv;
    if (w)
        w->add(w, &e->wait);
    uint64_t count = __atomic_load_n(&e->count, __ATOMIC_ACQUIRE);
    return (count ? POLLIN : 0) | (count < UINT64_MAX - 1 ? POLLOUT : 0);
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
    struct file *f = e ? file_new(&EVENTFD, O_RDWR | (flags & O_NONBLOCK)) : NULL;
    if (!f) {
        kfree(e);
        return -ENOMEM;
    }
    e->count = initial;
    e->semaphore = flags & EFD_SEMAPHORE_;
    waitq_init(&e->wait);
    f->priv = e;
    *out = f;
    return 0;
}
