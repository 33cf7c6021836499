/* SPDX-License-Identifier: Apache-2.0
 * process.c: programs and threads: execve, clone, exit, wait. */
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "libos/sys/sys.h"
#include "libos/vfs/file.h"
#include "libos/vfs/vfs.h"

enum {
    ARG_COUNT_MAX = 1 << 16,
    ARG_SIZE_MAX = 128 << 10,
    THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
};

static void free_list(char **list)
{
    for (size_t n = 0; list && list[n]; n++)
        kfree(list[n]);
    kfree(list);
}

static int read_one(user_ptr at, char **out)
{
    size_t room = 256;
    for (;;) {
        char *text = kalloc(room);
        if (!text)
            return -ENOMEM;
        int64_t n = user_string(text, at, room);
        if (n >= 0) {
            *out = text;
            return 0;
        }
        kfree(text);
        if (n != -ENAMETOOLONG)
            return (int)n;
        if (room > ARG_SIZE_MAX)
            return -E2BIG;
        room = room * 8 < ARG_SIZE_MAX ? room * 8 : (size_t)ARG_SIZE_MAX + 1;
    }
}

/* A NULL-terminated array of strings. */
static int read_list(user_ptr at, char ***out)
{
    size_t room = 64;
    size_t n = 0;
    char **list = kalloc(room * sizeof *list);
    int rc = list ? 0 : -ENOMEM;
    while (!rc && !user_is_null(at)) {
        uint64_t word = 0;
        rc = user_load64(user_add(at, n * 8), &word);
        if (rc || !word)
            break;
        if (n + 2 > room) {
            char **larger = krealloc(list, room * 2 * sizeof *list);
            if (!larger)
                rc = -ENOMEM;
            else
                list = larger;
            room *= 2;
        }
        if (!rc)
            rc = n < ARG_COUNT_MAX ? read_one(user_at(word), &list[n]) : -E2BIG;
        if (!rc)
            list[++n] = NULL;
        else if (list)
            list[n] = NULL;
    }
    if (rc) {
        free_list(list);
        return rc;
    }
    *out = list;
    return 0;
}

static long exec_at(struct task *t, int at, user_ptr name, user_ptr argv, user_ptr envp,
                    unsigned flags)
{
    auto_kfree char *path = NULL;
    auto_dentry d = NULL;
    struct exec_args args = {0};
    int rc = user_path(name, &path);
    if (!rc)
        rc = vfs_find(t, at, path, flags, &d);
    if (!rc)
        rc = read_list(argv, &args.argv);
    if (!rc)
        rc = read_list(envp, &args.envp);
    if (!rc)
        rc = process_exec(t, d, path, &args);
    free_list(args.argv);
    free_list(args.envp);
    return rc;
}

long sys_execve(struct task *t, const struct sys_args *a)
{
    long rc = exec_at(t, AT_FDCWD, arg_ptr(a, 0), arg_ptr(a, 1), arg_ptr(a, 2), WALK_FOLLOW);
    return rc;
}

