/* SPDX-License-Identifier: Apache-2.0
 * pipe.c: pipes and FIFOs: a ring of 64 KiB.  Writes of at most PIPE_BUF bytes are atomic.
 * [pipe(7)] */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/task/wait.h"
#include "libos/vfs/file.h"
#include "libos/vfs/special.h"
#include "libos/vfs/vfs.h"

enum { PIPE_SIZE = 65536, PIPE_ATOMIC = 4096 };

struct pipe {
    struct mutex lock;
    struct waitq readable, writable;
    uint32_t readers, writers, refs; /* guarded by lock */
    uint64_t opens;                  /* counts openings, for FIFOs that wait for the other end */
    size_t start, size;              /* bytes in the ring; guarded by lock */
    uint8_t *ring;
};

static struct super g_pipe_super = {
    .type = "pipefs", .source = "none", .dev = 0xc, .next_ino = 100};
static const struct inode_ops PIPE_INODE = {.free = special_free};

static struct pipe *pipe_alloc(void)
{
    struct pipe *p = kalloc(sizeof *p);
    if (!p)
        return NULL;
    p->ring = kalloc(PIPE_SIZE);
    if (!p->ring) {
        kfree(p);
        return NULL;
    }
    mutex_init(&p->lock);
    waitq_init(&p->readable);
    waitq_init(&p->writable);
    return p;
}

void special_free(struct inode *inode)
{
    struct pipe *p = S_ISFIFO(inode->mode) ? inode->priv : NULL;
    if (p)
        kfree(p->ring);
    kfree(p);
}

static size_t ring_get(struct pipe *p, struct user_buf *buf)
{
    size_t done = 0;
    while (p->size && buf->left) {
        size_t n = PIPE_SIZE - p->start;
        n = n < p->size ? n : p->size;
        n = n < buf->left ? n : buf->left;
        size_t put = buf_put(buf, p->ring + p->start, n);
        p->start = (p->start + put) % PIPE_SIZE;
        p->size -= put;
        done += put;
        if (put < n)
            break;
    }
    return done;
}

static size_t ring_put(struct pipe *p, struct user_buf *buf)
{
    size_t done = 0;
    while (p->size < PIPE_SIZE && buf->left) {
        size_t at = (p->start + p->size) % PIPE_SIZE;
        size_t n = at < p->start ? p->start - at : PIPE_SIZE - at;
        n = n < PIPE_SIZE - p->size ? n : PIPE_SIZE - p->size;
        n = n < buf->left ? n : buf->left;
        size_t got = buf_get(buf, p->ring + at, n);
        p->size += got;
        done += got;
        if (got < n)
            break;
    }
    return done;
}

static int64_t pipe_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    struct pipe *p = f->inode->priv;
    struct waiter w;
    bool waiting = false;
    int64_t n = 0;
    (void)pos;
    if (!buf->left)
        return 0;
    mutex_lock(&p->lock);
    for (;;) {
        if (p->size) {
            n = (int64_t)ring_get(p, buf);
            n = n ? n : -EFAULT;
            break;
        }
        if (!p->writers)
            break;
        if (f->flags & O_NONBLOCK) {
            n = -EAGAIN;
            break;
        }
        if (!waiting)
            wait_begin(&p->readable, &w);
        waiting = true;
        mutex_unlock(&p->lock);
        n = wait_sleep(t, NO_DEADLINE);
        mutex_lock(&p->lock);
        if (n)
            break;
    }
    mutex_unlock(&p->lock);
    if (waiting)
        wait_end(&p->readable, &w);
    if (n > 0)
        waitq_wake(&p->writable, POLLOUT | POLLWRNORM);
    return n;
}

/* One attempt; bytes, or -EAGAIN when it has to wait.  Needs: p->lock. */
static int64_t write_some(struct pipe *p, struct user_buf *buf)
{
    size_t room = PIPE_SIZE - p->size;
    if (!p->readers)
        return -EPIPE;
    if (room == 0 || (buf->left <= PIPE_ATOMIC && room < buf->left))
        return -EAGAIN;
    size_t n = ring_put(p, buf);
    return n ? (int64_t)n : -EFAULT;
}

static int64_t pipe_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    struct pipe *p = f->inode->priv;
    struct waiter w;
    bool waiting = false;
    int64_t done = 0;
    int64_t rc = 0;
    (void)pos;
    mutex_lock(&p->lock);
    while (buf->left && !rc) {
        int64_t n = write_some(p, buf);
        if (n > 0) {
            done += n;
            waitq_wake(&p->readable, POLLIN | POLLRDNORM);
            continue;
        }
        if (n != -EAGAIN || (f->flags & O_NONBLOCK)) {
            rc = n;
            break;
        }
        if (!waiting)
            wait_begin(&p->writable, &w);
        waiting = true;
        mutex_unlock(&p->lock);
        rc = wait_sleep(t, NO_DEADLINE);
        mutex_lock(&p->lock);
    }
    mutex_unlock(&p->lock);
    if (waiting)
        wait_end(&p->writable, &w);
    return done ? done : rc;
}

