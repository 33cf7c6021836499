/* SPDX-License-Identifier: Apache-2.0
 * memory.c: mmap and its family. */
#include <linux/mman.h>

#include "libos/sys/sys.h"
#include "libos/vfs/file.h"

long sys_mmap(struct task *t, const struct sys_args *a)
{
    auto_file f = NULL;
    struct mm_map m = {.addr = a->v[0],
                       .size = arg_size(a, 1),
                       .prot = arg_u32(a, 2),
                       .flags = arg_u32(a, 3),
                       .offset = a->v[5]};
    if (m.offset & (PAGE_SIZE - 1))
        return -EINVAL;
    if (m.flags & MAP_ANONYMOUS) {
        m.offset = 0;
    } else {
        int rc = fd_get(t, arg_int(a, 4), FILE_ANY, &f);
        if (rc)
            return rc;
        m.file = f;
    }
    return mm_mmap(&t->process->mm, &m);
}

long sys_munmap(struct task *t, const struct sys_args *a)
{
    return mm_munmap(&t->process->mm, a->v[0], arg_size(a, 1));
}

long sys_mprotect(struct task *t, const struct sys_args *a)
{
    return mm_mprotect(&t->process->mm, a->v[0], arg_size(a, 1), arg_u32(a, 2));
}

long sys_mremap(struct task *t, const struct sys_args *a)
{
    return mm_mremap(&t->process->mm, a->v[0], arg_size(a, 1), arg_size(a, 2), arg_u32(a, 3),
                     a->v[4]);
}

long sys_brk(struct task *t, const struct sys_args *a)
{
    return mm_brk(&t->process->mm, a->v[0]);
}

long sys_madvise(struct task *t, const struct sys_args *a)
{
    return mm_madvise(&t->process->mm, a->v[0], arg_size(a, 1), arg_int(a, 2));
}

long sys_msync(struct task *t, const struct sys_args *a)
{
    return mm_msync(&t->process->mm, a->v[0], arg_size(a, 1), arg_int(a, 2));
}

long sys_mincore(struct task *t, const struct sys_args *a)
{
    return mm_mincore(&t->process->mm, a->v[0], arg_size(a, 1), arg_ptr(a, 2));
}

/* Enclave memory is never swapped in clear; there is nothing to lock. */
long sys_mlock(struct task *t, const struct sys_args *a)
{
    (void)t;
    (void)a;
    return 0;
}

long sys_munlock(struct task *t, const struct sys_args *a)
{
    return sys_mlock(t, a);
}

long sys_mlockall(struct task *t, const struct sys_args *a)
{
    return sys_mlock(t, a);
}

long sys_munlockall(struct task *t, const struct sys_args *a)
{
    return sys_mlock(t, a);
}
