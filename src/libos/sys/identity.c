/* SPDX-License-Identifier: Apache-2.0
 * identity.c: who the process is: numbers, users and groups, limits, names. */
#include <asm/prctl.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

#include "libos/sys/sys.h"
#include "libos/vfs/vfs.h"

long sys_getpid(struct task *t, const struct sys_args *a)
{
    (void)a;
    return t->process->pid;
}

long sys_gettid(struct task *t, const struct sys_args *a)
{
    (void)a;
    return t->tid;
}

long sys_getppid(struct task *t, const struct sys_args *a)
{
    (void)a;
    return t->process->ppid;
}

static bool is_self(struct task *t, int pid)
{
    return pid == 0 || (uint32_t)pid == t->process->pid;
}

long sys_getpgid(struct task *t, const struct sys_args *a)
{
    return is_self(t, arg_int(a, 0)) ? (long)t->process->pgid : -ESRCH;
}

long sys_getpgrp(struct task *t, const struct sys_args *a)
{
    (void)a;
    return t->process->pgid;
}

long sys_setpgid(struct task *t, const struct sys_args *a)
{
    if (arg_int(a, 1) < 0)
        return -EINVAL;
    if (!is_self(t, arg_int(a, 0)))
        return -ESRCH;
    return t->process->sid == t->process->pid || !is_self(t, arg_int(a, 1)) ? -EPERM : 0;
}

long sys_getsid(struct task *t, const struct sys_args *a)
{
    return is_self(t, arg_int(a, 0)) ? (long)t->process->sid : -ESRCH;
}

long sys_setsid(struct task *t, const struct sys_args *a)
{
    (void)t;
    (void)a;
    return -EPERM; /* it leads its group already */
}

/* ---- users and groups [credentials(7)] ---- */

long sys_getuid(struct task *t, const struct sys_args *a)
{
    (void)a;
    return t->process->cred.uid;
}

long sys_geteuid(struct task *t, const struct sys_args *a)
{
    (void)a;
    return t->process->cred.euid;
}

long sys_getgid(struct task *t, const struct sys_args *a)
{
    (void)a;
    return t->process->cred.gid;
}

long sys_getegid(struct task *t, const struct sys_args *a)
{
    (void)a;
    return t->process->cred.egid;
}

static long get_three(const struct sys_args *a, uint32_t x, uint32_t y, uint32_t z)
{
    int rc = user_store32(arg_ptr(a, 0), x);
    if (!rc)
        rc = user_store32(arg_ptr(a, 1), y);
    return rc ? rc : user_store32(arg_ptr(a, 2), z);
}

long sys_getresuid(struct task *t, const struct sys_args *a)
{
    const struct cred *c = &t->process->cred;
    return get_three(a, c->uid, c->euid, c->suid);
}

long sys_getresgid(struct task *t, const struct sys_args *a)
{
    const struct cred *c = &t->process->cred;
    return get_three(a, c->gid, c->egid, c->sgid);
}

/* May an unprivileged process take this id? */
static bool id_known(uint32_t id, uint32_t x, uint32_t y, uint32_t z)
{
    return id == UINT32_MAX || id == x || id == y || id == z;
}

static void keep_or(uint32_t *field, uint32_t id)
{
    if (id != UINT32_MAX)
        *field = id;
}

long sys_setresuid(struct task *t, const struct sys_args *a)
{
    struct cred *c = &t->process->cred;
    if (c->euid)
        for (unsigned n = 0; n < 3; n++)
            if (!id_known(arg_u32(a, n), c->uid, c->euid, c->suid))
                return -EPERM;
    keep_or(&c->uid, arg_u32(a, 0));
    keep_or(&c->euid, arg_u32(a, 1));
    keep_or(&c->suid, arg_u32(a, 2));
    c->fsuid = c->euid;
    return 0;
}

long sys_setresgid(struct task *t, const struct sys_args *a)
{
    struct cred *c = &t->process->cred;
    if (c->euid)
        for (unsigned n = 0; n < 3; n++)
            if (!id_known(arg_u32(a, n), c->gid, c->egid, c->sgid))
                return -EPERM;
    keep_or(&c->gid, arg_u32(a, 0));
    keep_or(&c->egid, arg_u32(a, 1));
    keep_or(&c->sgid, arg_u32(a, 2));
    c->fsgid = c->egid;
    return 0;
}

