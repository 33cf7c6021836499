/* SPDX-License-Identifier: Apache-2.0
 * file_rw.c: reading and writing through descriptors. */
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/resource.h>
#include <linux/uio.h>

#include "libos/sys/sys.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

/* -EPIPE also means SIGPIPE. */
static long sent(struct task *t, int64_t n)
{
    if (n == -EPIPE)
        signal_send_task(t, SIGPIPE, NULL);
    return n;
}

enum way { WAY_READ, WAY_WRITE };

static long move(struct task *t, int fd, struct user_buf *buf, enum way way, bool at, uint64_t pos)
{
    auto_file f = NULL;
    int rc = fd_get(t, fd, way == WAY_READ ? FILE_READ : FILE_WRITE, &f);
    if (rc)
        return rc;
    if (way == WAY_READ)
        return at ? file_pread(t, f, buf, pos) : file_read(t, f, buf);
    return sent(t, at ? file_pwrite(t, f, buf, pos) : file_write(t, f, buf));
}

static long move_one(struct task *t, const struct sys_args *a, enum way way, bool at)
{
    size_t size = arg_size(a, 2);
    struct user_iov iov = {arg_ptr(a, 1), size < RW_MAX ? size : RW_MAX};
    if (at && arg_off(a, 3) < 0)
        return -EINVAL;
    if (size && !user_range_ok(iov.base, iov.size))
        return fd_cloexec(t, arg_int(a, 0), -1) < 0 ? -EBADF : -EFAULT;
    struct user_buf buf = buf_user(&iov, 1);
    return move(t, arg_int(a, 0), &buf, way, at, a->v[3]);
}

static long move_many(struct task *t, const struct sys_args *a, enum way way, bool at)
{
    struct user_iov few[IOV_FEW];
    struct user_iov *iov = few;
    size_t size = 0;
    if (at && arg_off(a, 3) < 0)
        return -EINVAL;
    int rc = user_iovec(arg_ptr(a, 1), arg_size(a, 2), few, &iov, &size);
    if (rc)
        return fd_cloexec(t, arg_int(a, 0), -1) < 0 ? -EBADF : rc;
    struct user_buf buf = buf_user(iov, arg_size(a, 2));
    long n = move(t, arg_int(a, 0), &buf, way, at, a->v[3]);
    if (iov != few)
        kfree(iov);
    return n;
}

long sys_read(struct task *t, const struct sys_args *a)
{
    return move_one(t, a, WAY_READ, false);
}

long sys_write(struct task *t, const struct sys_args *a)
{
    return move_one(t, a, WAY_WRITE, false);
}

long sys_pread64(struct task *t, const struct sys_args *a)
{
    return move_one(t, a, WAY_READ, true);
}

long sys_pwrite64(struct task *t, const struct sys_args *a)
{
    return move_one(t, a, WAY_WRITE, true);
}

long sys_readv(struct task *t, const struct sys_args *a)
{
    return move_many(t, a, WAY_READ, false);
}

long sys_writev(struct task *t, const struct sys_args *a)
{
    return move_many(t, a, WAY_WRITE, false);
}

long sys_preadv(struct task *t, const struct sys_args *a)
{
    return move_many(t, a, WAY_READ, true);
}

long sys_pwritev(struct task *t, const struct sys_args *a)
{
    return move_many(t, a, WAY_WRITE, true);
}

long sys_preadv2(struct task *t, const struct sys_args *a)
{
    if (a->v[5] & ~(uint64_t)(RWF_HIPRI | RWF_NOWAIT))
        return -EOPNOTSUPP;
    return move_many(t, a, WAY_READ, arg_off(a, 3) != -1);
}

