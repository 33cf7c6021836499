/* SPDX-License-Identifier: Apache-2.0
 * time.c: clocks, sleeping, usage. */
#include <linux/resource.h>
#include <linux/time.h>
#include <linux/times.h>

#include "libos/sys/sys.h"
#include "libos/task/wait.h"

enum { CLOCK_COUNT = 12, TICK_NS = 10000000 };

/* The platform's clock for one of Linux's; negative when there is none. */
static int clock_of(int id)
{
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
        return PLATFORM_REALTIME;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        return PLATFORM_MONOTONIC;
    case CLOCK_PROCESS_CPUTIME_ID:
        return PLATFORM_CPU_PROCESS;
    case CLOCK_THREAD_CPUTIME_ID:
        return PLATFORM_CPU_THREAD;
    default: /* ids of a process or thread: ~pid << 3 | kind */
        return id >= 0 ? -EINVAL : id & 4 ? PLATFORM_CPU_THREAD : PLATFORM_CPU_PROCESS;
    }
}

long sys_clock_gettime(struct task *t, const struct sys_args *a)
{
    (void)t;
    int clock = clock_of(arg_int(a, 0));
    return clock < 0 ? clock : user_put_timespec(arg_ptr(a, 1), platform_clock(clock));
}

long sys_clock_getres(struct task *t, const struct sys_args *a)
{
    (void)t;
    int id = arg_int(a, 0);
    bool coarse = id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE;
    if (clock_of(id) < 0)
        return -EINVAL;
    return a->v[1] ? user_put_timespec(arg_ptr(a, 1), coarse ? 4000000 : 1) : 0;
}

long sys_gettimeofday(struct task *t, const struct sys_args *a)
{
    (void)t;
    int rc = a->v[0] ? user_put_timeval(arg_ptr(a, 0), platform_clock(PLATFORM_REALTIME)) : 0;
    return !rc && a->v[1] ? user_store64(arg_ptr(a, 1), 0) : rc;
}

long sys_time(struct task *t, const struct sys_args *a)
{
    (void)t;
    int64_t now = platform_clock(PLATFORM_REALTIME) / NS_PER_S;
    return a->v[0] && user_store64(arg_ptr(a, 0), (uint64_t)now) ? -EFAULT : now;
}

long sys_clock_settime(struct task *t, const struct sys_args *a)
{
    (void)t;
    return clock_of(arg_int(a, 0)) < 0 ? -EINVAL : -EPERM;
}

static int64_t sleep_again(struct task *t)
{
    struct waiter w = {.thread = t->thread};
    (void)w;
    int rc;
    do {
        int64_t now = platform_clock((int)t->restart.clock);
        int64_t left = t->restart.deadline - now;
        if (left <= 0)
            return 0;
        rc = wait_sleep(t, deadline_after(left));
    } while (rc == 0 || rc == -ETIMEDOUT);
    if (user_is_null(t->restart.left))
        return rc == -ERESTARTSYS ? -ERESTART_BLOCK : rc;
    int64_t left = t->restart.deadline - platform_clock((int)t->restart.clock);
    if (left <= 0)
        return 0;
    return user_put_timespec(t->restart.left, left) ? -EFAULT : -ERESTART_BLOCK;
}

static long sleep_until(struct task *t, int clock, int64_t deadline, user_ptr left)
{
    t->restart.again = sleep_again;
    t->restart.clock = clock;
    t->restart.deadline = deadline;
    t->restart.left = left;
    return sleep_again(t);
}

long sys_nanosleep(struct task *t, const struct sys_args *a)
{
    int64_t ns = 0;
    int rc = user_timespec(arg_ptr(a, 0), &ns);
    return rc ? rc : sleep_until(t, PLATFORM_MONOTONIC, deadline_after(ns), arg_ptr(a, 1));
}

long sys_clock_nanosleep(struct task *t, const struct sys_args *a)
{
    int64_t ns = 0;
    int clock = clock_of(arg_int(a, 0));
    if (clock < 0 || clock == PLATFORM_CPU_THREAD)
        return -EINVAL;
    int rc = user_timespec(arg_ptr(a, 2), &ns);
    if (rc)
        return rc;
    if (arg_int(a, 1) & TIMER_ABSTIME)
        return sleep_until(t, clock, ns, user_at(0));
    return sleep_until(t, PLATFORM_MONOTONIC, deadline_after(ns), arg_ptr(a, 3));
}

long sys_pause(struct task *t, const struct sys_args *a)
{
    (void)a;
    int rc = 0;
    while (!rc)
        rc = wait_sleep(t, NO_DEADLINE);
    return rc == -ERESTARTSYS ? -ERESTARTNOHAND : rc;
}

long sys_restart_syscall(struct task *t, const struct sys_args *a)
{
    (void)t;
    (void)a;
    return -EINTR;
}

long sys_times(struct task *t, const struct sys_args *a)
{
    int64_t ticks[4] = {platform_clock(PLATFORM_CPU_PROCESS) / TICK_NS, 0, 0, 0};
    (void)t;
    if (a->v[0] && user_write(arg_ptr(a, 0), ticks, sizeof ticks))
        return -EFAULT;
    return platform_clock(PLATFORM_MONOTONIC) / TICK_NS;
}

long sys_getrusage(struct task *t, const struct sys_args *a)
{
    int who = arg_int(a, 0);
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != 1 /* THREAD */)
        return -EINVAL;
    int64_t ns = who == RUSAGE_SELF ? platform_clock(PLATFORM_CPU_PROCESS)
                 : who == 1         ? platform_clock(PLATFORM_CPU_THREAD)
                                    : 0;
    uint64_t mapped = 0;
    uint64_t held = 0;
    mm_sizes(&t->process->mm, &mapped, &held);
    struct {
        int64_t user_s, user_us, system_s, system_us, max_kib, rest[13];
    } usage = {.user_s = ns / NS_PER_S,
               .user_us = ns % NS_PER_S / 1000,
               .max_kib = who == RUSAGE_CHILDREN ? 0 : (int64_t)(held >> 10)};
    return user_write(arg_ptr(a, 1), &usage, sizeof usage);
}
