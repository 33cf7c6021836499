/* SPDX-License-Identifier: Apache-2.0
 * anon.c: see anon.h. */
#include "libos/net/anon.h"

#include "libos/task/task.h"
#include "libos/vfs/vfs.h"

static struct super g_super = {.type = "anon_inodefs", .source = "none", .dev = 0xd};
static const struct inode_ops INODE = {0};
static uint64_t g_ino = 1000;

struct file *anon_file(const struct file_ops *ops, uint32_t flags, uint32_t mode)
{
    struct file *f = file_new(ops, flags);
    if (!f)
        return NULL;
    f->inode = inode_new(&g_super, mode, &INODE);
    if (!f->inode) {
        f->ops = &(const struct file_ops){0}; /* nothing to release yet */
        file_put(f);
        return NULL;
    }
    f->inode->ino = __atomic_fetch_add(&g_ino, 1, __ATOMIC_RELAXED);
    f->inode->nlink = 1;
    struct task *t = current();
    if (t) {
        f->inode->uid = t->process->cred.fsuid;
        f->inode->gid = t->process->cred.fsgid;
    }
    return f;
}