long sys_pwritev2(struct task *t, const struct sys_args *a)
{
    if (a->v[5] & ~(uint64_t)(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
        return -EOPNOTSUPP;
    return move_many(t, a, WAY_WRITE, arg_off(a, 3) != -1);
}

long sys_lseek(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &f);
    return rc ? rc : file_seek(f, arg_off(a, 1), arg_int(a, 2));
}

/* Copies through a page: from a file (at *in_pos, or its own position) to whatever. */
static long copy_through(struct task *t, struct file *in, uint64_t *in_pos, struct file *out,
                         uint64_t *out_pos, size_t size)
{
    enum { PIECE = 16 * PAGE_SIZE };
    auto_kfree uint8_t *piece = kalloc(PIECE);
    long done = 0;
    if (!piece)
        return -ENOMEM;
    while ((size_t)done < size) {
        size_t want = size - (size_t)done < PIECE ? size - (size_t)done : PIECE;
        struct user_buf to = buf_kernel(piece, want);
        int64_t n = in_pos ? file_pread(t, in, &to, *in_pos) : file_read(t, in, &to);
        if (n <= 0)
            return done ? done : n;
        struct user_buf from = buf_kernel(piece, (size_t)n);
        int64_t sent_now =
            out_pos ? file_pwrite(t, out, &from, *out_pos) : file_write(t, out, &from);
        if (sent_now < n && !in_pos && in->ops->seekable)
            ignore(file_seek(in, (sent_now > 0 ? sent_now : 0) - n, SEEK_CUR));
        if (sent_now < 0)
            return done ? done : sent(t, sent_now);
        done += sent_now;
        if (in_pos)
            *in_pos += (uint64_t)sent_now;
        if (out_pos)
            *out_pos += (uint64_t)sent_now;
        if (sent_now < n || (size_t)n < want)
            break;
    }
    return done;
}

/* An optional position in application memory. */
static int get_pos(user_ptr at, uint64_t *pos)
{
    int rc = user_is_null(at) ? 0 : user_load64(at, pos);
    return rc ? rc : (int64_t)*pos < 0 ? -EINVAL : 0;
}

static long put_pos(user_ptr at, uint64_t pos, long n)
{
    if (n > 0 && !user_is_null(at) && user_store64(at, pos))
        return -EFAULT;
    return n;
}

long sys_sendfile(struct task *t, const struct sys_args *a)
{
    auto_file in = NULL;
    auto_file out = NULL;
    user_ptr at = arg_ptr(a, 2);
    uint64_t pos = 0;
    int rc = fd_get(t, arg_int(a, 1), FILE_READ, &in);
    if (!rc)
        rc = fd_get(t, arg_int(a, 0), FILE_WRITE, &out);
    if (!rc && !in->ops->seekable)
        rc = user_is_null(at) ? -EINVAL : -ESPIPE;
    if (!rc && (out->flags & O_APPEND))
        rc = -EINVAL;
    if (!rc)
        rc = get_pos(at, &pos);
    if (rc)
        return rc;
    size_t size = arg_size(a, 3) < RW_MAX ? arg_size(a, 3) : RW_MAX;
    long n = copy_through(t, in, user_is_null(at) ? NULL : &pos, out, NULL, size);
    return put_pos(at, pos, n);
}

long sys_copy_file_range(struct task *t, const struct sys_args *a)
{
    auto_file in = NULL;
    auto_file out = NULL;
    uint64_t in_pos = 0;
    uint64_t out_pos = 0;
    int rc = fd_get(t, arg_int(a, 0), FILE_READ, &in);
    if (!rc)
        rc = fd_get(t, arg_int(a, 2), FILE_WRITE, &out);
    if (!rc && a->v[5])
        rc = -EINVAL;
    if (!rc &&
        (!in->inode || !out->inode || !S_ISREG(in->inode->mode) || !S_ISREG(out->inode->mode)))
        rc = in->inode && S_ISDIR(in->inode->mode) ? -EISDIR : -EINVAL;
    if (!rc && (out->flags & O_APPEND))
        rc = -EBADF;
    if (!rc)
        rc = get_pos(arg_ptr(a, 1), &in_pos);
    if (!rc)
        rc = get_pos(arg_ptr(a, 3), &out_pos);
    if (rc)
        return rc;
    size_t size = arg_size(a, 4) < RW_MAX ? arg_size(a, 4) : RW_MAX;
    long n = copy_through(t, in, a->v[1] ? &in_pos : NULL, out, a->v[3] ? &out_pos : NULL, size);
    n = put_pos(arg_ptr(a, 1), in_pos, n);
    return put_pos(arg_ptr(a, 3), out_pos, n);
}

static long sync_file(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &f);
    if (rc)
        return rc;
    return f->inode && (S_ISREG(f->inode->mode) || S_ISDIR(f->inode->mode)) ? 0 : -EINVAL;
}

long sys_fsync(struct task *t, const struct sys_args *a)
{
    return sync_file(t, a);
}

long sys_fdatasync(struct task *t, const struct sys_args *a)
{
    return sync_file(t, a);
}

long sys_sync(struct task *t, const struct sys_args *a)
{
    (void)t;
    (void)a;
    return 0;
}

static long resize(struct task *t, struct inode *inode, int64_t size)
{
    if (size < 0)
        return -EINVAL;
    if ((uint64_t)size > t->process->limits[RLIMIT_FSIZE].soft)
        return -EFBIG;
    struct vfs_attr attr = {.valid = ATTR_SIZE, .size = (uint64_t)size};
    return inode_set(inode, &t->process->cred, &attr);
}

long sys_ftruncate(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &f);
    if (rc)
        return rc;
    if (!f->inode || !S_ISREG(f->inode->mode) || !file_writable(f))
        return -EINVAL;
    return resize(t, f->inode, arg_off(a, 1));
}

long sys_truncate(struct task *t, const struct sys_args *a)
{
    auto_kfree char *path = NULL;
    auto_dentry d = NULL;
    int rc = user_path(arg_ptr(a, 0), &path);
    if (!rc)
        rc = vfs_find(t, AT_FDCWD, path, WALK_FOLLOW, &d);
    if (!rc && S_ISDIR(d->inode->mode))
        rc = -EISDIR;
    if (!rc && !S_ISREG(d->inode->mode))
        rc = -EINVAL;
    if (!rc)
        rc = inode_permission(d->inode, &t->process->cred, MAY_WRITE);
    return rc ? rc : resize(t, d->inode, arg_off(a, 1));
}

long sys_fallocate(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_WRITE, &f);
    int64_t off = arg_off(a, 2);
    int64_t size = arg_off(a, 3);
    if (rc)
        return rc;
    if (off < 0 || size <= 0)
        return -EINVAL;
    if (arg_int(a, 1) & ~1 /* FALLOC_FL_KEEP_SIZE */)
        return -EOPNOTSUPP;
    if (!f->inode || !S_ISREG(f->inode->mode))
        return -ENODEV;
    if (off > INT64_MAX - size)
        return -EFBIG;
    if (arg_int(a, 1) || (uint64_t)(off + size) <= f->inode->size)
        return 0;
    return resize(t, f->inode, off + size);
}

long sys_fadvise64(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &f);
    if (rc)
        return rc;
    if (!f->ops->seekable)
        return -ESPIPE;
    return arg_u32(a, 3) > 5 ? -EINVAL : 0;
}
