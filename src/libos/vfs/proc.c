/* SPDX-License-Identifier: Apache-2.0
 * proc.c: /proc.  Its folders are plain trees but for those that list threads and descriptors,
 * which are filled in anew when they are looked at. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/task/task.h"
#include "libos/vfs/file.h"
#include "libos/vfs/proc_text.h"
#include "libos/vfs/special.h"
#include "libos/vfs/vfs.h"

enum { LINK_CWD, LINK_ROOT, LINK_EXE, FD_SELF = 1 };

static struct super g_proc = {.type = "proc", .source = "proc", .dev = 0x14, .magic = 0x9fa0};

static struct inode *new_inode(uint32_t mode, const struct inode_ops *ops, uint64_t key)
{
    struct inode *inode = inode_new(&g_proc, mode, ops);
    if (!inode)
        return NULL;
    inode->ino = __atomic_add_fetch(&g_proc.next_ino, 1, __ATOMIC_RELAXED);
    inode->uid = g_process.cred.euid;
    inode->gid = g_process.cred.egid;
    inode->rdev = 0;
    inode->lower_id = key;
    return inode;
}

/* ---- links of the process ---- */

static int process_follow(struct inode *link, struct dentry **out)
{
    struct process *p = current()->process;
    spin_lock(&p->lock);
    struct dentry *d = link->lower_id == LINK_CWD    ? p->cwd
                       : link->lower_id == LINK_ROOT ? p->root
                                                     : p->exe;
    if (d)
        dentry_get(d);
    spin_unlock(&p->lock);
    *out = d;
    return d ? 0 : -ENOENT;
}

static int64_t process_readlink(struct inode *link, char *out, size_t room)
{
    auto_dentry d = NULL;
    int rc = process_follow(link, &d);
    return rc ? rc : dentry_path(d, g_root, out, room);
}

static const struct inode_ops PROCESS_LINK = {.follow = process_follow,
                                              .readlink = process_readlink};

/* ---- /proc/self/fd ---- */

static int fd_follow(struct inode *link, struct dentry **out)
{
    auto_file f = NULL;
    int rc = fd_get(current(), (int)link->lower_id, FILE_PATH_TOO, &f);
    if (rc)
        return -ENOENT;
    if (!f->dentry) {
        if (!f->inode)
            return -ENXIO;
        *out = dentry_root(inode_get(f->inode)); /* a pipe or the like, opened by its number */
        return *out ? 0 : -ENOMEM;
    }
    *out = dentry_get(f->dentry);
    return 0;
}

static int64_t fd_readlink(struct inode *link, char *out, size_t room)
{
    auto_file f = NULL;
    int rc = fd_get(current(), (int)link->lower_id, FILE_PATH_TOO, &f);
    if (rc)
        return -ENOENT;
    if (f->dentry)
        return dentry_path(f->dentry, g_root, out, room);
    uint32_t mode = f->inode ? f->inode->mode : 0;
    const char *kind = S_ISFIFO(mode)   ? "pipe"
                       : S_ISSOCK(mode) ? "socket"
                       : S_ISCHR(mode)  ? "/dev/console"
                                        : "anon_inode";
    return (int64_t)kfmt(out, room, S_ISCHR(mode) ? "%s" : "%s:[%lu]", kind,
                         f->inode ? f->inode->ino : 0ul);
}

static const struct inode_ops FD_LINK = {.follow = fd_follow, .readlink = fd_readlink};

/* Text to a number; -1 when it is none. */
static int number_of(const char *name, size_t size)
{
    int n = 0;
    for (size_t k = 0; k < size; k++) {
        if (name[k] < '0' || name[k] > '9' || n > 100000000)
            return -1;
        n = n * 10 + (name[k] - '0');
    }
    return size && (size == 1 || name[0] != '0') ? n : -1;
}

static int fd_lookup(struct inode *dir, const char *name, size_t size, struct inode **out)
{
    (void)dir;
    int fd = number_of(name, size);
    if (fd < 0 || fd_cloexec(current(), fd, -1) < 0)
        return -ENOENT;
    *out = new_inode(S_IFLNK | 0700, &FD_LINK, (uint64_t)fd);
    return *out ? 0 : -ENOMEM;
}

