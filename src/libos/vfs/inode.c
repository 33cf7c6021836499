/* SPDX-License-Identifier: Apache-2.0
 * inode.c: attributes of files and who may do what with them. */
#include <asm/errno.h>
#include <asm/stat.h>

#include "libos/lib/alloc.h"
#include "libos/task/task.h"
#include "libos/vfs/vfs.h"
#include "platform/platform.h"

enum { NS_PER_S = 1000000000 };

int64_t vfs_now(void)
{
    return platform_clock(PLATFORM_REALTIME);
}

struct inode *inode_new(struct super *super, uint32_t mode, const struct inode_ops *ops)
{
    struct inode *inode = kalloc(sizeof *inode);
    if (!inode)
        return NULL;
    inode->ops = ops;
    inode->super = super;
    inode->refs = 1;
    inode->mode = mode;
    inode->nlink = S_ISDIR(mode) ? 2 : 1;
    inode->atime = inode->mtime = inode->ctime = vfs_now();
    mutex_init(&inode->lock);
    return inode;
}

struct inode *inode_get(struct inode *inode)
{
    __atomic_fetch_add(&inode->refs, 1, __ATOMIC_RELAXED);
    return inode;
}

void inode_put(struct inode *inode)
{
    if (__atomic_sub_fetch(&inode->refs, 1, __ATOMIC_ACQ_REL))
        return;
    if (inode->ops->free)
        inode->ops->free(inode);
    kfree(inode->link);
    kfree(inode->locks);
    kfree(inode);
}

int inode_permission(const struct inode *inode, const struct cred *cred, int may)
{
    uint32_t mode = inode->mode;
    if (cred->fsuid == 0) {
        bool any_x = S_ISDIR(mode) || (mode & 0111);
        return (may & MAY_EXEC) && !any_x ? -EACCES : 0;
    }
    unsigned shift = 0;
    if (inode->uid == cred->fsuid)
        shift = 6;
    else if (cred_in_group(cred, inode->gid))
        shift = 3;
    unsigned rights = (mode >> shift) & 7;
    return ((unsigned)may & ~rights) ? -EACCES : 0;
}

void inode_stat(struct inode *inode, struct stat *out)
{
    if (inode->ops->refresh)
        inode->ops->refresh(inode);
    *out = (struct stat){
        .st_dev = inode->super->dev,
        .st_ino = inode->ino,
        .st_nlink = inode->nlink,
        .st_mode = inode->mode,
        .st_uid = inode->uid,
        .st_gid = inode->gid,
        .st_rdev = inode->rdev,
        .st_size = (int64_t)inode->size,
        .st_blksize = PAGE_SIZE,
        .st_blocks = (int64_t)(inode->pages.count * (PAGE_SIZE / 512)),
        .st_atime = (uint64_t)(inode->atime / NS_PER_S),
        .st_atime_nsec = (uint64_t)(inode->atime % NS_PER_S),
        .st_mtime = (uint64_t)(inode->mtime / NS_PER_S),
        .st_mtime_nsec = (uint64_t)(inode->mtime % NS_PER_S),
        .st_ctime = (uint64_t)(inode->ctime / NS_PER_S),
        .st_ctime_nsec = (uint64_t)(inode->ctime % NS_PER_S),
    };
    int64_t below = (int64_t)((inode->lower_size + 511) / 512);
    if (out->st_blocks < below)
        out->st_blocks = below;
}

static int check_owner(const struct inode *inode, const struct cred *cred)
{
    return cred->fsuid == 0 || cred->fsuid == inode->uid ? 0 : -EPERM;
}

static int check_chown(const struct inode *inode, const struct cred *cred,
                       const struct vfs_attr *attr)
{
    if (cred->fsuid == 0)
        return 0;
    if ((attr->valid & ATTR_UID) && (cred->fsuid != inode->uid || attr->uid != inode->uid))
        return -EPERM;
    if ((attr->valid & ATTR_GID) && (cred->fsuid != inode->uid || !cred_in_group(cred, attr->gid)))
        return -EPERM;
    return 0;
}

static int set_check(const struct inode *inode, const struct cred *cred,
                     const struct vfs_attr *attr)
{
    int rc = 0;
    if (inode->super->read_only)
        return -EROFS;
    if (attr->valid & ATTR_MODE)
        rc = check_owner(inode, cred);
    if (!rc && (attr->valid & (ATTR_UID | ATTR_GID)))
        rc = check_chown(inode, cred, attr);
    return rc;
}

int inode_set(struct inode *inode, const struct cred *cred, const struct vfs_attr *attr)
{
    int rc = set_check(inode, cred, attr);
    if (rc)
        return rc;
    mutex_lock(&inode->lock);
    if (attr->valid & ATTR_SIZE)
        rc = inode->ops->truncate ? inode->ops->truncate(inode, attr->size) : -EINVAL;
    if (!rc) {
        if (attr->valid & ATTR_UID)
            inode->uid = attr->uid;
        if (attr->valid & ATTR_GID)
            inode->gid = attr->gid;
        if ((attr->valid & (ATTR_UID | ATTR_GID)) && !S_ISDIR(inode->mode))
            inode->mode &= ~(uint32_t)(S_ISUID | ((inode->mode & S_IXGRP) ? S_ISGID : 0));
        if (attr->valid & ATTR_MODE)
            inode->mode = (inode->mode & S_IFMT) | (attr->mode & 07777);
        if (attr->valid & ATTR_ATIME)
            inode->atime = attr->atime;
        if (attr->valid & ATTR_MTIME)
            inode->mtime = attr->mtime;
        inode->ctime = vfs_now();
        if ((attr->valid & ATTR_SIZE) && !(attr->valid & ATTR_MTIME))
            inode->mtime = inode->ctime;
    }
    mutex_unlock(&inode->lock);
    return rc;
}
