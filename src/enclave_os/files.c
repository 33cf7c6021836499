/* SPDX-License-Identifier: Apache-2.0
 * files.c: files of the host, for unprotected mounts and as the carrier of the root image.  What
 * they say is not verified here. */
#include <errno.h>
#include <string.h>

#include "enclave/arena.h"
#include "enclave/hostmem.h"
#include "enclave_os/os.h"

enum { PART_MAX = 128 * 1024 };

static int put_name(host_ptr *out, const char *name)
{
    return os_put(out, name, strlen(name) + 1);
}

int platform_open_at(int folder, const char *name, int flags, uint32_t mode)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int64_t rc = put_name(&place, name);
    struct gate_open_at args = {.folder = folder, .flags = flags, .mode = mode, .name = place.addr};
    if (!rc)
        rc = host_count(OS_CALL(GATE_OPEN_AT, args), INT32_MAX);
    arena_release(mark);
    return (int)rc;
}

int platform_stat_at(int folder, const char *name, struct platform_stat *out)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int rc = put_name(&place, name);
    struct gate_stat_at args = {.folder = folder, .name = place.addr};
    if (!rc)
        rc = host_status(OS_CALL(GATE_STAT_AT, args));
    arena_release(mark);
    if (rc)
        return rc;
    if (args.size > INT64_MAX)
        return -EPROTO;
    *out = (struct platform_stat){.ino = args.ino,
                                  .size = args.size,
                                  .blocks = args.blocks,
                                  .rdev = args.rdev,
                                  .atime_ns = args.atime_ns,
                                  .mtime_ns = args.mtime_ns,
                                  .ctime_ns = args.ctime_ns,
                                  .mode = args.mode,
                                  .nlink = args.nlink,
                                  .uid = args.uid,
                                  .gid = args.gid};
    return 0;
}

int64_t platform_readlink_at(int folder, const char *name, char *out, size_t size)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    host_ptr data = {0};
    size_t part = size < PART_MAX ? size : PART_MAX;
    int64_t rc = put_name(&place, name);
    if (!rc)
        rc = arena_take(part, &data);
    struct gate_readlink_at args = {
        .folder = folder, .name = place.addr, .buf = data.addr, .size = part};
    if (!rc)
        rc = host_count(OS_CALL(GATE_READLINK_AT, args), part);
    if (rc > 0 && os_copy_in(out, data, (size_t)rc))
        rc = -EFAULT;
    arena_release(mark);
    return rc;
}

int platform_readdir(int folder, uint64_t *cookie, struct platform_dirent *out)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int rc = arena_take(sizeof out->name, &place);
    struct gate_readdir args = {.fd = folder, .cookie = *cookie, .name = place.addr};
    if (!rc)
        rc = (int)host_count(OS_CALL(GATE_READDIR, args), 1);
    if (rc == 1 && host_read(out->name, place, sizeof out->name))
        rc = -EFAULT;
    arena_release(mark);
    if (rc != 1)
        return rc;
    out->name[sizeof out->name - 1] = 0;
    if (!out->name[0] || strchr(out->name, '/'))
        return -EPROTO;
    out->ino = args.ino;
    out->type = (uint8_t)args.type;
    *cookie = args.cookie;
    return 1;
}

int64_t platform_pread(int fd, void *out, size_t size, uint64_t off)
{
    size_t mark = arena_mark();
    size_t part = size < PART_MAX ? size : PART_MAX;
    host_ptr data = {0};
    int64_t rc = arena_take(part, &data);
    struct gate_pread args = {.fd = fd, .buf = data.addr, .size = part, .off = off};
    if (!rc)
        rc = host_count(OS_CALL(GATE_PREAD, args), part);
    if (rc > 0 && os_copy_in(out, data, (size_t)rc))
        rc = -EFAULT;
    arena_release(mark);
    return rc;
}

int64_t platform_pwrite(int fd, const void *in, size_t size, uint64_t off)
{
    size_t mark = arena_mark();
    size_t part = size < PART_MAX ? size : PART_MAX;
    host_ptr data = {0};
    int64_t rc = os_put(&data, in, part);
    struct gate_pwrite args = {.fd = fd, .buf = data.addr, .size = part, .off = off};
    if (!rc)
        rc = host_count(OS_CALL(GATE_PWRITE, args), part);
    arena_release(mark);
    return rc;
}

int platform_truncate(int fd, uint64_t size)
{
    struct gate_truncate args = {.fd = fd, .size = size};
    return host_status(OS_CALL(GATE_TRUNCATE, args));
}

int platform_sync(int fd)
{
    struct gate_sync args = {.fd = fd};
    return host_status(OS_CALL(GATE_SYNC, args));
}

int platform_mkdir_at(int folder, const char *name, uint32_t mode)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int rc = put_name(&place, name);
    struct gate_mkdir_at args = {.folder = folder, .mode = mode, .name = place.addr};
    if (!rc)
        rc = host_status(OS_CALL(GATE_MKDIR_AT, args));
    arena_release(mark);
    return rc;
}

int platform_unlink_at(int folder, const char *name, bool is_folder)
{
    size_t mark = arena_mark();
    host_ptr place = {0};
    int rc = put_name(&place, name);
    struct gate_unlink_at args = {.folder = folder, .is_folder = is_folder, .name = place.addr};
    if (!rc)
        rc = host_status(OS_CALL(GATE_UNLINK_AT, args));
    arena_release(mark);
    return rc;
}

int platform_rename_at(int from, const char *old_name, int to, const char *new_name)
{
    size_t mark = arena_mark();
    host_ptr before = {0};
    host_ptr after = {0};
    int rc = put_name(&before, old_name);
    if (!rc)
        rc = put_name(&after, new_name);
    struct gate_rename_at args = {
        .from = from, .to = to, .old_name = before.addr, .new_name = after.addr};
    if (!rc)
        rc = host_status(OS_CALL(GATE_RENAME_AT, args));
    arena_release(mark);
    return rc;
}