long sys_setuid(struct task *t, const struct sys_args *a)
{
    struct cred *c = &t->process->cred;
    uint32_t uid = arg_u32(a, 0);
    if (uid == UINT32_MAX)
        return -EINVAL;
    if (c->euid && uid != c->uid && uid != c->suid)
        return -EPERM;
    if (!c->euid)
        c->uid = c->suid = uid;
    c->euid = c->fsuid = uid;
    return 0;
}

long sys_setgid(struct task *t, const struct sys_args *a)
{
    struct cred *c = &t->process->cred;
    uint32_t gid = arg_u32(a, 0);
    if (gid == UINT32_MAX)
        return -EINVAL;
    if (c->euid && gid != c->gid && gid != c->sgid)
        return -EPERM;
    if (!c->euid)
        c->gid = c->sgid = gid;
    c->egid = c->fsgid = gid;
    return 0;
}

long sys_setreuid(struct task *t, const struct sys_args *a)
{
    struct cred *c = &t->process->cred;
    uint32_t saved = a->v[0] != UINT32_MAX || arg_u32(a, 1) != c->uid ? arg_u32(a, 1) : UINT32_MAX;
    struct sys_args three = {{a->v[0], a->v[1], c->euid ? UINT32_MAX : saved}};
    return sys_setresuid(t, &three);
}

long sys_setregid(struct task *t, const struct sys_args *a)
{
    struct sys_args three = {{a->v[0], a->v[1], t->process->cred.euid ? UINT32_MAX : a->v[1]}};
    return sys_setresgid(t, &three);
}

long sys_setfsuid(struct task *t, const struct sys_args *a)
{
    struct cred *c = &t->process->cred;
    uint32_t old = c->fsuid;
    if (!c->euid || id_known(arg_u32(a, 0), c->uid, c->euid, c->suid))
        keep_or(&c->fsuid, arg_u32(a, 0));
    return old;
}

long sys_setfsgid(struct task *t, const struct sys_args *a)
{
    struct cred *c = &t->process->cred;
    uint32_t old = c->fsgid;
    if (!c->euid || id_known(arg_u32(a, 0), c->gid, c->egid, c->sgid))
        keep_or(&c->fsgid, arg_u32(a, 0));
    return old;
}

long sys_getgroups(struct task *t, const struct sys_args *a)
{
    const struct cred *c = &t->process->cred;
    int room = arg_int(a, 0);
    if (room < 0 || (room && (uint32_t)room < c->group_count))
        return -EINVAL;
    if (room && user_write(arg_ptr(a, 1), c->groups, c->group_count * sizeof c->groups[0]))
        return -EFAULT;
    return c->group_count;
}

long sys_setgroups(struct task *t, const struct sys_args *a)
{
    struct cred *c = &t->process->cred;
    uint32_t groups[GROUPS_MAX];
    if (c->euid)
        return -EPERM;
    if (arg_size(a, 0) > GROUPS_MAX)
        return -EINVAL;
    if (user_read(groups, arg_ptr(a, 1), arg_size(a, 0) * sizeof groups[0]))
        return -EFAULT;
    memcpy(c->groups, groups, arg_size(a, 0) * sizeof groups[0]);
    c->group_count = arg_u32(a, 0);
    return 0;
}

/* Capabilities follow the effective user: all for root, none else. */
long sys_capget(struct task *t, const struct sys_args *a)
{
    uint32_t head[2];
    if (user_read(head, arg_ptr(a, 0), sizeof head))
        return -EFAULT;
    if (head[0] != 0x20080522) {
        uint32_t version = 0x20080522;
        return user_store32(arg_ptr(a, 0), version) ? -EFAULT : a->v[1] ? -EINVAL : 0;
    }
    if (!is_self(t, (int)head[1]) && head[1] != t->tid)
        return -ESRCH;
    uint32_t all = t->process->cred.euid ? 0 : UINT32_MAX;
    uint32_t high = all ? 0x1ff : 0;
    uint32_t data[6] = {all, all, 0, high, high, 0};
    return a->v[1] ? user_write(arg_ptr(a, 1), data, sizeof data) : 0;
}

long sys_capset(struct task *t, const struct sys_args *a)
{
    (void)t;
    (void)a;
    return 0;
}

