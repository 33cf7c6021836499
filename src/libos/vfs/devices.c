/* SPDX-License-Identifier: Apache-2.0
 * devices.c: /dev, and the streams of the outside. */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/kdev_t.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/task/wait.h"
#include "libos/vfs/file.h"
#include "libos/vfs/special.h"
#include "libos/vfs/vfs.h"

enum { DEV_NULL = 3, DEV_ZERO = 5, DEV_FULL = 7, DEV_RANDOM = 8, DEV_URANDOM = 9, IOV_PIECES = 64 };

static int64_t null_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    (void)f;
    (void)buf;
    (void)pos;
    return 0;
}

static int64_t null_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    (void)f;
    (void)pos;
    return (int64_t)buf->left;
}

static int64_t zero_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    (void)f;
    (void)pos;
    size_t want = buf->left;
    size_t n = buf_put_zero(buf, want);
    return n || !want ? (int64_t)n : -EFAULT;
}

static int64_t full_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    (void)f;
    (void)pos;
    return buf->left ? -ENOSPC : 0;
}

static int64_t random_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    (void)f;
    (void)pos;
    uint8_t piece[256];
    int64_t done = 0;
    while (buf->left) {
        size_t n = buf->left < sizeof piece ? buf->left : sizeof piece;
        platform_random(piece, n);
        size_t put = buf_put(buf, piece, n);
        done += (int64_t)put;
        if (put < n)
            return done ? done : -EFAULT;
    }
    return done;
}

static const struct file_ops NULL_OPS = {
    .read = null_read, .write = null_write, .seekable = true, .seek = folder_seek};
static const struct file_ops ZERO_OPS = {
    .read = zero_read, .write = null_write, .seekable = true, .seek = folder_seek};
static const struct file_ops FULL_OPS = {
    .read = zero_read, .write = full_write, .seekable = true, .seek = folder_seek};
static const struct file_ops RANDOM_OPS = {
    .read = random_read, .write = null_write, .seekable = true, .seek = folder_seek};

int special_open(struct inode *inode, struct file *f)
{
    if (S_ISFIFO(inode->mode))
        return fifo_open(inode, f);
    if (!S_ISCHR(inode->mode) || inode->rdev >> 8 != 1)
        return -ENXIO;
    unsigned minor = inode->rdev & 0xff;
    f->ops = minor == DEV_NULL                             ? &NULL_OPS
             : minor == DEV_ZERO                           ? &ZERO_OPS
             : minor == DEV_FULL                           ? &FULL_OPS
             : minor == DEV_RANDOM || minor == DEV_URANDOM ? &RANDOM_OPS
                                                           : NULL;
    return f->ops ? 0 : -ENXIO;
}

bool special_can_map(const struct file *f)
{
    return f->ops == &ZERO_OPS;
}

/* ---- standard in, out and error ---- */

static int64_t stdio_move(struct task *t, struct file *f, struct user_buf *buf, bool out)
{
    struct platform_iov iov[IOV_PIECES];
    size_t count = buf_iov(buf, iov, IOV_PIECES);
    bool block = !(f->flags & O_NONBLOCK);
    for (;;) {
        if (task_interrupted(t))
            return -ERESTARTSYS;
        int64_t n = out ? platform_write(f->host_fd, iov, count, block)
                        : platform_read(f->host_fd, iov, count, block);
        if (n >= 0)
            buf_skip(buf, (size_t)n);
        if (n != -EINTR)
            return n;
    }
}

static int64_t stdio_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)pos;
    return stdio_move(t, f, buf, false);
}

static int64_t stdio_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)pos;
    return stdio_move(t, f, buf, true);
}

static uint32_t stdio_poll(struct file *f, struct poll_wait *w)
{
    (void)f;
    (void)w;
    return 0; /* the host's answer counts */
}

/* struct termios as the kernel passes it; the values of a fresh terminal. */
struct terminal {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t line, cc[19];
};

static int64_t stdio_ioctl(struct task *t, struct file *f, uint32_t request, user_ptr arg)
{
    static const struct terminal FRESH = {
        .iflag = 0x500, .oflag = 5, .cflag = 0xbf, .lflag = 0x8a3b};
    static const uint16_t SIZE[4] = {24, 80, 0, 0};
    if (!platform_is_tty(f->host_fd))
        return -ENOTTY;
    if (request == TCGETS)
        return user_write(arg, &FRESH, sizeof FRESH);
    if (request == TIOCGWINSZ)
        return user_write(arg, SIZE, sizeof SIZE);
    if (request == TIOCGPGRP)
        return user_store32(arg, t->process->pgid);
    return request == TCSETS || request == TCSETSW || request == TCSETSF || request == TIOCSPGRP
               ? 0
               : -ENOTTY;
}

static const struct file_ops STDIO = {
    .read = stdio_read, .write = stdio_write, .poll = stdio_poll, .ioctl = stdio_ioctl};

static struct super g_stdio_super = {.type = "pipefs", .source = "none", .dev = 0xc};
static const struct inode_ops STDIO_INODE = {0};

struct file *stdio_new(int host_fd, uint32_t flags)
{
    struct file *f = file_new(&STDIO, flags);
    if (!f)
        return NULL;
    uint32_t kind = platform_is_tty(host_fd) ? S_IFCHR : S_IFIFO;
    f->inode = inode_new(&g_stdio_super, kind | 0620, &STDIO_INODE);
    f->host_fd = host_fd;
    if (!f->inode) {
        file_put(f);
        return NULL;
    }
    f->inode->ino = (uint64_t)host_fd + 1;
    f->inode->uid = current() ? current()->process->cred.uid : 0;
    f->inode->rdev = S_ISCHR(kind) ? 0x8800 : 0;
    return f;
}

static int make(struct dentry *dir, const char *name, uint32_t mode, uint64_t rdev,
                const char *target)
{
    struct inode *inode = memfs_inode(dir->inode->super, mode, NULL);
    if (!inode)
        return -ENOMEM;
    inode->rdev = rdev;
    if (target) {
        inode->link = kstrdup(target);
        inode->size = strlen(target);
    }
    struct dentry *d = dentry_add(dir, name, strlen(name), inode);
    dentry_put(d);
    return d ? 0 : -ENOMEM;
}

struct dentry *devfs_new(void)
{
    static const struct {
        const char *name;
        uint32_t mode, minor;
        const char *target;
    } NODES[] = {
        {"null", S_IFCHR | 0666, DEV_NULL, NULL},
        {"zero", S_IFCHR | 0666, DEV_ZERO, NULL},
        {"full", S_IFCHR | 0666, DEV_FULL, NULL},
        {"random", S_IFCHR | 0666, DEV_RANDOM, NULL},
        {"urandom", S_IFCHR | 0666, DEV_URANDOM, NULL},
        {"fd", S_IFLNK | 0777, 0, "/proc/self/fd"},
        {"stdin", S_IFLNK | 0777, 0, "/proc/self/fd/0"},
        {"stdout", S_IFLNK | 0777, 0, "/proc/self/fd/1"},
        {"stderr", S_IFLNK | 0777, 0, "/proc/self/fd/2"},
        {"shm", S_IFDIR | 01777, 0, NULL},
    };
    struct dentry *root = memfs_new(NULL, "devtmpfs", "dev", 0755);
    int rc = root ? 0 : -ENOMEM;
    for (size_t n = 0; !rc && n < sizeof NODES / sizeof NODES[0]; n++)
        rc = make(root, NODES[n].name, NODES[n].mode, NODES[n].minor | 0x100, NODES[n].target);
    return rc ? NULL : root;
}
