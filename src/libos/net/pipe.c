/* SPDX-License-Identifier: Apache-2.0
 * pipe.c: pipes and FIFOs.  [pipe(7), fifo(7)]
 * A ring of bytes; `lock` guards it and the counts of its ends.  A write of at most PIPE_BUF bytes
 * is never split. */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/stat.h>

#include "libos/lib/alloc.h"
#include "libos/net/anon.h"
#include "libos/net/pipe.h"
#include "libos/signal/signal.h"
#include "libos/task/wait.h"
#include "libos/vfs/special.h"
#include "libos/vfs/vfs.h"

enum { CAPACITY = 65536, CAPACITY_MAX = 1 << 20, ATOMIC = 4096, SIGPIPE_NUMBER = 13 };

struct pipe {
    struct mutex lock;
    uint8_t *ring;
    size_t room, start, used;            /* bytes */
    uint32_t readers, writers;           /* open ends */
    uint32_t reader_opens, writer_opens; /* ever: a FIFO's open waits for a change */
    uint32_t users;                      /* files and the FIFO's inode */
    struct waitq queue;
};

static struct pipe *pipe_make(void)
{
    struct pipe *p = kalloc(sizeof *p);
    if (!p)
        return NULL;
    p->ring = kalloc(CAPACITY);
    if (!p->ring) {
        kfree(p);
        return NULL;
    }
    p->room = CAPACITY;
    mutex_init(&p->lock);
    waitq_init(&p->queue);
    return p;
}

/* Copies between the ring and the buffer; bytes moved.  Needs: lock. */
static size_t ring_take(struct pipe *p, struct user_buf *buf)
{
    size_t done = 0;
    while (p->used && buf->left) {
        size_t part = p->room - p->start < p->used ? p->room - p->start : p->used;
        part = part < buf->left ? part : buf->left;
        size_t put = buf_put(buf, p->ring + p->start, part);
        p->start = (p->start + put) % p->room;
        p->used -= put;
        done += put;
        if (put < part)
            break;
    }
    if (!p->used)
        p->start = 0;
    return done;
}

static size_t ring_add(struct pipe *p, struct user_buf *buf)
{
    size_t done = 0;
    while (p->used < p->room && buf->left) {
        size_t end = (p->start + p->used) % p->room;
        size_t part = end < p->start ? p->start - end : p->room - end;
        part = part < p->room - p->used ? part : p->room - p->used;
        part = part < buf->left ? part : buf->left;
        size_t got = buf_get(buf, p->ring + end, part);
        p->used += got;
        done += got;
        if (got < part)
            break;
    }
    return done;
}

static bool is_nonblocking(const struct file *f)
{
    return __atomic_load_n(&f->flags, __ATOMIC_RELAXED) & O_NONBLOCK;
}

static int64_t pipe_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)pos;
    struct pipe *p = f->priv;
    struct waiter w;
    int64_t n = 0;
    if (!buf->left)
        return 0;
    bool waiting = false;
    for (;;) {
        mutex_lock(&p->lock);
        bool had = p->used;
        bool ended = !p->writers;
        n = had ? (int64_t)ring_take(p, buf) : 0;
        mutex_unlock(&p->lock);
        if (had || ended || is_nonblocking(f)) {
            n = n ? n : had ? -EFAULT : ended ? 0 : -EAGAIN;
            break;
        }
        if (!waiting) {
            wait_begin(&p->queue, &w);
            waiting = true;
            continue; /* look once more: a wake before wait_begin was not ours */
        }
        int rc = wait_sleep(t, NO_DEADLINE);
        if (rc) {
            n = rc;
            break;
        }
    }
    if (waiting)
        wait_end(&p->queue, &w);
    if (n > 0)
        waitq_wake(&p->queue, POLLOUT | POLLWRNORM);
    return n;
}

static int64_t broken_pipe(struct task *t)
{
    ignore(signal_send_task(t, SIGPIPE_NUMBER, NULL));
    return -EPIPE;
}

/* One step of a write: bytes moved, -EPIPE, or -EAGAIN when there is no room (for all of it, when
 * it is atomic). */
static int64_t write_step(struct pipe *p, struct user_buf *buf)
{
    mutex_lock(&p->lock);
    int64_t n = -EAGAIN;
    if (!p->readers)
        n = -EPIPE;
    else if (p->room - p->used >= (buf->left < ATOMIC ? buf->left : 1)) {
        n = (int64_t)ring_add(p, buf);
        n = n ? n : -EFAULT;
    }
    mutex_unlock(&p->lock);
    if (n > 0)
        waitq_wake(&p->queue, POLLIN | POLLRDNORM);
    return n;
}

static int64_t pipe_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)pos;
    struct pipe *p = f->priv;
    struct waiter w;
    int64_t done = 0;
    bool waiting = false;
    while (buf->left) {
        int64_t n = write_step(p, buf);
        if (n > 0) {
            done += n;
            continue;
        }
        if (n != -EAGAIN || is_nonblocking(f)) {
            done = done ? done : n;
            break;
        }
        if (!waiting) {
            wait_begin(&p->queue, &w);
            waiting = true;
            continue;
        }
        int rc = wait_sleep(t, NO_DEADLINE);
        if (rc) {
            done = done ? done : rc;
            break;
        }
    }
    if (waiting)
        wait_end(&p->queue, &w);
    return done == -EPIPE ? broken_pipe(t) : done;
}

