/* SPDX-License-Identifier: Apache-2.0
 * boot.c: from a configuration to the first program. */
#include <asm/errno.h>
#include <asm/resource.h>
#include <linux/fcntl.h>
#include <linux/resource.h>

#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/libos.h"
#include "libos/mm/user.h"
#include "libos/task/entry.h"
#include "libos/task/task.h"
#include "libos/vfs/file.h"
#include "libos/vfs/special.h"
#include "libos/vfs/vfs.h"

enum { EXIT_CANNOT_START = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

static void die(int status, const char *what, const char *name, int rc)
{
    g_log_level = g_log_level < LOG_ERROR ? LOG_ERROR : g_log_level;
    klog(LOG_ERROR, "%s %s: error %d", what, name, -rc);
    platform_exit(status);
}

/* The folder for a mount; made when it is missing. */
static int mount_point(struct task *t, const char *path, struct dentry **out)
{
    int rc = vfs_find(t, AT_FDCWD, path, WALK_FOLLOW | WALK_FOLDER, out);
    if (rc != -ENOENT)
        return rc;
    auto_walk w = {0};
    rc = vfs_walk(t, g_root, path, WALK_PARENT, &w);
    return rc ? rc
              : vfs_create(
                    t, w.dentry,
                    &(struct new_name){.name = w.last, .size = w.last_size, .mode = S_IFDIR | 0755},
                    out);
}

static void mount_at(struct task *t, const char *path, struct dentry *root)
{
    auto_dentry d = NULL;
    int rc = root ? mount_point(t, path, &d) : -ENOMEM;
    if (!rc)
        rc = vfs_mount(d, root);
    if (rc)
        die(EXIT_CANNOT_START, "cannot mount", path, rc);
}

static void make_tree(struct task *t, const struct libos_config *config)
{
    struct process *p = t->process;
    g_root = memfs_new(config->root, "overlay", "root", 0755);
    if (!g_root)
        die(EXIT_CANNOT_START, "cannot read", "/", -EIO);
    p->root = dentry_get(g_root);
    p->cwd = dentry_get(g_root);
    mount_at(t, "/proc", procfs_new());
    mount_at(t, "/sys", sysfs_new());
    mount_at(t, "/dev", devfs_new());
    mount_at(t, "/dev/shm", memfs_new(NULL, "tmpfs", "shm", 01777));
    mount_at(t, "/tmp", memfs_new(NULL, "tmpfs", "tmpfs", 01777));
    mount_at(t, "/run", memfs_new(NULL, "tmpfs", "tmpfs", 0755));
    for (int n = 0; n < LIBOS_MOUNTS_MAX && config->mounts[n].path; n++) {
        struct dentry *root = memfs_new(config->mounts[n].lower, "hostfs", "host", 0755);
        if (root)
            root->inode->super->read_only = true;
        mount_at(t, config->mounts[n].path, root);
    }
}

static void set_limits(struct process *p)
{
    for (int n = 0; n < LIMIT_COUNT; n++)
        p->limits[n] = (struct limit){RLIM64_INFINITY, RLIM64_INFINITY};
    p->limits[RLIMIT_STACK].soft = 8 << 20;
    p->limits[RLIMIT_NOFILE] = (struct limit){1024, 1 << 20};
    p->limits[RLIMIT_CORE].soft = 0;
    p->limits[RLIMIT_NPROC] =
        (struct limit){platform_info()->thread_max, platform_info()->thread_max};
    p->limits[RLIMIT_MEMLOCK] = (struct limit){8 << 20, 8 << 20};
}

static void open_stdio(struct task *t)
{
    for (int fd = 0; fd < 3; fd++) {
        struct file *f = stdio_new(fd, fd ? O_WRONLY : O_RDONLY);
        if (!f || fd_install(t, f, fd, false) != fd)
            die(EXIT_CANNOT_START, "cannot open", "standard input and output", -ENOMEM);
        if (platform_is_tty(fd))
            f->flags = O_RDWR;
    }
}

static struct task *first_task(const struct libos_config *config)
{
    struct process *p = &g_process;
    p->pid = p->pgid = p->sid = p->next_tid = 1;
    p->umask = 022;
    p->dumpable = true;
    p->start_time = platform_clock(PLATFORM_MONOTONIC);
    list_init(&p->tasks);
    signals_init(&p->signals);
    ignore(mm_init(&p->mm));
    set_limits(p);
    p->fds = fds_new();
    struct task *t = task_new(p);
    if (!t || !p->fds)
        die(EXIT_CANNOT_START, "cannot start", config->argv[0], -ENOMEM);
    t->thread = thread_self();
    t->thread->task = t;
    t->regs = user_raw(user_at(t->thread->kernel_stack_top - sizeof *t->regs));
    return t;
}

/* Looks for a name without a slash along PATH.  [exec(3)] */
static int find_program(struct task *t, const struct libos_config *config, char *path,
                        struct dentry **out)
{
    const char *name = config->argv[0];
    const char *dirs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    if (strchr(name, '/')) {
        kfmt(path, PATH_SIZE_MAX, "%s", name);
        return vfs_find(t, AT_FDCWD, path, WALK_FOLLOW, out);
    }
    for (char **e = config->envp; *e; e++)
        if (!strncmp(*e, "PATH=", 5))
            dirs = *e + 5;
    for (const char *dir = dirs;; dir++) {
        const char *end = strchr(dir, ':');
        size_t size = end ? (size_t)(end - dir) : strlen(dir);
        kfmt(path, PATH_SIZE_MAX, "%.*s/%s", (int)size, dir, name);
        if (vfs_find(t, AT_FDCWD, path, WALK_FOLLOW, out) == 0) {
            if (S_ISREG((*out)->inode->mode))
                return 0;
            dentry_put(*out);
            *out = NULL;
        }
        if (!end)
            return -ENOENT;
        dir = end;
    }
}

void libos_boot(const struct libos_config *config)
{
    g_log_level = config->log_level;
    struct task *t = first_task(config);
    make_tree(t, config);
    open_stdio(t);
    struct process *p = t->process;
    if (config->cwd && config->cwd[0]) {
        struct dentry *d = NULL;
        int rc = vfs_find(t, AT_FDCWD, config->cwd, WALK_FOLLOW | WALK_FOLDER, &d);
        if (rc)
            die(EXIT_CANNOT_START, "no working folder", config->cwd, rc);
        p->cwd = d;
    }
    struct cred *c = &p->cred;
    c->uid = c->euid = c->suid = c->fsuid = config->uid;
    c->gid = c->egid = c->sgid = c->fsgid = config->gid;
    char *path = kalloc(PATH_SIZE_MAX);
    struct dentry *d = NULL;
    int rc = path ? find_program(t, config, path, &d) : -ENOMEM;
    struct exec_args args = {config->argv, config->envp};
    if (!rc)
        rc = process_exec(t, d, path, &args);
    if (rc == -ENOENT && !d)
        die(EXIT_NOT_FOUND, "there is no program", config->argv[0], rc);
    if (rc)
        die(EXIT_NOT_EXECUTABLE,
            rc == -ENOEXEC  ? "not an x86-64 Linux program:"
            : rc == -ENOENT ? "its interpreter is missing:"
                            : "cannot run",
            config->argv[0], rc);
    kfree(path);
    dentry_put(d);
    task_begin(t);
}
