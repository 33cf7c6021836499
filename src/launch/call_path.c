/* SPDX-License-Identifier: Apache-2.0
 * call_path.c: system calls that name a file: the SGX devices exist, and /proc/self/exe is the
 * program, not the launcher. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "launch/call.h"
#include "launch/device.h"
#include "launch/launch.h"
#include "launch/path.h"
#include "launch/sys_raw.h"
#include "launch/text.h"

enum { DEVICE_MODE = S_IFCHR | 0666, MISC_MAJOR = 10, ENCLAVE_MINOR = 125, BLOCK = 4096 };

/* The canonical name of the directory that `path` lies in, from descriptor `at`. */
static bool parent_of(char *out, size_t room, long at, const char *path)
{
    char parent[PATH_MAX];
    char link[32] = "/proc/self/fd/";
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 1;
    if (size >= sizeof parent)
        return false;
    memcpy(parent, slash ? path : ".", size);
    parent[size] = 0;
    long fd = sys_call4(SYS_openat, at, as_long(parent), O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    text_number(link + strlen(link), (uint64_t)fd);
    long got = sys_call4(SYS_readlink, as_long(link), as_long(out), (long)room - 1, 0);
    sys_call2(SYS_close, fd, 0);
    out[got > 0 ? got : 0] = 0;
    return got > 0;
}

static enum path_kind relative_kind(long at, const char *path, uint32_t pid)
{
    char full[PATH_MAX + NAME_MAX + 2];
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    if (strlen(last) > NAME_MAX || !parent_of(full, PATH_MAX, at, path))
        return PATH_PLAIN;
    size_t size = strlen(full);
    full[size] = '/';
    memcpy(full + size + 1, last, strlen(last) + 1);
    return path_kind(full, pid);
}

/* What argument `arg` names; `at` is the directory's descriptor. */
static enum path_kind named(const struct call *c, long at, int arg)
{
    char path[PATH_MAX];
    if (launch_copy_string(path, program_at((uint64_t)c->args[arg]), sizeof path) < 0)
        return PATH_PLAIN;
    if (!path_may_be_ours(path))
        return PATH_PLAIN;
    uint32_t pid = (uint32_t)sys_call2(SYS_getpid, 0, 0);
    enum path_kind kind = path_kind(path, pid);
    return kind == PATH_PLAIN ? relative_kind((int)at, path, pid) : kind;
}

/* Forwards, with the program's path instead when it is /proc/self/exe. */
static long forward_exe(struct call *c, enum path_kind kind, int arg)
{
    if (kind == PATH_EXE)
        c->args[arg] = as_long(g_program.path);
    return call_forward(c);
}

static bool is_device(enum path_kind kind)
{
    return kind == PATH_ENCLAVE || kind == PATH_PROVISION;
}

static long open_named(struct call *c, long at, int arg, int flags)
{
    enum path_kind kind = named(c, at, arg);
    if (!is_device(kind))
        return forward_exe(c, kind, arg);
    if (flags & O_PATH)
        return -EOPNOTSUPP;
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return -EEXIST;
    if (flags & O_DIRECTORY)
        return -ENOTDIR;
    return device_open(kind == PATH_ENCLAVE, flags);
}

long call_open(struct call *c)
{
    return open_named(c, AT_FDCWD, 0, (int)c->args[1]);
}

long call_openat(struct call *c)
{
    return open_named(c, c->args[0], 1, (int)c->args[2]);
}

long call_openat2(struct call *c)
{
    uint64_t flags;
    if (c->args[3] < (long)sizeof flags || program_read(&flags, (uint64_t)c->args[2], sizeof flags))
        return call_forward(c);
    return open_named(c, c->args[0], 1, (int)flags);
}

static uint64_t device_number(bool is_enclave)
{
    return makedev(MISC_MAJOR, is_enclave ? ENCLAVE_MINOR : ENCLAVE_MINOR + 1);
}

static long write_stat(uint64_t to, bool is_enclave)
{
    struct stat st = {
        .st_mode = DEVICE_MODE,
        .st_nlink = 1,
        .st_blksize = BLOCK,
        .st_rdev = device_number(is_enclave),
        .st_ino = is_enclave ? ENCLAVE_MINOR : ENCLAVE_MINOR + 1,
    };
    return program_write(to, &st, sizeof st);
}

static long write_statx(uint64_t to, bool is_enclave)
{
    struct statx st = {
        .stx_mask = STATX_BASIC_STATS,
        .stx_mode = DEVICE_MODE,
        .stx_nlink = 1,
        .stx_blksize = BLOCK,
        .stx_rdev_major = MISC_MAJOR,
        .stx_rdev_minor = is_enclave ? ENCLAVE_MINOR : ENCLAVE_MINOR + 1,
        .stx_ino = is_enclave ? ENCLAVE_MINOR : ENCLAVE_MINOR + 1,
    };
    return program_write(to, &st, sizeof st);
}

long call_stat(struct call *c)
{
    enum path_kind kind = named(c, AT_FDCWD, 0);
    if (is_device(kind))
        return write_stat((uint64_t)c->args[1], kind == PATH_ENCLAVE);
    return forward_exe(c, kind, 0);
}

long call_lstat(struct call *c)
{
    enum path_kind kind = named(c, AT_FDCWD, 0);
    if (is_device(kind))
        return write_stat((uint64_t)c->args[1], kind == PATH_ENCLAVE);
    return call_forward(c);
}

long call_fstat(struct call *c)
{
    if (!device_owns((int)c->args[0]))
        return call_forward(c);
    return write_stat((uint64_t)c->args[1], true);
}

/* The *at calls with AT_EMPTY_PATH: about the descriptor itself. */
static bool is_own_descriptor(const struct call *c, int flags)
{
    char first = 0;
    if (!(flags & AT_EMPTY_PATH))
        return false;
    if (c->args[1] && (program_read(&first, (uint64_t)c->args[1], 1) || first))
        return false;
    return device_owns((int)c->args[0]);
}

long call_newfstatat(struct call *c)
{
    int flags = (int)c->args[3];
    if (is_own_descriptor(c, flags))
        return write_stat((uint64_t)c->args[2], true);
    enum path_kind kind = named(c, c->args[0], 1);
    if (is_device(kind))
        return write_stat((uint64_t)c->args[2], kind == PATH_ENCLAVE);
    return flags & AT_SYMLINK_NOFOLLOW ? call_forward(c) : forward_exe(c, kind, 1);
}

long call_statx(struct call *c)
{
    int flags = (int)c->args[2];
    if (is_own_descriptor(c, flags))
        return write_statx((uint64_t)c->args[4], true);
    enum path_kind kind = named(c, c->args[0], 1);
    if (is_device(kind))
        return write_statx((uint64_t)c->args[4], kind == PATH_ENCLAVE);
    return flags & AT_SYMLINK_NOFOLLOW ? call_forward(c) : forward_exe(c, kind, 1);
}

static long access_named(struct call *c, long at, int arg)
{
    enum path_kind kind = named(c, at, arg);
    if (!is_device(kind))
        return forward_exe(c, kind, arg);
    return c->args[arg + 1] & X_OK ? -EACCES : 0;
}

long call_access(struct call *c)
{
    return access_named(c, AT_FDCWD, 0);
}

long call_faccessat(struct call *c)
{
    return access_named(c, c->args[0], 1);
}

long call_faccessat2(struct call *c)
{
    return access_named(c, c->args[0], 1);
}

static long readlink_named(struct call *c, long at, int arg)
{
    enum path_kind kind = named(c, at, arg);
    if (is_device(kind))
        return -EINVAL;
    if (kind != PATH_EXE)
        return call_forward(c);
    long room = c->args[arg + 2];
    long size = (long)strlen(g_program.path);
    if (room <= 0)
        return -EINVAL;
    if (size > room)
        size = room;
    if (program_write((uint64_t)c->args[arg + 1], g_program.path, (size_t)size))
        return -EFAULT;
    return size;
}

long call_readlink(struct call *c)
{
    return readlink_named(c, AT_FDCWD, 0);
}

long call_readlinkat(struct call *c)
{
    return readlink_named(c, c->args[0], 1);
}