long sys_execveat(struct task *t, const struct sys_args *a)
{
    uint32_t flags = arg_u32(a, 4);
    if (flags & ~(uint32_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    return exec_at(t, arg_int(a, 0), arg_ptr(a, 1), arg_ptr(a, 2), arg_ptr(a, 3),
                   (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
                       (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0));
}

struct clone {
    uint64_t flags, stack, tls;
    user_ptr parent_tid, child_tid;
};

/* What a new thread starts with; on its kernel stack. */
struct start {
    struct task *task;
    struct platform_regs regs;
};

static void thread_main(void *arg)
{
    struct start *start = arg;
    struct task *t = start->task;
    struct platform_thread *th = thread_self();
    t->regs = user_raw(user_at(th->kernel_stack_top - sizeof *t->regs));
    *t->regs = start->regs;
    kfree(start);
    __atomic_store_n(&t->thread, th, __ATOMIC_SEQ_CST);
    if (signal_is_pending(t) || t->process->ending || t->process->exec_by)
        th->event = 1;
    task_begin(t);
}

static long clone_thread(struct task *t, const struct clone *c)
{
    struct start *start = kalloc(sizeof *start);
    struct task *child = start ? task_new(t->process) : NULL;
    struct platform_thread *th = NULL;
    if (!child) {
        kfree(start);
        return -ENOMEM;
    }
    uint32_t tid = child->tid;
    memcpy(child->name, t->name, sizeof child->name);
    child->blocked = t->blocked;
    child->fs_base = c->flags & CLONE_SETTLS ? c->tls : read_fs_base();
    if (c->flags & CLONE_CHILD_CLEARTID)
        child->clear_tid = c->child_tid;
    start->task = child;
    start->regs = *t->regs;
    start->regs.rax = 0;
    if (c->stack)
        start->regs.rsp = c->stack;
    if (c->flags & CLONE_PARENT_SETTID)
        ignore(user_store32(c->parent_tid, tid));
    if (c->flags & CLONE_CHILD_SETTID)
        ignore(user_store32(c->child_tid, tid));
    int rc = platform_thread_create(&th, thread_main, start);
    if (!rc)
        return tid;
    spin_lock(&t->process->lock);
    list_del(&child->node);
    t->process->task_count--;
    spin_unlock(&t->process->lock);
    kfree(child);
    kfree(start);
    return rc;
}

static long clone_any(struct task *t, const struct clone *c)
{
    if ((c->flags & THREAD_FLAGS) == THREAD_FLAGS)
        return clone_thread(t, c);
    if ((c->flags & (CLONE_THREAD | CLONE_SIGHAND)) == CLONE_THREAD ||
        (c->flags & (CLONE_SIGHAND | CLONE_VM)) == CLONE_SIGHAND)
        return -EINVAL;
    return -ENOSYS; /* a new process */
}

long sys_clone(struct task *t, const struct sys_args *a)
{
    struct clone c = {.flags = a->v[0],
                      .stack = a->v[1],
                      .parent_tid = arg_ptr(a, 2),
                      .child_tid = arg_ptr(a, 3),
                      .tls = a->v[4]};
    return clone_any(t, &c);
}

long sys_clone3(struct task *t, const struct sys_args *a)
{
    struct clone_args args = {0};
    size_t size = arg_size(a, 1);
    if (size < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    if (size > sizeof args)
        return -E2BIG;
    if (user_read(&args, arg_ptr(a, 0), size))
        return -EFAULT;
    struct clone c = {.flags = args.flags,
                      .stack = args.stack + args.stack_size,
                      .parent_tid = user_at(args.parent_tid),
                      .child_tid = user_at(args.child_tid),
                      .tls = args.tls};
    return clone_any(t, &c);
}

long sys_set_tid_address(struct task *t, const struct sys_args *a)
{
    t->clear_tid = arg_ptr(a, 0);
    return t->tid;
}

long sys_set_robust_list(struct task *t, const struct sys_args *a)
{
    if (arg_size(a, 1) != 24)
        return -EINVAL;
    t->robust_list = arg_ptr(a, 0);
    return 0;
}

long sys_exit(struct task *t, const struct sys_args *a)
{
    if (t->process->task_count == 1)
        t->process->exit_status = arg_int(a, 0) & 0xff;
    task_exit(t);
}

long sys_exit_group(struct task *t, const struct sys_args *a)
{
    process_exit(t->process, arg_int(a, 0) & 0xff);
}

/* There are no children. */
long sys_wait4(struct task *t, const struct sys_args *a)
{
    (void)t;
    if (arg_u32(a, 2) &
        ~(uint32_t)(WNOHANG | WUNTRACED | WCONTINUED | __WALL | __WCLONE | __WNOTHREAD))
        return -EINVAL;
    return -ECHILD;
}

long sys_waitid(struct task *t, const struct sys_args *a)
{
    (void)t;
    if (arg_u32(a, 0) > 3 || !(arg_u32(a, 3) & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    return -ECHILD;
}
