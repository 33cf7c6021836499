/* SPDX-License-Identifier: Apache-2.0
 * task.c: threads of the application, their beginning and end. */
#include "libos/task/task.h"

#include <asm/errno.h>
#include <asm/signal.h>

#include "libos/lib/abi.h"
#include "libos/lib/alloc.h"
#include "libos/lib/fmt.h"
#include "libos/mm/user.h"
#include "libos/task/entry.h"
#include "libos/task/wait.h"

struct process g_process;
static struct waitq g_gone = {.waiters = {&g_gone.waiters, &g_gone.waiters}};

struct task *task_new(struct process *p)
{
    struct task *t = kalloc(sizeof *t);
    if (!t)
        return NULL;
    t->process = p;
    t->syscall = -1;
    t->altstack.flags = SS_DISABLE;
    t->start_time = platform_clock(PLATFORM_MONOTONIC);
    pending_init(&t->pending);
    list_init(&t->node);
    spin_lock(&p->lock);
    t->tid = p->task_count ? ++p->next_tid : p->pid;
    list_add(&p->tasks, &t->node);
    p->task_count++;
    spin_unlock(&p->lock);
    return t;
}

void task_begin(struct task *t)
{
    struct platform_thread *th = t->thread;
    th->syscall_entry = (uintptr_t)libos_entry;
    th->task = t;
    write_fs_base(t->fs_base);
    libos_leave();
}

struct task *task_find(struct process *p, uint32_t tid)
{
    list_each(node, &p->tasks)
    {
        struct task *t = container_of(node, struct task, node);
        if (t->tid == tid)
            return t;
    }
    return NULL;
}

void task_notify(struct task *t)
{
    if (!t->thread)
        return;
    __atomic_store_n(&t->thread->event, 1, __ATOMIC_SEQ_CST);
    if (t->thread != thread_self())
        platform_kick(t->thread);
}

bool task_interrupted(struct task *t)
{
    if (!__atomic_load_n(&t->thread->event, __ATOMIC_SEQ_CST))
        return false;
    struct process *p = t->process;
    if (p->ending || (p->exec_by && p->exec_by != t))
        return true;
    signal_take_outside(p);
    return signal_is_pending(t);
}

/* What other threads wait for: the thread number in memory becomes 0.  [set_tid_address(2)] */
static void clear_tid(struct task *t)
{
    if (user_is_null(t->clear_tid))
        return;
    if (user_store32(t->clear_tid, 0) == 0)
        futex_wake(t->clear_tid, 1, UINT32_MAX);
    t->clear_tid = user_at(0);
}

void task_exit(struct task *t)
{
    struct process *p = t->process;
    clear_tid(t);
    spin_lock(&p->lock);
    list_del(&t->node);
    uint32_t left = --p->task_count;
    spin_unlock(&p->lock);
    if (left == 0)
        platform_exit(p->exit_status);
    waitq_wake(&g_gone, 0);
    spin_lock(&p->signals.lock);
    pending_clear(&t->pending);
    spin_unlock(&p->signals.lock);
    t->thread->task = NULL;
    kfree(t->xsave);
    kfree(t);
    platform_thread_exit();
}

void process_exit(struct process *p, int status)
{
    p->ending = 1;
    p->exit_status = status;
    platform_exit(status);
}

int process_single(struct task *t)
{
    struct process *p = t->process;
    struct task *none = NULL;
    if (!__atomic_compare_exchange_n(&p->exec_by, &none, t, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return -EAGAIN;
    spin_lock(&p->lock);
    list_each(node, &p->tasks)
    {
        struct task *other = container_of(node, struct task, node);
        if (other != t)
            task_notify(other);
    }
    spin_unlock(&p->lock);
    struct waiter w;
    wait_begin(&g_gone, &w);
    while (__atomic_load_n(&p->task_count, __ATOMIC_SEQ_CST) > 1)
        ignore(platform_park(-1));
    wait_end(&g_gone, &w);
    t->tid = p->pid;
    p->exec_by = NULL;
    return 0;
}