/* ---- limits and names ---- */

static long limit_at(struct task *t, uint32_t which, user_ptr new, user_ptr old)
{
    struct limit *limit = &t->process->limits[which];
    struct limit was = *limit;
    struct limit want = was;
    if (which >= LIMIT_COUNT)
        return -EINVAL;
    if (!user_is_null(new)) {
        if (user_read(&want, new, sizeof want))
            return -EFAULT;
        if (want.soft > want.hard)
            return -EINVAL;
        if (want.hard > was.hard && t->process->cred.euid)
            return -EPERM;
        *limit = want;
    }
    return user_is_null(old) ? 0 : user_write(old, &was, sizeof was);
}

long sys_prlimit64(struct task *t, const struct sys_args *a)
{
    if (!is_self(t, arg_int(a, 0)))
        return -ESRCH;
    return arg_u32(a, 1) < LIMIT_COUNT ? limit_at(t, arg_u32(a, 1), arg_ptr(a, 2), arg_ptr(a, 3))
                                       : -EINVAL;
}

long sys_getrlimit(struct task *t, const struct sys_args *a)
{
    return arg_u32(a, 0) < LIMIT_COUNT ? limit_at(t, arg_u32(a, 0), user_at(0), arg_ptr(a, 1))
                                       : -EINVAL;
}

long sys_setrlimit(struct task *t, const struct sys_args *a)
{
    return arg_u32(a, 0) < LIMIT_COUNT ? limit_at(t, arg_u32(a, 0), arg_ptr(a, 1), user_at(0))
                                       : -EINVAL;
}

static struct new_utsname g_uts = {.sysname = "Linux",
                                   .nodename = "cella",
                                   .release = "6.1.0-cella",
                                   .version = "#1 SMP Cella",
                                   .machine = "x86_64",
                                   .domainname = "(none)"};

long sys_uname(struct task *t, const struct sys_args *a)
{
    (void)t;
    return user_write(arg_ptr(a, 0), &g_uts, sizeof g_uts);
}

long sys_sethostname(struct task *t, const struct sys_args *a)
{
    char name[sizeof g_uts.nodename] = {0};
    if (t->process->cred.euid)
        return -EPERM;
    if (arg_size(a, 1) >= sizeof name)
        return -EINVAL;
    if (user_read(name, arg_ptr(a, 0), arg_size(a, 1)))
        return -EFAULT;
    memcpy(g_uts.nodename, name, sizeof name);
    return 0;
}

long sys_sysinfo(struct task *t, const struct sys_args *a)
{
    struct mm *mm = &t->process->mm;
    uint64_t used = mm->committed + kalloc_taken();
    struct sysinfo info = {.uptime = (platform_clock(PLATFORM_MONOTONIC) - t->process->start_time) /
                                     NS_PER_S,
                           .totalram = mm->limit,
                           .freeram = used < mm->limit ? mm->limit - used : 0,
                           .procs = (uint16_t)t->process->task_count,
                           .mem_unit = 1};
    return user_write(arg_ptr(a, 0), &info, sizeof info);
}

long sys_arch_prctl(struct task *t, const struct sys_args *a)
{
    (void)t;
    if (arg_int(a, 0) == ARCH_SET_FS) {
        if (a->v[1] >> 47)
            return -EPERM;
        write_fs_base(a->v[1]);
        return 0;
    }
    if (arg_int(a, 0) == ARCH_GET_FS)
        return user_store64(arg_ptr(a, 1), read_fs_base());
    return -EINVAL; /* GS is the kernel's */
}

