/* SPDX-License-Identifier: Apache-2.0
 * file_path.c: calls that name files: stat, access, chmod, mkdir, link, rename and their kin. */
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "libos/sys/sys.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

enum { UTIME_NOW_NS = 0x3fffffff, UTIME_OMIT_NS = 0x3ffffffe };

/* The dentry for a path argument; with AT_EMPTY_PATH and "" the descriptor's own inode may have no
 * name, then *file is set instead. */
static int find_arg(struct task *t, int at, user_ptr name, unsigned flags, struct dentry **out)
{
    auto_kfree char *path = NULL;
    int rc = user_path(name, &path);
    return rc ? rc : vfs_find(t, at, path, flags, out);
}

static unsigned walk_flags(uint32_t at_flags)
{
    return (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
           (at_flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
}

static long stat_inode(struct inode *inode, user_ptr out)
{
    struct stat st;
    inode_stat(inode, &st);
    return user_write(out, &st, sizeof st);
}

static bool is_empty_text(user_ptr name)
{
    char first = 1;
    return user_read_some(&first, name, 1) == 1 && !first;
}

/* The inode that (at, name, flags) means: a reference. */
static int find_inode(struct task *t, int at, user_ptr name, uint32_t at_flags, struct inode **out)
{
    if ((at_flags & AT_EMPTY_PATH) && at != AT_FDCWD && is_empty_text(name)) {
        auto_file f = NULL;
        int rc = fd_get(t, at, FILE_PATH_TOO, &f);
        if (!rc && !f->inode)
            rc = -EINVAL;
        if (!rc)
            *out = inode_get(f->inode);
        return rc;
    }
    auto_dentry d = NULL;
    int rc = find_arg(t, at, name, walk_flags(at_flags), &d);
    if (!rc)
        *out = inode_get(d->inode);
    return rc;
}

static long stat_path(struct task *t, int at, user_ptr name, uint32_t flags, user_ptr out)
{
    struct inode *inode = NULL;
    int rc = find_inode(t, at, name, flags, &inode);
    if (rc)
        return rc;
    long result = stat_inode(inode, out);
    inode_put(inode);
    return result;
}

long sys_stat(struct task *t, const struct sys_args *a)
{
    return stat_path(t, AT_FDCWD, arg_ptr(a, 0), 0, arg_ptr(a, 1));
}

long sys_lstat(struct task *t, const struct sys_args *a)
{
    return stat_path(t, AT_FDCWD, arg_ptr(a, 0), AT_SYMLINK_NOFOLLOW, arg_ptr(a, 1));
}

long sys_newfstatat(struct task *t, const struct sys_args *a)
{
    if (a->v[3] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
        return -EINVAL;
    return stat_path(t, arg_int(a, 0), arg_ptr(a, 1), arg_u32(a, 3), arg_ptr(a, 2));
}

long sys_fstat(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    int rc = fd_get(t, arg_int(a, 0), FILE_PATH_TOO, &f);
    if (rc)
        return rc;
    return f->inode ? stat_inode(f->inode, arg_ptr(a, 1)) : -EINVAL;
}

static struct statx_timestamp timestamp(int64_t ns)
{
    return (struct statx_timestamp){.tv_sec = ns / NS_PER_S, .tv_nsec = (uint32_t)(ns % NS_PER_S)};
}

long sys_statx(struct task *t, const struct sys_args *a)
{
    uint32_t flags = arg_u32(a, 2);
    if (flags &
        ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    struct inode *inode = NULL;
    int rc = find_inode(t, arg_int(a, 0), arg_ptr(a, 1), flags, &inode);
    if (rc)
        return rc;
    struct stat st;
    inode_stat(inode, &st);
    struct statx x = {.stx_mask = STATX_BASIC_STATS,
                      .stx_blksize = PAGE_SIZE,
                      .stx_nlink = (uint32_t)st.st_nlink,
                      .stx_uid = st.st_uid,
                      .stx_gid = st.st_gid,
                      .stx_mode = (uint16_t)st.st_mode,
                      .stx_ino = st.st_ino,
                      .stx_size = (uint64_t)st.st_size,
                      .stx_blocks = (uint64_t)st.st_blocks,
                      .stx_atime = timestamp(inode->atime),
                      .stx_mtime = timestamp(inode->mtime),
                      .stx_ctime = timestamp(inode->ctime),
                      .stx_rdev_major = (uint32_t)(st.st_rdev >> 8),
                      .stx_rdev_minor = (uint32_t)(st.st_rdev & 0xff),
                      .stx_dev_major = (uint32_t)(st.st_dev >> 8),
                      .stx_dev_minor = (uint32_t)(st.st_dev & 0xff)};
    inode_put(inode);
    return user_write(arg_ptr(a, 4), &x, sizeof x);
}

static long access_at(struct task *t, int at, user_ptr name, int may, uint32_t flags)
{
    if (may & ~7)
        return -EINVAL;
    struct inode *inode = NULL;
    int rc = find_inode(t, at, name, flags, &inode);
    if (rc)
        return rc;
    struct cred cred = t->process->cred;
    if (!(flags & AT_EACCESS)) {
        cred.fsuid = cred.uid;
        cred.fsgid = cred.gid;
    }
    rc = inode_permission(inode, &cred, may);
    if (!rc && (may & MAY_WRITE) && inode->super->read_only && !S_ISCHR(inode->mode))
        rc = -EROFS;
    inode_put(inode);
    return rc;
}

long sys_access(struct task *t, const struct sys_args *a)
{
    return access_at(t, AT_FDCWD, arg_ptr(a, 0), arg_int(a, 1), 0);
}

long sys_faccessat(struct task *t, const struct sys_args *a)
{
    return access_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_int(a, 2), 0);
}

long sys_faccessat2(struct task *t, const struct sys_args *a)
{
    if (a->v[3] & ~(uint64_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return access_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_int(a, 2), arg_u32(a, 3));
}

static long readlink_at(struct task *t, int at, user_ptr name, user_ptr out, int room)
{
    if (room <= 0)
        return -EINVAL;
    auto_dentry d = NULL;
    int rc = find_arg(t, at, name, WALK_EMPTY, &d);
    if (rc)
        return rc;
    if (!S_ISLNK(d->inode->mode))
        return -EINVAL;
    auto_kfree char *text = kalloc(PATH_SIZE_MAX);
    if (!text)
        return -ENOMEM;
    int64_t n = 0;
    if (d->inode->link) {
        n = (int64_t)strnlen(d->inode->link, PATH_SIZE_MAX);
        memcpy(text, d->inode->link, (size_t)n);
    } else {
        n = d->inode->ops->readlink(d->inode, text, PATH_SIZE_MAX);
    }
    if (n < 0)
        return n;
    n = n < room ? n : room;
    return user_write(out, text, (size_t)n) ? -EFAULT : n;
}

long sys_readlink(struct task *t, const struct sys_args *a)
{
    return readlink_at(t, AT_FDCWD, arg_ptr(a, 0), arg_ptr(a, 1), arg_int(a, 2));
}

long sys_readlinkat(struct task *t, const struct sys_args *a)
{
    return readlink_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_ptr(a, 2), arg_int(a, 3));
}

/* ---- making and removing names ---- */

static int parent_arg(struct task *t, int at, user_ptr name, struct walk *w)
{
    auto_kfree char *path = NULL;
    auto_dentry start = NULL;
    int rc = user_path(name, &path);
    if (!rc)
        rc = vfs_start(t, at, path, 0, &start);
    return rc ? rc : vfs_walk(t, start, path, WALK_PARENT, w);
}

static long make_at(struct task *t, int at, user_ptr name, uint32_t mode, uint64_t rdev,
                    const char *target)
{
    auto_walk w = {0};
    auto_dentry d = NULL;
    int rc = parent_arg(t, at, name, &w);
    if (rc)
        return rc;
    if (!w.last_size || !strcmp(w.last, ".") || !strcmp(w.last, ".."))
        return -EEXIST;
    if (w.trailing_slash && !S_ISDIR(mode))
        return -ENOENT;
    return vfs_create(
        t, w.dentry,
        &(struct new_name){
            .name = w.last, .size = w.last_size, .mode = mode, .rdev = rdev, .target = target},
        &d);
}

static uint32_t masked(struct task *t, uint32_t mode)
{
    return mode & 07777 & ~t->process->umask;
}

long sys_mkdir(struct task *t, const struct sys_args *a)
{
    return make_at(t, AT_FDCWD, arg_ptr(a, 0), S_IFDIR | masked(t, arg_u32(a, 1)), 0, NULL);
}

long sys_mkdirat(struct task *t, const struct sys_args *a)
{
    return make_at(t, arg_int(a, 0), arg_ptr(a, 1), S_IFDIR | masked(t, arg_u32(a, 2)), 0, NULL);
}

static long mknod_at(struct task *t, int at, user_ptr name, uint32_t mode, uint64_t rdev)
{
    uint32_t type = mode & S_IFMT;
    if (type == 0)
        type = S_IFREG;
    if (type == S_IFCHR || type == S_IFBLK)
        return t->process->cred.fsuid ? -EPERM
                                      : make_at(t, at, name, type | masked(t, mode), rdev, NULL);
    if (type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
        return type == S_IFDIR ? -EPERM : -EINVAL;
    return make_at(t, at, name, type | masked(t, mode), 0, NULL);
}

long sys_mknod(struct task *t, const struct sys_args *a)
{
    return mknod_at(t, AT_FDCWD, arg_ptr(a, 0), arg_u32(a, 1), a->v[2]);
}

long sys_mknodat(struct task *t, const struct sys_args *a)
{
    return mknod_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_u32(a, 2), a->v[3]);
}

static long symlink_at(struct task *t, user_ptr target, int at, user_ptr name)
{
    auto_kfree char *text = NULL;
    int rc = user_path(target, &text);
    if (rc)
        return rc;
    return *text ? make_at(t, at, name, S_IFLNK | 0777, 0, text) : -ENOENT;
}

long sys_symlink(struct task *t, const struct sys_args *a)
{
    return symlink_at(t, arg_ptr(a, 0), AT_FDCWD, arg_ptr(a, 1));
}

long sys_symlinkat(struct task *t, const struct sys_args *a)
{
    return symlink_at(t, arg_ptr(a, 0), arg_int(a, 1), arg_ptr(a, 2));
}

static long link_at(struct task *t, int from_at, user_ptr from, int to_at, user_ptr to,
                    uint32_t flags)
{
    auto_dentry d = NULL;
    auto_walk w = {0};
    unsigned how =
        (flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
    if (flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int rc = find_arg(t, from_at, from, how, &d);
    if (!rc)
        rc = parent_arg(t, to_at, to, &w);
    if (rc)
        return rc;
    return w.last_size ? vfs_link(t, d, w.dentry, w.last, w.last_size) : -EEXIST;
}

long sys_link(struct task *t, const struct sys_args *a)
{
    return link_at(t, AT_FDCWD, arg_ptr(a, 0), AT_FDCWD, arg_ptr(a, 1), 0);
}

long sys_linkat(struct task *t, const struct sys_args *a)
{
    return link_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_int(a, 2), arg_ptr(a, 3), arg_u32(a, 4));
}

static long unlink_at(struct task *t, int at, user_ptr name, bool folder)
{
    auto_walk w = {0};
    int rc = parent_arg(t, at, name, &w);
    if (rc)
        return rc;
    if (!w.last_size)
        return folder ? -EBUSY : -EISDIR;
    if (!strcmp(w.last, "."))
        return folder ? -EINVAL : -EISDIR;
    if (!strcmp(w.last, ".."))
        return folder ? -ENOTEMPTY : -EISDIR;
    return vfs_unlink(t, w.dentry, w.last, w.last_size, folder);
}

long sys_unlink(struct task *t, const struct sys_args *a)
{
    return unlink_at(t, AT_FDCWD, arg_ptr(a, 0), false);
}

long sys_rmdir(struct task *t, const struct sys_args *a)
{
    return unlink_at(t, AT_FDCWD, arg_ptr(a, 0), true);
}

long sys_unlinkat(struct task *t, const struct sys_args *a)
{
    if (a->v[2] & ~(uint64_t)AT_REMOVEDIR)
        return -EINVAL;
    return unlink_at(t, arg_int(a, 0), arg_ptr(a, 1), a->v[2] & AT_REMOVEDIR);
}

static long rename_at(struct task *t, int from_at, user_ptr from, int to_at, user_ptr to,
                      unsigned flags)
{
    auto_walk old = {0};
    auto_walk new = {0};
    if (flags & ~1u /* RENAME_NOREPLACE */)
        return -EINVAL;
    int rc = parent_arg(t, from_at, from, &old);
    if (!rc)
        rc = parent_arg(t, to_at, to, &new);
    if (rc)
        return rc;
    const char *last[] = {old.last, new.last};
    for (int n = 0; n < 2; n++)
        if (!strcmp(last[n], ".") || !strcmp(last[n], ".."))
            return -EBUSY;
    return vfs_rename(t, &old, &new, flags);
}

long sys_rename(struct task *t, const struct sys_args *a)
{
    return rename_at(t, AT_FDCWD, arg_ptr(a, 0), AT_FDCWD, arg_ptr(a, 1), 0);
}

long sys_renameat(struct task *t, const struct sys_args *a)
{
    return rename_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_int(a, 2), arg_ptr(a, 3), 0);
}

long sys_renameat2(struct task *t, const struct sys_args *a)
{
    return rename_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_int(a, 2), arg_ptr(a, 3), arg_u32(a, 4));
}
