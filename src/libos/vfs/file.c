/* SPDX-License-Identifier: Apache-2.0
 * file.c: open files: position, access mode, and the regular file's operations. */
#include "libos/vfs/file.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/poll.h>

#include "libos/lib/alloc.h"
#include "libos/task/task.h"
#include "libos/vfs/special.h"
#include "libos/vfs/vfs.h"

struct file *file_new(const struct file_ops *ops, uint32_t flags)
{
    struct file *f = kalloc(sizeof *f);
    if (!f)
        return NULL;
    f->ops = ops;
    f->flags = flags;
    f->refs = 1;
    f->host_fd = -1;
    mutex_init(&f->pos_lock);
    list_init(&f->watches);
    return f;
}

void file_get(struct file *f)
{
    __atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
}

void file_put(struct file *f)
{
    if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL))
        return;
    if (!list_empty(&f->watches))
        epoll_forget(f);
    if (f->ops->release)
        f->ops->release(f);
    if (f->inode)
        inode_put(f->inode);
    dentry_put(f->dentry);
    kfree(f);
}

bool file_readable(const struct file *f)
{
    return (f->flags & O_ACCMODE) != O_WRONLY && !(f->flags & O_PATH);
}

bool file_writable(const struct file *f)
{
    return (f->flags & O_ACCMODE) != O_RDONLY && !(f->flags & O_PATH);
}

uint32_t file_poll(struct file *f, struct poll_wait *w)
{
    return f->ops->poll ? f->ops->poll(f, w) : POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

static bool is_folder(const struct file *f)
{
    return f->inode && S_ISDIR(f->inode->mode);
}

int64_t file_read(struct task *t, struct file *f, struct user_buf *buf)
{
    if (is_folder(f))
        return -EISDIR;
    if (!f->ops->read)
        return -EINVAL;
    if (!f->ops->seekable)
        return f->ops->read(t, f, buf, NULL);
    mutex_lock(&f->pos_lock);
    int64_t n = f->ops->read(t, f, buf, &f->pos);
    mutex_unlock(&f->pos_lock);
    return n;
}

int64_t file_write(struct task *t, struct file *f, struct user_buf *buf)
{
    if (!f->ops->write)
        return -EINVAL;
    if (!f->ops->seekable)
        return f->ops->write(t, f, buf, NULL);
    mutex_lock(&f->pos_lock);
    int64_t n = f->ops->write(t, f, buf, &f->pos);
    mutex_unlock(&f->pos_lock);
    return n;
}

int64_t file_pread(struct task *t, struct file *f, struct user_buf *buf, uint64_t pos)
{
    if (!f->ops->seekable)
        return is_folder(f) ? -EISDIR : -ESPIPE;
    if (!f->ops->read)
        return -EINVAL;
    return f->ops->read(t, f, buf, &pos);
}

int64_t file_pwrite(struct task *t, struct file *f, struct user_buf *buf, uint64_t pos)
{
    if (!f->ops->seekable)
        return -ESPIPE;
    if (!f->ops->write)
        return -EINVAL;
    return f->ops->write(t, f, buf, &pos);
}

int64_t file_read_kernel(struct file *f, void *out, size_t size, uint64_t pos)
{
    struct user_buf buf = buf_kernel(out, size);
    return file_pread(current(), f, &buf, pos);
}

int64_t file_seek(struct file *f, int64_t off, int whence)
{
    if (f->ops->seek)
        return f->ops->seek(f, off, whence);
    if (!f->ops->seekable)
        return -ESPIPE;
    int64_t size = (int64_t)f->inode->size;
    int64_t result = -EINVAL;
    mutex_lock(&f->pos_lock);
    if (whence == SEEK_SET)
        result = off;
    else if (whence == SEEK_CUR && !__builtin_add_overflow((int64_t)f->pos, off, &result)) {
    } else if (whence == SEEK_END && !__builtin_add_overflow(size, off, &result)) {
    } else if (whence == SEEK_DATA || whence == SEEK_HOLE) {
        if (off < 0 || off >= size)
            result = -ENXIO;
        else
            result = whence == SEEK_DATA ? off : size;
    } else {
        result = whence == SEEK_CUR || whence == SEEK_END ? -EOVERFLOW : -EINVAL;
    }
    if (result >= 0)
        f->pos = (uint64_t)result;
    else if (whence <= SEEK_END && result != -EOVERFLOW)
        result = -EINVAL;
    mutex_unlock(&f->pos_lock);
    return result;
}

/* ---- regular files ---- */

static int64_t regular_read(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    int64_t n = memfs_read(f->inode, buf, *pos);
    if (n > 0)
        *pos += (uint64_t)n;
    return n;
}

static int64_t regular_write(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos)
{
    (void)t;
    if (f->inode->super->read_only)
        return -EROFS;
    if (f->flags & O_APPEND)
        *pos = __atomic_load_n(&f->inode->size, __ATOMIC_RELAXED);
    int64_t n = memfs_write(f->inode, buf, *pos);
    if (n > 0)
        *pos += (uint64_t)n;
    return n;
}

static const struct file_ops REGULAR = {
    .read = regular_read, .write = regular_write, .seekable = true};
static const struct file_ops FOLDER = {.seek = folder_seek};
static const struct file_ops PATH_ONLY = {0};

int file_open(struct dentry *d, uint32_t flags, struct file **out)
{
    struct inode *inode = d->inode;
    const struct file_ops *ops = S_ISREG(inode->mode) ? &REGULAR : &FOLDER;
    struct file *f = file_new(flags & O_PATH ? &PATH_ONLY : ops, flags);
    if (!f)
        return -ENOMEM;
    f->dentry = dentry_get(d);
    f->inode = inode_get(inode);
    int rc = 0;
    if (!(flags & O_PATH)) {
        if (inode->ops->open)
            rc = inode->ops->open(inode, f);
        else if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
            rc = special_open(inode, f);
    }
    if (rc)
        file_put(f);
    else
        *out = f;
    return rc;
}

bool file_can_map(const struct file *f)
{
    return (f->ops == &REGULAR) || special_can_map(f);
}

/* Straight from below when nothing was written, else page by page. */
int file_read_in(struct file *f, uintptr_t addr, uint64_t offset, size_t size)
{
    struct inode *inode = f->inode;
    if (f->ops != &REGULAR)
        return 0; /* /dev/zero */
    if (offset >= inode->size)
        return 0;
    uint64_t have = inode->size - offset;
    size = have < size ? (size_t)have : size;
    if (inode->lower_size == inode->size && inode->pages.count == 0) {
        const struct lower *lower = inode->super->lower;
        for (size_t at = 0; at < size;) {
            int64_t n = lower->ops->read(lower->ctx, inode->lower_id, user_raw(user_at(addr + at)),
                                         size - at, offset + at);
            if (n <= 0)
                return n < 0 ? (int)n : -EIO;
            at += (size_t)n;
        }
        return 0;
    }
    struct user_iov iov = {user_at(addr), size};
    struct user_buf buf = buf_user(&iov, 1);
    int64_t n = memfs_read(inode, &buf, offset);
    return n < 0 ? (int)n : 0;
}

void file_identity(const struct file *f, uint64_t *dev, uint64_t *ino)
{
    *dev = f->inode ? f->inode->super->dev : 0;
    *ino = f->inode ? f->inode->ino : 0;
}

int64_t file_path(const struct file *f, char *out, size_t room)
{
    if (!f->dentry) {
        out[0] = 0;
        return 0;
    }
    return dentry_path(f->dentry, g_root, out, room);
}
