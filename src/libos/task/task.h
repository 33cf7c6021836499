/* SPDX-License-Identifier: Apache-2.0
 * task.h: a thread of the application, and the process it belongs to.  One process lives in a
 * kernel; its threads share everything but what struct task holds. */
#ifndef CELLA_LIBOS_TASK_TASK_H
#define CELLA_LIBOS_TASK_TASK_H

#include "base/err.h"
#include "base/world.h"
#include "libos/lib/list.h"
#include "libos/lib/lock.h"
#include "libos/mm/mm.h"
#include "libos/signal/signal.h"
#include "libos/task/thread_raw.h"
#include "platform/platform.h"

struct dentry;
struct file;
struct fdtable;

/* Results that never reach the application (exit.c turns them into EINTR or starts again). */
enum {
    ERESTARTSYS = 512,    /* again when the handler has SA_RESTART or there is none */
    ERESTARTNOHAND = 514, /* again only when no handler runs */
    ERESTART_BLOCK = 516, /* again through restart_syscall with what is left of the time */
};

enum { GROUPS_MAX = 64, TASK_NAME_SIZE = 16 };

struct cred {
    uint32_t uid, euid, suid, fsuid;
    uint32_t gid, egid, sgid, fsgid;
    uint32_t group_count;
    uint32_t groups[GROUPS_MAX];
};

static inline bool cred_in_group(const struct cred *cred, uint32_t gid)
{
    if (cred->fsgid == gid)
        return true;
    for (uint32_t n = 0; n < cred->group_count; n++)
        if (cred->groups[n] == gid)
            return true;
    return false;
}

struct limit {
    uint64_t soft, hard;
};

enum { LIMIT_COUNT = 16 };

struct process {
    struct mm mm;
    struct fdtable *fds;
    struct cred cred;
    struct dentry *root, *cwd; /* references; cwd guarded by lock */
    uint32_t umask;
    uint32_t pid, ppid, pgid, sid;
    struct limit limits[LIMIT_COUNT];
    struct dentry *exe;
    struct spinlock lock;
    struct list tasks; /* guarded by lock */
    uint32_t task_count;
    uint32_t next_tid;
    struct signals signals;
    uint32_t ending;      /* 1: every thread ends (exit_group or a deadly signal) */
    struct task *exec_by; /* every other thread ends */
    int exit_status;      /* of the process: code, or 128 + signal */
    int64_t start_time;   /* monotonic ns */
    struct platform_thread *timer_thread;
    uint64_t loaded; /* grows with each exec */
    bool dumpable;
};

struct task {
    struct process *process;
    struct platform_thread *thread;
    struct platform_regs *regs; /* the application's, on the kernel stack */
    struct platform_trap trap;  /* why the kernel was entered, when not by a fast call */
    struct list node;           /* in process->tasks */
    uint32_t tid;
    uint64_t blocked;       /* signals; changed by the task itself under signals.lock */
    uint64_t saved_blocked; /* goes back when the handler returns (sigsuspend, ppoll) */
    bool restore_blocked;
    struct pending pending; /* guarded by signals.lock */
    struct altstack altstack;
    user_ptr clear_tid;
    user_ptr robust_list;
    char name[TASK_NAME_SIZE];
    uint64_t fs_base;     /* of a new thread, until it runs */
    int64_t syscall;      /* number while one may have to start again, else -1 */
    int64_t restart_code; /* the -ERESTART it ended with, or 0 */
    void *xsave;          /* 64-byte aligned inside; for rt_sigreturn */
    struct {
        int64_t (*again)(struct task *t);
        int64_t deadline, clock;
        user_ptr left;
    } restart;
    int64_t start_time;
};

extern struct process g_process;

/* task.c */
struct task *task_new(struct process *p);
/* Runs `t` (made by task_new, its thread's block set) for the first time; never returns. */
void task_begin(struct task *t) __attribute__((noreturn));
/* Ends the calling thread. */
void task_exit(struct task *t) __attribute__((noreturn));
/* Ends the process: every thread; status as a parent sees it (code, or 128 + signal). */
void process_exit(struct process *p, int status) __attribute__((noreturn));
/* Makes the other threads go away and waits for it; -EAGAIN when another thread does the same. */
int process_single(struct task *t) MUST_USE;
/* The thread of that number, or NULL.  Needs: p->lock. */
struct task *task_find(struct process *p, uint32_t tid);

/* True when a blocked call must return: a signal to handle, or the end. */
bool task_interrupted(struct task *t);
/* Makes `t` look at its signals soon. */
void task_notify(struct task *t);

/* futex.c */
int64_t futex_wake(user_ptr at, uint32_t count, uint32_t bits);

/* exec.c: replaces the program; returns only when it could not. */
struct exec_args {
    char **argv, **envp; /* kernel memory, freed by the caller when it fails */
};
int process_exec(struct task *t, struct dentry *file, const char *path,
                 const struct exec_args *args) MUST_USE;

#endif
