/* SPDX-License-Identifier: Apache-2.0
 * serve_files.c: files of the host for the Enclave OS: unprotected mounts, and the root image. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/serve_priv.h"

enum { NAME_ROOM = 256, NS_PER_S = 1000000000 };

static int64_t result(int64_t rc)
{
    return rc < 0 ? -errno : rc;
}

static int64_t serve_mount(const struct host_thread *t, const struct gate_mount *a)
{
    if (a->index >= HOST_MOUNTS_MAX || t->run->mounts[a->index] < 0)
        return -ENOENT;
    return result(fcntl(t->run->mounts[a->index], F_DUPFD_CLOEXEC, 100));
}

static int64_t serve_open_at(const struct host_thread *t, const struct gate_open_at *a)
{
    const char *name = serve_text(t, a->name);
    if (!name)
        return -EFAULT;
    return result(openat(a->folder, name, a->flags | O_NOFOLLOW | O_CLOEXEC, a->mode));
}

static int64_t ns_of(struct timespec t)
{
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t serve_stat_at(const struct host_thread *t, struct gate_stat_at *a)
{
    struct stat st;
    const char *name = serve_text(t, a->name);
    if (!name)
        return -EFAULT;
    if (fstatat(a->folder, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -errno;
    a->ino = st.st_ino;
    a->size = (uint64_t)st.st_size;
    a->blocks = (uint64_t)st.st_blocks;
    a->rdev = st.st_rdev;
    a->atime_ns = ns_of(st.st_atim);
    a->mtime_ns = ns_of(st.st_mtim);
    a->ctime_ns = ns_of(st.st_ctim);
    a->mode = st.st_mode;
    a->nlink = (uint32_t)st.st_nlink;
    a->uid = st.st_uid;
    a->gid = st.st_gid;
    return 0;
}

static int64_t serve_readlink_at(const struct host_thread *t, const struct gate_readlink_at *a)
{
    const char *name = serve_text(t, a->name);
    char *buf = serve_arena(t, a->buf, a->size);
    if (!name || !buf)
        return -EFAULT;
    return result(readlinkat(a->folder, name, buf, a->size));
}

static int64_t serve_readdir(const struct host_thread *t, struct gate_readdir *a)
{
    struct {
        uint64_t ino;
        int64_t next;
        uint16_t size;
        uint8_t type;
        char name[NAME_ROOM + 5];
    } entry;
    char *name = serve_arena(t, a->name, NAME_ROOM);
    if (!name)
        return -EFAULT;
    for (;;) {
        if (lseek(a->fd, (off_t)a->cookie, SEEK_SET) < 0)
            return -errno;
        long n = syscall(SYS_getdents64, a->fd, &entry, sizeof entry);
        if (n <= 0)
            return result(n);
        a->cookie = (uint64_t)entry.next;
        if (strcmp(entry.name, ".") == 0 || strcmp(entry.name, "..") == 0)
            continue;
        a->ino = entry.ino;
        a->type = entry.type;
        size_t size = strnlen(entry.name, NAME_ROOM - 1);
        memcpy(name, entry.name, size);
        name[size] = 0;
        return 1;
    }
}

static int64_t serve_pread(const struct host_thread *t, const struct gate_pread *a)
{
    void *buf = serve_arena(t, a->buf, a->size);
    return buf ? result(pread(a->fd, buf, a->size, (off_t)a->off)) : -EFAULT;
}

static int64_t serve_pwrite(const struct host_thread *t, const struct gate_pwrite *a)
{
    const void *buf = serve_arena(t, a->buf, a->size);
    return buf ? result(pwrite(a->fd, buf, a->size, (off_t)a->off)) : -EFAULT;
}

static int64_t serve_names(const struct host_thread *t, unsigned call, const void *args)
{
    const struct gate_mkdir_at *make = args;
    const struct gate_unlink_at *drop = args;
    const struct gate_rename_at *move = args;
    const char *name;
    const char *other;
    switch (call) {
    case GATE_MKDIR_AT:
        name = serve_text(t, make->name);
        return name ? result(mkdirat(make->folder, name, make->mode)) : -EFAULT;
    case GATE_UNLINK_AT:
        name = serve_text(t, drop->name);
        return name ? result(unlinkat(drop->folder, name, drop->is_folder ? AT_REMOVEDIR : 0))
                    : -EFAULT;
    default:
        name = serve_text(t, move->old_name);
        other = serve_text(t, move->new_name);
        return name && other ? result(renameat(move->from, name, move->to, other)) : -EFAULT;
    }
}

int64_t serve_files(struct host_thread *t, unsigned call, void *args)
{
    const struct gate_truncate *cut = args;
    switch (call) {
    case GATE_MOUNT:
        return serve_mount(t, args);
    case GATE_OPEN_AT:
        return serve_open_at(t, args);
    case GATE_STAT_AT:
        return serve_stat_at(t, args);
    case GATE_READLINK_AT:
        return serve_readlink_at(t, args);
    case GATE_READDIR:
        return serve_readdir(t, args);
    case GATE_PREAD:
        return serve_pread(t, args);
    case GATE_PWRITE:
        return serve_pwrite(t, args);
    case GATE_TRUNCATE:
        return result(ftruncate(cut->fd, (off_t)cut->size));
    case GATE_SYNC:
        return result(fsync(((const struct gate_sync *)args)->fd));
    case GATE_MKDIR_AT:
    case GATE_UNLINK_AT:
    case GATE_RENAME_AT:
        return serve_names(t, call, args);
    default:
        return -ENOSYS;
    }
}
