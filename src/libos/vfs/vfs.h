/* SPDX-License-Identifier: Apache-2.0
 * vfs.h: the tree of names, and inodes.
 *
 * The tree itself is the directory: a folder's entries are its child dentries.  What lies in a
 * lower (read-only) layer appears in the tree when it is first looked up or listed; what the
 * application changes is changed in the tree, and never below (copy-up of data happens page by
 * page, in the same inode).  One lock, g_tree, guards the shape; a folder's inode->lock is held by
 * whoever changes it or fills it from below.  A removed name that exists below stays as a whiteout.
 */
#ifndef CELLA_LIBOS_VFS_VFS_H
#define CELLA_LIBOS_VFS_VFS_H

#include <asm/stat.h>

#include "base/err.h"
#include "libos/lib/abi.h"
#include "libos/lib/klib_raw.h"
#include "libos/lib/lock.h"
#include "libos/vfs/lower.h"
#include "libos/vfs/pages.h"

struct cred;
struct dentry;
struct file;
struct inode;
struct task;
struct user_buf;

enum { NAME_SIZE_MAX = 255, PATH_SIZE_MAX = 4096, SYMLINKS_MAX = 40 };

struct inode_ops {
    /* Finds a name that is not in the tree; a reference to a new inode, or -ENOENT.  NULL: the
     * tree has all.  Needs: dir->lock. */
    int (*lookup)(struct inode *dir, const char *name, size_t size, struct inode **out);
    /* Puts every name from below into the tree.  Needs: dir->lock. */
    int (*list)(struct dentry *dir);
    /* Where a magic link leads (/proc/self/fd/1): a reference. */
    int (*follow)(struct inode *link, struct dentry **out);
    /* A link whose text is made when it is read. */
    int64_t (*readlink)(struct inode *link, char *out, size_t room);
    int (*open)(struct inode *inode, struct file *file);
    /* Resizes; NULL: fixed.  Needs: inode->lock. */
    int (*truncate)(struct inode *inode, uint64_t size);
    void (*free)(struct inode *inode);
    /* Fills in what changes by itself before attributes are read. */
    void (*refresh)(struct inode *inode);
    bool transient; /* names of this folder are not kept in the tree */
};

struct super {
    const char *type;   /* "tmpfs" */
    const char *source; /* for /proc/mounts */
    uint64_t dev;
    uint64_t magic; /* statfs */
    bool read_only;
    uint64_t next_ino;
    const struct lower *lower;
    const struct inode_ops *folder_ops; /* of folders made here */
};

struct inode {
    const struct inode_ops *ops;
    struct super *super;
    uint32_t refs; /* atomic */
    uint32_t mode, uid, gid, nlink;
    uint64_t ino, size, rdev;
    int64_t atime, mtime, ctime; /* ns since 1970 */
    struct mutex lock;
    char *link; /* target of a symbolic link */
    /* Regular files: data in pages; what is not there comes from below, up to lower_size, or is
     * zero. */
    struct page_tree pages;
    bool has_lower, listed;
    uint64_t lower_id, lower_size;
    void *priv;          /* of the file system: pipe of a FIFO, bound socket, /proc's key */
    struct list *locks;  /* record locks, vfs/flock.c */
    uint32_t write_maps; /* for shared.c */
};

struct dentry {
    struct dentry *parent; /* itself for a root */
    struct list siblings;  /* in parent->children, by rising cookie */
    struct list children;
    struct dentry *hash_next;
    struct inode *inode;       /* NULL: no such name (whiteout or remembered miss), or unresolved */
    struct dentry *mounted;    /* root of what is mounted here */
    struct dentry *mountpoint; /* of a mounted root: where */
    uint64_t cookie;
    uint64_t list_ino; /* unresolved: inode number below */
    uint32_t refs;     /* guarded by g_tree */
    uint32_t hash;
    bool hashed, unresolved, whiteout;
    uint8_t list_type; /* unresolved: DT_* */
    uint8_t name_size;
    uint16_t name_room; /* bytes at `name`, without the zero byte */
    char *name;         /* name_inside, or of its own after a rename to a longer one */
    char name_inside[];
};

/* ---- dentry.c ---- */

extern struct spinlock g_tree;
extern struct dentry *g_root;

struct dentry *dentry_get(struct dentry *d);
void dentry_put(struct dentry *d); /* NULL is fine */
/* A child by name, without a reference; NULL when the tree does not have it.  Needs: g_tree. */
struct dentry *dentry_find(struct dentry *parent, const char *name, size_t size);
uint32_t name_hash(const char *name, size_t size);
/* Adds a name (inode may be NULL); takes over the inode reference.  A reference to the dentry, or
 * NULL without memory (the inode reference is dropped then).  Needs: parent inode's lock. */
struct dentry *dentry_add(struct dentry *parent, const char *name, size_t size,
                          struct inode *inode);
