/* SPDX-License-Identifier: Apache-2.0
 * sys.h: what the files of system calls share.  Each call is `long sys_NAME(task, args)`, named in
 * table.def. */
#ifndef CELLA_LIBOS_SYS_SYS_H
#define CELLA_LIBOS_SYS_SYS_H

#include <asm/errno.h>

#include "libos/lib/abi.h"
#include "libos/lib/alloc.h"
#include "libos/lib/klib_raw.h"
#include "libos/mm/user.h"
#include "libos/task/task.h"

struct sys_args {
    uint64_t v[6];
};

typedef long (*sys_call)(struct task *t, const struct sys_args *a);

static inline int arg_int(const struct sys_args *a, unsigned n)
{
    return (int)a->v[n];
}

static inline uint32_t arg_u32(const struct sys_args *a, unsigned n)
{
    return (uint32_t)a->v[n];
}

static inline size_t arg_size(const struct sys_args *a, unsigned n)
{
    return (size_t)a->v[n];
}

static inline int64_t arg_off(const struct sys_args *a, unsigned n)
{
    return (int64_t)a->v[n];
}

static inline user_ptr arg_ptr(const struct sys_args *a, unsigned n)
{
    return user_at(a->v[n]);
}

/* A path from application memory; the caller frees it with kfree(). */
int user_path(user_ptr at, char **out) MUST_USE;

enum { NS_PER_S = 1000000000, RW_MAX = 0x7ffff000 };

struct user_time {
    int64_t s, ns; /* struct timespec; or s, us of a timeval */
};

/* A valid timespec in ns; -EINVAL, -EFAULT. */
int user_timespec(user_ptr at, int64_t *ns) MUST_USE;
int user_put_timespec(user_ptr at, int64_t ns) MUST_USE;
int user_put_timeval(user_ptr at, int64_t ns) MUST_USE;
/* Monotonic deadline for a relative time, far ones cut. */
int64_t deadline_after(int64_t ns);

/* Reads an iovec; *iov is `few` or freed with kfree() when it is not. */
enum { IOV_FEW = 8 };
int user_iovec(user_ptr at, size_t count, struct user_iov *few, struct user_iov **iov,
               size_t *size) MUST_USE;

#define SYS(nr, name, support, args, note) \
    long sys_##name(struct task *t, const struct sys_args *a);
#define NOSYS(nr, name, errno_name, note)
#include "libos/sys/table.def"
#undef SYS
#undef NOSYS

#endif
