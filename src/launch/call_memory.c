/* SPDX-License-Identifier: Apache-2.0
 * call_memory.c: the program's heap, its segment bases, and what a thread asks about itself. */
#include <errno.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>

#include "emu/thread.h"
#include "launch/call.h"
#include "launch/catch.h"
#include "launch/context.h"
#include "launch/gate.h"
#include "launch/heap.h"
#include "launch/launch.h"
#include "launch/signal.h"
#include "launch/sys_raw.h"

enum { PAGE = 4096 };
/* arch_prctl.  [Linux uapi asm/prctl.h, which the house rules take for assembly] */
enum { SET_GS = 0x1001, SET_FS, GET_FS, GET_GS, GET_CPUID = 0x1011, SET_CPUID };
#define USER_END 0x7ffffffff000ull

static struct {
    uint64_t start;
    uint64_t end;
    struct launch_process lock; /* only its lock */
} g_heap;

static uint64_t page_up(uint64_t addr)
{
    return (addr + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

void heap_start(uint64_t start)
{
    g_heap.start = g_heap.end = page_up(start);
}

/* Brings the mapped part to the new end; false leaves all as it was. */
static bool heap_move(uint64_t end)
{
    uint64_t mapped = page_up(g_heap.end);
    uint64_t wanted = page_up(end);
    long rc = 0;
    if (wanted > mapped) {
        rc = sys_call6(SYS_mmap, (long)mapped, (long)(wanted - mapped), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        return rc == (long)mapped;
    }
    if (wanted < mapped)
        rc = sys_call2(SYS_munmap, (long)wanted, (long)(mapped - wanted));
    return rc == 0;
}

long call_brk(struct call *c)
{
    uint64_t end = (uint64_t)c->args[0];
    gate_enter();
    process_lock(&g_heap.lock);
    if (end >= g_heap.start && end < USER_END && heap_move(end))
        g_heap.end = end;
    long now = (long)g_heap.end;
    process_unlock(&g_heap.lock);
    gate_leave();
    return now;
}

long call_arch_prctl(struct call *c)
{
    uint64_t arg = (uint64_t)c->args[1];
    switch (c->args[0]) {
    case SET_FS:
        if (arg >= USER_END)
            return -EPERM;
        c->trap->fs = arg;
        return 0;
    case GET_FS:
        return program_write(arg, &c->trap->fs, sizeof c->trap->fs);
    case SET_GS:
        if (arg >= USER_END)
            return -EPERM;
        c->trap->gs = arg;
        return 0;
    case GET_GS:
        return program_write(arg, &c->trap->gs, sizeof c->trap->gs);
    case GET_CPUID:
        return g_program.catches_cpuid ? 1 : call_forward(c);
    case SET_CPUID:
        if (!g_program.catches_cpuid)
            return call_forward(c);
        return c->args[1] ? 0 : -ENODEV;
    default:
        return call_forward(c);
    }
}

long call_prctl(struct call *c)
{
    enum { SET_DISPATCH = 59 }; /* PR_SET_SYSCALL_USER_DISPATCH */
    return c->args[0] == SET_DISPATCH ? -EINVAL : call_forward(c);
}

/* Under a tracer every trapped call would stop, which no debugger expects; after vfork nobody could
 * even let it go on.  So who asks to be traced is left alone from here on, and so is what it
 * executes. */
long call_ptrace(struct call *c)
{
    if (c->args[0] == PTRACE_TRACEME)
        ignore(catch_disarm(g_program.guard));
    return call_forward(c);
}

long call_rseq(struct call *c)
{
    (void)c;
    return -ENOSYS;
}
