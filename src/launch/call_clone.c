/* SPDX-License-Identifier: Apache-2.0
 * call_clone.c: the program makes threads and processes.  Whatever shares its memory gets a block
 * of its own and enters the program there; a child of fork goes on with a copy of its parent's. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "emu/thread.h"
#include "launch/block.h"
#include "launch/call.h"
#include "launch/catch.h"
#include "launch/context.h"
#include "launch/gate.h"
#include "launch/launch.h"
#include "launch/process.h"
#include "launch/signal.h"
#include "launch/sys_raw.h"

enum { FRAME_ROOM = 64 << 10 };

struct clone_args {
    uint64_t flags, stack, tls;
    long ptid, ctid;
};

/* A block that will enter the program like `c`, which is in a clone call, with result 0. */
static struct launch_thread *prepare(const struct call *c, const struct clone_args *a)
{
    gate_enter();
    struct launch_thread *child = block_new();
    gate_leave();
    if (!child)
        return NULL;
    struct kernel_context *start = frame_copy(c->context, block_end(child), FRAME_ROOM);
    if (!start) {
        block_put(child);
        return NULL;
    }
    start->rax = 0;
    if (a->stack)
        start->rsp = a->stack;
    start->stack = block_stack(child);
    start->sigmask = signal_real_mask(c->thread->blocked);
    child->start_context = (uint64_t)as_long(start);
    child->start_fs = a->flags & CLONE_SETTLS ? a->tls : c->trap->fs;
    child->start_gs = c->trap->gs;
    child->blocked = c->thread->blocked;
    child->process = c->thread->process;
    if (!(a->flags & CLONE_SIGHAND)) {
        process_lock(child->process);
        child->copy = *child->process;
        process_unlock(child->process);
        child->copy.lock = 0;
        child->copy.is_vfork_child = true;
        child->process = &child->copy;
    }
    child->stack = (stack_t){.ss_flags = SS_DISABLE};
    if (a->flags & CLONE_VFORK)
        child->stack = c->thread->stack;
    return child;
}

static long share_memory(struct call *c, const struct clone_args *a)
{
    uint64_t old = signal_block_all();
    long rc = -EAGAIN;
    struct launch_thread *child = prepare(c, a);
    if (child) {
        uint64_t sp = (child->start_context - 128) & ~15ull;
        rc = launch_clone(a->flags & ~(uint64_t)CLONE_SETTLS, program_at(sp), a->ptid, a->ctid,
                          child);
        if (rc < 0 || (a->flags & CLONE_VFORK))
            block_put(child); /* it is not there, or has its own memory by now */
    }
    signal_restore(old);
    return rc;
}

void launch_thread_begin(struct launch_thread *t)
{
    set_fs_base(t->host_fs);
    block_adopt(t);
    ignore(emu_thread_start(block_emu(t))); /* memory that exists cannot be refused */
    catch_arm_again(g_program.guard);
    if (!emu_block_at(t->start_gs)) /* else the parent's block, as GS of who never set one */
        set_gs_base(t->start_gs);
    set_fs_base(t->start_fs);
    launch_resume(program_at(t->start_context));
}

static long copy_memory(struct call *c, const struct clone_args *a)
{
    struct launch_thread *t = c->thread;
    uint64_t old = signal_block_all();
    gate_close();
    process_lock(t->process);
    long rc = launch_clone(a->flags & ~(uint64_t)CLONE_SETTLS, NULL, a->ptid, a->ctid, NULL);
    if (rc == 0) {
        catch_arm_again(g_program.guard);
        block_adopt(t);
        block_only(t);
        t->process->is_vfork_child = false;
        atomic_store(&t->ready, 0);
        t->held = t->faults = 0;
        emu_thread_forked(block_emu(t));
        if (a->stack)
            c->context->rsp = a->stack;
        if (a->flags & CLONE_SETTLS)
            c->trap->fs = a->tls;
    }
    process_unlock(t->process);
    gate_open();
    signal_restore(old);
    return rc;
}

static long make(struct call *c, const struct clone_args *a)
{
    return a->flags & CLONE_VM ? share_memory(c, a) : copy_memory(c, a);
}

long call_clone(struct call *c)
{
    return make(c, &(struct clone_args){
                       .flags = (uint64_t)c->args[0],
                       .stack = (uint64_t)c->args[1],
                       .ptid = c->args[2],
                       .ctid = c->args[3],
                       .tls = (uint64_t)c->args[4],
                   });
}

long call_fork(struct call *c)
{
    return make(c, &(struct clone_args){.flags = SIGCHLD});
}

long call_vfork(struct call *c)
{
    return make(c, &(struct clone_args){.flags = SIGCHLD | CLONE_VM | CLONE_VFORK});
}

long call_clone3(struct call *c)
{
    (void)c;
    return -ENOSYS;
}

long call_exit(struct call *c)
{
    signal_block_all();
    if (atomic_load(&c->thread->ready)) /* it may be another thread's as well: not to be lost */
        return CALL_AGAIN;
    if (c->thread->process->is_vfork_child) /* the parent gives the block back */
        sys_call2(SYS_exit, c->args[0], 0);
    launch_thread_end(c->thread, c->args[0]);
}
