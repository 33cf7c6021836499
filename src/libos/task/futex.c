/* SPDX-License-Identifier: Apache-2.0
 * futex.c: futex(2): queues by address.  One process: private and shared are the same. */
#include <asm/errno.h>
#include <linux/futex.h>

#include "libos/sys/sys.h"
#include "libos/task/wait.h"

enum { BUCKETS = 256 };

struct sleeper {
    struct list node;
    uintptr_t key;
    uint32_t bits;
    uint32_t woken;
    struct platform_thread *thread;
    struct bucket *bucket;
};

static struct bucket {
    struct spinlock lock;
    struct list sleepers; /* {NULL} until first used; guarded by lock */
} g_buckets[BUCKETS];

static size_t bucket_index(uintptr_t key)
{
    return (key >> 2) * 0x9e3779b97f4a7c15u >> 56;
}

static struct bucket *bucket_lock(uintptr_t key)
{
    struct bucket *b = &g_buckets[bucket_index(key)];
    spin_lock(&b->lock);
    if (!b->sleepers.next)
        list_init(&b->sleepers);
    return b;
}

/* Needs: the bucket's lock. */
static void wake_one(struct sleeper *s)
{
    struct platform_thread *thread = s->thread;
    list_del(&s->node);
    __atomic_store_n(&s->woken, 1, __ATOMIC_RELEASE); /* s may be gone from here on */
    platform_unpark(thread);
}

int64_t futex_wake(user_ptr at, uint32_t count, uint32_t bits)
{
    int64_t woken = 0;
    struct bucket *b = bucket_lock(at.addr);
    list_each(node, &b->sleepers)
    {
        struct sleeper *s = container_of(node, struct sleeper, node);
        if (s->key != at.addr || !(s->bits & bits))
            continue;
        if (woken >= count)
            break;
        wake_one(s);
        woken++;
    }
    spin_unlock(&b->lock);
    return woken;
}

/* Takes a sleeper out that nobody woke; false when somebody did meanwhile. */
static bool take_out(struct sleeper *s)
{
    for (;;) {
        struct bucket *b = __atomic_load_n(&s->bucket, __ATOMIC_ACQUIRE);
        spin_lock(&b->lock);
        if (b != s->bucket) { /* it was requeued */
            spin_unlock(&b->lock);
            continue;
        }
        bool mine = !s->woken;
        if (mine)
            list_del(&s->node);
        spin_unlock(&b->lock);
        return mine;
    }
}

static int64_t futex_wait(struct task *t, user_ptr at, uint32_t value, uint32_t bits,
                          int64_t deadline)
{
    struct sleeper s = {.key = at.addr, .bits = bits, .thread = t->thread};
    uint32_t now = 0;
    struct bucket *b = bucket_lock(at.addr);
    int rc = user_load32(at, &now);
    if (!rc && now != value)
        rc = -EAGAIN;
    if (!rc) {
        s.bucket = b;
        list_add(&b->sleepers, &s.node);
    }
    spin_unlock(&b->lock);
    if (rc)
        return rc;
    while (!__atomic_load_n(&s.woken, __ATOMIC_ACQUIRE)) {
        rc = wait_sleep(t, deadline);
        if (rc)
            return take_out(&s) ? rc : 0;
    }
    return 0;
}

struct futex_args {
    user_ptr at, at2;
    uint32_t value, value2, value3;
};

/* One thread at a time holds two buckets. */
static struct spinlock g_requeue;

/* Needs: g_requeue, and the lock of `from`. */
static void move_sleepers(struct bucket *from, struct list *moving, user_ptr at)
{
    struct bucket *to = from;
    if (&g_buckets[bucket_index(at.addr)] != from)
        to = bucket_lock(at.addr);
    list_each(node, moving)
    {
        struct sleeper *s = container_of(node, struct sleeper, node);
        list_del(node);
        s->key = at.addr;
        __atomic_store_n(&s->bucket, to, __ATOMIC_RELEASE);
        list_add(&to->sleepers, node);
    }
    if (to != from)
        spin_unlock(&to->lock);
}

