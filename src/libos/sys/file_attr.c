/* SPDX-License-Identifier: Apache-2.0
 * file_attr.c: owners, modes, times; the current folder; file systems. */
#include <asm/statfs.h>
#include <linux/fcntl.h>

#include "libos/sys/sys.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

enum { UTIME_NOW_NS = 0x3fffffff, UTIME_OMIT_NS = 0x3ffffffe };

static long set_path(struct task *t, int at, user_ptr name, uint32_t flags,
                     const struct vfs_attr *attr)
{
    auto_kfree char *path = NULL;
    auto_dentry d = NULL;
    unsigned how =
        (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
    int rc = user_path(name, &path);
    if (!rc)
        rc = vfs_find(t, at, path, how, &d);
    return rc ? rc : inode_set(d->inode, &t->process->cred, attr);
}

static long set_fd(struct task *t, int fd, const struct vfs_attr *attr)
{
    auto_file f = NULL;
    int rc = fd_get(t, fd, FILE_ANY, &f);
    if (rc)
        return rc;
    return f->inode ? inode_set(f->inode, &t->process->cred, attr) : -EINVAL;
}

static struct vfs_attr mode_attr(uint32_t mode)
{
    return (struct vfs_attr){.valid = ATTR_MODE, .mode = mode};
}

static struct vfs_attr owner_attr(uint32_t uid, uint32_t gid)
{
    return (struct vfs_attr){.valid = (uid != UINT32_MAX ? ATTR_UID : 0u) |
                                      (gid != UINT32_MAX ? ATTR_GID : 0u),
                             .uid = uid,
                             .gid = gid};
}

long sys_chmod(struct task *t, const struct sys_args *a)
{
    struct vfs_attr attr = mode_attr(arg_u32(a, 1));
    return set_path(t, AT_FDCWD, arg_ptr(a, 0), 0, &attr);
}

long sys_fchmodat(struct task *t, const struct sys_args *a)
{
    struct vfs_attr attr = mode_attr(arg_u32(a, 2));
    return set_path(t, arg_int(a, 0), arg_ptr(a, 1), 0, &attr);
}

long sys_fchmod(struct task *t, const struct sys_args *a)
{
    struct vfs_attr attr = mode_attr(arg_u32(a, 1));
    return set_fd(t, arg_int(a, 0), &attr);
}

long sys_chown(struct task *t, const struct sys_args *a)
{
    struct vfs_attr attr = owner_attr(arg_u32(a, 1), arg_u32(a, 2));
    return set_path(t, AT_FDCWD, arg_ptr(a, 0), 0, &attr);
}

long sys_lchown(struct task *t, const struct sys_args *a)
{
    struct vfs_attr attr = owner_attr(arg_u32(a, 1), arg_u32(a, 2));
    return set_path(t, AT_FDCWD, arg_ptr(a, 0), AT_SYMLINK_NOFOLLOW, &attr);
}

long sys_fchownat(struct task *t, const struct sys_args *a)
{
    struct vfs_attr attr = owner_attr(arg_u32(a, 2), arg_u32(a, 3));
    return set_path(t, arg_int(a, 0), arg_ptr(a, 1), arg_u32(a, 4), &attr);
}

long sys_fchown(struct task *t, const struct sys_args *a)
{
    struct vfs_attr attr = owner_attr(arg_u32(a, 1), arg_u32(a, 2));
    return set_fd(t, arg_int(a, 0), &attr);
}

/* One of the two times.  [utimensat(2)] */
static int one_time(const struct user_time *time, uint32_t bit, struct vfs_attr *attr, int64_t *out)
{
    if (time->ns == UTIME_OMIT_NS)
        return 0;
    if (time->ns != UTIME_NOW_NS && (time->ns < 0 || time->ns >= NS_PER_S))
        return -EINVAL;
    attr->valid |= bit;
    *out = time->ns == UTIME_NOW_NS ? vfs_now() : time->s * NS_PER_S + time->ns;
    return 0;
}

static int check_utimes(struct task *t, const struct inode *inode, bool now)
{
    const struct cred *cred = &t->process->cred;
    if (cred->fsuid == 0 || cred->fsuid == inode->uid)
        return 0;
    return now ? inode_permission(inode, cred, MAY_WRITE) : -EPERM;
}

static long set_times(struct task *t, int at, user_ptr name, const struct user_time *times,
                      uint32_t flags)
{
    struct vfs_attr attr = {0};
    int rc = one_time(&times[0], ATTR_ATIME, &attr, &attr.atime);
    if (!rc)
        rc = one_time(&times[1], ATTR_MTIME, &attr, &attr.mtime);
    bool now = times[0].ns == UTIME_NOW_NS && times[1].ns == UTIME_NOW_NS;
    if (rc)
        return rc;
    auto_kfree char *path = NULL;
    auto_dentry d = NULL;
    auto_file f = NULL;
    if (user_is_null(name)) {
        rc = fd_get(t, at, FILE_ANY, &f);
        if (!rc && !f->inode)
            rc = -EINVAL;
    } else {
        rc = user_path(name, &path);
        if (!rc)
            rc = vfs_find(t, at, path, flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW, &d);
    }
    if (rc || !attr.valid)
        return rc;
    struct inode *inode = d ? d->inode : f->inode;
    rc = check_utimes(t, inode, now);
    return rc ? rc : inode_set(inode, &t->process->cred, &attr);
}

long sys_utimensat(struct task *t, const struct sys_args *a)
{
    struct user_time times[2] = {{0, UTIME_NOW_NS}, {0, UTIME_NOW_NS}};
    if (a->v[2] && user_read(times, arg_ptr(a, 2), sizeof times))
        return -EFAULT;
    if (a->v[3] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return set_times(t, arg_int(a, 0), arg_ptr(a, 1), times, arg_u32(a, 3));
}

static long set_timevals(struct task *t, int at, user_ptr name, user_ptr from)
{
    struct user_time times[2] = {{0, UTIME_NOW_NS}, {0, UTIME_NOW_NS}};
    if (!user_is_null(from)) {
        if (user_read(times, from, sizeof times))
            return -EFAULT;
        for (int n = 0; n < 2; n++) {
            if (times[n].ns < 0 || times[n].ns >= 1000000)
                return -EINVAL;
            times[n].ns *= 1000;
        }
    }
    return set_times(t, at, name, times, 0);
}

long sys_utimes(struct task *t, const struct sys_args *a)
{
    return set_timevals(t, AT_FDCWD, arg_ptr(a, 0), arg_ptr(a, 1));
}

long sys_futimesat(struct task *t, const struct sys_args *a)
{
    return set_timevals(t, arg_int(a, 0), arg_ptr(a, 1), arg_ptr(a, 2));
}

long sys_utime(struct task *t, const struct sys_args *a)
{
    int64_t s[2];
    struct user_time times[2] = {{0, UTIME_NOW_NS}, {0, UTIME_NOW_NS}};
    if (a->v[1]) {
        if (user_read(s, arg_ptr(a, 1), sizeof s))
            return -EFAULT;
        times[0] = (struct user_time){s[0], 0};
        times[1] = (struct user_time){s[1], 0};
    }
    return set_times(t, AT_FDCWD, arg_ptr(a, 0), times, 0);
}

/* ---- the current folder ---- */

static long change_folder(struct task *t, struct dentry *d)
{
    if (!S_ISDIR(d->inode->mode))
        return -ENOTDIR;
    int rc = inode_permission(d->inode, &t->process->cred, MAY_EXEC);
    if (rc)
        return rc;
    struct dentry *fresh = dentry_get(d);
    spin_lock(&t->process->lock);
    struct dentry *old = t->process->cwd;
    t->process->cwd = fresh;
    spin_unlock(&t->process->lock);
    dentry_put(old);
    return 0;
}

long sys_chdir(struct task *t, const struct sys_args *a)
{
    auto_kfree char *path = NULL;
    auto_dentry d = NULL;
    int rc = user_path(arg_ptr(a, 0), &path);
    if (!rc)
        rc = vfs_find(t, AT_FDCWD, path, WALK_FOLLOW, &d);
    return rc ? rc : change_folder(t, d);
}

long sys_fchdir(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_PATH_TOO, &f);
    if (rc)
        return rc;
    return f->dentry ? change_folder(t, f->dentry) : -ENOTDIR;
}

long sys_getcwd(struct task *t, const struct sys_args *a)
{
    auto_kfree char *path = kalloc(PATH_SIZE_MAX);
    auto_dentry d = NULL;
    if (!path)
        return -ENOMEM;
    ignore(vfs_start(t, AT_FDCWD, "", WALK_EMPTY, &d));
    int64_t n = dentry_path(d, t->process->root, path, PATH_SIZE_MAX);
    if (n < 0)
        return n;
    if (!d->hashed && d->parent != d && !d->parent->inode->ops->transient)
        return -ENOENT;
    if ((size_t)n + 1 > arg_size(a, 1))
        return -ERANGE;
    return user_write(arg_ptr(a, 0), path, (size_t)n + 1) ? -EFAULT : n + 1;
}

/* ---- file systems ---- */

static long put_statfs(struct task *t, const struct inode *inode, user_ptr out)
{
    uint64_t blocks = t->process->mm.limit / PAGE_SIZE;
    uint64_t used = kalloc_taken() / PAGE_SIZE;
    struct statfs st = {.f_type = (long)inode->super->magic,
                        .f_bsize = PAGE_SIZE,
                        .f_blocks = (long)blocks,
                        .f_bfree = (long)(used < blocks ? blocks - used : 0),
                        .f_bavail = (long)(used < blocks ? blocks - used : 0),
                        .f_files = 1 << 20,
                        .f_ffree = 1 << 20,
                        .f_fsid = {{(int)inode->super->dev, 0}},
                        .f_namelen = NAME_SIZE_MAX,
                        .f_frsize = PAGE_SIZE,
                        .f_flags = inode->super->read_only ? 1 : 0};
    return user_write(out, &st, sizeof st);
}

long sys_statfs(struct task *t, const struct sys_args *a)
{
    auto_kfree char *path = NULL;
    auto_dentry d = NULL;
    int rc = user_path(arg_ptr(a, 0), &path);
    if (!rc)
        rc = vfs_find(t, AT_FDCWD, path, WALK_FOLLOW, &d);
    return rc ? rc : put_statfs(t, d->inode, arg_ptr(a, 1));
}

long sys_fstatfs(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_PATH_TOO, &f);
    if (rc)
        return rc;
    return f->inode ? put_statfs(t, f->inode, arg_ptr(a, 1)) : -ENOSYS;
}
