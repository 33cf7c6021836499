/* SPDX-License-Identifier: Apache-2.0
 * file_fd.c: opening, closing and duplicating descriptors; fcntl and ioctl; getdents64. */
#include <asm/ioctls.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/resource.h>

#include "libos/sys/sys.h"
#include "libos/vfs/dir.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

static long open_at(struct task *t, int at, user_ptr name, uint32_t flags, uint32_t mode)
{
    auto_kfree char *path = NULL;
    struct file *f = NULL;
    int rc = user_path(name, &path);
    if (!rc)
        rc = vfs_open(t, at, path, flags, mode, &f);
    return rc ? rc : fd_install(t, f, 0, flags & O_CLOEXEC);
}

long sys_open(struct task *t, const struct sys_args *a)
{
    return open_at(t, AT_FDCWD, arg_ptr(a, 0), arg_u32(a, 1), arg_u32(a, 2));
}

long sys_openat(struct task *t, const struct sys_args *a)
{
    return open_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_u32(a, 2), arg_u32(a, 3));
}

long sys_creat(struct task *t, const struct sys_args *a)
{
    return open_at(t, AT_FDCWD, arg_ptr(a, 0), O_CREAT | O_WRONLY | O_TRUNC, arg_u32(a, 1));
}

long sys_close(struct task *t, const struct sys_args *a)
{
    return fd_close(t, arg_int(a, 0));
}

long sys_close_range(struct task *t, const struct sys_args *a)
{
    uint32_t last = arg_u32(a, 1);
    if (arg_u32(a, 0) > last || (arg_u32(a, 2) & ~(uint32_t)(CLOSE_RANGE_CLOEXEC | 2)))
        return -EINVAL;
    for (int fd = fd_next(t, arg_int(a, 0)); fd >= 0 && (uint32_t)fd <= last;
         fd = fd_next(t, fd + 1)) {
        if (arg_u32(a, 2) & CLOSE_RANGE_CLOEXEC)
            fd_cloexec(t, fd, 1);
        else
            ignore(fd_close(t, fd));
    }
    return 0;
}

long sys_dup(struct task *t, const struct sys_args *a)
{
    struct file *f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_PATH_TOO, &f);
    return rc ? rc : fd_install(t, f, 0, false);
}

static long dup_to(struct task *t, int from, int to, bool cloexec)
{
    struct file *f = NULL;
    int rc = fd_get(t, from, FILE_PATH_TOO, &f);
    return rc ? rc : fd_replace(t, f, to, cloexec);
}

long sys_dup2(struct task *t, const struct sys_args *a)
{
    int from = arg_int(a, 0);
    if (from == arg_int(a, 1))
        return fd_cloexec(t, from, -1) < 0 ? -EBADF : from;
    return dup_to(t, from, arg_int(a, 1), false);
}

long sys_dup3(struct task *t, const struct sys_args *a)
{
    if ((a->v[2] & ~(uint64_t)O_CLOEXEC) || arg_int(a, 0) == arg_int(a, 1))
        return -EINVAL;
    return dup_to(t, arg_int(a, 0), arg_int(a, 1), a->v[2] & O_CLOEXEC);
}

/* The flags that F_SETFL and FIONBIO change. */
static long set_flags(struct file *f, uint32_t change, uint32_t value)
{
    uint32_t old = __atomic_load_n(&f->flags, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&f->flags, &old, (old & ~change) | (value & change), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return 0;
}

static long record_lock(struct file *f, int command, user_ptr at)
{
    struct flock lock;
    if (user_read(&lock, at, sizeof lock))
        return -EFAULT;
    if (lock.l_type != F_RDLCK && lock.l_type != F_WRLCK && lock.l_type != F_UNLCK)
        return -EINVAL;
    if (lock.l_whence < 0 || lock.l_whence > 2)
        return -EINVAL;
    if (command == F_GETLK || command == F_OFD_GETLK) {
        lock.l_type = F_UNLCK;
        return user_write(at, &lock, sizeof lock);
    }
    if ((lock.l_type == F_RDLCK && !file_readable(f)) ||
        (lock.l_type == F_WRLCK && !file_writable(f)))
        return -EBADF;
    return 0; /* nobody else can hold one */
}

static long fcntl_file(struct task *t, struct file *f, int fd, int command, uint64_t value)
{
    switch (command) {
    case F_GETFD:
        return fd_cloexec(t, fd, -1);
    case F_SETFD:
        fd_cloexec(t, fd, (value & FD_CLOEXEC) != 0);
        return 0;
    case F_GETFL:
        return (long)f->flags;
    case F_SETFL:
        return set_flags(f, O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | FASYNC, (uint32_t)value);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return record_lock(f, command, user_at(value));
    case F_SETOWN:
        f->owner = (int32_t)value;
        return 0;
    case F_GETOWN:
        return f->owner;
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ:
        return f->inode && S_ISFIFO(f->inode->mode) ? 65536 : -EBADF;
    default:
        return -EINVAL;
    }
}

long sys_fcntl(struct task *t, const struct sys_args *a)
{
    struct file *f = NULL;
    int command = arg_int(a, 1);
    int rc = fd_get(t, arg_int(a, 0), FILE_PATH_TOO, &f);
    if (rc)
        return rc;
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
        if (arg_int(a, 2) < 0 || a->v[2] >= t->process->limits[RLIMIT_NOFILE].soft) {
            file_put(f);
            return -EINVAL;
        }
        return fd_install(t, f, arg_int(a, 2), command == F_DUPFD_CLOEXEC);
    }
    bool path_ok = command == F_GETFD || command == F_SETFD || command == F_GETFL;
    long result = (f->flags & O_PATH) && !path_ok
                      ? -EBADF
                      : fcntl_file(t, f, arg_int(a, 0), command, a->v[2]);
    file_put(f);
    return result;
}

long sys_ioctl(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int fd = arg_int(a, 0);
    int rc = fd_get(t, fd, FILE_ANY, &f);
    uint32_t request = arg_u32(a, 1);
    uint32_t value = 0;
    if (rc)
        return rc;
    if (request == FIOCLEX || request == FIONCLEX) {
        fd_cloexec(t, fd, request == FIOCLEX);
        return 0;
    }
    if (request == FIONBIO || request == FIOASYNC) {
        uint32_t bit = request == FIONBIO ? O_NONBLOCK : FASYNC;
        rc = user_load32(arg_ptr(a, 2), &value);
        return rc ? rc : set_flags(f, bit, value ? bit : 0);
    }
    if (request == FIONREAD && f->inode && S_ISREG(f->inode->mode))
        return user_store32(arg_ptr(a, 2), (uint32_t)(f->inode->size - f->pos));
    return f->ops->ioctl ? f->ops->ioctl(t, f, request, arg_ptr(a, 2)) : -ENOTTY;
}

long sys_getdents64(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &f);
    if (rc)
        return rc;
    if (!f->inode || !S_ISDIR(f->inode->mode))
        return -ENOTDIR;
    return dir_getdents(f, arg_ptr(a, 1), arg_u32(a, 2));
}

long sys_flock(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_ANY, &f);
    int how = arg_int(a, 1) & ~LOCK_NB;
    if (rc)
        return rc;
    return how == LOCK_SH || how == LOCK_EX || how == LOCK_UN ? 0 : -EINVAL;
}

long sys_umask(struct task *t, const struct sys_args *a)
{
    return (long)__atomic_exchange_n(&t->process->umask, arg_u32(a, 0) & 0777, __ATOMIC_RELAXED);
}