static uint32_t pipe_poll(struct file *f, struct poll_wait *w)
{
    struct pipe *p = f->inode->priv;
    uint32_t events = 0;
    bool reads = file_readable(f);
    bool writes = file_writable(f);
    if (w && reads)
        w->add(w, &p->readable);
    if (w && writes)
        w->add(w, &p->writable);
    if (reads) {
        events |= p->size ? POLLIN | POLLRDNORM : 0;
        events |= !p->writers ? POLLHUP : 0;
    }
    if (writes) {
        events |= PIPE_SIZE - p->size >= PIPE_ATOMIC ? POLLOUT | POLLWRNORM : 0;
        events |= !p->readers ? POLLERR : 0;
    }
    return events;
}

static int64_t pipe_ioctl(struct task *t, struct file *f, uint32_t request, user_ptr arg)
{
    struct pipe *p = f->inode->priv;
    (void)t;
    return request == FIONREAD ? user_store32(arg, (uint32_t)p->size) : -ENOTTY;
}

static void pipe_release(struct file *f)
{
    struct pipe *p = f->inode->priv;
    mutex_lock(&p->lock);
    p->readers -= file_readable(f);
    p->writers -= file_writable(f);
    bool empty = !p->readers && !p->writers;
    if (empty)
        p->start = p->size = 0;
    mutex_unlock(&p->lock);
    waitq_wake(&p->readable, POLLIN | POLLHUP);
    waitq_wake(&p->writable, POLLOUT | POLLERR);
}

static const struct file_ops PIPE = {.read = pipe_read,
                                     .write = pipe_write,
                                     .poll = pipe_poll,
                                     .ioctl = pipe_ioctl,
                                     .release = pipe_release};

static void count_open(struct pipe *p, const struct file *f)
{
    p->readers += file_readable(f);
    p->writers += file_writable(f);
    p->opens++;
}

int pipe_new(uint32_t flags, struct file **reader, struct file **writer)
{
    struct pipe *p = pipe_alloc();
    struct inode *inode = p ? inode_new(&g_pipe_super, S_IFIFO | 0600, &PIPE_INODE) : NULL;
    if (!inode) {
        if (p)
            kfree(p->ring);
        kfree(p);
        return -ENOMEM;
    }
    inode->priv = p;
    inode->ino = __atomic_add_fetch(&g_pipe_super.next_ino, 1, __ATOMIC_RELAXED);
    inode->uid = current()->process->cred.fsuid;
    inode->gid = current()->process->cred.fsgid;
    *reader = file_new(&PIPE, O_RDONLY | flags);
    *writer = file_new(&PIPE, O_WRONLY | flags);
    if (!*reader || !*writer) {
        kfree(*reader);
        kfree(*writer);
        inode_put(inode);
        return -ENOMEM;
    }
    (*reader)->inode = inode;
    (*writer)->inode = inode_get(inode);
    count_open(p, *reader);
    count_open(p, *writer);
    return 0;
}

/* Waits until somebody has the other end open, or had it since.  Needs: p->lock. */
static int wait_for_other(struct pipe *p, const struct file *f)
{
    struct task *t = current();
    bool reads = file_readable(f);
    uint64_t opens = p->opens;
    struct waiter w;
    int rc = 0;
    wait_begin(&p->readable, &w);
    while (!rc && !(reads ? p->writers : p->readers) && p->opens == opens) {
        mutex_unlock(&p->lock);
        rc = wait_sleep(t, NO_DEADLINE);
        mutex_lock(&p->lock);
    }
    wait_end(&p->readable, &w);
    return rc;
}

int fifo_open(struct inode *inode, struct file *f)
{
    mutex_lock(&inode->lock);
    if (!inode->priv)
        inode->priv = pipe_alloc();
    struct pipe *p = inode->priv;
    mutex_unlock(&inode->lock);
    if (!p)
        return -ENOMEM;
    bool writes_only = !file_readable(f);
    int rc = 0;
    mutex_lock(&p->lock);
    if (writes_only && (f->flags & O_NONBLOCK) && !p->readers)
        rc = -ENXIO;
    if (!rc) {
        f->ops = &PIPE;
        count_open(p, f);
        waitq_wake(&p->readable, 0);
        if (!(f->flags & O_NONBLOCK) && !(file_readable(f) && file_writable(f)))
            rc = wait_for_other(p, f);
    }
    mutex_unlock(&p->lock);
    return rc;
}