/* Numbers as names without inodes.  Old ones go first.  Needs: dir's lock. */
static int list_numbers(struct dentry *dir, int (*next)(struct task *t, int from), uint8_t type)
{
    for (;;) {
        spin_lock(&g_tree);
        struct dentry *old = list_empty(&dir->children)
                                 ? NULL
                                 : container_of(dir->children.next, struct dentry, siblings);
        if (old)
            old->refs++;
        spin_unlock(&g_tree);
        if (!old)
            break;
        dentry_remove(old);
        dentry_put(old);
    }
    for (int n = next(current(), 0); n >= 0; n = next(current(), n + 1)) {
        char name[16];
        size_t size = kfmt(name, sizeof name, "%d", n);
        struct dentry *d = dentry_add(dir, name, size, NULL);
        if (!d)
            return -ENOMEM;
        dentry_mark_unresolved(d, (uint64_t)n + 1000, type);
        dentry_put(d);
    }
    return 0;
}

static int fd_list(struct dentry *dir)
{
    return list_numbers(dir, fd_next, S_IFLNK >> 12);
}

static const struct inode_ops FD_FOLDER = {.lookup = fd_lookup, .list = fd_list, .transient = true};

/* ---- /proc/self/task ---- */

static int task_next(struct task *t, int from)
{
    uint32_t best = UINT32_MAX;
    spin_lock(&t->process->lock);
    list_each(node, &t->process->tasks)
    {
        uint32_t tid = container_of(node, struct task, node)->tid;
        if (tid >= (uint32_t)from && tid < best)
            best = tid;
    }
    spin_unlock(&t->process->lock);
    return best == UINT32_MAX ? -1 : (int)best;
}

static int task_list(struct dentry *dir)
{
    return list_numbers(dir, task_next, S_IFDIR >> 12);
}

static const struct {
    const char *name;
    uint32_t mode;
    synth_text make;
} TASK_FILES[] = {
    {"comm", 0644, proc_comm}, {"stat", 0444, proc_stat}, {"status", 0444, proc_status}};

static int task_file_lookup(struct inode *dir, const char *name, size_t size, struct inode **out)
{
    for (size_t n = 0; n < sizeof TASK_FILES / sizeof TASK_FILES[0]; n++)
        if (strlen(TASK_FILES[n].name) == size && !memcmp(TASK_FILES[n].name, name, size)) {
            *out = synth_file(&g_proc, TASK_FILES[n].mode, TASK_FILES[n].make, dir->lower_id);
            return *out ? 0 : -ENOMEM;
        }
    return -ENOENT;
}

static const struct inode_ops TASK_FOLDER = {.lookup = task_file_lookup, .transient = true};

static int task_lookup(struct inode *dir, const char *name, size_t size, struct inode **out)
{
    (void)dir;
    int tid = number_of(name, size);
    struct process *p = current()->process;
    spin_lock(&p->lock);
    bool there = tid > 0 && task_find(p, (uint32_t)tid);
    spin_unlock(&p->lock);
    if (!there)
        return -ENOENT;
    *out = new_inode(S_IFDIR | 0555, &TASK_FOLDER, (uint64_t)tid);
    return *out ? 0 : -ENOMEM;
}

static const struct inode_ops TASKS_FOLDER = {
    .lookup = task_lookup, .list = task_list, .transient = true};

/* ---- the fixed part ---- */

static const struct inode_ops PLAIN_FOLDER = {0};