long sys_prctl(struct task *t, const struct sys_args *a)
{
    switch (arg_int(a, 0)) {
    case PR_SET_NAME: {
        char name[TASK_NAME_SIZE];
        int64_t n = user_string(name, arg_ptr(a, 1), sizeof name);
        if (n < 0 && n != -ENAMETOOLONG)
            return n;
        name[TASK_NAME_SIZE - 1] = 0;
        memcpy(t->name, name, sizeof name);
        return 0;
    }
    case PR_GET_NAME:
        return user_write(arg_ptr(a, 1), t->name, sizeof t->name);
    case PR_GET_DUMPABLE:
        return t->process->dumpable;
    case PR_SET_DUMPABLE:
        t->process->dumpable = a->v[1];
        return a->v[1] > 1 ? -EINVAL : 0;
    case PR_SET_PDEATHSIG:
    case PR_SET_KEEPCAPS:
    case PR_SET_NO_NEW_PRIVS:
    case PR_SET_TIMERSLACK:
    case PR_SET_THP_DISABLE:
    case PR_SET_CHILD_SUBREAPER:
        return 0;
    case PR_GET_KEEPCAPS:
    case PR_GET_NO_NEW_PRIVS:
    case PR_GET_SECUREBITS:
    case PR_GET_THP_DISABLE:
        return 0;
    case PR_CAPBSET_READ:
        return a->v[1] <= 40 ? !t->process->cred.euid : -EINVAL;
    default:
        return -EINVAL;
    }
}

long sys_getrandom(struct task *t, const struct sys_args *a)
{
    (void)t;
    uint8_t piece[256];
    size_t size = arg_size(a, 1) < RW_MAX ? arg_size(a, 1) : RW_MAX;
    if (a->v[2] & ~(uint64_t)7)
        return -EINVAL;
    size_t done = 0;
    while (done < size) {
        size_t n = size - done < sizeof piece ? size - done : sizeof piece;
        platform_random(piece, n);
        if (user_write(user_add(arg_ptr(a, 0), done), piece, n))
            return done ? (long)done : -EFAULT;
        done += n;
    }
    return (long)done;
}

/* All CPUs that there are, for everyone. */
long sys_sched_getaffinity(struct task *t, const struct sys_args *a)
{
    (void)t;
    uint64_t mask[16] = {0};
    uint32_t count = platform_info()->cpu_count;
    for (uint32_t n = 0; n < count && n < 1024; n++)
        mask[n / 64] |= (uint64_t)1 << (n % 64);
    size_t size = (count + 63) / 64 * 8;
    if (arg_size(a, 1) < size || (arg_size(a, 1) & 7))
        return -EINVAL;
    return user_write(arg_ptr(a, 2), mask, size) ? -EFAULT : (long)size;
}

long sys_sched_setaffinity(struct task *t, const struct sys_args *a)
{
    (void)t;
    uint64_t first = 0;
    size_t size = arg_size(a, 1) < 8 ? arg_size(a, 1) : 8;
    if (user_read(&first, arg_ptr(a, 2), size))
        return -EFAULT;
    return first ? 0 : -EINVAL;
}

long sys_sched_yield(struct task *t, const struct sys_args *a)
{
    (void)t;
    (void)a;
    platform_yield();
    return 0;
}

long sys_getcpu(struct task *t, const struct sys_args *a)
{
    (void)t;
    int rc = a->v[0] ? user_store32(arg_ptr(a, 0), 0) : 0;
    return !rc && a->v[1] ? user_store32(arg_ptr(a, 1), 0) : rc;
}

long sys_sched_getscheduler(struct task *t, const struct sys_args *a)
{
    (void)t;
    return arg_int(a, 0) < 0 ? -EINVAL : 0;
}

long sys_sched_getparam(struct task *t, const struct sys_args *a)
{
    (void)t;
    return user_store32(arg_ptr(a, 1), 0);
}

long sys_sched_setscheduler(struct task *t, const struct sys_args *a)
{
    (void)t;
    return arg_int(a, 1) == 0 || arg_int(a, 1) == 3 || arg_int(a, 1) == 5 ? 0 : -EPERM;
}

long sys_sched_get_priority_max(struct task *t, const struct sys_args *a)
{
    (void)t;
    int policy = arg_int(a, 0);
    return policy == 1 || policy == 2                  ? 99
           : policy == 0 || policy == 3 || policy == 5 ? 0
                                                       : -EINVAL;
}

long sys_sched_get_priority_min(struct task *t, const struct sys_args *a)
{
    long max = sys_sched_get_priority_max(t, a);
    return max > 0 ? 1 : max;
}

long sys_getpriority(struct task *t, const struct sys_args *a)
{
    (void)t;
    return arg_u32(a, 0) > 2 ? -EINVAL : 20;
}

long sys_setpriority(struct task *t, const struct sys_args *a)
{
    (void)t;
    return arg_u32(a, 0) > 2 ? -EINVAL : 0;
}