/* Gives a dentry without inode one; takes over the reference. */
void dentry_fill(struct dentry *d, struct inode *inode);
/* The name is gone; what it led to lives on while somebody uses it.  Needs: parent's lock. */
void dentry_remove(struct dentry *d);
/* A name that is known to exist below, and no more. */
void dentry_mark_unresolved(struct dentry *d, uint64_t ino, uint8_t type);
/* Gives it another place and name; what has that name must be gone.  Needs: both parents' locks. */
int dentry_move(struct dentry *d, struct dentry *to, const char *name, size_t size) MUST_USE;
/* Makes a root of a new tree. */
struct dentry *dentry_root(struct inode *inode);
/* Absolute path into `out`; length, or -ENAMETOOLONG.  A removed name gets " (deleted)". */
int64_t dentry_path(struct dentry *d, const struct dentry *root, char *out, size_t room);
/* Looks in the tree, then below: a reference in *out, whose inode may be NULL (no such name). */
int dentry_lookup(struct dentry *dir, const char *name, size_t size, struct dentry **out) MUST_USE;
int dentry_list(struct dentry *dir) MUST_USE;
/* Mounts the tree `root` on d; both references are kept. */
int vfs_mount(struct dentry *d, struct dentry *root) MUST_USE;
/* Calls `each` for every mount, the root's first. */
void vfs_each_mount(void (*each)(struct dentry *root, void *arg), void *arg);

#define auto_dentry __attribute__((cleanup(cleanup_dentry))) struct dentry *
static inline void cleanup_dentry(struct dentry **d)
{
    dentry_put(*d);
}

/* ---- inode.c ---- */

struct inode *inode_new(struct super *super, uint32_t mode, const struct inode_ops *ops);
struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode);
int64_t vfs_now(void); /* ns since 1970 */
enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };
int inode_permission(const struct inode *inode, const struct cred *cred, int may) MUST_USE;
void inode_stat(struct inode *inode, struct stat *out);

struct vfs_attr {
    uint32_t valid; /* ATTR_* */
    uint32_t mode, uid, gid;
    int64_t atime, mtime;
    uint64_t size;
};

enum { ATTR_MODE = 1, ATTR_UID = 2, ATTR_GID = 4, ATTR_ATIME = 8, ATTR_MTIME = 16, ATTR_SIZE = 32 };
/* Changes attributes after checking that `cred` may. */
int inode_set(struct inode *inode, const struct cred *cred, const struct vfs_attr *attr) MUST_USE;

/* ---- namei.c ---- */

enum {
    WALK_FOLLOW = 1, /* a symbolic link at the end */
    WALK_PARENT = 2, /* stop before the last name; it goes to `last` */
    WALK_EMPTY = 4,  /* "" means the start itself */
    WALK_FOLDER = 8, /* the end must be a folder */
};

struct walk {
    struct dentry *dentry; /* a reference to what was found, or to the parent */
    char last[NAME_SIZE_MAX + 1];
    size_t last_size; /* 0: the path ends in "/", "." or ".." */
    bool trailing_slash;
};

/* `start` is where a relative path begins. */
int vfs_walk(struct task *t, struct dentry *start, const char *path, unsigned flags,
             struct walk *out) MUST_USE;
void walk_end(struct walk *w);
#define auto_walk __attribute__((cleanup(walk_end))) struct walk
/* The folder that `at` stands for, or the current one: a reference. */
int vfs_start(struct task *t, int at, const char *path, unsigned flags,
              struct dentry **out) MUST_USE;
/* The same from a descriptor (AT_FDCWD: the current folder) . */
int vfs_find(struct task *t, int at, const char *path, unsigned flags,
             struct dentry **out) MUST_USE;

/* ---- memfs.c ---- */

extern const struct inode_ops g_memfs_file, g_memfs_folder, g_memfs_link, g_memfs_special;
/* A new tree in memory over `lower`, or alone when it is NULL. */
struct dentry *memfs_new(const struct lower *lower, const char *type, const char *source,
                         uint32_t mode);
struct inode *memfs_inode(struct super *super, uint32_t mode, const struct cred *cred);
int64_t memfs_read(struct inode *inode, struct user_buf *buf, uint64_t pos);
int64_t memfs_write(struct inode *inode, struct user_buf *buf, uint64_t pos);

void special_free(struct inode *inode); /* pipe.c: of FIFOs, sockets, devices */

/* ---- change.c: what syscalls do to the tree; each checks permissions ---- */

struct new_name {
    const char *name;
    size_t size;
    uint32_t mode; /* type and permissions, after the umask */
    uint64_t rdev;
    const char *target; /* of a symbolic link */
};

int vfs_create(struct task *t, struct dentry *dir, const struct new_name *new,
               struct dentry **out) MUST_USE;
int vfs_link(struct task *t, struct dentry *from, struct dentry *dir, const char *name,
             size_t size) MUST_USE;
int vfs_unlink(struct task *t, struct dentry *dir, const char *name, size_t size,
               bool folder) MUST_USE;
int vfs_rename(struct task *t, const struct walk *from, const struct walk *to,
               unsigned flags) MUST_USE;

#endif