static const struct node {
    const char *path;
    synth_text make;
    const struct inode_ops *ops;
    uint32_t mode;
    uint64_t key;
    const char *target;
} NODES[] = {
    {"1", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"1/maps", proc_maps, NULL, 0444, 0, NULL},
    {"1/smaps", proc_maps, NULL, 0444, 0, NULL},
    {"1/stat", proc_stat, NULL, 0444, 0, NULL},
    {"1/statm", proc_statm, NULL, 0444, 0, NULL},
    {"1/status", proc_status, NULL, 0444, 0, NULL},
    {"1/cmdline", proc_cmdline, NULL, 0444, 0, NULL},
    {"1/environ", proc_environ, NULL, 0400, 0, NULL},
    {"1/comm", proc_comm, NULL, 0644, 0, NULL},
    {"1/limits", proc_limits, NULL, 0444, 0, NULL},
    {"1/mounts", proc_mounts, NULL, 0444, 0, NULL},
    {"1/mountinfo", proc_mountinfo, NULL, 0444, 0, NULL},
    {"1/cgroup", proc_cgroup, NULL, 0444, 0, NULL},
    {"1/coredump_filter", proc_coredump_filter, NULL, 0644, 0, NULL},
    {"1/oom_score_adj", proc_zero, NULL, 0644, 0, NULL},
    {"1/loginuid", proc_loginuid, NULL, 0644, 0, NULL},
    {"1/fd", NULL, &FD_FOLDER, S_IFDIR | 0500, 0, NULL},
    {"1/task", NULL, &TASKS_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"1/exe", NULL, &PROCESS_LINK, S_IFLNK | 0777, LINK_EXE, NULL},
    {"1/cwd", NULL, &PROCESS_LINK, S_IFLNK | 0777, LINK_CWD, NULL},
    {"1/root", NULL, &PROCESS_LINK, S_IFLNK | 0777, LINK_ROOT, NULL},
    {"self", NULL, &PLAIN_FOLDER, S_IFLNK | 0777, 0, "1"},
    {"thread-self", NULL, &PLAIN_FOLDER, S_IFLNK | 0777, 0, "1/task/1"},
    {"mounts", NULL, &PLAIN_FOLDER, S_IFLNK | 0777, 0, "self/mounts"},
    {"meminfo", proc_meminfo, NULL, 0444, 0, NULL},
    {"cpuinfo", proc_cpuinfo, NULL, 0444, 0, NULL},
    {"stat", proc_system_stat, NULL, 0444, 0, NULL},
    {"uptime", proc_uptime, NULL, 0444, 0, NULL},
    {"loadavg", proc_loadavg, NULL, 0444, 0, NULL},
    {"version", proc_version, NULL, 0444, 0, NULL},
    {"filesystems", proc_filesystems, NULL, 0444, 0, NULL},
    {"sys", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"sys/vm", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"sys/vm/overcommit_memory", proc_zero, NULL, 0644, 0, NULL},
    {"sys/vm/max_map_count", proc_number, NULL, 0644, 65530, NULL},
    {"sys/kernel", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"sys/kernel/pid_max", proc_number, NULL, 0644, 32768, NULL},
    {"sys/kernel/threads-max", proc_number, NULL, 0644, 32768, NULL},
    {"sys/kernel/ngroups_max", proc_number, NULL, 0444, GROUPS_MAX, NULL},
    {"sys/kernel/cap_last_cap", proc_number, NULL, 0444, 40, NULL},
    {"sys/kernel/osrelease", proc_osrelease, NULL, 0444, 0, NULL},
    {"sys/net", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"sys/net/core", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"sys/net/core/somaxconn", proc_number, NULL, 0644, 4096, NULL},
    {"sys/fs", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"sys/fs/file-max", proc_number, NULL, 0644, 1 << 20, NULL},
};

static const struct node SYS_NODES[] = {
    {"devices", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"devices/system", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"devices/system/cpu", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"devices/system/cpu/online", sys_cpus, NULL, 0444, 0, NULL},
    {"devices/system/cpu/possible", sys_cpus, NULL, 0444, 0, NULL},
    {"devices/system/cpu/present", sys_cpus, NULL, 0444, 0, NULL},
    {"fs", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"fs/cgroup", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"kernel", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"kernel/mm", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"kernel/mm/transparent_hugepage", NULL, &PLAIN_FOLDER, S_IFDIR | 0555, 0, NULL},
    {"kernel/mm/transparent_hugepage/enabled", sys_thp, NULL, 0644, 0, NULL},
};

/* Adds one to the tree below `root`; its parents come before it in the table. */
static int add_node(struct dentry *root, const struct node *node)
{
    struct dentry *at = root;
    const char *name = node->path;
    for (const char *slash; (slash = strchr(name, '/')); name = slash + 1) {
        spin_lock(&g_tree);
        at = dentry_find(at, name, (size_t)(slash - name));
        spin_unlock(&g_tree);
        if (!at)
            return -ENOENT;
    }
    struct inode *inode = node->make ? synth_file(&g_proc, node->mode, node->make, node->key)
                                     : new_inode(node->mode, node->ops, node->key);
    if (!inode)
        return -ENOMEM;
    if (node->target) {
        inode->link = kstrdup(node->target);
        inode->size = strlen(node->target);
    }
    struct dentry *d = dentry_add(at, name, strlen(name), inode);
    dentry_put(d);
    return d ? 0 : -ENOMEM;
}

static struct dentry *make_tree(const struct node *nodes, size_t count)
{
    struct inode *inode = new_inode(S_IFDIR | 0555, &PLAIN_FOLDER, 0);
    struct dentry *root = inode ? dentry_root(inode) : NULL;
    int rc = root ? 0 : -ENOMEM;
    for (size_t n = 0; !rc && n < count; n++)
        rc = add_node(root, &nodes[n]);
    return rc ? NULL : root;
}

struct dentry *procfs_new(void)
{
    return make_tree(NODES, sizeof NODES / sizeof NODES[0]);
}

struct dentry *sysfs_new(void)
{
    return make_tree(SYS_NODES, sizeof SYS_NODES / sizeof SYS_NODES[0]);
}
