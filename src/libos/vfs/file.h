/* SPDX-License-Identifier: Apache-2.0
 * file.h: open files and the descriptors that lead to them. */
#ifndef CELLA_LIBOS_VFS_FILE_H
#define CELLA_LIBOS_VFS_FILE_H

#include "base/err.h"
#include "base/world.h"
#include "libos/lib/lock.h"
#include "libos/mm/user.h"

struct dentry;
struct file;
struct inode;
struct task;
struct waitq;

/* Collects the queues on which a poll, select or epoll waits. */
struct poll_wait {
    void (*add)(struct poll_wait *w, struct waitq *q);
};

struct file_ops {
    /* Streams get pos == NULL.  Counts or a negative errno.  NULL: -EINVAL. */
    int64_t (*read)(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos);
    int64_t (*write)(struct task *t, struct file *f, struct user_buf *buf, uint64_t *pos);
    /* What is ready now (POLL*), after adding the queues to `w` (may be NULL).  NULL: always ready.
     * What a host descriptor (f->host_fd) says comes on top. */
    uint32_t (*poll)(struct file *f, struct poll_wait *w);
    int64_t (*ioctl)(struct task *t, struct file *f, uint32_t request, user_ptr arg);
    int64_t (*seek)(struct file *f, int64_t off, int whence);
    void (*release)(struct file *f);
    bool seekable;
};

struct file {
    const struct file_ops *ops;
    uint32_t refs;  /* atomic */
    uint32_t flags; /* O_*; those that F_SETFL changes: atomic */
    int host_fd;    /* whose readiness counts, or -1 */
    struct mutex pos_lock;
    uint64_t pos;
    struct dentry *dentry; /* a reference; NULL for what has no name */
    struct inode *inode;   /* a reference, or NULL */
    void *priv;
    int32_t owner;       /* F_SETOWN */
    struct list watches; /* epoll.c */
    struct spinlock watch_lock;
};

struct file *file_new(const struct file_ops *ops, uint32_t flags);
void file_get(struct file *f);
void file_put(struct file *f);
#define auto_file __attribute__((cleanup(cleanup_file))) struct file *
static inline void cleanup_file(struct file **f)
{
    if (*f)
        file_put(*f);
}

bool file_readable(const struct file *f);
bool file_writable(const struct file *f);
uint32_t file_poll(struct file *f, struct poll_wait *w);
/* At the file's own position; streams ignore it. */
int64_t file_read(struct task *t, struct file *f, struct user_buf *buf);
int64_t file_write(struct task *t, struct file *f, struct user_buf *buf);
int64_t file_pread(struct task *t, struct file *f, struct user_buf *buf, uint64_t pos);
int64_t file_pwrite(struct task *t, struct file *f, struct user_buf *buf, uint64_t pos);
int64_t file_seek(struct file *f, int64_t off, int whence);
/* Kernel memory. */
int64_t file_read_kernel(struct file *f, void *out, size_t size, uint64_t pos);

/* For mm: the file's part of a mapping. */
bool file_can_map(const struct file *f);
int file_read_in(struct file *f, uintptr_t addr, uint64_t offset, size_t size);
int file_share(struct file *f, uintptr_t addr, uint64_t offset, size_t size);
void file_unshare(struct file *f, uintptr_t addr, uint64_t offset, size_t size);
void file_identity(const struct file *f, uint64_t *dev, uint64_t *ino);
int64_t file_path(const struct file *f, char *out, size_t room);

/* Opens what a dentry stands for; checks no permission. */
int file_open(struct dentry *d, uint32_t flags, struct file **out) MUST_USE;
/* open(2): permissions, creation and all. */
int vfs_open(struct task *t, int at, const char *path, uint32_t flags, uint32_t mode,
             struct file **out) MUST_USE;

/* ---- descriptors ---- */

struct fdtable;
struct fdtable *fds_new(void);
/* A reference. -EBADF; with want: FILE_READ or FILE_WRITE also when it is not open for that. */
enum { FILE_ANY = 0, FILE_READ = 1, FILE_WRITE = 2, FILE_PATH_TOO = 4 };
int fd_get(struct task *t, int fd, unsigned want, struct file **out) MUST_USE;
/* The lowest free number at or above `from`; takes over the reference even when it fails. */
int fd_install(struct task *t, struct file *f, int from, bool cloexec) MUST_USE;
/* Puts it at that number, closing what is there; takes over the reference. */
int fd_replace(struct task *t, struct file *f, int fd, bool cloexec) MUST_USE;
int fd_close(struct task *t, int fd) MUST_USE;
int fd_cloexec(struct task *t, int fd, int set); /* set < 0: only asks; 1, 0 or -EBADF */
void fds_exec(struct task *t);                   /* closes those with cloexec */
/* The lowest open descriptor at or above `from`, or -1. */
int fd_next(struct task *t, int from);

#endif
