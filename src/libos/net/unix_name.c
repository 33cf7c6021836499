/* SPDX-License-Identifier: Apache-2.0
 * unix_name.c: names of AF_UNIX sockets: paths, which are inodes of type S_IFSOCK, and abstract
 * ones.  [unix(7)] */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "libos/lib/abi.h"
#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/net/unix_priv.h"
#include "libos/vfs/vfs.h"

enum { FAMILY_SIZE = 2 };

static LIST_HEAD(g_names); /* abstract names; guarded by g_unix */
static uint32_t g_auto_name;

/* The path of a name as text of at most UNIX_PATH_MAX bytes and a zero byte. */
static void path_of(const uint8_t *name, uint32_t size, char path[UNIX_PATH_MAX + 1])
{
    size_t room = size - FAMILY_SIZE;
    memcpy(path, name + FAMILY_SIZE, room);
    path[room] = 0;
}

static bool is_abstract(const uint8_t *name, uint32_t size)
{
    return size > FAMILY_SIZE && name[FAMILY_SIZE] == 0;
}

static bool is_sound(const uint8_t *name, uint32_t size)
{
    uint16_t family;
    if (size < FAMILY_SIZE || size > UNIX_NAME_MAX)
        return false;
    memcpy(&family, name, sizeof family);
    return family == UNIX_FAMILY;
}

/* Needs: g_unix. */
static struct unix_socket *find_abstract(const uint8_t *name, uint32_t size)
{
    list_each(node, &g_names)
    {
        struct unix_socket *s = container_of(node, struct unix_socket, in_names);
        if (s->name_size == size && memcmp(s->name, name, size) == 0)
            return s;
    }
    return NULL;
}

/* Needs: g_unix. */
static int bind_abstract(struct unix_socket *s, const uint8_t *name, uint32_t size)
{
    if (find_abstract(name, size))
        return -EADDRINUSE;
    memcpy(s->name, name, size);
    s->name_size = size;
    list_add(&g_names, &s->in_names);
    return 0;
}

/* A name of five hexadecimal digits, for a bind without one.  Needs: g_unix. */
static int bind_auto(struct unix_socket *s)
{
    uint8_t name[FAMILY_SIZE + 1 + 6] = {UNIX_FAMILY};
    for (uint32_t tries = 0; tries < 1 << 20; tries++) {
        kfmt((char *)name + FAMILY_SIZE + 1, 6, "%05x", g_auto_name++ & 0xfffff);
        int rc = bind_abstract(s, name, FAMILY_SIZE + 1 + 5);
        if (rc != -EADDRINUSE)
            return rc;
    }
    return -ENOSPC;
}

/* Needs: g_unix. */
static int bind_path(struct task *t, struct unix_socket *s, const uint8_t *name, uint32_t size)
{
    char path[UNIX_PATH_MAX + 1];
    path_of(name, size, path);
    auto_walk w = {0};
    int rc = vfs_walk(t, t->process->cwd, path, WALK_PARENT, &w);
    if (rc)
        return rc;
    if (!w.last_size)
        return -EADDRINUSE;
    uint32_t mode = S_IFSOCK | (0777 & ~t->process->umask);
    struct dentry *d = NULL;
    rc = vfs_create(t, w.dentry,
                    &(struct new_name){.name = w.last, .size = w.last_size, .mode = mode}, &d);
    if (rc)
        return rc == -EEXIST ? -EADDRINUSE : rc;
    d->inode->priv = s;
    s->dentry = d;
    memcpy(s->name, name, size);
    s->name_size = (uint32_t)(FAMILY_SIZE + strlen(path) + 1);
    if (s->name_size > UNIX_NAME_MAX)
        s->name_size = UNIX_NAME_MAX;
    return 0;
}

int unix_bind(struct task *t, struct socket *socket, const uint8_t *name, uint32_t size)
{
    struct unix_socket *s = (struct unix_socket *)socket;
    if (!is_sound(name, size))
        return -EINVAL;
    mutex_lock(&g_unix);
    int rc = -EINVAL; /* bound already */
    if (!s->name_size)
        rc = size == FAMILY_SIZE       ? bind_auto(s)
             : is_abstract(name, size) ? bind_abstract(s, name, size)
                                       : bind_path(t, s, name, size);
    mutex_unlock(&g_unix);
    return rc;
}

/* Needs: g_unix. */
static int find_path(struct task *t, const uint8_t *name, uint32_t size, struct unix_socket **out)
{
    char path[UNIX_PATH_MAX + 1];
    path_of(name, size, path);
    auto_walk w = {0};
    int rc = vfs_walk(t, t->process->cwd, path, WALK_FOLLOW, &w);
    if (rc)
        return rc;
    struct inode *inode = w.dentry->inode;
    if (!inode)
        return -ENOENT;
    rc = inode_permission(inode, &t->process->cred, MAY_WRITE);
    if (rc)
        return rc;
    if ((inode->mode & S_IFMT) != S_IFSOCK || !inode->priv)
        return -ECONNREFUSED;
    *out = inode->priv;
    return 0;
}

int unix_find(struct task *t, const uint8_t *name, uint32_t size, int type,
              struct unix_socket **out)
{
    if (!is_sound(name, size) || size == FAMILY_SIZE)
        return -EINVAL;
    struct unix_socket *s = NULL;
    int rc = 0;
    mutex_lock(&g_unix);
    if (is_abstract(name, size)) {
        s = find_abstract(name, size);
        rc = s ? 0 : -ECONNREFUSED;
    } else {
        rc = find_path(t, name, size, &s);
    }
    if (!rc && s->socket.type != type)
        rc = -EPROTOTYPE;
    if (!rc) {
        __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
        *out = s;
    }
    mutex_unlock(&g_unix);
    return rc;
}

void unix_unbind(struct unix_socket *s)
{
    mutex_lock(&g_unix);
    list_del(&s->in_names);
    struct dentry *d = s->dentry;
    if (d && d->inode && d->inode->priv == s)
        d->inode->priv = NULL;
    s->dentry = NULL;
    mutex_unlock(&g_unix);
    dentry_put(d);
}