static int64_t futex_requeue(const struct futex_args *f, bool compare)
{
    uint32_t now = 0;
    int64_t done = 0;
    LIST_HEAD(moving);
    spin_lock(&g_requeue);
    struct bucket *from = bucket_lock(f->at.addr);
    int rc = compare ? user_load32(f->at, &now) : 0;
    if (!rc && compare && now != f->value3)
        rc = -EAGAIN;
    list_each(node, &from->sleepers)
    {
        struct sleeper *s = container_of(node, struct sleeper, node);
        if (rc || s->key != f->at.addr || done >= (int64_t)f->value + f->value2)
            continue;
        if (done++ < f->value) {
            wake_one(s);
            continue;
        }
        list_del(&s->node);
        list_add(&moving, &s->node);
    }
    move_sleepers(from, &moving, f->at2);
    spin_unlock(&from->lock);
    spin_unlock(&g_requeue);
    return rc ? rc : done;
}

/* FUTEX_WAKE_OP: an operation on the second word, and a condition on its old value.  [futex(2)] */
static int64_t futex_wake_op(const struct futex_args *f)
{
    uint32_t code = f->value3;
    uint32_t op = code >> 28 & 7;
    uint32_t arg = code >> 12 & 0xfff;
    uint32_t compare = code & 0xfff;
    if (code >> 31)
        arg = 1u << (arg & 31);
    uint32_t old = 0;
    int rc = user_load32(f->at2, &old);
    for (uint32_t seen = old; !rc; old = seen) {
        uint32_t new = op == 0   ? arg
                       : op == 1 ? old + arg
                       : op == 2 ? old | arg
                       : op == 3 ? old & ~arg
                                 : old ^ arg;
        seen = old;
        rc = user_cas32(f->at2, &seen, new);
        if (seen == old)
            break;
    }
    if (rc)
        return rc;
    int32_t a = (int32_t)old;
    int32_t b = (int32_t)compare;
    uint32_t kind = code >> 24 & 15;
    bool yes = kind == 0   ? a == b
               : kind == 1 ? a != b
               : kind == 2 ? a < b
               : kind == 3 ? a <= b
               : kind == 4 ? a > b
                           : a >= b;
    int64_t n = futex_wake(f->at, f->value, UINT32_MAX);
    return n + (yes ? futex_wake(f->at2, f->value2, UINT32_MAX) : 0);
}

/* The deadline in the kernel's clock; NO_DEADLINE without one. */
static int futex_deadline(user_ptr at, bool absolute, bool realtime, int64_t *deadline)
{
    int64_t ns = 0;
    *deadline = NO_DEADLINE;
    if (user_is_null(at))
        return 0;
    int rc = user_timespec(at, &ns);
    if (rc)
        return rc;
    if (absolute && realtime) {
        int64_t now = platform_clock(PLATFORM_REALTIME);
        *deadline = deadline_after(ns > now ? ns - now : 0);
    } else {
        *deadline = absolute ? ns : deadline_after(ns);
    }
    return 0;
}

long sys_futex(struct task *t, const struct sys_args *a)
{
    uint32_t op = arg_u32(a, 1) & (uint32_t)FUTEX_CMD_MASK;
    bool realtime = arg_u32(a, 1) & FUTEX_CLOCK_REALTIME;
    struct futex_args f = {arg_ptr(a, 0), arg_ptr(a, 4), arg_u32(a, 2), arg_u32(a, 3),
                           arg_u32(a, 5)};
    int64_t deadline = 0;
    if (f.at.addr & 3)
        return -EINVAL;
    if (!user_range_ok(f.at, 4))
        return -EFAULT;
    switch (op) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
        bool bitset = op == FUTEX_WAIT_BITSET;
        if (bitset && f.value3 == 0)
            return -EINVAL;
        int rc = futex_deadline(arg_ptr(a, 3), bitset, realtime, &deadline);
        return rc ? rc : futex_wait(t, f.at, f.value, bitset ? f.value3 : UINT32_MAX, deadline);
    }
    case FUTEX_WAKE:
        return futex_wake(f.at, f.value, UINT32_MAX);
    case FUTEX_WAKE_BITSET:
        return f.value3 ? futex_wake(f.at, f.value, f.value3) : -EINVAL;
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return (int32_t)f.value < 0 || (int32_t)f.value2 < 0
                   ? -EINVAL
                   : futex_requeue(&f, op == FUTEX_CMP_REQUEUE);
    case FUTEX_WAKE_OP:
        return futex_wake_op(&f);
    default:
        return -ENOSYS;
    }
}
