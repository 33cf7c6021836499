/* SPDX-License-Identifier: Apache-2.0
 * dispatch.c: the table of system calls at work. */
#include "libos/sys/dispatch.h"

#include "libos/lib/fmt.h"
#include "libos/sys/sys.h"

enum { TABLE_SIZE = 512 };

struct entry {
    sys_call call;
    const char *name;
    int16_t error; /* what an unsupported call returns */
};

static const struct entry TABLE[TABLE_SIZE] = {
#define SYS(nr, call_name, support, args, note) [nr] = {sys_##call_name, #call_name, 0},
#define NOSYS(nr, call_name, errno_name, note) [nr] = {NULL, #call_name, errno_name},
#include "libos/sys/table.def"
#undef SYS
#undef NOSYS
};

static uint8_t g_said[TABLE_SIZE];

static long unsupported(uint64_t nr)
{
    if (nr >= TABLE_SIZE)
        return -ENOSYS;
    const struct entry *e = &TABLE[nr];
    if (!g_said[nr]) {
        g_said[nr] = 1;
        klog(LOG_INFO, "system call %lu (%s) is not supported", nr, e->name ? e->name : "unknown");
    }
    return e->error ? -e->error : -ENOSYS;
}

static void trace(struct task *t, uint64_t nr, const struct sys_args *a, long result)
{
    klog(LOG_DEBUG, "%u %s(%lx, %lx, %lx, %lx, %lx, %lx) = %ld", t->tid,
         nr < TABLE_SIZE && TABLE[nr].name ? TABLE[nr].name : "?", a->v[0], a->v[1], a->v[2],
         a->v[3], a->v[4], a->v[5], result);
}

static long dispatch(struct task *t, uint64_t nr, const struct platform_regs *r)
{
    struct sys_args a = {{r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9}};
    long result = nr < TABLE_SIZE && TABLE[nr].call ? TABLE[nr].call(t, &a) : unsupported(nr);
    if (__builtin_expect(g_log_level >= LOG_DEBUG, 0))
        trace(t, nr, &a, result);
    return result;
}

static void finish(struct task *t, struct platform_regs *regs, long result)
{
    if (__builtin_expect(
            result == -ERESTARTSYS || result == -ERESTARTNOHAND || result == -ERESTART_BLOCK, 0)) {
        t->restart_code = result;
        t->thread->event = 1;
        result = -EINTR;
    }
    regs->rax = (uint64_t)result;
}

void libos_syscall(struct platform_regs *regs)
{
    struct task *t = current();
    uint64_t nr = regs->rax;
    t->syscall = (int64_t)nr;
    t->restart_code = 0;
    t->trap.vector = TRAP_SYSCALL;
    long result = dispatch(t, nr, regs);
    if (nr != 15) /* rt_sigreturn has set all registers */
        finish(t, regs, result);
}

void libos_syscall_again(struct task *t)
{
    long code = t->restart_code;
    t->restart_code = 0;
    if (t->syscall < 0)
        return;
    long result = code == -ERESTART_BLOCK && t->restart.again
                      ? t->restart.again(t)
                      : dispatch(t, (uint64_t)t->syscall, t->regs);
    finish(t, t->regs, result);
}
