/* SPDX-License-Identifier: Apache-2.0
 * fd.c: descriptors. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/resource.h>

#include "libos/lib/alloc.h"
#include "libos/task/task.h"
#include "libos/vfs/file.h"
#include "libos/vfs/flock.h"

enum { FIRST_ROOM = 64, ROOM_MAX = 1 << 20 };

struct fdtable {
    struct spinlock lock;
    struct fd_slot {
        struct file *file;
        bool cloexec;
    } * slots;
    uint32_t room;  /* guarded by lock, as slots */
    uint32_t first; /* no free number below */
};

struct fdtable *fds_new(void)
{
    struct fdtable *fds = kalloc(sizeof *fds);
    if (!fds)
        return NULL;
    fds->slots = kalloc(FIRST_ROOM * sizeof *fds->slots);
    fds->room = FIRST_ROOM;
    return fds;
}

int fd_get(struct task *t, int fd, unsigned want, struct file **out)
{
    struct fdtable *fds = t->process->fds;
    struct file *f = NULL;
    spin_lock(&fds->lock);
    if (fd >= 0 && (uint32_t)fd < fds->room)
        f = fds->slots[fd].file;
    if (f)
        file_get(f);
    spin_unlock(&fds->lock);
    if (!f)
        return -EBADF;
    if (((want & FILE_READ) && !file_readable(f)) || ((want & FILE_WRITE) && !file_writable(f)) ||
        ((f->flags & O_PATH) && !(want & FILE_PATH_TOO))) {
        file_put(f);
        return -EBADF;
    }
    *out = f;
    return 0;
}

static uint32_t fd_limit(struct task *t)
{
    uint64_t soft = t->process->limits[RLIMIT_NOFILE].soft;
    return soft < ROOM_MAX ? (uint32_t)soft : ROOM_MAX;
}

/* Makes room for number `fd`.  Needs: fds->lock. */
static int fds_grow(struct fdtable *fds, uint32_t fd)
{
    uint32_t room = fds->room;
    while (room <= fd)
        room *= 2;
    if (room == fds->room)
        return 0;
    struct fd_slot *slots = krealloc(fds->slots, room * sizeof *slots);
    if (!slots)
        return -ENOMEM;
    memset(slots + fds->room, 0, (room - fds->room) * sizeof *slots);
    fds->slots = slots;
    fds->room = room;
    return 0;
}

int fd_install(struct task *t, struct file *f, int from, bool cloexec)
{
    struct fdtable *fds = t->process->fds;
    uint32_t limit = fd_limit(t);
    spin_lock(&fds->lock);
    uint32_t fd = (uint32_t)from > fds->first ? (uint32_t)from : fds->first;
    while (fd < fds->room && fds->slots[fd].file)
        fd++;
    int rc = fd >= limit ? -EMFILE : fds_grow(fds, fd);
    if (!rc) {
        fds->slots[fd] = (struct fd_slot){f, cloexec};
        if ((uint32_t)from <= fds->first)
            fds->first = fd + 1;
    }
    spin_unlock(&fds->lock);
    if (rc)
        file_put(f);
    return rc ? rc : (int)fd;
}

static void close_file(struct task *t, struct file *f)
{
    if (f->inode)
        flock_close(t, f->inode);
    file_put(f);
}

int fd_replace(struct task *t, struct file *f, int fd, bool cloexec)
{
    struct fdtable *fds = t->process->fds;
    struct file *old = NULL;
    int rc = fd < 0 || (uint32_t)fd >= fd_limit(t) ? -EBADF : 0;
    spin_lock(&fds->lock);
    if (!rc)
        rc = fds_grow(fds, (uint32_t)fd);
    if (!rc) {
        old = fds->slots[fd].file;
        fds->slots[fd] = (struct fd_slot){f, cloexec};
    }
    spin_unlock(&fds->lock);
    if (rc)
        file_put(f);
    if (old)
        close_file(t, old);
    return rc ? rc : fd;
}

int fd_close(struct task *t, int fd)
{
    struct fdtable *fds = t->process->fds;
    struct file *f = NULL;
    spin_lock(&fds->lock);
    if (fd >= 0 && (uint32_t)fd < fds->room) {
        f = fds->slots[fd].file;
        fds->slots[fd] = (struct fd_slot){0};
        if (f && (uint32_t)fd < fds->first)
            fds->first = (uint32_t)fd;
    }
    spin_unlock(&fds->lock);
    if (!f)
        return -EBADF;
    close_file(t, f);
    return 0;
}

int fd_cloexec(struct task *t, int fd, int set)
{
    struct fdtable *fds = t->process->fds;
    int rc = -EBADF;
    spin_lock(&fds->lock);
    if (fd >= 0 && (uint32_t)fd < fds->room && fds->slots[fd].file) {
        rc = fds->slots[fd].cloexec;
        if (set >= 0)
            fds->slots[fd].cloexec = set;
    }
    spin_unlock(&fds->lock);
    return rc;
}

void fds_exec(struct task *t)
{
    for (int fd = fd_next(t, 0); fd >= 0; fd = fd_next(t, fd + 1))
        if (fd_cloexec(t, fd, -1) == 1)
            ignore(fd_close(t, fd));
}

int fd_next(struct task *t, int from)
{
    struct fdtable *fds = t->process->fds;
    int found = -1;
    spin_lock(&fds->lock);
    for (uint32_t fd = (uint32_t)from; fd < fds->room && found < 0; fd++)
        if (fds->slots[fd].file)
            found = (int)fd;
    spin_unlock(&fds->lock);
    return found;
}