static uint32_t pipe_poll(struct file *f, struct poll_wait *w)
{
    struct pipe *p = f->priv;
    if (w)
        w->add(w, &p->queue);
    uint32_t events = 0;
    mutex_lock(&p->lock);
    if (file_readable(f)) {
        events |= p->used ? POLLIN | POLLRDNORM : 0;
        events |= !p->writers && p->writer_opens ? POLLHUP : 0;
    }
    if (file_writable(f)) {
        events |= p->room - p->used >= ATOMIC ? POLLOUT | POLLWRNORM : 0;
        events |= !p->readers ? POLLERR : 0;
    }
    mutex_unlock(&p->lock);
    return events;
}

static int64_t pipe_ioctl(struct task *t, struct file *f, uint32_t request, user_ptr arg)
{
    (void)t;
    const struct pipe *p = f->priv;
    return request == FIONREAD ? user_store32(arg, (uint32_t)p->used) : -ENOTTY;
}

static void pipe_drop(struct pipe *p)
{
    if (__atomic_sub_fetch(&p->users, 1, __ATOMIC_ACQ_REL))
        return;
    kfree(p->ring);
    kfree(p);
}

static void pipe_release(struct file *f)
{
    struct pipe *p = f->priv;
    if (!p)
        return;
    mutex_lock(&p->lock);
    p->readers -= file_readable(f);
    p->writers -= file_writable(f);
    mutex_unlock(&p->lock);
    waitq_wake(&p->queue, POLLHUP | POLLERR | POLLIN | POLLOUT);
    pipe_drop(p);
}

static const struct file_ops PIPE = {
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .release = pipe_release,
};

/* Makes `f` an end of the pipe, which gets one user more. */
static void pipe_attach(struct pipe *p, struct file *f)
{
    f->ops = &PIPE;
    f->priv = p;
    __atomic_add_fetch(&p->users, 1, __ATOMIC_RELAXED);
    mutex_lock(&p->lock);
    p->readers += file_readable(f);
    p->reader_opens += file_readable(f);
    p->writers += file_writable(f);
    p->writer_opens += file_writable(f);
    mutex_unlock(&p->lock);
}

int pipe_new(uint32_t flags, struct file **reader, struct file **writer)
{
    struct pipe *p = pipe_make();
    *reader = p ? anon_file(&PIPE, O_RDONLY | flags, S_IFIFO | 0600) : NULL;
    *writer = *reader ? anon_file(&PIPE, O_WRONLY | flags, S_IFIFO | 0600) : NULL;
    if (!*writer) {
        if (*reader)
            file_put(*reader); /* has no pipe yet */
        if (p)
            kfree(p->ring);
        kfree(p);
        return -ENOMEM;
    }
    (*writer)->inode->ino = (*reader)->inode->ino;
    pipe_attach(p, *reader);
    pipe_attach(p, *writer);
    return 0;
}

int pipe_room(struct file *f)
{
    return f->ops == &PIPE ? (int)((struct pipe *)f->priv)->room : -EBADF;
}

int pipe_set_room(struct file *f, uint32_t room)
{
    if (f->ops != &PIPE)
        return -EBADF;
    if (room > CAPACITY_MAX)
        return -EPERM;
    size_t wanted = ATOMIC;
    while (wanted < room)
        wanted *= 2;
    struct pipe *p = f->priv;
    uint8_t *ring = kalloc(wanted);
    if (!ring)
        return -ENOMEM;
    mutex_lock(&p->lock);
    int rc = p->used > wanted ? -EBUSY : (int)wanted;
    if (rc > 0) {
        struct user_buf all = buf_kernel(ring, p->used);
        size_t used = ring_take(p, &all);
        uint8_t *old = p->ring;
        p->ring = ring;
        p->room = wanted;
        p->start = 0;
        p->used = used;
        ring = old;
    }
    mutex_unlock(&p->lock);
    kfree(ring);
    return rc;
}

/* ---- FIFOs: the inode keeps the pipe; an open waits for the other end ---- */

/* The inode's pipe, made at its first open; a user is counted for the inode itself. */
static struct pipe *fifo_pipe(struct inode *inode)
{
    mutex_lock(&inode->lock);
    struct pipe *p = inode->priv;
    if (!p) {
        p = pipe_make();
        if (p)
            p->users = 1;
        inode->priv = p;
    }
    mutex_unlock(&inode->lock);
    return p;
}

void fifo_free(struct inode *inode)
{
    if (inode->priv)
        pipe_drop(inode->priv);
    inode->priv = NULL;
}

/* Waits until the other end was opened; a partner that came and went counts. */
static int fifo_wait(struct task *t, struct pipe *p, const uint32_t *count, const uint32_t *opens)
{
    uint32_t before = __atomic_load_n(opens, __ATOMIC_ACQUIRE);
    struct waiter w;
    int rc = 0;
    wait_begin(&p->queue, &w);
    while (!rc && !__atomic_load_n(count, __ATOMIC_ACQUIRE) &&
           __atomic_load_n(opens, __ATOMIC_ACQUIRE) == before)
        rc = wait_sleep(t, NO_DEADLINE);
    wait_end(&p->queue, &w);
    return rc;
}

int fifo_open(struct inode *inode, struct file *f)
{
    struct pipe *p = fifo_pipe(inode);
    if (!p)
        return -ENOMEM;
    bool reads = file_readable(f);
    bool writes = file_writable(f);
    if (writes && !reads && f->flags & O_NONBLOCK && !p->readers)
        return -ENXIO;
    pipe_attach(p, f);
    waitq_wake(&p->queue, POLLIN | POLLOUT);
    if ((reads && writes) || f->flags & O_NONBLOCK)
        return 0;
    return reads ? fifo_wait(current(), p, &p->writers, &p->writer_opens)
                 : fifo_wait(current(), p, &p->readers, &p->reader_opens);
}
